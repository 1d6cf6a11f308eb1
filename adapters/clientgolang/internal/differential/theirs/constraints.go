package theirs

import (
	"strings"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
)

// bounded are labels of which the first one is constrained to lower case and the
// last one to what is known.
func bounded() prometheus.ConstrainedLabels {
	known := func(v string) string {
		if v == "1" || v == "2" {
			return v
		}
		return "other"
	}
	return prometheus.ConstrainedLabels{{Name: "l", Constraint: strings.ToLower}, {Name: "free"}, {Name: "k", Constraint: known}}
}

var constrained = []script.Scenario{
	{Name: "constrained labels", Run: func(t *script.Trace) {
		vec := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{CounterOpts: prometheus.CounterOpts{Name: "c_u", Help: "h", Unit: "u", ConstLabels: prometheus.Labels{"const": "X"}}, VariableLabels: bounded()})
		descs := make(chan *prometheus.Desc, 1)
		vec.Describe(descs)
		t.Note("desc", <-descs)
		for _, values := range [][]string{{"A", "A", "1"}, {"a", "A", "2"}, {"a", "a", "3"}, {"a", "a", "4"}, {"Ö", "", ""}, {"A"}, {"A", "B"}, {"A", "B", "C", "D"}, nil, {"\xff", "a", "1"}, {"a", "\xff", "1"}, {"a", "a", "\xff"}} {
			c, err := vec.GetMetricWithLabelValues(values...)
			t.Note("values", values, err)
			if err == nil {
				c.Inc()
			}
			if len(values) == 3 {
				labels := prometheus.Labels{"l": values[0], "free": values[1], "k": values[2]}
				c, err := vec.GetMetricWith(labels)
				t.Note("labels", err)
				if err == nil {
					c.Inc()
				}
			}
		}
		for _, labels := range []prometheus.Labels{nil, {"l": "A"}, {"l": "A", "free": "B", "x": "C"}, {"l": "A", "free": "\xff", "x": "C"}} {
			_, err := vec.GetMetricWith(labels)
			t.Note("wrong labels", err)
			t.Try("With", func() { vec.With(labels) })
		}
		showing(t, vec)
		t.Note("delete", vec.DeleteLabelValues("Ö", "", "x"), vec.DeleteLabelValues("a", "A", "3"), vec.Delete(prometheus.Labels{"l": "A", "free": "A", "k": "2"}), vec.DeleteLabelValues("A", "A"))
		showing(t, vec)
		t.Note("partial", vec.DeletePartialMatch(prometheus.Labels{"k": "unheard of"}), vec.DeletePartialMatch(prometheus.Labels{"l": "A"}), vec.DeletePartialMatch(prometheus.Labels{"no": "A"}))
		showing(t, vec)
	}},
	{Name: "currying constrained labels", Run: func(t *script.Trace) {
		vec := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "g", Help: "h"}, VariableLabels: bounded()})
		upper, err := vec.CurryWith(prometheus.Labels{"l": "UPPER"})
		t.Note("curry", err)
		upper.WithLabelValues("x", "7").Set(1)
		upper.With(prometheus.Labels{"free": "X", "k": "1"}).Set(2)
		_, err = upper.GetMetricWithLabelValues("Q")
		t.Note("too few", err)
		_, err = upper.GetMetricWithLabelValues("Q", "R", "S")
		t.Note("too many", err)
		_, err = upper.GetMetricWith(prometheus.Labels{"l": "again", "k": "1"})
		t.Note("again", err)
		_, err = upper.CurryWith(prometheus.Labels{"l": "again"})
		t.Note("curry again", err)
		last, err := upper.CurryWith(prometheus.Labels{"k": "nobody knows"})
		t.Note("curry last", err)
		last.WithLabelValues("x").Add(10)
		showing(t, vec)
		t.Note("delete", upper.DeleteLabelValues("x", "8"), last.DeleteLabelValues("x"), upper.DeletePartialMatch(prometheus.Labels{"l": "upper"}), upper.DeletePartialMatch(prometheus.Labels{"k": "1"}))
		showing(t, vec)
	}},
	{Name: "too few values for curried labels with constraints", Run: func(t *script.Trace) {
		labels := prometheus.ConstrainedLabels{{Name: "a", Constraint: strings.ToLower}, {Name: "b"}}
		vec := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "g"}, VariableLabels: labels})
		t.Try("look up", func() {
			_, err := vec.MustCurryWith(prometheus.Labels{"b": "1"}).GetMetricWithLabelValues()
			t.Note("looked up", err)
		})
	}},
	{Name: "vectors of v2", Run: func(t *script.Trace) {
		h := prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{HistogramOpts: prometheus.HistogramOpts{Name: "h_u", Help: "h", Unit: "u", Buckets: []float64{1}}, VariableLabels: bounded()})
		h.WithLabelValues("A", "B", "C").Observe(1)
		s := prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{SummaryOpts: prometheus.SummaryOpts{Name: "s_u", Help: "h", Unit: "u"}, VariableLabels: prometheus.UnconstrainedLabels{"x"}})
		s.WithLabelValues("A").Observe(1)
		g := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "g_u", Help: "h", Unit: "u"}, VariableLabels: prometheus.ConstrainedLabels{}})
		g.WithLabelValues().Set(1)
		showing(t, h, s, g)
		t.Try("quantile", func() {
			prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{SummaryOpts: prometheus.SummaryOpts{Name: "s"}, VariableLabels: prometheus.ConstrainedLabels{{Name: "quantile"}}})
		})
	}},
	{Name: "descs of v2", Run: func(t *script.Trace) {
		for _, d := range []*prometheus.Desc{
			prometheus.V2.NewDesc("d_seconds", "h", bounded(), prometheus.Labels{"a": "b"}, prometheus.WithUnit("seconds")),
			prometheus.V2.NewDesc("d", "h", prometheus.UnconstrainedLabels{"x", "y"}, nil),
			prometheus.V2.NewDesc("d", "h", prometheus.UnconstrainedLabels(nil), nil, prometheus.WithUnit("a"), prometheus.WithUnit("b")),
			prometheus.V2.NewDesc("", "h", bounded(), nil, prometheus.WithUnit("a")),
			prometheus.V2.NewDesc("d", "h", bounded(), prometheus.Labels{"l": "b"}),
		} {
			t.Note("desc", d, d.Err())
			register(t, prometheus.NewRegistry(), "it", described(d))
			m, err := prometheus.NewConstMetric(d, prometheus.GaugeValue, 1, "A", "B", "C")
			t.Note("metric", err)
			if err == nil {
				showing(t, sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{m}})
			}
			vec := prometheus.NewMetricVec(d, func(lvs ...string) prometheus.Metric {
				t.Note("made for", lvs)
				return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, lvs...)
			})
			t.Try("vector", func() {
				_, err := vec.GetMetricWithLabelValues("A", "B", "C")
				t.Note("vector", err)
			})
		}
		r := prometheus.NewRegistry()
		register(t, r, "unit", described(prometheus.V2.NewDesc("d", "h", nilLabels(), nil, prometheus.WithUnit("a"))))
		register(t, r, "other unit", described(prometheus.V2.NewDesc("d", "h", nilLabels(), nil, prometheus.WithUnit("b"))))
	}},
}

func nilLabels() prometheus.ConstrainableLabels { return prometheus.UnconstrainedLabels(nil) }
