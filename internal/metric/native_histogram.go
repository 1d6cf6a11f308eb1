package metric

import (
	"math"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// DefaultZeroThreshold is how far from zero an observation may be to count as
// zero, if nothing else is said: 2^-128, a bound between two buckets under every
// schema.
const DefaultZeroThreshold = 2.938735877055719e-39

// NativeOptions are what all native histograms of a family have in common.
type NativeOptions struct {
	// Bounds are those of the classic buckets that there are besides, as
	// Bounds returned them; there may be none.
	Bounds *cell.Bounds
	// Factor is how much wider each bucket may be than the one before; it is
	// greater than one. The widest buckets are taken that keep to it.
	Factor float64
	// ZeroThreshold is how far from zero an observation may be to count as
	// zero; DefaultZeroThreshold if zero, and zero if negative.
	ZeroThreshold float64
	// MaxBuckets, MinResetDuration and MaxZeroThreshold limit how many buckets
	// are populated, see cell.NativeOptions.
	MaxBuckets       uint32
	MinResetDuration time.Duration
	MaxZeroThreshold float64
	// MaxExemplars is how many exemplars are kept beside those of classic
	// buckets: 10 if zero, none if negative.
	MaxExemplars int
	// ExemplarTTL is the age beyond which an exemplar goes first when there are
	// too many: 5 minutes if zero; if negative, the oldest one always goes.
	ExemplarTTL time.Duration
}

// NativeHistogram counts observations in native buckets, and in classic ones if
// there are bounds.
type NativeHistogram struct {
	*cell.Native // embedded, so that an observation makes one call less
	classic      bucketExemplars
	exemplars    nativeExemplars
}

// NewNativeHistogram returns a histogram that begins now.
func NewNativeHistogram(o *NativeOptions) NativeHistogram {
	threshold := o.ZeroThreshold
	switch {
	case threshold == 0:
		threshold = DefaultZeroThreshold
	case !(threshold > 0):
		threshold = 0
	}
	return NativeHistogram{
		Native: cell.NewNative(cell.NativeOptions{
			Bounds:           o.Bounds,
			Schema:           schemaFor(o.Factor),
			ZeroThreshold:    threshold,
			MaxBuckets:       o.MaxBuckets,
			MinResetDuration: o.MinResetDuration,
			MaxZeroThreshold: o.MaxZeroThreshold,
		}),
		exemplars: newNativeExemplars(o.MaxExemplars, o.ExemplarTTL),
	}
}

// SetExemplar keeps the exemplar of an observation wherever there is room for
// it.
func (h *NativeHistogram) SetExemplar(e *exposition.Exemplar) {
	h.classic.set(h.Bucket(e.Value), len(h.Bounds().Upper())+1, e)
	if !math.IsNaN(e.Value) {
		h.exemplars.add(e)
	}
}

// nativeStates are kept for the next reader of any native histogram.
var nativeStates = sync.Pool{New: func() any { return new(cell.NativeDistribution) }}

// Fill stores the state into s, all of whose fields it sets but Labels.
func (h *NativeHistogram) Fill(s *exposition.Series) {
	state := nativeStates.Get().(*cell.NativeDistribution)
	defer nativeStates.Put(state)
	h.Read(state)

	s.SetValue(0)
	s.Created = exposition.UnixNano(state.Since)
	setBuckets(&s.Dist, &state.Distribution, h.Bounds().Upper(), &h.classic)
	s.Dist.Native = &exposition.Native{
		Schema:        state.Schema,
		ZeroThreshold: state.ZeroThreshold,
		ZeroCount:     state.ZeroCount,
		Positive:      spansOfCell(state.Positive),
		Negative:      spansOfCell(state.Negative),
		Exemplars:     h.exemplars.list(),
	}
	MarkNative(s.Dist.Native)
}

// schemaFor returns the schema of the widest buckets that grow by no more than
// the factor, which must be greater than one.
func schemaFor(factor float64) int32 {
	n := -math.Floor(math.Log2(math.Log2(factor)))
	return int32(min(max(n, cell.CoarsestSchema), cell.FinestSchema))
}
