// Package promauto makes metrics and registers them in one step:
//
//	var requests = promauto.NewCounter(prometheus.CounterOpts{
//		Name: "requests_total",
//		Help: "Requests served.",
//	})
//
// Its functions are those of package prometheus that make metrics, and panic
// where registering fails, at the start of the program if the metrics are
// package variables. That is meant for programs; a library had better let its
// user say where to register, which is what With is for.
package promauto

import "github.com/cresset-metrics/cresset/prometheus"

// Factory makes metrics and registers them with one Registerer. Those of the
// zero Factory are not registered at all.
type Factory struct {
	r     prometheus.Registerer
	share bool // what is registered already
}

// With returns a Factory that registers with r. If r is nil, its metrics are
// not registered at all.
func With(r prometheus.Registerer) Factory { return Factory{r: r} }

// GetOrRegister returns a Factory that registers with r too, but whose functions
// return the metric that is registered already if there is one of the same type,
// description and options. They panic where prometheus.GetOrRegister returns an
// error.
func GetOrRegister(r prometheus.Registerer) Factory { return Factory{r: r, share: true} }

func byDefault() Factory { return With(prometheus.DefaultRegisterer) }

func registered[C prometheus.Collector](f Factory, c C) C {
	switch {
	case f.r == nil:
	case f.share:
		shared, err := prometheus.GetOrRegister(f.r, c)
		if err != nil {
			panic(err)
		}
		return shared
	default:
		f.r.MustRegister(c)
	}
	return c
}

// NewCounter makes a counter and registers it with the DefaultRegisterer.
func NewCounter(opts prometheus.CounterOpts) prometheus.Counter {
	return byDefault().NewCounter(opts)
}

// NewCounterVec makes a family of counters and registers it with the
// DefaultRegisterer.
func NewCounterVec(opts prometheus.CounterOpts, labelNames []string) *prometheus.CounterVec {
	return byDefault().NewCounterVec(opts, labelNames)
}

// NewCounterFunc makes a counter whose value a function tells and registers it
// with the DefaultRegisterer.
func NewCounterFunc(opts prometheus.CounterOpts, function func() float64) prometheus.CounterFunc {
	return byDefault().NewCounterFunc(opts, function)
}

// NewGauge makes a gauge and registers it with the DefaultRegisterer.
func NewGauge(opts prometheus.GaugeOpts) prometheus.Gauge {
	return byDefault().NewGauge(opts)
}

// NewGaugeVec makes a family of gauges and registers it with the
// DefaultRegisterer.
func NewGaugeVec(opts prometheus.GaugeOpts, labelNames []string) *prometheus.GaugeVec {
	return byDefault().NewGaugeVec(opts, labelNames)
}

// NewGaugeFunc makes a gauge whose value a function tells and registers it with
// the DefaultRegisterer.
func NewGaugeFunc(opts prometheus.GaugeOpts, function func() float64) prometheus.GaugeFunc {
	return byDefault().NewGaugeFunc(opts, function)
}

// NewHistogram makes a histogram and registers it with the DefaultRegisterer.
func NewHistogram(opts prometheus.HistogramOpts) prometheus.Histogram {
	return byDefault().NewHistogram(opts)
}

// NewHistogramVec makes a family of histograms and registers it with the
// DefaultRegisterer.
func NewHistogramVec(opts prometheus.HistogramOpts, labelNames []string) *prometheus.HistogramVec {
	return byDefault().NewHistogramVec(opts, labelNames)
}

// NewSummary makes a summary and registers it with the DefaultRegisterer.
func NewSummary(opts prometheus.SummaryOpts) prometheus.Summary {
	return byDefault().NewSummary(opts)
}

// NewSummaryVec makes a family of summaries and registers it with the
// DefaultRegisterer.
func NewSummaryVec(opts prometheus.SummaryOpts, labelNames []string) *prometheus.SummaryVec {
	return byDefault().NewSummaryVec(opts, labelNames)
}

// NewUntypedFunc makes a metric of no type whose value a function tells and
// registers it with the DefaultRegisterer.
func NewUntypedFunc(opts prometheus.UntypedOpts, function func() float64) prometheus.UntypedFunc {
	return byDefault().NewUntypedFunc(opts, function)
}

// NewCounter makes a counter and registers it.
func (f Factory) NewCounter(opts prometheus.CounterOpts) prometheus.Counter {
	return registered(f, prometheus.NewCounter(opts))
}

// NewCounterVec makes a family of counters and registers it.
func (f Factory) NewCounterVec(opts prometheus.CounterOpts, labelNames []string) *prometheus.CounterVec {
	return registered(f, prometheus.NewCounterVec(opts, labelNames))
}

// NewCounterFunc makes a counter whose value a function tells and registers it.
func (f Factory) NewCounterFunc(opts prometheus.CounterOpts, function func() float64) prometheus.CounterFunc {
	return registered(f, prometheus.NewCounterFunc(opts, function))
}

// NewGauge makes a gauge and registers it.
func (f Factory) NewGauge(opts prometheus.GaugeOpts) prometheus.Gauge {
	return registered(f, prometheus.NewGauge(opts))
}

// NewGaugeVec makes a family of gauges and registers it.
func (f Factory) NewGaugeVec(opts prometheus.GaugeOpts, labelNames []string) *prometheus.GaugeVec {
	return registered(f, prometheus.NewGaugeVec(opts, labelNames))
}

// NewGaugeFunc makes a gauge whose value a function tells and registers it.
func (f Factory) NewGaugeFunc(opts prometheus.GaugeOpts, function func() float64) prometheus.GaugeFunc {
	return registered(f, prometheus.NewGaugeFunc(opts, function))
}

// NewHistogram makes a histogram and registers it.
func (f Factory) NewHistogram(opts prometheus.HistogramOpts) prometheus.Histogram {
	return registered(f, prometheus.NewHistogram(opts))
}

// NewHistogramVec makes a family of histograms and registers it.
func (f Factory) NewHistogramVec(opts prometheus.HistogramOpts, labelNames []string) *prometheus.HistogramVec {
	return registered(f, prometheus.NewHistogramVec(opts, labelNames))
}

// NewSummary makes a summary and registers it.
func (f Factory) NewSummary(opts prometheus.SummaryOpts) prometheus.Summary {
	return registered(f, prometheus.NewSummary(opts))
}

// NewSummaryVec makes a family of summaries and registers it.
func (f Factory) NewSummaryVec(opts prometheus.SummaryOpts, labelNames []string) *prometheus.SummaryVec {
	return registered(f, prometheus.NewSummaryVec(opts, labelNames))
}

// NewUntypedFunc makes a metric of no type whose value a function tells and
// registers it.
func (f Factory) NewUntypedFunc(opts prometheus.UntypedOpts, function func() float64) prometheus.UntypedFunc {
	return registered(f, prometheus.NewUntypedFunc(opts, function))
}
