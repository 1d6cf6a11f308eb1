package promhttp

import "github.com/cresset-metrics/cresset/prometheus"

// counters count exchanges in a vector.
type counters struct {
	partition
	options *options
	vec     *prometheus.CounterVec
}

func newCounters(vec *prometheus.CounterVec, opts []Option) *counters {
	o := optionsOf(opts)
	rest := vec.MustCurryWith(o.placeholders())
	curry := func(labels prometheus.Labels) error { _, err := rest.CurryWith(labels); return err }
	return &counters{partitionOf(rest, curry, o), o, vec}
}

func (c *counters) inc(x exchange) {
	var stack [stackLabels]string
	values := c.values(stack[:0], x)
	counter, err := c.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		counter = c.vec.With(c.named(values)) // panics, and says with which label
	}
	if exemplar := c.options.exemplarOf(x.request); exemplar != nil {
		if adder, ok := counter.(prometheus.ExemplarAdder); ok {
			adder.AddWithExemplar(1, exemplar)
			return
		}
	}
	counter.Inc()
}

// observers observe something about exchanges in a vector.
type observers struct {
	partition
	options *options
	vec     prometheus.ObserverVec
}

func newObservers(vec prometheus.ObserverVec, opts []Option) *observers {
	o := optionsOf(opts)
	rest := vec.MustCurryWith(o.placeholders())
	curry := func(labels prometheus.Labels) error { _, err := rest.CurryWith(labels); return err }
	return &observers{partitionOf(rest, curry, o), o, vec}
}

func (o *observers) observe(value float64, x exchange) {
	var stack [stackLabels]string
	observer := o.find(o.values(stack[:0], x))
	if exemplar := o.options.exemplarOf(x.request); exemplar != nil {
		if observer, ok := observer.(prometheus.ExemplarObserver); ok {
			observer.ObserveWithExemplar(value, exemplar)
			return
		}
	}
	observer.Observe(value)
}

// find asks vectors of this library by values, which costs no memory. What else
// is an ObserverVec may do something of its own when it is asked by name, so that
// is how it is asked.
func (o *observers) find(values []string) prometheus.Observer {
	var observer prometheus.Observer
	var err error
	switch vec := o.vec.(type) {
	case *prometheus.HistogramVec:
		observer, err = vec.GetMetricWithLabelValues(values...)
	case *prometheus.SummaryVec:
		observer, err = vec.GetMetricWithLabelValues(values...)
	}
	if observer == nil || err != nil {
		return o.vec.With(o.named(values)) // may panic, and says with which label
	}
	return observer
}
