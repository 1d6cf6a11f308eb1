package prometheus

import (
	"iter"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Gauge is a value that goes up and down: a temperature, memory in use,
// requests in flight.
type Gauge interface {
	Metric
	Collector

	// Set replaces the value.
	Set(float64)
	// Inc adds one.
	Inc()
	// Dec subtracts one.
	Dec()
	// Add adds a value, which may be negative.
	Add(float64)
	// Sub subtracts a value, which may be negative.
	Sub(float64)
	// SetToCurrentTime sets the gauge to the present time in seconds since the
	// Unix epoch.
	SetToCurrentTime()
}

// GaugeOpts are the options of a Gauge.
type GaugeOpts Opts

// NewGauge makes a gauge. It starts at zero.
func NewGauge(opts GaugeOpts) Gauge {
	return newMetric(Opts(opts).desc(nil), gauges, Opts(opts).lifetime()).(Gauge)
}

// gauges is the kind of all gauges.
var gauges = kind{
	typ:   exposition.Gauge,
	plain: func(m member) held { return &gauge{member: m} },
	expiring: expiring(
		metric.BeginGauge,
		func(m member) held { return &expiringGauge{member: m} },
		func(m Metric) *series.Handle[*metric.Gauge] { return &m.(*expiringGauge).Handle }),
}

type gauge struct {
	member
	metric.Gauge
}

func (g *gauge) Inc()          { g.Add(1) }
func (g *gauge) Dec()          { g.Add(-1) }
func (g *gauge) Sub(v float64) { g.Add(-v) }

func (g *gauge) SetToCurrentTime() { g.Set(unixSeconds()) }

// unixSeconds returns the present time in seconds since the Unix epoch.
func unixSeconds() float64 { return float64(time.Now().UnixNano()) / 1e9 }

func (g *gauge) Collect(ch chan<- Metric)    { ch <- g }
func (g *gauge) Write(out *dto.Metric) error { return writeNative(g, out) }
func (g *gauge) seriesType() exposition.Type { return exposition.Gauge }
func (g *gauge) fill(s *exposition.Series)   { g.Fill(s) }

// GaugeVec is a family of gauges that differ in the values of their labels.
type GaugeVec struct{ *MetricVec }

// NewGaugeVec makes a family of gauges with these label names. It is empty
// until the first of them is asked for.
func NewGaugeVec(opts GaugeOpts, labelNames []string) *GaugeVec {
	return newGaugeVec(Opts(opts), UnconstrainedLabels(labelNames))
}

func newGaugeVec(opts Opts, variable ConstrainableLabels) *GaugeVec {
	return &GaugeVec{newNativeVec(opts.desc(variable), gauges, opts.lifetime())}
}

// WithLabelValues returns the gauge with these label values, in the order of
// the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *GaugeVec) WithLabelValues(lvs ...string) Gauge {
	if c := v.present(lvs); c != nil {
		return asGauge(c.Item)
	}
	return asGauge(v.mustFind(lvs))
}

// With returns the gauge with these labels and makes it if there is none. It
// panics where GetMetricWith returns an error.
func (v *GaugeVec) With(labels Labels) Gauge {
	return asGauge(v.mustFindMap(labels))
}

// GetMetricWithLabelValues returns the gauge with these label values, in the
// order of the label names, and makes it if there is none. It returns an error
// if there are not as many values as names or if a value is not valid UTF-8.
func (v *GaugeVec) GetMetricWithLabelValues(lvs ...string) (Gauge, error) {
	m, err := v.find(lvs)
	if err != nil {
		return nil, err
	}
	return asGauge(m), nil
}

// GetMetricWith returns the gauge with these labels and makes it if there is
// none. It returns an error if the names are not exactly those of the vector or
// if a value is not valid UTF-8.
func (v *GaugeVec) GetMetricWith(labels Labels) (Gauge, error) {
	m, err := v.findMap(labels)
	if err != nil {
		return nil, err
	}
	return asGauge(m), nil
}

// asGauge returns a metric of the vector as what it is. Only a vector that
// somebody put together of a MetricVec of their own holds others than ours.
func asGauge(m Metric) Gauge {
	if m, ok := m.(*gauge); ok { // one comparison; a switch would look at more
		return m
	}
	if m, ok := m.(*expiringGauge); ok {
		return m
	}
	return m.(Gauge)
}

// Lookup returns the gauge with these label values, in the order of the label
// names, and whether there is one. Other than WithLabelValues it makes none. It
// panics if there are not as many values as names.
func (v *GaugeVec) Lookup(lvs ...string) (Gauge, bool) {
	m, ok := v.MetricVec.Lookup(lvs...)
	if !ok {
		return nil, false
	}
	return asGauge(m), true
}

// All yields all gauges that there are when it begins, with their label values;
// see MetricVec.All.
func (v *GaugeVec) All() iter.Seq2[[]string, Gauge] { return typed(v.MetricVec.All(), asGauge) }

// Pin returns the gauge with these label values as WithLabelValues does, and
// keeps it from expiring until it is deleted.
func (v *GaugeVec) Pin(lvs ...string) Gauge { return asGauge(v.MetricVec.Pin(lvs...)) }

// Replace makes the gauges that the function asks of next all that the vector
// has, in one step for whoever collects; see MetricVec.Replace.
func (v *GaugeVec) Replace(f func(next *GaugeVec)) {
	v.MetricVec.Replace(func(next *MetricVec) { f(&GaugeVec{next}) })
}

// CurryWith returns a vector in which these labels are set already, so that
// only the others are given. Both share their gauges.
func (v *GaugeVec) CurryWith(labels Labels) (*GaugeVec, error) {
	m, err := v.MetricVec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return &GaugeVec{m}, nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *GaugeVec) MustCurryWith(labels Labels) *GaugeVec {
	curried, err := v.CurryWith(labels)
	if err != nil {
		panic(err)
	}
	return curried
}

// GaugeFunc is a gauge whose value a function tells.
type GaugeFunc interface {
	Metric
	Collector
}

// NewGaugeFunc makes a gauge that calls the function for its value each time it
// is collected, from several goroutines at once if several collect. For a
// family of them, make several with the same name and different ConstLabels.
func NewGaugeFunc(opts GaugeOpts, function func() float64) GaugeFunc {
	return newValueFunc(Opts(opts).desc(nil), GaugeValue, function)
}
