package ours

import (
	"errors"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// described is a collector that only describes.
func described(descs ...*prometheus.Desc) sender { return sender{descs: descs} }

func desc(name, help string, names []string, constant prometheus.Labels) *prometheus.Desc {
	return prometheus.NewDesc(name, help, names, constant)
}

var sets = map[string]sender{
	"a":                described(desc("a", "h", nil, nil)),
	"a with label":     described(desc("a", "h", []string{"x"}, nil)),
	"a other help":     described(desc("a", "i", nil, nil)),
	"a const 1":        described(desc("a", "h", nil, prometheus.Labels{"x": "1"})),
	"a const 2":        described(desc("a", "h", nil, prometheus.Labels{"x": "2"})),
	"a const y":        described(desc("a", "h", nil, prometheus.Labels{"y": "1"})),
	"a const x, var y": described(desc("a", "h", []string{"y"}, prometheus.Labels{"x": "1"})),
	"a const y, var x": described(desc("a", "h", []string{"x"}, prometheus.Labels{"y": "1"})),
	"b":                described(desc("b", "h", nil, nil)),
	"a, b":             described(desc("a", "h", nil, nil), desc("b", "h", nil, nil)),
	"b, a, b":          described(desc("b", "h", nil, nil), desc("a", "h", nil, nil), desc("b", "h", nil, nil)),
	"a, a with label":  described(desc("a", "h", nil, nil), desc("a", "h", []string{"x"}, nil)),
	"c, c other help":  described(desc("c", "h", nil, nil), desc("c", "i", nil, nil)),
	"a const 1 and 2":  described(desc("a", "h", nil, prometheus.Labels{"x": "1"}), desc("a", "h", nil, prometheus.Labels{"x": "2"})),
	"invalid":          described(desc("", "h", nil, nil)),
	"b, invalid":       described(desc("b", "h", nil, nil), prometheus.NewInvalidDesc(errors.New("no good"))),
	"reserved":         described(desc("d", "h", []string{"__x"}, nil)),
	"nothing":          described(),
	"b, a other help":  described(desc("b", "h", nil, nil), desc("a", "i", nil, nil)),
	"a, d":             described(desc("a", "h", nil, nil), desc("d", "h", nil, nil)),
	"d, a":             described(desc("d", "h", nil, nil), desc("a", "h", nil, nil)),
}

func setNames() []string {
	return []string{
		"a", "a with label", "a other help", "a const 1", "a const 2", "a const y", "a const x, var y", "a const y, var x", "b", "a, b", "b, a, b", "a, a with label",
		"c, c other help", "a const 1 and 2", "invalid", "reserved", "nothing", "b, a other help", "a, d", "d, a",
	}
}

// register notes what comes of a registration.
func register(t *script.Trace, r prometheus.Registerer, what string, c prometheus.Collector) {
	err := r.Register(c)
	t.Note("register "+what, err)
	var exists prometheus.AlreadyRegisteredError
	if errors.As(err, &exists) {
		_, byValue := err.(prometheus.AlreadyRegisteredError)
		t.Note("already registered", byValue, exists.ExistingCollector != nil, exists.NewCollector != nil)
	}
}

var registering = []script.Scenario{
	{Name: "every pair of collectors", Run: func(t *script.Trace) {
		for _, first := range setNames() {
			for _, second := range setNames() {
				r := prometheus.NewRegistry()
				register(t, r, first, sets[first])
				register(t, r, second, sets[second])
				t.Note("unregister "+second, r.Unregister(sets[second]))
				t.Note("unregister "+first, r.Unregister(sets[first]))
				register(t, r, second, sets[second])
				register(t, r, first, sets[first])
			}
		}
	}},
	{Name: "unregistering with a desc that is not valid", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		register(t, r, "b", sets["b"])
		register(t, r, "b, invalid", sets["b, invalid"])
		t.Note("unregister", r.Unregister(sets["b, invalid"]), r.Unregister(sets["b"]))
	}},
	{Name: "already registered", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		opts := prometheus.CounterOpts{Name: "c", Help: "h"}
		first := prometheus.NewCounter(opts)
		r.MustRegister(first)
		second := prometheus.NewCounter(opts)
		err := r.Register(second)
		var exists prometheus.AlreadyRegisteredError
		t.Note("as", errors.As(err, &exists), exists.ExistingCollector == first, exists.NewCollector == second)
		exists.ExistingCollector.(prometheus.Counter).Inc()
		t.Try("MustRegister", func() { r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "d"}), second) })
		show(t, r)
		t.Note("unregister by another of the same kind", r.Unregister(second), r.Unregister(first))
		show(t, r)
	}},
	{Name: "the same collector in the default registry", Run: func(t *script.Trace) {
		before, gathererBefore := prometheus.DefaultRegisterer, prometheus.DefaultGatherer
		defer func() { prometheus.DefaultRegisterer, prometheus.DefaultGatherer = before, gathererBefore }()
		r := prometheus.NewRegistry()
		prometheus.DefaultRegisterer, prometheus.DefaultGatherer = r, r
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
		t.Note("register", prometheus.Register(g), prometheus.Register(g))
		t.Try("MustRegister", func() { prometheus.MustRegister(g) })
		show(t, r)
		t.Note("unregister", prometheus.Unregister(g), prometheus.Unregister(g))
		prometheus.MustRegister(g)
		show(t, r)
	}},
	{Name: "metrics of one name", Run: func(t *script.Trace) {
		r := prometheus.NewPedanticRegistry()
		register(t, r, "counter", prometheus.NewCounter(prometheus.CounterOpts{Name: "x", Help: "h"}))
		register(t, r, "gauge", prometheus.NewGauge(prometheus.GaugeOpts{Name: "x", Help: "h"}))
		register(t, r, "vec", prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "x", Help: "h"}, []string{"a"}))
		register(t, r, "const labels", prometheus.NewCounter(prometheus.CounterOpts{Name: "x", Help: "h", ConstLabels: prometheus.Labels{"a": "1"}}))
		register(t, r, "other unit", prometheus.NewCounter(prometheus.CounterOpts{Name: "x", Help: "h", Unit: "s"}))
		show(t, r)
	}},
	{Name: "vectors that differ in constant labels", Run: func(t *script.Trace) {
		r := prometheus.NewPedanticRegistry()
		for _, zone := range []string{"b", "a"} {
			vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1}, ConstLabels: prometheus.Labels{"zone": zone}}, []string{"y", "a"})
			register(t, r, zone, vec)
			vec.WithLabelValues("1", "2").Observe(1)
			vec.WithLabelValues("2", "1").Observe(1)
		}
		show(t, r)
	}},
	{Name: "describing by collecting", Run: func(t *script.Trace) {
		a, b := desc("a", "h", []string{"x"}, nil), desc("b", "h", nil, nil)
		f := prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
			ch <- prometheus.MustNewConstMetric(a, prometheus.GaugeValue, 1, "1")
			ch <- prometheus.MustNewConstMetric(a, prometheus.GaugeValue, 2, "2")
			ch <- prometheus.MustNewConstMetric(b, prometheus.CounterValue, 3)
		})
		r := prometheus.NewPedanticRegistry()
		register(t, r, "function", f)
		register(t, r, "function again", f)
		register(t, r, "one of them", described(a))
		show(t, r)
		t.Note("unregister", r.Unregister(described(b, a)))
		show(t, r)
	}},
	{Name: "the descs of what is collected", Run: func(t *script.Trace) {
		a := desc("a", "h", []string{"x"}, nil)
		for _, c := range []prometheus.Collector{
			described(a), newVec(), prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"}),
			sender{metrics: []prometheus.Metric{prometheus.MustNewConstMetric(a, prometheus.GaugeValue, 1, "1"), prometheus.NewInvalidMetric(desc("b", "h", nil, nil), errors.New("no"))}},
		} {
			descs := make(chan *prometheus.Desc, 10)
			prometheus.DescribeByCollect(c, descs)
			close(descs)
			for d := range descs {
				t.Note("desc", d, d.Err())
			}
		}
	}},
	{Name: "registry in a registry", Run: func(t *script.Trace) {
		inner, outer := prometheus.NewRegistry(), prometheus.NewPedanticRegistry()
		vec := newVec()
		fill(vec)
		inner.MustRegister(vec, prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"}), prometheus.NewSummary(prometheus.SummaryOpts{Name: "s"}))
		register(t, outer, "inner", inner)
		register(t, outer, "inner again", inner)
		register(t, outer, "one of inner", vec)
		show(t, outer)
		t.Note("unregister", outer.Unregister(inner))
		show(t, outer)
	}},
}
