package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

func TestDishIsMeasured(t *testing.T) {
	reg := prometheus.NewRegistry()
	k := newKitchen(newMetrics(reg))
	during := 0.0
	synctest.Test(t, func(*testing.T) {
		k.cook(k.menu[0], func(time.Duration) {
			during = testutil.ToFloat64(k.metrics.pots)
			time.Sleep(200 * time.Second)
		})
	})
	if during != 1 {
		t.Errorf("pots while cooking: got %v, want 1", during)
	}
	if after := testutil.ToFloat64(k.metrics.pots); after != 0 {
		t.Errorf("pots afterwards: got %v, want 0", after)
	}
	if orders := testutil.ToFloat64(k.menu[0].orders); orders != 1 {
		t.Errorf("orders: got %v, want 1", orders)
	}
	got := scrape.Lines(t, handler(reg), "kitchen_cooking_duration_seconds_sum")
	if !slices.ContainsFunc(got, func(line string) bool { return line[len(line)-4:] == " 200" }) {
		t.Errorf("time to cook: got %q, want one of 200 seconds", got)
	}
}

// Names, units and help texts are as they should be. Every program can have this
// test.
func TestMetricsAreNamedWell(t *testing.T) {
	reg := prometheus.NewRegistry()
	newKitchen(newMetrics(reg))
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
