package ours

import (
	"math"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Run runs a program.
func Run(t *script.Trace, pedantic bool, program []script.Op) {
	m := machine{Trace: t, registry: prometheus.NewRegistry()}
	if pedantic {
		m.registry = prometheus.NewPedanticRegistry()
	}
	for _, op := range program {
		t.Try(op.Do, func() { m.step(op) })
	}
	show(t, m.registry)
}

type machine struct {
	*script.Trace
	registry *prometheus.Registry
	made     []thing
}

// thing is a collector, and what else can be done with it.
type thing struct {
	prometheus.Collector
	update   func(do string, v float64)
	find     func(values []string) (thing, error)
	findMap  func(prometheus.Labels) (thing, error)
	curry    func(prometheus.Labels) (thing, error)
	deleting deleting
}

func (m *machine) step(op script.Op) {
	switch op.Do {
	case "single":
		m.made = append(m.made, single(op.Metric, op.Value))
		return
	case "vector":
		m.made = append(m.made, vector(op.Metric))
		return
	case "collector":
		m.made = append(m.made, thing{Collector: m.collector(op)})
		return
	case "gather":
		show(m.Trace, m.registry)
		return
	}
	if len(m.made) == 0 {
		return
	}
	at := m.made[op.Place%len(m.made)]
	switch op.Do {
	case "register":
		register(m.Trace, m.registry, "thing", at.Collector)
	case "unregister":
		m.Note("unregister", m.registry.Unregister(at.Collector))
	case "inc", "dec", "add", "sub", "set", "observe":
		switch {
		case at.update != nil:
			at.update(op.Do, op.Value)
		case at.find != nil && op.Labels == nil:
			child, err := at.find(op.Values)
			m.Note("find", err)
			if err == nil {
				child.update(op.Do, op.Value)
			}
		case at.findMap != nil:
			child, err := at.findMap(op.Labels)
			m.Note("find", err)
			if err == nil {
				child.update(op.Do, op.Value)
			}
		}
	case "hold":
		if at.find != nil {
			child, err := at.find(op.Values)
			m.Note("hold", err)
			if err == nil {
				m.made = append(m.made, child)
			}
		}
	case "curry":
		if at.curry != nil {
			curried, err := at.curry(op.Labels)
			m.Note("curry", err)
			if err == nil {
				m.made = append(m.made, curried)
			}
		}
	default:
		if at.deleting != nil {
			m.remove(op, at.deleting)
		}
	}
}

func (m *machine) remove(op script.Op, vec deleting) {
	switch op.Do {
	case "delete values":
		m.Note(op.Do, vec.DeleteLabelValues(op.Values...))
	case "delete":
		m.Note(op.Do, vec.Delete(op.Labels))
	case "delete partial match":
		m.Note(op.Do, vec.DeletePartialMatch(op.Labels))
	case "reset":
		vec.Reset()
	}
}

func newDesc(of script.Metric) *prometheus.Desc {
	return prometheus.NewDesc(of.Name, of.Help, of.Names, of.Const)
}

func (m *machine) collector(op script.Op) prometheus.Collector {
	var s sender
	for _, of := range op.Descs {
		s.descs = append(s.descs, newDesc(of))
	}
	for _, sample := range op.Send {
		d := newDesc(script.Metric{Name: op.Metric.Name, Help: "h", Names: []string{"own"}})
		if sample.Desc < len(s.descs) {
			d = s.descs[sample.Desc]
		}
		metric, err := m.sample(d, sample)
		m.Note("sample", err)
		if err != nil {
			metric = prometheus.NewInvalidMetric(d, err)
		} else if sample.Stamped {
			metric = prometheus.NewMetricWithTimestamp(time.UnixMilli(sample.Stamp), metric)
		}
		s.metrics = append(s.metrics, metric)
	}
	return s
}

func (m *machine) sample(d *prometheus.Desc, s script.Sample) (prometheus.Metric, error) {
	switch s.Type {
	case 4:
		return prometheus.NewConstHistogram(d, 3, s.Value, map[float64]uint64{1: 2, s.Value: 1}, s.Values...)
	case 5:
		return prometheus.NewConstSummary(d, 3, s.Value, map[float64]float64{0.5: s.Value, 0.9: 1}, s.Values...)
	default:
		return prometheus.NewConstMetric(d, prometheus.ValueType(s.Type), s.Value, s.Values...)
	}
}

func counterThing(c prometheus.Counter) thing {
	return thing{Collector: c, update: func(do string, v float64) {
		switch {
		case do == "inc":
			c.Inc()
		case !math.IsNaN(v): // what is not a number is a named difference
			c.Add(v)
		}
	}}
}

func gaugeThing(g prometheus.Gauge) thing {
	return thing{Collector: g, update: func(do string, v float64) {
		switch do {
		case "inc":
			g.Inc()
		case "dec":
			g.Dec()
		case "sub":
			g.Sub(v)
		case "add":
			g.Add(v)
		default:
			g.Set(v)
		}
	}}
}

func observerThing(o prometheus.Observer) thing {
	return thing{Collector: o.(prometheus.Collector), update: func(_ string, v float64) { o.Observe(v) }}
}

func opts(of script.Metric) prometheus.Opts {
	return prometheus.Opts{Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const}
}

func histogramOpts(of script.Metric) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const, Buckets: of.Buckets}
}

func summaryOpts(of script.Metric) prometheus.SummaryOpts {
	return prometheus.SummaryOpts{Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const}
}

func single(of script.Metric, v float64) thing {
	switch of.Kind {
	case "counter":
		return counterThing(prometheus.NewCounter(prometheus.CounterOpts(opts(of))))
	case "gauge":
		return gaugeThing(prometheus.NewGauge(prometheus.GaugeOpts(opts(of))))
	case "histogram":
		return observerThing(prometheus.NewHistogram(histogramOpts(of)))
	case "summary":
		return observerThing(prometheus.NewSummary(summaryOpts(of)))
	default:
		return thing{Collector: prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts(of)), func() float64 { return v })}
	}
}

func vector(of script.Metric) thing {
	switch of.Kind {
	case "counter":
		return counterVecThing(prometheus.NewCounterVec(prometheus.CounterOpts(opts(of)), of.Names))
	case "gauge", "func":
		return gaugeVecThing(prometheus.NewGaugeVec(prometheus.GaugeOpts(opts(of)), of.Names))
	case "histogram":
		return observerVecThing(prometheus.NewHistogramVec(histogramOpts(of), of.Names))
	default:
		return observerVecThing(prometheus.NewSummaryVec(summaryOpts(of), of.Names))
	}
}

func counterVecThing(vec *prometheus.CounterVec) thing {
	return thing{
		Collector: vec, deleting: vec,
		find: func(values []string) (thing, error) {
			return found(counterThing)(vec.GetMetricWithLabelValues(values...))
		},
		findMap: func(labels prometheus.Labels) (thing, error) { return found(counterThing)(vec.GetMetricWith(labels)) },
		curry:   func(labels prometheus.Labels) (thing, error) { return found(counterVecThing)(vec.CurryWith(labels)) },
	}
}

func gaugeVecThing(vec *prometheus.GaugeVec) thing {
	return thing{
		Collector: vec, deleting: vec,
		find: func(values []string) (thing, error) {
			return found(gaugeThing)(vec.GetMetricWithLabelValues(values...))
		},
		findMap: func(labels prometheus.Labels) (thing, error) { return found(gaugeThing)(vec.GetMetricWith(labels)) },
		curry:   func(labels prometheus.Labels) (thing, error) { return found(gaugeVecThing)(vec.CurryWith(labels)) },
	}
}

func observerVecThing(vec prometheus.ObserverVec) thing {
	return thing{
		Collector: vec, deleting: vec.(deleting),
		find: func(values []string) (thing, error) {
			return found(observerThing)(vec.GetMetricWithLabelValues(values...))
		},
		findMap: func(labels prometheus.Labels) (thing, error) { return found(observerThing)(vec.GetMetricWith(labels)) },
		curry:   func(labels prometheus.Labels) (thing, error) { return found(observerVecThing)(vec.CurryWith(labels)) },
	}
}

// found makes a thing of what was found, if it was.
func found[T any](make func(T) thing) func(T, error) (thing, error) {
	return func(v T, err error) (thing, error) {
		if err != nil {
			return thing{}, err
		}
		return make(v), nil
	}
}
