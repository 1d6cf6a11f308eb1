package promlint_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint"
)

func TestLintText(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []promlint.Problem
	}{
		{"nothing", "", nil},
		{"no problem", "# HELP lamps Lamps.\n# TYPE lamps gauge\nlamps 3\n", nil},
		{"sorted by name and text", `
# TYPE z_ms gauge
z_ms 1
# HELP a:tripMiles Trips.
# TYPE a:tripMiles counter
a:tripMiles 1
`, []promlint.Problem{
			{Metric: "a:tripMiles", Text: `counter metrics should have "_total" suffix`},
			{Metric: "a:tripMiles", Text: "metric names should be written in 'snake_case' not 'camelCase'"},
			{Metric: "a:tripMiles", Text: "metric names should not contain ':'"},
			{Metric: "z_ms", Text: "metric names should not contain abbreviated units"},
			{Metric: "z_ms", Text: "no help text"},
		}},
		{"every series twice", "# HELP lamps Lamps.\nlamps 3\nlamps 4\nlamps{room=\"attic\"} 1\nlamps{room=\"attic\"} 1\n", []promlint.Problem{
			{Metric: "lamps", Text: "metric not unique"},
			{Metric: "lamps", Text: "metric not unique"},
		}},
		{"a name in quotes", "# HELP \"trip.miles\" Trips.\n{\"trip.miles\"} 1\n{\"trip.miles_miles\"} 1\n", []promlint.Problem{
			{Metric: "trip.miles_miles", Text: "no help text"},
			{Metric: "trip.miles_miles", Text: `use base unit "meters" instead of "miles"`},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := promlint.New(strings.NewReader(tt.text)).Lint()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLintErrors(t *testing.T) {
	rusty := errors.New("rusty")
	_, err := promlint.New(iotest.ErrReader(rusty)).Lint()
	if !errors.Is(err, rusty) {
		t.Errorf("got error %v, want the reader's", err)
	}
	got, err := promlint.New(strings.NewReader("# TYPE tripMiles counter\ntripMiles 1\ntripMiles{\n")).Lint()
	if want := "text format parsing error in line 3: invalid label name for metric \"tripMiles\""; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
	if got != nil {
		t.Errorf("got problems %q with an error, want none", got)
	}
}

func TestLintFamilies(t *testing.T) {
	families := []*dto.MetricFamily{
		{Name: new("b_total"), Type: dto.MetricType_COUNTER.Enum()},
		{Name: new("a"), Help: new("A."), Type: dto.MetricType_COUNTER.Enum()},
		{},
	}
	l := promlint.NewWithMetricFamilies(families)
	families[1] = families[0] // the Linter has its own list
	want := []promlint.Problem{
		{Metric: "", Text: `counter metrics should have "_total" suffix`}, // the type of a family that names none
		{Metric: "", Text: "no help text"},
		{Metric: "a", Text: `counter metrics should have "_total" suffix`},
		{Metric: "b_total", Text: "no help text"},
	}
	for range 2 {
		got, err := l.Lint()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCustomValidations(t *testing.T) {
	said := func(text string) promlint.Validation {
		return func(mf *dto.MetricFamily) []error { return []error{errors.New(text + mf.GetName())} }
	}
	quiet := func(*dto.MetricFamily) []error { return nil }
	l := promlint.NewWithMetricFamilies([]*dto.MetricFamily{{Name: new("a"), Help: new(""), Type: dto.MetricType_GAUGE.Enum()}})
	l.AddCustomValidations()
	l.AddCustomValidations(quiet, said("third of "))
	l.AddCustomValidations(said("first of "))
	got, err := l.Lint()
	if err != nil {
		t.Fatal(err)
	}
	want := []promlint.Problem{{Metric: "a", Text: "first of a"}, {Metric: "a", Text: "third of a"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
