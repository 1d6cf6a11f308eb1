package testutil_test

import (
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint"
)

func TestLint(t *testing.T) {
	reg := prometheus.NewRegistry()
	visits := prometheus.NewCounter(prometheus.CounterOpts{Name: "visits", Help: "Visits."})
	delay := prometheus.NewGauge(prometheus.GaugeOpts{Name: "delay_minutes", Help: "Delay."})
	reg.MustRegister(visits, delay, books())
	counter := promlint.Problem{Metric: "visits", Text: `counter metrics should have "_total" suffix`}
	minutes := promlint.Problem{Metric: "delay_minutes", Text: `use base unit "seconds" instead of "minutes"`}
	for _, tt := range []struct {
		name  string
		names []string
		want  []promlint.Problem
	}{
		{"all", nil, []promlint.Problem{minutes, counter}},
		{"no names", []string{}, []promlint.Problem{minutes, counter}},
		{"one name", []string{"visits"}, []promlint.Problem{counter}},
		{"a name without a problem", []string{"shelf_books"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := testutil.GatherAndLint(reg, tt.names...)
			wantError(t, "GatherAndLint", err, "")
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	got, err := testutil.CollectAndLint(visits)
	wantError(t, "CollectAndLint", err, "")
	if want := []promlint.Problem{counter}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLintErrors(t *testing.T) {
	_, err := testutil.CollectAndLint(invalid)
	wantError(t, "CollectAndLint", err, invalidError)
	_, err = testutil.GatherAndLint(broken)
	wantError(t, "GatherAndLint", err, "gathering metrics failed: rusty")
}
