package prometheus_test

import (
	"errors"
	"math"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

var (
	plain    = prometheus.NewDesc("d", "h", nil, nil)
	labelled = prometheus.NewDesc("d", "h", []string{"z", "a"}, prometheus.Labels{"m": "const"})
	invalid  = prometheus.NewDesc("", "h", nil, nil)
)

func TestConstMetrics(t *testing.T) {
	tests := []struct {
		name string
		m    prometheus.Metric
		want string
	}{
		{"counter", prometheus.MustNewConstMetric(plain, prometheus.CounterValue, 1.5), "d 1.5\n"},
		{"gauge", prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, -1), "d -1\n"},
		{"untyped", prometheus.MustNewConstMetric(labelled, prometheus.UntypedValue, 2, "1", "\n"), "d{a=\"\\n\",m=\"const\",z=\"1\"} 2\n"},
		{
			"histogram", prometheus.MustNewConstHistogram(labelled, 5, 2.5, map[float64]uint64{2: 4, -1: 0, 1: 3}, "1", "2"),
			"d_bucket{a=\"2\",m=\"const\",z=\"1\",le=\"-1\"} 0\nd_bucket{a=\"2\",m=\"const\",z=\"1\",le=\"1\"} 3\nd_bucket{a=\"2\",m=\"const\",z=\"1\",le=\"2\"} 4\n" +
				"d_bucket{a=\"2\",m=\"const\",z=\"1\",le=\"+Inf\"} 5\nd_sum{a=\"2\",m=\"const\",z=\"1\"} 2.5\nd_count{a=\"2\",m=\"const\",z=\"1\"} 5\n",
		},
		{"histogram without buckets", prometheus.MustNewConstHistogram(plain, 5, 2.5, nil), "d_bucket{le=\"+Inf\"} 5\nd_sum 2.5\nd_count 5\n"},
		{
			"summary", prometheus.MustNewConstSummary(plain, 5, 2.5, map[float64]float64{0.99: math.NaN(), 0.5: 1}),
			"d{quantile=\"0.5\"} 1\nd{quantile=\"0.99\"} NaN\nd_sum 2.5\nd_count 5\n",
		},
		{"with timestamp", prometheus.NewMetricWithTimestamp(time.UnixMilli(-5), prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)), "d 1 -5\n"},
		{"with the timestamp of a fraction", prometheus.NewMetricWithTimestamp(time.Unix(1, 1_999_999), prometheus.NewGauge(prometheus.GaugeOpts{Name: "d", Help: "h"})), "d 0 1001\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantExposed(t, test.want, collector{[]*prometheus.Desc{test.m.Desc()}, []prometheus.Metric{test.m}, nil})
		})
	}
}

func TestConstMetricErrors(t *testing.T) {
	type values = []string
	const (
		noName    = `"" is not a valid metric name`
		tooFew    = `inconsistent label cardinality: expected 2 label values but got 1 in []string{"1"}`
		notText   = `label value "\xff" is not valid UTF-8`
		unknown   = `encountered unknown type 0`
		noCreated = `created timestamps are only supported for counters`
	)
	tests := []struct {
		name   string
		desc   *prometheus.Desc
		typ    prometheus.ValueType
		values values
		want   string // of all functions
		value  string // of those for plain values, if it is another
	}{
		{"good", labelled, prometheus.CounterValue, values{"1", "2"}, "", ""},
		{"invalid desc", invalid, prometheus.CounterValue, nil, noName, noName},
		{"desc made invalid", prometheus.NewInvalidDesc(errors.New("no")), prometheus.CounterValue, nil, "no", "no"},
		{"too few values", labelled, prometheus.CounterValue, values{"1"}, tooFew, tooFew},
		{"not UTF-8", labelled, prometheus.CounterValue, values{"1", "\xff"}, notText, notText},
		{"unknown type", plain, 0, nil, "", unknown},
		{"unknown type and too few values", labelled, 0, values{"1"}, tooFew, tooFew},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			check := func(what string, m prometheus.Metric, err error, want string) {
				wantError(t, what, err, want)
				if (m == nil) != (want != "") {
					t.Errorf("%s: got metric %v", what, m)
				}
			}
			m, err := prometheus.NewConstMetric(test.desc, test.typ, 1, test.values...)
			check("value", m, err, test.value)
			m, err = prometheus.NewConstHistogram(test.desc, 1, 1, nil, test.values...)
			check("histogram", m, err, test.want)
			m, err = prometheus.NewConstSummary(test.desc, 1, 1, nil, test.values...)
			check("summary", m, err, test.want)
			for what, f := range map[string]func(){
				"MustNewConstHistogram": func() { prometheus.MustNewConstHistogram(test.desc, 1, 1, nil, test.values...) },
				"MustNewConstSummary":   func() { prometheus.MustNewConstSummary(test.desc, 1, 1, nil, test.values...) },
			} {
				err, _ := panicOf(f).(error)
				wantError(t, what, err, test.want)
			}
		})
	}
	_, err := prometheus.NewConstMetricWithCreatedTimestamp(plain, prometheus.GaugeValue, 1, time.Now())
	wantError(t, "created timestamp of a gauge", err, noCreated)
	err, _ = panicOf(func() { prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 1) }).(error)
	wantError(t, "MustNewConstMetric", err, `inconsistent label cardinality: expected 2 label values but got 0 in []string(nil)`)
}

func TestConstMetricsWithCreatedTimestamps(t *testing.T) {
	at := time.Unix(1000, 5)
	counter, err := prometheus.NewConstMetricWithCreatedTimestamp(plain, prometheus.CounterValue, 1, at)
	if err != nil {
		t.Fatal(err)
	}
	histogram := prometheus.MustNewConstHistogramWithCreatedTimestamp(plain, 1, 1, nil, at)
	summary := prometheus.MustNewConstSummaryWithCreatedTimestamp(plain, 1, 1, nil, at)
	for name, got := range map[string]time.Time{
		"counter":   valueOf(t, counter).GetCounter().GetCreatedTimestamp().AsTime(),
		"histogram": valueOf(t, histogram).GetHistogram().GetCreatedTimestamp().AsTime(),
		"summary":   valueOf(t, summary).GetSummary().GetCreatedTimestamp().AsTime(),
	} {
		if !got.Equal(at) {
			t.Errorf("%s: got %v, want %v", name, got, at)
		}
	}
	if got := valueOf(t, prometheus.MustNewConstMetric(plain, prometheus.CounterValue, 1)).GetCounter().CreatedTimestamp; got != nil {
		t.Errorf("got created %v where none was given", got)
	}
}

func TestConstMetricsCopyMaps(t *testing.T) {
	buckets, quantiles := map[float64]uint64{1: 1}, map[float64]float64{0.5: 1}
	h, s := prometheus.MustNewConstHistogram(plain, 1, 1, buckets), prometheus.MustNewConstSummary(plain, 1, 1, quantiles)
	buckets[2], quantiles[0.9] = 1, 2
	if got := len(valueOf(t, h).GetHistogram().GetBucket()); got != 1 {
		t.Errorf("got %d buckets after the map changed, want 1", got)
	}
	if got := len(valueOf(t, s).GetSummary().GetQuantile()); got != 1 {
		t.Errorf("got %d quantiles after the map changed, want 1", got)
	}
}

func TestInvalidMetric(t *testing.T) {
	m := prometheus.NewInvalidMetric(plain, errors.New("could not be had"))
	wantError(t, "Write", m.Write(&dto.Metric{}), "could not be had")
	if m.Desc() != plain {
		t.Error("got another desc than it was made with")
	}
}

func TestValueTypes(t *testing.T) {
	for typ, want := range map[prometheus.ValueType]dto.MetricType{
		prometheus.CounterValue: dto.MetricType_COUNTER, prometheus.GaugeValue: dto.MetricType_GAUGE,
		prometheus.UntypedValue: dto.MetricType_UNTYPED, 0: dto.MetricType_UNTYPED, 99: dto.MetricType_UNTYPED,
	} {
		if got := *typ.ToDTO(); got != want {
			t.Errorf("%d: got %s, want %s", typ, got, want)
		}
	}
}

func TestMakeLabelPairs(t *testing.T) {
	got := prometheus.MakeLabelPairs(labelled, []string{"1", "2"})
	want := [][2]string{{"a", "2"}, {"m", "const"}, {"z", "1"}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, pair := range got {
		if pair.GetName() != want[i][0] || pair.GetValue() != want[i][1] {
			t.Errorf("got %v at place %d, want %v", pair, i, want[i])
		}
	}
	if got := prometheus.MakeLabelPairs(plain, nil); got != nil {
		t.Errorf("got %v without labels, want nil", got)
	}
}

func TestBuildFQName(t *testing.T) {
	for _, test := range [][4]string{
		{"a", "b", "c", "a_b_c"}, {"", "b", "c", "b_c"}, {"a", "", "c", "a_c"}, {"", "", "c", "c"}, {"a", "b", "", ""}, {"", "", "", ""},
	} {
		if got := prometheus.BuildFQName(test[0], test[1], test[2]); got != test[3] {
			t.Errorf("%q: got %q, want %q", test[:3], got, test[3])
		}
	}
}
