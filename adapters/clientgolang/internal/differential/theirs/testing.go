package theirs

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint/validations"
)

// examined are collectors to test and to lint.
func examined() []prometheus.Collector {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code"})
	vec.WithLabelValues("200").Add(3)
	vec.WithLabelValues("404").Inc()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", Help: "h", Buckets: []float64{1, 10}})
	h.Observe(2)
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", Help: "h", NativeHistogramBucketFactor: 2})
	native.Observe(2)
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "summary_bytes", Objectives: map[float64]float64{0.5: 0.1}})
	s.Observe(1.5)
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "temperature_celsius", Help: "Line\nbreak \\ and \"quotes\"."})
	g.Set(-1.5)
	return []prometheus.Collector{
		vec, h, native, s, g,
		prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "untyped"}, func() float64 { return 2 }),
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "empty_total"}, []string{"a"}),
		vec.WithLabelValues("404"),
		sender{},
		sender{[]*prometheus.Desc{plainDesc}, []prometheus.Metric{prometheus.NewInvalidMetric(plainDesc, errors.New("broken"))}},
		described(prometheus.NewInvalidDesc(errors.New("no desc"))),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "camelCase:kilometers", ConstLabels: prometheus.Labels{"someLabel": "1"}}),
	}
}

var expectations = []string{
	"", "\n", "# no metrics\n",
	"# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total{code=\"200\"} 3\nrequests_total{code=\"404\"} 1\n",
	"\n\t# HELP requests_total Requests.\n  # TYPE requests_total counter\nrequests_total{code=\"404\"} 1\nrequests_total{code=\"200\"} 3\n",
	"# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total{code=\"200\"} 4\nrequests_total{code=\"404\"} 1\n",
	"# HELP requests_total Others.\n# TYPE requests_total gauge\nrequests_total{code=\"404\"} 1\n",
	"requests_total{code=\"200\"} 3\n", "requests_total 3", "requests_total{\n", "a b c d\n",
	"# HELP took_seconds h\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"1\"} 0\ntook_seconds_bucket{le=\"10\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 1\ntook_seconds_sum 2\ntook_seconds_count 1\n",
	"# HELP temperature_celsius Line\\nbreak \\\\ and \"quotes\".\n# TYPE temperature_celsius gauge\ntemperature_celsius -1.5\n",
	"# TYPE summary_bytes summary\nsummary_bytes{quantile=\"0.5\"} 1.5\nsummary_bytes_sum 1.5\nsummary_bytes_count 1\n",
	"# TYPE untyped untyped\nuntyped 2\n", "untyped 2 1234\n",
}

var nameLists = [][]string{nil, {"requests_total"}, {"took_seconds", "requests_total"}, {"none"}, {"untyped", "none"}}

// noted notes an error as text, of which one kind in the text of others has a
// name of its own in each library.
func noted(t *script.Trace, what string, err error) {
	if err != nil {
		t.Note(what, fmt.Sprintf("%q", err.Error()))
	} else {
		t.Note(what, "no error")
	}
}

var testing = []script.Scenario{
	{Name: "values in tests", Run: func(t *script.Trace) {
		for _, c := range examined() {
			t.Try("ToFloat64", func() { t.Note("value", testutil.ToFloat64(c)) })
			for _, names := range nameLists {
				t.Try("CollectAndCount", func() { t.Note("count", testutil.CollectAndCount(c, names...)) })
				r := prometheus.NewRegistry()
				_ = r.Register(c)
				n, err := testutil.GatherAndCount(r, names...)
				t.Note("gathered", n)
				noted(t, "error", err)
			}
		}
	}},
	{Name: "comparisons in tests", Run: func(t *script.Trace) {
		for _, c := range examined() {
			for _, expected := range expectations {
				for _, names := range nameLists {
					noted(t, "collected", testutil.CollectAndCompare(c, strings.NewReader(expected), names...))
				}
			}
		}
		r := prometheus.NewRegistry()
		for _, c := range examined() {
			_ = r.Register(c)
		}
		for _, expected := range expectations {
			noted(t, "gathered", testutil.GatherAndCompare(r, strings.NewReader(expected), "requests_total", "none"))
			noted(t, "in a transaction", testutil.TransactionalGatherAndCompare(transaction{Trace: t, families: gauges("a")}, strings.NewReader(expected)))
			noted(t, "failed", testutil.TransactionalGatherAndCompare(transaction{Trace: t, err: errors.New("broken")}, strings.NewReader(expected)))
		}
	}},
	{Name: "comparisons with what a server says", Run: func(t *script.Trace) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				w.WriteHeader(http.StatusTeapot)
			}
			fmt.Fprint(w, expectations[3], expectations[14])
		}))
		defer server.Close()
		for _, expected := range expectations {
			for _, path := range []string{"/", "/other"} {
				for _, names := range nameLists {
					noted(t, "scraped", testutil.ScrapeAndCompare(server.URL+path, strings.NewReader(expected), names...))
				}
			}
		}
		noted(t, "nobody", testutil.ScrapeAndCompare("http://127.0.0.1:1/", strings.NewReader("")))
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	}},
	{Name: "formats in tests", Run: func(t *script.Trace) {
		for _, c := range examined() {
			for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim, expfmt.TypeProtoText, expfmt.TypeProtoCompact} {
				text, err := testutil.CollectAndFormat(c, format, "requests_total", "took_seconds", "native_seconds", "summary_bytes", "untyped", "camelCase:kilometers")
				t.Note("formatted", string(text))
				noted(t, "error", err)
				r := prometheus.NewRegistry()
				_ = r.Register(c)
				text, err = testutil.GatherAndFormat(r, format, "requests_total", "took_seconds")
				t.Note("formatted", string(text))
				noted(t, "error", err)
			}
		}
	}},
	{Name: "names in tests of which there are none", Run: func(t *script.Trace) {
		t.Note("count", testutil.CollectAndCount(examined()[0], []string{}...))
	}},
	{Name: "formats of everything in tests", Run: func(t *script.Trace) {
		text, err := testutil.CollectAndFormat(examined()[0], expfmt.TypeTextPlain)
		t.Note("formatted", string(text), err)
	}},
	{Name: "linting collectors", Run: func(t *script.Trace) {
		for _, c := range examined() {
			for _, names := range nameLists {
				problems, err := testutil.CollectAndLint(c, names...)
				t.Note("problems", problems)
				noted(t, "error", err)
				r := prometheus.NewRegistry()
				_ = r.Register(c)
				problems, err = testutil.GatherAndLint(r, names...)
				t.Note("problems", problems)
				noted(t, "error", err)
			}
		}
	}},
	{Name: "linting text", Run: func(t *script.Trace) {
		for _, text := range append(expectations,
			"a{camelCase=\"1\"} 1\n", "# TYPE x_total gauge\nx_total 1\n", "# TYPE x counter\nx 1\n", "# TYPE x_milliseconds gauge\nx_milliseconds 1\n", "# TYPE x_count gauge\nx_count 1\n",
			"x_bucket 1\n", "x{le=\"1\"} 1\n", "x{quantile=\"1\"} 1\n", "x_duration_ms 1\n", "gauge_x 1\n# TYPE y_gauge gauge\ny_gauge 1\n", "a:b 1\n", "x 1\nx 1\n", "x 1\nx 2\n",
			"# HELP x_kilograms h\n# TYPE x_kilograms gauge\nx_kilograms 1\n", "x_fahrenheit 1\n", "x_minutes_total 1\n", "x_percent 1\n", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n",
		) {
			problems, err := promlint.New(strings.NewReader(text)).Lint()
			t.Note("problems", problems)
			noted(t, "error", err)
		}
	}},
	{Name: "linting families", Run: func(t *script.Trace) {
		var all []*dto.MetricFamily
		types := []dto.MetricType{dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_SUMMARY, dto.MetricType_UNTYPED, dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM}
		for _, name := range []string{
			"", "x", "x_total", "x_count", "x_sum", "x_bucket", "x_info", "counter", "x_histogram", "summaryx", "x_seconds_ms", "milliseconds", "x_kilometers_total", "x:y", "fooBar", "foo_BAR", "x_s", "x_secs",
			"x_microseconds", "x_bits", "x_kilobytes_per_second", "x_ratio", "x_celsius", "x_decibels", "ms_x", "x_hours", "x_days_total", "gigaparsecs", "x_joules", "x_kelvin",
		} {
			for _, typ := range types {
				for _, label := range []string{"a", "le", "quantile", "camelCase", "a_total"} {
					all = append(all, family(name, "h", typ, gaugeWith(label, "1"), gaugeWith(label, "1")), family(name, "", typ))
				}
			}
		}
		linter := promlint.NewWithMetricFamilies(all)
		linter.AddCustomValidations(func(mf *dto.MetricFamily) []error {
			if len(mf.GetMetric()) == 0 {
				return []error{errors.New("own rule"), fmt.Errorf("second rule of %s", mf.GetName())}
			}
			return nil
		})
		problems, err := linter.Lint()
		for _, p := range problems {
			t.Note("problem", p.Metric, p.Text)
		}
		t.Note("error", err)
		for _, mf := range all {
			for _, validate := range []func(*dto.MetricFamily) []error{
				validations.LintHelp, validations.LintMetricUnits, validations.LintCounter, validations.LintHistogramSummaryReserved, validations.LintMetricTypeInName,
				validations.LintReservedChars, validations.LintCamelCase, validations.LintUnitAbbreviations, validations.LintDuplicateMetric,
			} {
				for _, problem := range validate(mf) {
					t.Note("found", problem.Error())
				}
			}
		}
	}},
}
