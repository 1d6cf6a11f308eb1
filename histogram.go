package cresset

import (
	"context"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Histogram counts observations in buckets, together with their number and their
// sum: response times, sizes. Quantiles are calculated from the buckets where the
// series are queried, over as many instances as one likes.
//
// A Histogram is a handle: copies count in the same series. The zero value is no
// histogram; it panics.
type Histogram struct {
	series histogramSeries
	family *family
}

// histogramSeries is the series of a histogram: with classic buckets alone or
// with native ones, one that stays or one that expires.
type histogramSeries interface {
	shown
	observer
	SetExemplar(*exposition.Exemplar)
}

// observer takes observations.
type observer interface{ Observe(v float64) }

// NewHistogram makes a histogram and registers it. Without options its buckets
// are DefaultBuckets. It panics where TryNewHistogram returns an error.
func NewHistogram(reg *Registry, name, help string, options ...HistogramOption) Histogram {
	return must(TryNewHistogram(reg, name, help, options...))
}

// TryNewHistogram is NewHistogram, but returns an error if the name or an option
// is not valid, or if the registry has a metric of that name which does not go
// with this one.
func TryNewHistogram(reg *Registry, name, help string, options ...HistogramOption) (Histogram, error) {
	c := configOf(options)
	bounds := c.bounds()
	if c.isNative() {
		return newScalar(reg, name, help, c, nativeHistograms(c.nativeOptions(bounds)))
	}
	return newScalar(reg, name, help, c, histograms(bounds))
}

// NewHistogramVec makes a family of histograms, whose labels are the fields of L,
// and registers it. Without options their buckets are DefaultBuckets. It panics
// where TryNewHistogramVec returns an error.
func NewHistogramVec[L comparable](reg *Registry, name, help string, options ...HistogramVecOption) *HistogramVec[L] {
	return must(TryNewHistogramVec[L](reg, name, help, options...))
}

// TryNewHistogramVec is NewHistogramVec, but returns an error if the name, an
// option or a field of L is not valid, or if the registry has a metric of that
// name which does not go with this one.
func TryNewHistogramVec[L comparable](reg *Registry, name, help string, options ...HistogramVecOption) (*HistogramVec[L], error) {
	c := configOf(options)
	bounds := c.bounds()
	if c.isNative() {
		return newVec[L](reg, name, help, c, nativeHistograms(c.nativeOptions(bounds)))
	}
	return newVec[L](reg, name, help, c, histograms(bounds))
}

// HistogramVec is a family of histograms that differ in the values of their
// labels.
type HistogramVec[L comparable] = Vec[L, Histogram]

func histograms(bounds *cell.Bounds) kind[Histogram, metric.Histogram] {
	return kind[Histogram, metric.Histogram]{
		typ: exposition.Histogram,
		lasting: func(f *family) Histogram {
			h := metric.NewHistogram(bounds)
			return Histogram{&h, f}
		},
		expiring: func(f *family) Histogram { return Histogram{new(metric.ExpiringHistogram), f} },
		begin:    func(h *metric.Histogram) { *h = metric.NewHistogram(bounds) },
		handle: func(h Histogram) *series.Handle[metric.Histogram] {
			return &h.series.(*metric.ExpiringHistogram).Handle
		},
	}
}

func nativeHistograms(options *metric.NativeOptions) kind[Histogram, metric.NativeHistogram] {
	return kind[Histogram, metric.NativeHistogram]{
		typ: exposition.Histogram,
		lasting: func(f *family) Histogram {
			h := metric.NewNativeHistogram(options)
			return Histogram{&h, f}
		},
		expiring: func(f *family) Histogram { return Histogram{new(metric.ExpiringNativeHistogram), f} },
		begin:    func(h *metric.NativeHistogram) { *h = metric.NewNativeHistogram(options) },
		handle: func(h Histogram) *series.Handle[metric.NativeHistogram] {
			return &h.series.(*metric.ExpiringNativeHistogram).Handle
		},
	}
}

// Observe counts one observation.
func (h Histogram) Observe(v float64) { h.series.Observe(v) }

// ObserveDuration counts a duration in seconds.
func (h Histogram) ObserveDuration(d time.Duration) { h.series.Observe(d.Seconds()) }

// ObserveContext counts one observation and, if the histogram has Exemplars,
// keeps one of the context when it is its turn.
func (h Histogram) ObserveContext(ctx context.Context, v float64) {
	h.series.Observe(v)
	if e := h.family.exemplar(ctx, v); e != nil {
		h.series.SetExemplar(e)
	}
}

// Start starts a timer whose time the histogram is going to observe:
//
//	defer latency.Start().Observe()
func (h Histogram) Start() *Timer {
	return &Timer{start: time.Now(), into: h.series, family: h.family}
}

func (Histogram) touch() bool                 { return false }
func (h Histogram) fill(s *exposition.Series) { h.series.Fill(s) }
func (h Histogram) over() bool                { return over(h.series) }
