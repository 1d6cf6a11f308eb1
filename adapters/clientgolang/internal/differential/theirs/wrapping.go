package theirs

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
)

// wrapped are Registerers that wrap r in many ways. No two labels have the same
// value: of two series that differ in the names of labels alone, chance takes the
// one to stand first.
func wrapped(r prometheus.Registerer) map[string]prometheus.Registerer {
	labels := func(pairs ...string) prometheus.Labels {
		l := prometheus.Labels{}
		for i := 0; i < len(pairs); i += 2 {
			l[pairs[i]] = pairs[i+1]
		}
		return l
	}
	return map[string]prometheus.Registerer{
		"plain":           r,
		"nil labels":      prometheus.WrapRegistererWith(nil, r),
		"label":           prometheus.WrapRegistererWith(labels("zone", "1"), r),
		"other value":     prometheus.WrapRegistererWith(labels("zone", "2"), r),
		"first label":     prometheus.WrapRegistererWith(labels("A", "x"), r),
		"two labels":      prometheus.WrapRegistererWith(labels("zone", "1", "b", "\n\"\\"), r),
		"prefix":          prometheus.WrapRegistererWithPrefix("p_", r),
		"empty prefix":    prometheus.WrapRegistererWithPrefix("", r),
		"dotted":          prometheus.WrapRegistererWithPrefix("p.", prometheus.WrapRegistererWith(labels("größe", "g"), r)),
		"nested":          prometheus.WrapRegistererWith(labels("in", "1"), prometheus.WrapRegistererWithPrefix("q_", prometheus.WrapRegistererWith(labels("out", "2"), prometheus.WrapRegistererWithPrefix("r_", r)))),
		"same twice":      prometheus.WrapRegistererWith(labels("zone", "1"), prometheus.WrapRegistererWith(labels("zone", "1"), r)),
		"variable label":  prometheus.WrapRegistererWith(labels("a", "v"), r),
		"constant label":  prometheus.WrapRegistererWith(labels("const", "k"), r),
		"reserved label":  prometheus.WrapRegistererWith(labels("__x", "1"), r),
		"empty label":     prometheus.WrapRegistererWith(labels("", "1"), r),
		"bad value":       prometheus.WrapRegistererWith(labels("zone", "\xff"), r),
		"bad prefix":      prometheus.WrapRegistererWithPrefix("\xff", r),
		"quantile":        prometheus.WrapRegistererWith(labels("quantile", "q"), r),
		"no registerer":   prometheus.WrapRegistererWith(labels("zone", "1"), nil),
		"prefix of no-op": prometheus.WrapRegistererWithPrefix("x_", prometheus.WrapRegistererWith(nil, nil)),
	}
}

func wrappedNames() []string {
	return []string{
		"plain", "nil labels", "label", "other value", "first label", "two labels", "prefix", "empty prefix", "dotted", "nested", "same twice", "variable label", "constant label",
		"reserved label", "empty label", "bad value", "bad prefix", "quantile", "no registerer", "prefix of no-op",
	}
}

// several makes one Collector of each kind.
func several() map[string]prometheus.Collector {
	constant := prometheus.Labels{"const": "c"}
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total", Help: "h", ConstLabels: constant}, []string{"b", "a"})
	counters.WithLabelValues("2", "1").Add(3)
	counters.WithLabelValues("1", "2").Add(0.5)
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1}}, []string{"a"})
	histograms.WithLabelValues("x").Observe(0.5)
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g_u", Help: "h", Unit: "u", ConstLabels: constant})
	gauge.Set(7)
	inner := prometheus.NewRegistry()
	inner.MustRegister(prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "h"}))
	d := prometheus.NewDesc("sent", "h", []string{"a"}, nil)
	return map[string]prometheus.Collector{
		"counters":   counters,
		"histograms": histograms,
		"gauge":      gauge,
		"child":      counters.WithLabelValues("2", "1"),
		"function":   prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", Help: "h"}, func() float64 { return 2 }),
		"registry":   inner,
		"sender": sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{
			prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, "1"),
			prometheus.NewMetricWithTimestamp(time.UnixMilli(12), prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 2, "2")),
		}},
		"unchecked": sender{metrics: []prometheus.Metric{prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, "1")}},
		"failing":   sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{prometheus.NewInvalidMetric(d, errors.New("no"))}},
	}
}

func severalNames() []string {
	return []string{"counters", "histograms", "gauge", "child", "function", "registry", "sender", "unchecked", "failing"}
}

var wrapping = []script.Scenario{
	{Name: "wrapped registerers", Run: func(t *script.Trace) {
		for _, wrap := range wrappedNames() {
			for _, name := range severalNames() {
				c := several()[name]
				r := prometheus.NewRegistry()
				register(t, wrapped(r)[wrap], wrap+" "+name, c)
				glance(t, r)
				register(t, wrapped(r)[wrap], "again", c)
				register(t, wrapped(r)["label"], "with label", c)
				t.Try("MustRegister", func() { wrapped(r)[wrap].MustRegister(c) })
				glance(t, r)
				t.Note("unregister", r.Unregister(c), wrapped(r)["other value"].Unregister(c), wrapped(r)[wrap].Unregister(c), wrapped(r)[wrap].Unregister(c))
				glance(t, r)
			}
		}
	}},
	{Name: "a wrapped vector that changes", Run: func(t *script.Trace) {
		r := prometheus.NewPedanticRegistry()
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", Help: "h"}, []string{"l"})
		prometheus.WrapRegistererWith(prometheus.Labels{"a": "1", "z": "2"}, prometheus.WrapRegistererWithPrefix("p_", r)).MustRegister(vec)
		show(t, r)
		for i, value := range []string{"b", "d", "a", "c"} {
			vec.WithLabelValues(value).Set(float64(i))
			show(t, r)
		}
		vec.DeleteLabelValues("b")
		vec.WithLabelValues("a").Inc()
		show(t, r)
		vec.Reset()
		show(t, r)
		vec.WithLabelValues("b").Set(9)
		show(t, r)
	}},
	{Name: "unregistering what is not valid by a wrapped registerer", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		register(t, r, "counter", prometheus.NewCounter(prometheus.CounterOpts{Name: "c"}))
		invalid := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", ConstLabels: prometheus.Labels{"a": "1"}}, []string{"a"})
		t.Note("unregister", prometheus.WrapRegistererWith(nil, r).Unregister(invalid))
	}},
	{Name: "what a wrapped registerer says exists", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c", Help: "h"})
		deep := prometheus.WrapRegistererWithPrefix("b_", prometheus.WrapRegistererWithPrefix("a_", r))
		t.Note("register", deep.Register(c))
		var exists prometheus.AlreadyRegisteredError
		err := deep.Register(c)
		t.Note("again", err, errors.As(err, &exists), exists.ExistingCollector == c, exists.NewCollector == c)
		plain := prometheus.NewCounter(prometheus.CounterOpts{Name: "a_b_c", Help: "h"})
		err = r.Register(plain)
		t.Note("without wrapping", err, errors.As(err, &exists), exists.ExistingCollector == c, exists.NewCollector == plain)
		t.Note("unregister", r.Unregister(plain), deep.Unregister(c))
	}},
	{Name: "wrapped collectors", Run: func(t *script.Trace) {
		for _, name := range severalNames() {
			for i, c := range []prometheus.Collector{
				prometheus.WrapCollectorWith(prometheus.Labels{"zone": "1"}, several()[name]),
				prometheus.WrapCollectorWithPrefix("p_", several()[name]),
				prometheus.WrapCollectorWith(prometheus.Labels{"zone": "2"}, prometheus.WrapCollectorWithPrefix("q_", several()[name])),
			} {
				r, outer := prometheus.NewPedanticRegistry(), prometheus.NewRegistry()
				register(t, r, fmt.Sprint(name, i), c)
				glance(t, r)
				register(t, outer, "the registry", prometheus.WrapCollectorWith(prometheus.Labels{"outer": "o"}, r))
				glance(t, outer)
				descs := make(chan *prometheus.Desc, 10)
				c.Describe(descs)
				close(descs)
				var described []string // in no order
				for d := range descs {
					described = append(described, fmt.Sprint(d, d.Err()))
				}
				slices.Sort(described)
				t.Note("describes", described)
			}
		}
	}},
	{Name: "a wrapped collector that is not what it says", Run: func(t *script.Trace) {
		d, other := prometheus.NewDesc("d", "h", nil, nil), prometheus.NewDesc("e", "h", []string{"zone"}, nil)
		r := prometheus.NewPedanticRegistry()
		zoned := prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, r)
		register(t, zoned, "sender", sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{
			prometheus.MustNewConstMetric(other, prometheus.GaugeValue, 1, "x"),
			prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1),
		}})
		show(t, r)
	}},
	{Name: "a wrapped summary with a quantile label", Run: func(t *script.Trace) {
		d := prometheus.NewDesc("s", "h", nil, nil)
		r := prometheus.NewRegistry()
		register(t, prometheus.WrapRegistererWith(prometheus.Labels{"quantile": "1"}, r), "summary",
			sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{prometheus.MustNewConstSummary(d, 1, 2, nil)}})
		show(t, r)
		r = prometheus.NewRegistry()
		vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "v"}, []string{"a"})
		vec.WithLabelValues("1").Observe(1)
		vec.WithLabelValues("2").Observe(2)
		for _, c := range []prometheus.Collector{prometheus.NewSummary(prometheus.SummaryOpts{Name: "t"}), vec} {
			register(t, r, "wrapped", prometheus.WrapCollectorWith(prometheus.Labels{"quantile": "1"}, c))
		}
		show(t, r)
	}},
}
