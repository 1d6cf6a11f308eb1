package prometheus

import (
	"cmp"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// nativeHistogram is a histogram with native buckets, and classic ones if there
// are bounds.
type nativeHistogram struct {
	member
	metric.NativeHistogram
}

func (o HistogramOpts) nativeOptions(bounds *cell.Bounds) *metric.NativeOptions {
	return &metric.NativeOptions{
		Bounds:           bounds,
		Factor:           o.NativeHistogramBucketFactor,
		ZeroThreshold:    o.NativeHistogramZeroThreshold,
		MaxBuckets:       o.NativeHistogramMaxBucketNumber,
		MinResetDuration: o.NativeHistogramMinResetDuration,
		MaxZeroThreshold: o.NativeHistogramMaxZeroThreshold,
		MaxExemplars:     o.NativeHistogramMaxExemplars,
		ExemplarTTL:      o.NativeHistogramExemplarTTL,
	}
}

// nativeSettings returns the options under the names that the user knows them by.
func nativeSettings(o *metric.NativeOptions) []registry.Setting {
	return []registry.Setting{
		{Name: "NativeHistogramBucketFactor", Value: o.Factor},
		{Name: "NativeHistogramZeroThreshold", Value: cmp.Or(o.ZeroThreshold, metric.DefaultZeroThreshold)},
		{Name: "NativeHistogramMaxBucketNumber", Value: o.MaxBuckets},
		{Name: "NativeHistogramMinResetDuration", Value: o.MinResetDuration},
		{Name: "NativeHistogramMaxZeroThreshold", Value: o.MaxZeroThreshold},
		{Name: "NativeHistogramMaxExemplars", Value: o.MaxExemplars},
		{Name: "NativeHistogramExemplarTTL", Value: o.ExemplarTTL},
	}
}

// nativeHistograms returns the kind of native histograms with these options.
func nativeHistograms(options *metric.NativeOptions) kind {
	return kind{
		typ:   exposition.Histogram,
		plain: func(m member) held { return &nativeHistogram{m, metric.NewNativeHistogram(options)} },
		expiring: expiring(
			func(s *metric.NativeHistogram) { *s = metric.NewNativeHistogram(options) },
			func(m member) held { return &expiringNativeHistogram{member: m} },
			func(m Metric) *series.Handle[metric.NativeHistogram] { return &m.(*expiringNativeHistogram).Handle }),
	}
}

func (h *nativeHistogram) ObserveWithExemplar(v float64, exemplar Labels) {
	h.Observe(v)
	h.keepExemplar(h, v, exemplar)
}

func (h *nativeHistogram) Collect(ch chan<- Metric)    { ch <- h }
func (h *nativeHistogram) Write(out *dto.Metric) error { return writeNative(h, out) }
func (h *nativeHistogram) seriesType() exposition.Type { return exposition.Histogram }
func (h *nativeHistogram) fill(s *exposition.Series)   { h.Fill(s) }
