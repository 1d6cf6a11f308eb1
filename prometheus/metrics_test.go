package prometheus_test

import (
	"math"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestCounter(t *testing.T) {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "shop", Subsystem: "till", Name: "sales_total", ConstLabels: prometheus.Labels{"zone": "a"}})
	wantExposed(t, "shop_till_sales_total{zone=\"a\"} 0\n", c)
	c.Inc()
	c.Add(2)
	c.Add(0.5)
	wantExposed(t, "shop_till_sales_total{zone=\"a\"} 3.5\n", c)

	err, _ := panicOf(func() { c.Add(-1) }).(error)
	wantError(t, "Add(-1)", err, "counter cannot decrease in value")
	wantExposed(t, "shop_till_sales_total{zone=\"a\"} 3.5\n", c)
}

func TestGauge(t *testing.T) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "temperature"})
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"new", func() {}, "temperature 0\n"},
		{"Set", func() { g.Set(-1.5) }, "temperature -1.5\n"},
		{"Inc", g.Inc, "temperature -0.5\n"},
		{"Dec", g.Dec, "temperature -1.5\n"},
		{"Add", func() { g.Add(2) }, "temperature 0.5\n"},
		{"Sub", func() { g.Sub(0.5) }, "temperature 0\n"},
		{"Sub of a negative", func() { g.Sub(-7) }, "temperature 7\n"},
		{"infinite", func() { g.Set(math.Inf(-1)) }, "temperature -Inf\n"},
		{"NaN", func() { g.Add(math.Inf(1)) }, "temperature NaN\n"},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			wantExposed(t, step.want, g)
		})
	}
}

func valueOf(t *testing.T, m prometheus.Metric) *dto.Metric {
	t.Helper()
	out := &dto.Metric{}
	if err := m.Write(out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGaugeSetToCurrentTime(t *testing.T) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "last_run"})
	before := time.Now()
	g.SetToCurrentTime()
	after := time.Now()
	got := valueOf(t, g).GetGauge().GetValue()
	if got < float64(before.UnixNano())/1e9 || got > float64(after.UnixNano())/1e9 {
		t.Errorf("got %f, want between %v and %v", got, before, after)
	}
}

func TestHistogram(t *testing.T) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "size", Buckets: []float64{1, 2.5, math.Inf(1)}})
	for _, v := range []float64{0.5, 1, 2, 3, math.NaN()} {
		h.Observe(v)
	}
	wantExposed(t, "size_bucket{le=\"1\"} 2\nsize_bucket{le=\"2.5\"} 3\nsize_bucket{le=\"+Inf\"} 5\nsize_sum NaN\nsize_count 5\n", h)
}

func TestHistogramPanics(t *testing.T) {
	opts := func(buckets ...float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: "h", Buckets: buckets}
	}
	const order, le = "histogram buckets must be in increasing order: ", `"le" is not allowed as label name in histograms`
	tests := []struct {
		name string
		make func()
		want string
	}{
		{"equal bounds", func() { prometheus.NewHistogram(opts(1, 1)) }, order + "1.000000 >= 1.000000"},
		{"falling bounds", func() { prometheus.NewHistogram(opts(1, 3, 2)) }, order + "3.000000 >= 2.000000"},
		{"infinity in the middle", func() { prometheus.NewHistogram(opts(math.Inf(1), 2)) }, order + "+Inf >= 2.000000"},
		{"of a vector", func() { prometheus.NewHistogramVec(opts(2, 1), nil) }, order + "2.000000 >= 1.000000"},
		{"variable label le", func() { prometheus.NewHistogramVec(opts(), []string{"le"}) }, le},
		{"constant label le", func() {
			prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", ConstLabels: prometheus.Labels{"le": ""}})
		}, le},
		{"quantile is free", func() { prometheus.NewHistogramVec(opts(), []string{"quantile"}) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err, _ := panicOf(test.make).(error)
			wantError(t, "panic", err, test.want)
		})
	}
}

// The bounds are the histogram's own: neither the caller's slice nor the
// default is touched or looked at again.
func TestHistogramCopiesBuckets(t *testing.T) {
	buckets := []float64{1, 2, math.Inf(1)}
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: buckets})
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "v", Buckets: buckets}, nil)
	buckets[0], buckets[1] = 7, 8
	h.Observe(1)
	vec.WithLabelValues().Observe(1)
	want := func(name string) string {
		return name + "_bucket{le=\"1\"} 1\n" + name + "_bucket{le=\"2\"} 1\n" + name + "_bucket{le=\"+Inf\"} 1\n" + name + "_sum 1\n" + name + "_count 1\n"
	}
	wantExposed(t, want("h")+want("v"), h, vec)
}

func TestSummary(t *testing.T) {
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", ConstLabels: prometheus.Labels{"a": "b"}})
	s.Observe(1.5)
	s.Observe(-0.5)
	wantExposed(t, "s_sum{a=\"b\"} 1\ns_count{a=\"b\"} 2\n", s)
	const want = `"quantile" is not allowed as label name in summaries`
	err, _ := panicOf(func() { prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s"}, []string{"quantile"}) }).(error)
	wantError(t, "variable label", err, want)
	err, _ = panicOf(func() {
		prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", ConstLabels: prometheus.Labels{"quantile": ""}})
	}).(error)
	wantError(t, "constant label", err, want)
}

func TestFuncs(t *testing.T) {
	v := 1.5
	f := func() float64 { return v }
	c := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "a", ConstLabels: prometheus.Labels{"l": "c"}}, f)
	g := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "b"}, f)
	u := prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "c"}, f)
	wantExposed(t, "a{l=\"c\"} 1.5\nb 1.5\nc 1.5\n", c, g, u)
	v = 2
	wantExposed(t, "a{l=\"c\"} 2\nb 2\nc 2\n", c, g, u)
	if c, g, u := valueOf(t, c), valueOf(t, g), valueOf(t, u); c.Counter == nil || g.Gauge == nil || u.Untyped == nil {
		t.Errorf("got %v, %v, %v, want each of its type", c, g, u)
	}
	// A family of functions is several of them that differ in constant labels.
	one := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", ConstLabels: prometheus.Labels{"n": "1"}}, func() float64 { return 1 })
	two := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", ConstLabels: prometheus.Labels{"n": "2"}}, func() float64 { return 2 })
	wantExposed(t, "f{n=\"1\"} 1\nf{n=\"2\"} 2\n", two, one)
}

func TestCreatedTimestamps(t *testing.T) {
	before := time.Now()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h"})
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s"})
	after := time.Now()
	for _, created := range []time.Time{
		valueOf(t, c).GetCounter().GetCreatedTimestamp().AsTime(),
		valueOf(t, h).GetHistogram().GetCreatedTimestamp().AsTime(),
		valueOf(t, s).GetSummary().GetCreatedTimestamp().AsTime(),
	} {
		if created.Before(before) || created.After(after) {
			t.Errorf("got created %v, want between %v and %v", created, before, after)
		}
	}
	f := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "f"}, func() float64 { return 1 })
	if got := valueOf(t, f).GetCounter().CreatedTimestamp; got != nil {
		t.Errorf("got created %v for a function, which nobody knows, want none", got)
	}
}

func TestTimer(t *testing.T) {
	var seen []float64
	timer := prometheus.NewTimer(prometheus.ObserverFunc(func(v float64) { seen = append(seen, v) }))
	first, second := timer.ObserveDuration(), timer.ObserveDuration()
	if len(seen) != 2 || seen[0] != first.Seconds() || seen[1] != second.Seconds() || first < 0 || second < first {
		t.Errorf("got observations %v for durations %v and %v", seen, first, second)
	}
	if d := prometheus.NewTimer(nil).ObserveDuration(); d < 0 {
		t.Errorf("got %v without an observer", d)
	}
}

// Everything that a vector hands out can be used as what it is.
func TestMetricsAreCollectors(t *testing.T) {
	observer := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}}, []string{"a"}).WithLabelValues("x")
	h, ok := observer.(prometheus.Histogram)
	if !ok {
		t.Fatalf("got %T, want a Histogram", observer)
	}
	h.Observe(2)
	wantExposed(t, "h_bucket{a=\"x\",le=\"1\"} 0\nh_bucket{a=\"x\",le=\"+Inf\"} 1\nh_sum{a=\"x\"} 2\nh_count{a=\"x\"} 1\n", h)
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a"}).WithLabelValues("x")
	wantExposed(t, "c{a=\"x\"} 0\n", c)
}

// The options can be converted into each other, and so are the same.
func TestOptsConvert(t *testing.T) {
	opts := prometheus.Opts{Name: "a", Help: "h", Unit: "u"}
	if prometheus.CounterOpts(opts).Name != prometheus.Opts(prometheus.GaugeOpts(prometheus.UntypedOpts(opts))).Name {
		t.Error("a conversion lost the name")
	}
}
