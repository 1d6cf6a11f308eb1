package theirs

import (
	"strings"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
)

// thing is a collector, and what else can be done with it.
type thing struct {
	prometheus.Collector
	names                []string // of the labels that a vector wants values for
	constrained, mustFit bool
	update               func(op script.Op)
	find                 func(values []string) (thing, error)
	findMap              func(prometheus.Labels) (thing, error)
	curry                func(prometheus.Labels) (thing, error)
	deleting             deleting
}

func counterThing(c prometheus.Counter) thing {
	return thing{Collector: c, update: func(op script.Op) {
		switch op.Do {
		case "inc":
			c.Inc()
		case "exemplar":
			c.(prometheus.ExemplarAdder).AddWithExemplar(op.Value, op.Exemplar)
		default:
			c.Add(op.Value)
		}
	}}
}

func gaugeThing(g prometheus.Gauge) thing {
	return thing{Collector: g, update: func(op script.Op) {
		switch op.Do {
		case "inc":
			g.Inc()
		case "dec":
			g.Dec()
		case "sub":
			g.Sub(op.Value)
		case "add":
			g.Add(op.Value)
		case "observe":
			g.SetToCurrentTime()
		default:
			g.Set(op.Value)
		}
	}}
}

func observerThing(o prometheus.Observer) thing {
	return thing{Collector: o.(prometheus.Collector), update: func(op script.Op) {
		if with, ok := o.(prometheus.ExemplarObserver); ok && op.Do == "exemplar" {
			with.ObserveWithExemplar(op.Value, op.Exemplar)
		} else {
			o.Observe(op.Value)
		}
	}}
}

func opts(of script.Metric) prometheus.Opts {
	return prometheus.Opts{Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const}
}

func histogramOpts(of script.Metric) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const, Buckets: of.Buckets,
		NativeHistogramBucketFactor:     of.Native.Factor,
		NativeHistogramZeroThreshold:    of.Native.ZeroThreshold,
		NativeHistogramMaxBucketNumber:  of.Native.MaxBuckets,
		NativeHistogramMinResetDuration: of.Native.MinReset,
		NativeHistogramMaxZeroThreshold: of.Native.MaxZeroThreshold,
		NativeHistogramMaxExemplars:     of.Native.MaxExemplars,
		NativeHistogramExemplarTTL:      of.Native.ExemplarTTL,
	}
}

func summaryOpts(of script.Metric) prometheus.SummaryOpts {
	return prometheus.SummaryOpts{
		Name: of.Name, Help: of.Help, Unit: of.Unit, ConstLabels: of.Const,
		Objectives: of.Objectives, MaxAge: of.MaxAge, AgeBuckets: of.AgeBuckets,
	}
}

func single(of script.Metric, v float64) thing {
	value := func() float64 { return v }
	switch of.Kind {
	case "counter":
		return counterThing(prometheus.NewCounter(prometheus.CounterOpts(opts(of))))
	case "gauge":
		return gaugeThing(prometheus.NewGauge(prometheus.GaugeOpts(opts(of))))
	case "histogram", "native":
		return observerThing(prometheus.NewHistogram(histogramOpts(of)))
	case "summary", "quantiles":
		return observerThing(prometheus.NewSummary(summaryOpts(of)))
	case "countfunc":
		return thing{Collector: prometheus.NewCounterFunc(prometheus.CounterOpts(opts(of)), value)}
	case "untyped":
		return thing{Collector: prometheus.NewUntypedFunc(prometheus.UntypedOpts(opts(of)), value)}
	default:
		return thing{Collector: prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts(of)), value)}
	}
}

func vector(of script.Metric) thing {
	vec := vectorOf(of)
	vec.names, vec.constrained = of.Names, of.Constrained
	return vec
}

func vectorOf(of script.Metric) thing {
	constrained := labelsOf(of)
	switch of.Kind {
	case "counter", "countfunc":
		if of.Constrained {
			return counterVecThing(prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{CounterOpts: prometheus.CounterOpts(opts(of)), VariableLabels: constrained}))
		}
		return counterVecThing(prometheus.NewCounterVec(prometheus.CounterOpts(opts(of)), of.Names))
	case "histogram", "native":
		if of.Constrained {
			return observerVecThing(prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{HistogramOpts: histogramOpts(of), VariableLabels: constrained}))
		}
		return observerVecThing(prometheus.NewHistogramVec(histogramOpts(of), of.Names))
	case "summary", "quantiles":
		if of.Constrained {
			return observerVecThing(prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{SummaryOpts: summaryOpts(of), VariableLabels: constrained}))
		}
		return observerVecThing(prometheus.NewSummaryVec(summaryOpts(of), of.Names))
	case "untyped":
		return ownVecThing(of)
	default:
		if of.Constrained {
			return gaugeVecThing(prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts(opts(of)), VariableLabels: constrained}))
		}
		return gaugeVecThing(prometheus.NewGaugeVec(prometheus.GaugeOpts(opts(of)), of.Names))
	}
}

// labelsOf returns labels of which every second one is constrained.
func labelsOf(of script.Metric) prometheus.ConstrainedLabels {
	labels := make(prometheus.ConstrainedLabels, len(of.Names))
	for i, name := range of.Names {
		labels[i].Name = name
		if i%2 == 0 {
			labels[i].Constraint = func(v string) string { return strings.ToLower(v[:min(1, len(v))]) }
		}
	}
	return labels
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

// ownVecThing is a vector of metrics of a type that the library does not know.
func ownVecThing(of script.Metric) thing {
	d := newDesc(of)
	return metricVecThing(prometheus.NewMetricVec(d, func(lvs ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(d, prometheus.UntypedValue, float64(len(lvs)), lvs...)
	}))
}

func metricVecThing(vec *prometheus.MetricVec) thing {
	unchanging := func(m prometheus.Metric) thing {
		return thing{Collector: sender{[]*prometheus.Desc{m.Desc()}, []prometheus.Metric{m}}}
	}
	return thing{
		Collector: vec, deleting: vec,
		find: func(values []string) (thing, error) {
			return found(unchanging)(vec.GetMetricWithLabelValues(values...))
		},
		findMap: func(labels prometheus.Labels) (thing, error) { return found(unchanging)(vec.GetMetricWith(labels)) },
		curry:   func(labels prometheus.Labels) (thing, error) { return found(metricVecThing)(vec.CurryWith(labels)) },
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
