package theirs

import (
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// makeAll makes one metric of each kind by a factory.
func makeAll(f promauto.Factory) []prometheus.Collector {
	labels := []string{"l"}
	value := func() float64 { return 4 }
	return []prometheus.Collector{
		f.NewCounter(prometheus.CounterOpts{Name: "counter"}), f.NewCounterVec(prometheus.CounterOpts{Name: "counter_vec"}, labels), f.NewCounterFunc(prometheus.CounterOpts{Name: "counter_func"}, value),
		f.NewGauge(prometheus.GaugeOpts{Name: "gauge"}), f.NewGaugeVec(prometheus.GaugeOpts{Name: "gauge_vec"}, labels), f.NewGaugeFunc(prometheus.GaugeOpts{Name: "gauge_func"}, value),
		f.NewHistogram(prometheus.HistogramOpts{Name: "histogram"}), f.NewHistogramVec(prometheus.HistogramOpts{Name: "histogram_vec"}, labels),
		f.NewSummary(prometheus.SummaryOpts{Name: "summary"}), f.NewSummaryVec(prometheus.SummaryOpts{Name: "summary_vec"}, labels),
		f.NewUntypedFunc(prometheus.UntypedOpts{Name: "untyped_func"}, value),
	}
}

var auto = []script.Scenario{
	{Name: "metrics that register themselves", Run: func(t *script.Trace) {
		r := prometheus.NewPedanticRegistry()
		for _, c := range makeAll(promauto.With(r)) {
			register(t, r, "again", c)
		}
		show(t, r)
		t.Try("making all again", func() { makeAll(promauto.With(r)) })
	}},
	{Name: "metrics that register themselves nowhere", Run: func(t *script.Trace) {
		for _, f := range []promauto.Factory{promauto.With(nil), {}} {
			r := prometheus.NewRegistry()
			for _, c := range makeAll(f) {
				register(t, r, "nowhere before", c)
			}
			show(t, r)
		}
	}},
	{Name: "metrics that register themselves by default", Run: func(t *script.Trace) {
		before := prometheus.DefaultRegisterer
		defer func() { prometheus.DefaultRegisterer = before }()
		r := prometheus.NewRegistry()
		prometheus.DefaultRegisterer = prometheus.WrapRegistererWithPrefix("p_", r)
		labels := []string{"l"}
		value := func() float64 { return 4 }
		promauto.NewCounter(prometheus.CounterOpts{Name: "a"}).Inc()
		promauto.NewCounterVec(prometheus.CounterOpts{Name: "b"}, labels).WithLabelValues("x").Inc()
		promauto.NewCounterFunc(prometheus.CounterOpts{Name: "c"}, value)
		promauto.NewGauge(prometheus.GaugeOpts{Name: "d"}).Inc()
		promauto.NewGaugeVec(prometheus.GaugeOpts{Name: "e"}, labels).WithLabelValues("x").Inc()
		promauto.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, value)
		promauto.NewHistogram(prometheus.HistogramOpts{Name: "g"}).Observe(1)
		promauto.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, labels).WithLabelValues("x").Observe(1)
		promauto.NewSummary(prometheus.SummaryOpts{Name: "i"}).Observe(1)
		promauto.NewSummaryVec(prometheus.SummaryOpts{Name: "j"}, labels).WithLabelValues("x").Observe(1)
		promauto.NewUntypedFunc(prometheus.UntypedOpts{Name: "k"}, value)
		show(t, r)
		t.Try("again", func() { promauto.NewGauge(prometheus.GaugeOpts{Name: "a"}) })
		t.Try("without a name", func() { promauto.NewGauge(prometheus.GaugeOpts{}) })
		t.Try("other help", func() { promauto.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Help: "other"}, labels) })
	}},
}
