package promauto

import "github.com/prometheus/client_golang/prometheus"

// What follows registers with the DefaultRegisterer that client_golang's package
// prometheus has when it is called.

func withDefault() Factory { return With(prometheus.DefaultRegisterer) }

// NewCounter makes a Counter and registers it, or panics.
func NewCounter(opts prometheus.CounterOpts) prometheus.Counter {
	return withDefault().NewCounter(opts)
}

// NewCounterVec makes a CounterVec and registers it, or panics.
func NewCounterVec(opts prometheus.CounterOpts, labelNames []string) *prometheus.CounterVec {
	return withDefault().NewCounterVec(opts, labelNames)
}

// NewCounterFunc makes a CounterFunc and registers it, or panics.
func NewCounterFunc(opts prometheus.CounterOpts, function func() float64) prometheus.CounterFunc {
	return withDefault().NewCounterFunc(opts, function)
}

// NewGauge makes a Gauge and registers it, or panics.
func NewGauge(opts prometheus.GaugeOpts) prometheus.Gauge {
	return withDefault().NewGauge(opts)
}

// NewGaugeVec makes a GaugeVec and registers it, or panics.
func NewGaugeVec(opts prometheus.GaugeOpts, labelNames []string) *prometheus.GaugeVec {
	return withDefault().NewGaugeVec(opts, labelNames)
}

// NewGaugeFunc makes a GaugeFunc and registers it, or panics.
func NewGaugeFunc(opts prometheus.GaugeOpts, function func() float64) prometheus.GaugeFunc {
	return withDefault().NewGaugeFunc(opts, function)
}

// NewSummary makes a Summary and registers it, or panics.
func NewSummary(opts prometheus.SummaryOpts) prometheus.Summary {
	return withDefault().NewSummary(opts)
}

// NewSummaryVec makes a SummaryVec and registers it, or panics.
func NewSummaryVec(opts prometheus.SummaryOpts, labelNames []string) *prometheus.SummaryVec {
	return withDefault().NewSummaryVec(opts, labelNames)
}

// NewHistogram makes a Histogram and registers it, or panics.
func NewHistogram(opts prometheus.HistogramOpts) prometheus.Histogram {
	return withDefault().NewHistogram(opts)
}

// NewHistogramVec makes a HistogramVec and registers it, or panics.
func NewHistogramVec(opts prometheus.HistogramOpts, labelNames []string) *prometheus.HistogramVec {
	return withDefault().NewHistogramVec(opts, labelNames)
}

// NewUntypedFunc makes an UntypedFunc and registers it, or panics.
func NewUntypedFunc(opts prometheus.UntypedOpts, function func() float64) prometheus.UntypedFunc {
	return withDefault().NewUntypedFunc(opts, function)
}
