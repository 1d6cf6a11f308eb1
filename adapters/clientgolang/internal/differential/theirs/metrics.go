package theirs

import (
	"errors"
	"math"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// show notes everything that a registry exposes, in every way.
func show(t *script.Trace, g prometheus.Gatherer) { showIn(t, g, script.Formats...) }

// showIn notes what a Gatherer has, and the pages of it in some formats.
func showIn(t *script.Trace, g prometheus.Gatherer, formats ...script.Format) {
	families, err := g.Gather()
	t.Exposed(families, each(err), func(created bool) http.Handler {
		opts := promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true}
		if created {
			opts.EnableOpenMetricsTextCreatedSamples, opts.CoalesceGather = true, true
			return promhttp.HandlerForTransactional(prometheus.ToTransactionalGatherer(g), opts)
		}
		return promhttp.HandlerFor(g, opts)
	}, formats...)
}

// each returns the errors of which an error consists.
func each(err error) []error {
	var several prometheus.MultiError
	switch {
	case errors.As(err, &several):
		return several
	case err != nil:
		return []error{err}
	default:
		return nil
	}
}

// glance notes what a registry exposes in a few ways.
func glance(t *script.Trace, g prometheus.Gatherer) { showIn(t, g, script.Few...) }

// showing registers collectors and shows what they expose.
func showing(t *script.Trace, cs ...prometheus.Collector) { show(t, registered(t, cs)) }

// glancing registers collectors and glances at what they expose.
func glancing(t *script.Trace, cs ...prometheus.Collector) { glance(t, registered(t, cs)) }

func registered(t *script.Trace, cs []prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	for _, c := range cs {
		if err := r.Register(c); err != nil {
			t.Note("register", err)
		}
	}
	return r
}

func write(t *script.Trace, what string, m prometheus.Metric) {
	out := &dto.Metric{}
	err := m.Write(out)
	t.Written(what, out, err)
}

var metrics = []script.Scenario{
	{Name: "counter", Run: func(t *script.Trace) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "n", Subsystem: "s", Name: "c_things_total", Help: "h", Unit: "things", ConstLabels: prometheus.Labels{"z": "1", "a": "\n\"\\"}})
		write(t, "new", c)
		c.Inc()
		c.Add(2)
		c.Add(0.5)
		c.Add(0)
		c.Add(math.Copysign(0, -1))
		t.Try("Add(-1)", func() { c.Add(-1) })
		t.Try("Add(-Inf)", func() { c.Add(math.Inf(-1)) })
		write(t, "added", c)
		t.Note("desc", c.Desc())
		showing(t, c)
		c.Add(1 << 53)
		c.Inc()
		write(t, "large", c)
		c.Add(math.Inf(1))
		write(t, "infinite", c)
	}},
	{Name: "a counter and what is not a number", Run: func(t *script.Trace) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
		c.Inc()
		c.Add(math.NaN())
		write(t, "added", c)
	}},
	{Name: "large whole amounts and fractions", Run: func(t *script.Trace) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
		c.Add(1 << 53)
		for range 4 {
			c.Add(0.5)
		}
		write(t, "added", c)
	}},
	{Name: "gauge", Run: func(t *script.Trace) {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "h"})
		write(t, "new", g)
		for _, v := range []float64{1, -1.5, 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64} {
			g.Set(v)
			write(t, "set", g)
			g.Add(2)
			g.Sub(0.5)
			g.Inc()
			g.Dec()
			write(t, "changed", g)
			showing(t, g)
		}
		script.Pause(1500 * time.Millisecond)
		g.SetToCurrentTime()
		write(t, "current time", g)
	}},
	{Name: "histogram", Run: func(t *script.Trace) {
		for _, buckets := range [][]float64{nil, {}, {1}, {-1, 0, 1}, {1, math.Inf(1)}, {math.Inf(1)}, {math.Inf(-1), 0}, prometheus.LinearBuckets(0, 0.1, 50)} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h_seconds", Help: "h", Unit: "seconds", Buckets: buckets, ConstLabels: prometheus.Labels{"a": "b"}})
			write(t, "new", h)
			for _, v := range []float64{-2, -1, 0, 0.1, 0.30000000000000004, 1, 1.0000000001, 10, 11} {
				h.Observe(v)
			}
			write(t, "observed", h)
			showing(t, h)
			h.Observe(math.Inf(1))
			write(t, "infinity", h)
			h.Observe(math.NaN())
			h.Observe(math.Inf(-1))
			write(t, "not a number", h)
		}
	}},
	{Name: "histogram options that panic", Run: func(t *script.Trace) {
		for _, buckets := range [][]float64{{1, 1}, {2, 1}, {1, math.Inf(1), math.Inf(1)}, {math.Inf(1), 1}, {1, 2, 1.5, 3}} {
			t.Try("NewHistogram", func() { prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: buckets}) })
		}
		t.Try("const le", func() {
			prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", ConstLabels: prometheus.Labels{"le": "x"}})
		})
		t.Try("both", func() {
			prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{2, 1}, ConstLabels: prometheus.Labels{"le": "x"}})
		})
		t.Try("const quantile", func() {
			prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", ConstLabels: prometheus.Labels{"quantile": "x"}})
		})
		t.Try("variable quantile", func() { prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s"}, []string{"quantile"}) })
		t.Try("quantile of a histogram", func() {
			h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"quantile"})
			h.WithLabelValues("1").Observe(2)
			showing(t, h)
		})
		t.Try("le of a summary", func() {
			s := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s"}, []string{"le"})
			s.WithLabelValues("1").Observe(2)
			showing(t, s)
		})
	}},
	{Name: "histogram without default buckets", Run: func(t *script.Trace) {
		before := prometheus.DefBuckets
		defer func() { prometheus.DefBuckets = before }()
		prometheus.DefBuckets = nil
		t.Try("NewHistogram", func() {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h"})
			h.Observe(1)
			showing(t, h)
		})
	}},
	{Name: "summary", Run: func(t *script.Trace) {
		s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s_seconds", Help: "h", ConstLabels: prometheus.Labels{"a": "b"}})
		write(t, "new", s)
		s.Observe(1)
		s.Observe(-0.5)
		write(t, "observed", s)
		showing(t, s)
		s.Observe(math.NaN())
		write(t, "not a number", s)
	}},
	{Name: "functions", Run: func(t *script.Trace) {
		opts := prometheus.Opts{Namespace: "n", Name: "f", Help: "h", ConstLabels: prometheus.Labels{"a": "b"}}
		for _, v := range []float64{0, -1.5, math.NaN(), math.Inf(-1)} {
			f := func() float64 { return v }
			showing(t, prometheus.NewCounterFunc(prometheus.CounterOpts(opts), f))
			showing(t, prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts), f))
			showing(t, prometheus.NewUntypedFunc(prometheus.UntypedOpts(opts), f))
			write(t, "write", prometheus.NewUntypedFunc(prometheus.UntypedOpts(opts), f))
		}
		showing(t,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", ConstLabels: prometheus.Labels{"a": "2"}}, func() float64 { return 2 }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", ConstLabels: prometheus.Labels{"a": "1"}}, func() float64 { return 1 }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", ConstLabels: prometheus.Labels{"a": "1"}}, func() float64 { return 3 }))
	}},
	{Name: "unit of an untyped function", Run: func(t *script.Trace) {
		showing(t, prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "f", Unit: "seconds"}, func() float64 { return 1 }))
	}},
	{Name: "names and help", Run: func(t *script.Trace) {
		for _, name := range []string{"a", "a:b", "http.requests", "größe_total", "1st", "花火", "a\"b\\c\nd", "a b", ""} {
			for _, help := range []string{"", "plain", "back\\slash and\nline and \"quotes\""} {
				g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"l.ö", "a_b", "c.d"})
				g.WithLabelValues("x\n\"\\", "ö", "").Set(1)
				showing(t, g)
			}
		}
		t.Note("BuildFQName", prometheus.BuildFQName("a", "b", "c"), prometheus.BuildFQName("", "b", "c"), prometheus.BuildFQName("a", "", "c"),
			prometheus.BuildFQName("", "", "c"), "'"+prometheus.BuildFQName("a", "b", "")+"'", prometheus.BuildFQName("_", "_", "_"))
	}},
	{Name: "buckets", Run: func(t *script.Trace) {
		for _, n := range []int{-1, 0, 1, 2, 3, 17} {
			for _, a := range []float64{-1, 0, 0.1, 1, 3.7, 1e9} {
				for _, b := range []float64{-1, 0, 0.1, 1, 1.1, 10, 1e12} {
					t.Try("linear", func() { t.Note("linear", prometheus.LinearBuckets(a, b, n)) })
					t.Try("exponential", func() { t.Note("exponential", prometheus.ExponentialBuckets(a, b, n)) })
					t.Try("range", func() { t.Note("range", prometheus.ExponentialBucketsRange(a, b, n)) })
				}
			}
		}
		t.Note("default", prometheus.DefBuckets)
	}},
	{Name: "timer", Run: func(t *script.Trace) {
		var seen []float64
		timer := prometheus.NewTimer(prometheus.ObserverFunc(func(v float64) { seen = append(seen, v) }))
		for _, pause := range []time.Duration{0, 1, time.Millisecond, 7 * time.Second, time.Hour} {
			script.Pause(pause)
			t.Note("observed", timer.ObserveDuration(), timer.ObserveDurationWithExemplar(prometheus.Labels{"id": "1"}), seen)
		}
		nobody := prometheus.NewTimer(nil)
		script.Pause(time.Second)
		t.Note("without observer", nobody.ObserveDuration(), nobody.ObserveDurationWithExemplar(nil))
	}},
	{Name: "value types", Run: func(t *script.Trace) {
		for _, v := range []prometheus.ValueType{0, prometheus.CounterValue, prometheus.GaugeValue, prometheus.UntypedValue, 99, -1} {
			t.Note("type", v, v.ToDTO())
		}
		t.Note("pointers", prometheus.CounterMetricTypePtr, prometheus.GaugeMetricTypePtr, prometheus.UntypedMetricTypePtr)
	}},
	{Name: "what metrics are", Run: func(t *script.Trace) {
		observer := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, nil).WithLabelValues()
		_, isHistogram := observer.(prometheus.Histogram)
		_, isMetric := observer.(prometheus.Metric)
		_, isCollector := observer.(prometheus.Collector)
		t.Note("child of a histogram", isHistogram, isMetric, isCollector)
		child := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", Help: "h"}, []string{"a"}).WithLabelValues("x")
		child.Inc()
		showing(t, child)
		showing(t, observer.(prometheus.Collector), child)
	}},
}
