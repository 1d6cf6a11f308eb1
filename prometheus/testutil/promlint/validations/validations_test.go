package validations_test

import (
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint/validations"
)

// family makes a family with one metric for each list of labels, which is
// written like "a=1,b=2".
func family(typ dto.MetricType, name string, metrics ...string) *dto.MetricFamily {
	mf := &dto.MetricFamily{Name: &name, Help: new("Help."), Type: &typ}
	for _, labels := range metrics {
		m := &dto.Metric{}
		for pair := range strings.SplitSeq(labels, ",") {
			if label, value, ok := strings.Cut(pair, "="); ok {
				m.Label = append(m.Label, &dto.LabelPair{Name: &label, Value: &value})
			}
		}
		mf.Metric = append(mf.Metric, m)
	}
	return mf
}

const (
	counter        = dto.MetricType_COUNTER
	gauge          = dto.MetricType_GAUGE
	histogram      = dto.MetricType_HISTOGRAM
	gaugeHistogram = dto.MetricType_GAUGE_HISTOGRAM
	summary        = dto.MetricType_SUMMARY
	untyped        = dto.MetricType_UNTYPED
)

// finding is what a rule says about a family.
type finding struct {
	mf   *dto.MetricFamily
	want []string
}

// check applies a rule to families.
func check(t *testing.T, rule func(*dto.MetricFamily) []error, findings ...finding) {
	t.Helper()
	for _, f := range findings {
		var got []string
		for _, err := range rule(f.mf) {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, f.want) {
			t.Errorf("%v:\ngot %q, want %q", f.mf, got, f.want)
		}
	}
}

// problem is the one thing that a rule says.
func problem(text string) []string { return []string{text} }

func TestLintHelp(t *testing.T) {
	check(t, validations.LintHelp,
		finding{&dto.MetricFamily{Name: new("a")}, problem("no help text")},
		finding{&dto.MetricFamily{Name: new("a"), Help: new("")}, nil},
		finding{family(gauge, "a"), nil},
	)
}

func TestLintDuplicateMetric(t *testing.T) {
	const text = "metric not unique"
	check(t, validations.LintDuplicateMetric,
		finding{family(gauge, "a"), nil},
		finding{family(gauge, "a", "", "x=1", "x=2", "y=1", "x=1,y=1"), nil},
		finding{family(gauge, "a", "", ""), problem(text)},
		finding{family(gauge, "a", "x=1", "x=2", "x=1", "x=2", "x=1"), []string{text, text, text}},
		finding{family(gauge, "a", "x=1,y=2", "y=2,x=1"), problem(text)},
		finding{family(gauge, "a", `x=1";"y"="2`, `x=1,y=2`), nil},
	)
	// What was printed once, or has no list of labels at all, is no other metric.
	mf := family(gauge, "a", "x=1", "x=1", "", "")
	_ = mf.Metric[0].Label[0].String()
	mf.Metric[2].Label = []*dto.LabelPair{}
	check(t, validations.LintDuplicateMetric, finding{mf, []string{text, text}})
}

func TestLintCounter(t *testing.T) {
	want, unwanted := problem(`counter metrics should have "_total" suffix`), problem(`non-counter metrics should not have "_total" suffix`)
	check(t, validations.LintCounter,
		finding{family(counter, "a_total"), nil},
		finding{family(counter, "a"), want},
		finding{family(counter, "atotal"), want},
		finding{family(counter, "a_total_b"), want},
		finding{&dto.MetricFamily{Name: new("a")}, want}, // counter is the type of a family that names none
		finding{family(untyped, "a"), nil},
		finding{family(untyped, "a_total"), nil},
		finding{family(gauge, "a"), nil},
		finding{family(gauge, "a_total"), unwanted},
		finding{family(summary, "a_total"), unwanted},
		finding{family(histogram, "a_total"), unwanted},
		finding{family(gaugeHistogram, "a_total"), unwanted},
	)
}

func TestLintHistogramSummaryReserved(t *testing.T) {
	const (
		bucket   = `non-histogram metrics should not have "_bucket" suffix`
		count    = `non-histogram and non-summary metrics should not have "_count" suffix`
		sum      = `non-histogram and non-summary metrics should not have "_sum" suffix`
		le       = `non-histogram metrics should not have "le" label`
		quantile = `non-summary metrics should not have "quantile" label`
	)
	check(t, validations.LintHistogramSummaryReserved,
		finding{family(untyped, "a_bucket", "le=1,quantile=1"), nil},
		finding{family(gauge, "a", "x=1"), nil},
		finding{family(gauge, "a_bucket_x"), nil},
		finding{family(gauge, "a_bucket"), problem(bucket)},
		finding{family(counter, "a_count"), problem(count)},
		finding{family(gaugeHistogram, "a_sum"), problem(sum)},
		finding{family(summary, "a_bucket"), problem(bucket)},
		finding{family(summary, "a_count"), nil},
		finding{family(summary, "a_sum", "quantile=1"), nil},
		finding{family(summary, "a", "le=1"), problem(le)},
		finding{family(histogram, "a_bucket", "le=1"), nil},
		finding{family(histogram, "a_count", "quantile=1"), problem(quantile)},
		finding{family(gauge, "a_sum", "le=1,quantile=1", "le=2"), []string{sum, le, quantile, le}},
	)
}

func TestLintMetricTypeInName(t *testing.T) {
	text := func(typ string) []string { return problem("metric name should not include type '" + typ + "'") }
	check(t, validations.LintMetricTypeInName,
		finding{family(gauge, "a_gauge"), text("gauge")},
		finding{family(gauge, "a_Gauge_b"), text("gauge")},
		finding{family(gauge, "_gauge"), text("gauge")},
		finding{family(gauge, "gauge_a"), nil},
		finding{family(gauge, "a_gauges"), nil},
		finding{family(gauge, "a_counter"), nil},
		finding{family(counter, "a_counter_total"), text("counter")},
		finding{family(summary, "a_summary"), text("summary")},
		finding{family(histogram, "a_gauge_histogram"), text("histogram")},
		finding{family(gaugeHistogram, "a_gauge_histogram_b"), text("gauge_histogram")},
		finding{family(gaugeHistogram, "a_histogram"), nil},
		finding{family(untyped, "a_untyped"), nil},
	)
}

func TestLintReservedChars(t *testing.T) {
	check(t, validations.LintReservedChars,
		finding{family(gauge, "a_b"), nil},
		finding{family(gauge, "a:b:c"), problem("metric names should not contain ':'")},
	)
}

func TestLintCamelCase(t *testing.T) {
	const (
		metric = "metric names should be written in 'snake_case' not 'camelCase'"
		label  = "label names should be written in 'snake_case' not 'camelCase'"
	)
	check(t, validations.LintCamelCase,
		finding{family(gauge, "a_b", "x_y=aB"), nil},
		finding{family(gauge, "A_B", "X=1,HTTPcode=2"), nil},
		finding{family(gauge, "aB"), problem(metric)},
		finding{family(gauge, "a_bC_dE", "x=1"), problem(metric)},
		finding{family(gauge, "a", "xY=1,zZ=1", "xY=2"), []string{label, label, label}},
		finding{family(gauge, "aB", "xY=1"), []string{metric, label}},
		finding{family(gauge, "äÖ"), nil},
	)
}

func TestLintMetricUnits(t *testing.T) {
	var findings []finding
	for base, others := range map[string]string{
		"amperes": "microamperes milliamperes",
		"bytes":   "bits kilobytes mebibits pebibytes tebibytes gibibytes kibibytes",
		"celsius": "fahrenheit rankine millicelsius",
		"grams":   "ounces pounds kilograms",
		"joules":  "calories kilocalories petajoules",
		"kelvin":  "kelvins nanokelvin",
		"meters":  "inches yards miles centimeters decimeters decameters hectometers",
		"metres":  "kilometres",
		"seconds": "minutes hours days weeks picoseconds nanoseconds gigaseconds",
		"volts":   "megavolts teravolts",
	} {
		findings = append(findings,
			finding{family(gauge, base), nil},
			finding{family(gauge, "x_"+base+"_miles"), nil}, // the first counts
		)
		for other := range strings.FieldsSeq(others) {
			text := `use base unit "` + base + `" instead of "` + other + `"`
			findings = append(findings,
				finding{family(gauge, other), problem(text)},
				finding{family(untyped, "x_"+other+"_"+base), problem(text)},
			)
		}
	}
	check(t, validations.LintMetricUnits, findings...)
	check(t, validations.LintMetricUnits,
		finding{family(gauge, "kilo"), nil},
		finding{family(gauge, "kilo_bytes"), nil},
		finding{family(gauge, "exabytes"), nil},
		finding{family(gauge, "kilomegabytes"), nil},
		finding{family(gauge, "Miles"), nil},
		finding{family(gauge, "miles_a"), problem(`use base unit "meters" instead of "miles"`)},
		finding{&dto.MetricFamily{}, nil},
	)
}

func TestLintUnitAbbreviations(t *testing.T) {
	const text = "metric names should not contain abbreviated units"
	for abbreviation := range strings.FieldsSeq("s ms us ns sec b kb mb gb tb pb m h d") {
		check(t, validations.LintUnitAbbreviations,
			finding{family(gauge, "a_"+abbreviation), problem(text)},
			finding{family(gauge, "a_"+strings.ToUpper(abbreviation)+"_total"), problem(text)},
			finding{family(gauge, abbreviation+"_a"), nil},
			finding{family(gauge, "a_x"+abbreviation), nil},
		)
	}
	check(t, validations.LintUnitAbbreviations,
		finding{family(gauge, "a_ms_ms"), problem(text)},
		finding{family(gauge, "a_ms_kb"), []string{text, text}},
		finding{family(gauge, "a_seconds"), nil},
	)
}
