package prometheus

import (
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
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
	return &gauge{identity: identityOf(Opts(opts).desc(nil))}
}

type gauge struct {
	identity
	metric.Gauge
}

func (g *gauge) Inc()          { g.Add(1) }
func (g *gauge) Dec()          { g.Add(-1) }
func (g *gauge) Sub(v float64) { g.Add(-v) }

func (g *gauge) SetToCurrentTime() { g.Set(float64(time.Now().UnixNano()) / 1e9) }

func (g *gauge) Collect(ch chan<- Metric)    { ch <- g }
func (g *gauge) Write(out *dto.Metric) error { return writeNative(g, out) }
func (g *gauge) seriesType() exposition.Type { return exposition.Gauge }
func (g *gauge) fill(s *exposition.Series)   { g.Fill(s) }

// GaugeVec is a family of gauges that differ in the values of their labels.
type GaugeVec struct{ *MetricVec }

// NewGaugeVec makes a family of gauges with these label names. It is empty
// until the first of them is asked for.
func NewGaugeVec(opts GaugeOpts, labelNames []string) *GaugeVec {
	return newGaugeVec(Opts(opts).desc(UnconstrainedLabels(labelNames)))
}

func newGaugeVec(desc *Desc) *GaugeVec {
	return &GaugeVec{newNativeVec(desc, exposition.Gauge, func(id identity) Metric { return &gauge{identity: id} })}
}

// WithLabelValues returns the gauge with these label values, in the order of
// the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *GaugeVec) WithLabelValues(lvs ...string) Gauge {
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
	if m, ok := m.(*gauge); ok {
		return m
	}
	return m.(Gauge)
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
