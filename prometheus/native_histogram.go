package prometheus

import (
	"math"
	"sync"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// nativeHistogram is a histogram with native buckets, and classic ones if there
// are bounds.
type nativeHistogram struct {
	identity
	cell      *cell.Native
	classic   bucketExemplars
	exemplars *nativeExemplars
}

func newNativeHistogram(id identity, opts HistogramOpts, bounds []float64) *nativeHistogram {
	options := cell.NativeOptions{
		Bounds:           bounds,
		Schema:           schemaFor(opts.NativeHistogramBucketFactor),
		ZeroThreshold:    opts.NativeHistogramZeroThreshold,
		MaxBuckets:       opts.NativeHistogramMaxBucketNumber,
		MinResetDuration: opts.NativeHistogramMinResetDuration,
		MaxZeroThreshold: opts.NativeHistogramMaxZeroThreshold,
	}
	switch {
	case options.ZeroThreshold == 0:
		options.ZeroThreshold = DefNativeHistogramZeroThreshold
	case !(options.ZeroThreshold > 0):
		options.ZeroThreshold = 0
	}
	return &nativeHistogram{
		identity:  id,
		cell:      cell.NewNative(options),
		exemplars: newNativeExemplars(opts.NativeHistogramMaxExemplars, opts.NativeHistogramExemplarTTL),
	}
}

func (h *nativeHistogram) Observe(v float64) { h.cell.Observe(v) }

func (h *nativeHistogram) ObserveWithExemplar(v float64, exemplar Labels) {
	h.cell.Observe(v)
	if exemplar == nil {
		return
	}
	e := mustNewExemplar(v, exemplar)
	h.classic.set(h.cell.Bucket(v), len(h.cell.Bounds())+1, e)
	if !math.IsNaN(v) {
		h.exemplars.add(e)
	}
}

func (h *nativeHistogram) Collect(ch chan<- Metric)    { ch <- h }
func (h *nativeHistogram) Write(out *dto.Metric) error { return writeNative(h, out) }
func (h *nativeHistogram) seriesType() exposition.Type { return exposition.Histogram }

// nativeStates are kept for the next reader of any native histogram.
var nativeStates = sync.Pool{New: func() any { return new(cell.NativeDistribution) }}

func (h *nativeHistogram) fill(s *exposition.Series) {
	state := nativeStates.Get().(*cell.NativeDistribution)
	defer nativeStates.Put(state)
	h.cell.Read(state)

	setValue(s, 0)
	s.Created = exposition.UnixNano(state.Since)
	setBuckets(&s.Dist, &state.Distribution, h.cell.Bounds(), &h.classic)
	s.Dist.Native = &exposition.Native{
		Schema:        state.Schema,
		ZeroThreshold: state.ZeroThreshold,
		ZeroCount:     state.ZeroCount,
		Positive:      spansOfCell(state.Positive),
		Negative:      spansOfCell(state.Negative),
		Exemplars:     h.exemplars.list(),
	}
	markNative(s.Dist.Native)
}
