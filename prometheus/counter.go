package prometheus

import (
	"iter"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Counter is a value that only grows: requests served, errors seen, bytes
// sent. To follow a value that can fall, use a Gauge.
//
// Every Counter that this package makes is an ExemplarAdder too.
type Counter interface {
	Metric
	Collector

	// Inc adds one.
	Inc()
	// Add adds a value, which must not be negative: it panics if it is. NaN is
	// left out, for a counter could never be told from it again.
	Add(float64)
}

// ExemplarAdder is what every Counter of this package is besides, to be had by
// a type assertion.
type ExemplarAdder interface {
	// AddWithExemplar adds a value as Add does and keeps, as the exemplar of
	// the counter, the value together with these labels, the ID of a trace for
	// instance. Without labels (nil) the exemplar stays as it was. It panics if
	// a label name is not valid, a value is not valid UTF-8, or names and values
	// together have more than ExemplarMaxRunes runes.
	AddWithExemplar(value float64, exemplar Labels)
}

// CounterOpts are the options of a Counter.
type CounterOpts Opts

// NewCounter makes a counter. It starts at zero.
func NewCounter(opts CounterOpts) Counter {
	return newMetric(Opts(opts).desc(nil), counters, Opts(opts).lifetime()).(Counter)
}

// counters is the kind of all counters.
var counters = kind{
	typ:   exposition.Counter,
	plain: func(m member) held { return &counter{m, metric.NewCounter()} },
	expiring: expiring(
		metric.BeginCounter,
		func(m member) held { return &expiringCounter{member: m} },
		func(m Metric) *series.Handle[*metric.Counter] { return &m.(*expiringCounter).Handle }),
}

type counter struct {
	member
	metric.Counter
}

func (c *counter) Add(v float64) {
	if v >= 0 {
		c.Counter.Add(v)
	} else {
		c.refuse(v)
	}
}

func (c *counter) AddWithExemplar(v float64, exemplar Labels) {
	c.Add(v)
	if !(v < 0) {
		c.keepExemplar(c, v, exemplar)
	}
}

func (c *counter) Collect(ch chan<- Metric)    { ch <- c }
func (c *counter) Write(out *dto.Metric) error { return writeNative(c, out) }
func (c *counter) seriesType() exposition.Type { return exposition.Counter }
func (c *counter) fill(s *exposition.Series)   { c.Fill(s) }

// CounterVec is a family of counters that differ in the values of their
// labels.
type CounterVec struct{ *MetricVec }

// NewCounterVec makes a family of counters with these label names. It is empty
// until the first of them is asked for.
func NewCounterVec(opts CounterOpts, labelNames []string) *CounterVec {
	return newCounterVec(Opts(opts), UnconstrainedLabels(labelNames))
}

func newCounterVec(opts Opts, variable ConstrainableLabels) *CounterVec {
	return &CounterVec{newNativeVec(opts.desc(variable), counters, opts.lifetime())}
}

// WithLabelValues returns the counter with these label values, in the order of
// the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *CounterVec) WithLabelValues(lvs ...string) Counter {
	if c := v.present(lvs); c != nil {
		return asCounter(c.Item)
	}
	return asCounter(v.mustFind(lvs))
}

// With returns the counter with these labels and makes it if there is none. It
// panics where GetMetricWith returns an error.
func (v *CounterVec) With(labels Labels) Counter {
	return asCounter(v.mustFindMap(labels))
}

// GetMetricWithLabelValues returns the counter with these label values, in the
// order of the label names, and makes it if there is none. It returns an error
// if there are not as many values as names or if a value is not valid UTF-8.
func (v *CounterVec) GetMetricWithLabelValues(lvs ...string) (Counter, error) {
	m, err := v.find(lvs)
	if err != nil {
		return nil, err
	}
	return asCounter(m), nil
}

// GetMetricWith returns the counter with these labels and makes it if there is
// none. It returns an error if the names are not exactly those of the vector or
// if a value is not valid UTF-8.
func (v *CounterVec) GetMetricWith(labels Labels) (Counter, error) {
	m, err := v.findMap(labels)
	if err != nil {
		return nil, err
	}
	return asCounter(m), nil
}

// asCounter returns a metric of the vector as what it is. Only a vector that
// somebody put together of a MetricVec of their own holds others than ours.
func asCounter(m Metric) Counter {
	if m, ok := m.(*counter); ok { // one comparison; a switch would look at more
		return m
	}
	if m, ok := m.(*expiringCounter); ok {
		return m
	}
	return m.(Counter)
}

// Lookup returns the counter with these label values, in the order of the label
// names, and whether there is one. Other than WithLabelValues it makes none. It
// panics if there are not as many values as names.
func (v *CounterVec) Lookup(lvs ...string) (Counter, bool) {
	m, ok := v.MetricVec.Lookup(lvs...)
	if !ok {
		return nil, false
	}
	return asCounter(m), true
}

// All yields all counters that there are when it begins, with their label values;
// see MetricVec.All.
func (v *CounterVec) All() iter.Seq2[[]string, Counter] { return typed(v.MetricVec.All(), asCounter) }

// Pin returns the counter with these label values as WithLabelValues does, and
// keeps it from expiring until it is deleted.
func (v *CounterVec) Pin(lvs ...string) Counter { return asCounter(v.MetricVec.Pin(lvs...)) }

// Replace makes the counters that the function asks of next all that the vector
// has, in one step for whoever collects; see MetricVec.Replace.
func (v *CounterVec) Replace(f func(next *CounterVec)) {
	v.MetricVec.Replace(func(next *MetricVec) { f(&CounterVec{next}) })
}

// CurryWith returns a vector in which these labels are set already, so that
// only the others are given. Both share their counters.
func (v *CounterVec) CurryWith(labels Labels) (*CounterVec, error) {
	m, err := v.MetricVec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return &CounterVec{m}, nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *CounterVec) MustCurryWith(labels Labels) *CounterVec {
	curried, err := v.CurryWith(labels)
	if err != nil {
		panic(err)
	}
	return curried
}

// CounterFunc is a counter whose value a function tells.
type CounterFunc interface {
	Metric
	Collector
}

// NewCounterFunc makes a counter that calls the function for its value each
// time it is collected, from several goroutines at once if several collect.
// What it returns must never fall.
func NewCounterFunc(opts CounterOpts, function func() float64) CounterFunc {
	return newValueFunc(Opts(opts).desc(nil), CounterValue, function)
}
