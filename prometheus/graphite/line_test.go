package graphite_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/graphite"
)

// at is when the samples of these tests were taken.
var at = time.UnixMilli(1_700_000_000_999)

func stamped(metrics ...prometheus.Metric) prometheus.Collector {
	return prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		for _, m := range metrics {
			ch <- prometheus.NewMetricWithTimestamp(at, m)
		}
	})
}

// pushed returns what a server is sent of a Collector.
func pushed(t *testing.T, config graphite.Config, c prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	address, next := listen(t)
	config.URL, config.Gatherer, config.ErrorHandling = address, registry, graphite.AbortOnError
	if err := newBridge(t, config).Push(); err != nil {
		t.Fatal(err)
	}
	return next()
}

func TestLines(t *testing.T) {
	labels := prometheus.Labels{"zone": "east 1", "host": "db.example.org"}
	desc := func(name string) *prometheus.Desc {
		return prometheus.NewDesc(name, "", []string{"method"}, labels)
	}
	c := stamped(
		prometheus.MustNewConstMetric(desc("requests_total"), prometheus.CounterValue, 12345678, "GET"),
		prometheus.MustNewConstMetric(desc("requests_total"), prometheus.CounterValue, 1, ""),
		prometheus.MustNewConstMetric(desc("load"), prometheus.GaugeValue, 0.1, "~;a b\n=é"),
		prometheus.MustNewConstHistogram(desc("size_bytes"), 4, 8.5, map[float64]uint64{0.5: 1, 2: 3}, "GET"),
		prometheus.MustNewConstSummary(desc("time_seconds"), 2, math.Inf(1), map[float64]float64{0.9: math.NaN()}, "GET"),
	)
	tests := []struct {
		name   string
		config graphite.Config
		want   string
	}{
		{"parts of the path", graphite.Config{}, `
load.host.db_example_org.method._a.b_.zone.east.1 0.1 1700000000
requests_total.host.db_example_org.method..zone.east.1 1 1700000000
requests_total.host.db_example_org.method.GET.zone.east.1 1.2345678e+07 1700000000
size_bytes_bucket.host.db_example_org.le.0_5.method.GET.zone.east.1 1 1700000000
size_bytes_bucket.host.db_example_org.le.2.method.GET.zone.east.1 3 1700000000
size_bytes_sum.host.db_example_org.method.GET.zone.east.1 8.5 1700000000
size_bytes_count.host.db_example_org.method.GET.zone.east.1 4 1700000000
size_bytes_bucket.host.db_example_org.le._Inf.method.GET.zone.east.1 4 1700000000
time_seconds.host.db_example_org.method.GET.quantile.0_9.zone.east.1 NaN 1700000000
time_seconds_sum.host.db_example_org.method.GET.zone.east.1 +Inf 1700000000
time_seconds_count.host.db_example_org.method.GET.zone.east.1 2 1700000000
`},
		{"tags", graphite.Config{UseTags: true, Prefix: "shop.eu"}, `
shop.eu.load;host=db.example.org;method=__a_b_=é;zone=east_1 0.1 1700000000
shop.eu.requests_total;host=db.example.org;zone=east_1 1 1700000000
shop.eu.requests_total;host=db.example.org;method=GET;zone=east_1 1.2345678e+07 1700000000
shop.eu.size_bytes_bucket;host=db.example.org;le=0.5;method=GET;zone=east_1 1 1700000000
shop.eu.size_bytes_bucket;host=db.example.org;le=2;method=GET;zone=east_1 3 1700000000
shop.eu.size_bytes_sum;host=db.example.org;method=GET;zone=east_1 8.5 1700000000
shop.eu.size_bytes_count;host=db.example.org;method=GET;zone=east_1 4 1700000000
shop.eu.size_bytes_bucket;host=db.example.org;le=+Inf;method=GET;zone=east_1 4 1700000000
shop.eu.time_seconds;host=db.example.org;method=GET;quantile=0.9;zone=east_1 NaN 1700000000
shop.eu.time_seconds_sum;host=db.example.org;method=GET;zone=east_1 +Inf 1700000000
shop.eu.time_seconds_count;host=db.example.org;method=GET;zone=east_1 2 1700000000
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, want := pushed(t, test.config, c), test.want[1:]; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSanitizedNames(t *testing.T) {
	for name, want := range map[string]string{
		"plain_name:sum-1": "plain_name:sum-1",
		"a__b___c":         "a_b_c",
		"http.requests":    "http_requests",
		"a/%&b":            "a_b",
		"größe":            "gr_e",
		"two words":        "two.words",
		"_ _":              "_._",
	} {
		c := stamped(prometheus.MustNewConstMetric(prometheus.NewDesc(name, "", nil, nil), prometheus.GaugeValue, 1))
		if got, want := pushed(t, graphite.Config{}, c), want+" 1 1700000000\n"; got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// Whatever names and values are, a sample is one line of three fields.
func TestLinesHoldTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringN(1, 5, -1).Draw(rt, "name")
		label := rapid.StringN(1, 5, -1).Filter(func(s string) bool { return !strings.HasPrefix(s, "__") }).Draw(rt, "label")
		value := rapid.OneOf(rapid.StringN(0, 5, -1), rapid.StringOf(rapid.SampledFrom([]rune("~;\n\r\t \u2028a")))).Draw(rt, "value")
		useTags := rapid.Bool().Draw(rt, "tags")
		c := stamped(prometheus.MustNewConstMetric(prometheus.NewDesc(name, "", []string{label}, nil), prometheus.GaugeValue, 1, value))
		line := pushed(t, graphite.Config{UseTags: useTags}, c)
		path, ok := strings.CutSuffix(line, " 1 1700000000\n")
		if !ok || len(strings.Fields(line)) != 3 {
			rt.Fatalf("got line %q", line)
		}
		_, tag, tagged := strings.Cut(path, ";")
		if tagged != (useTags && value != "") {
			rt.Fatalf("got line %q", line)
		}
		if key, text, ok := strings.Cut(tag, "="); tagged && (!ok || strings.ContainsAny(key, ";!^=") || strings.Contains(text, ";") || text[0] == '~') {
			rt.Fatalf("got line %q", line)
		}
	})
}
