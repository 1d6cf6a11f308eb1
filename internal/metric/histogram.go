package metric

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Bounds returns the upper bounds of classic buckets as histograms take them: a
// copy without that of +Inf, which need not be given. It returns an error if
// they are not in increasing order.
func Bounds(buckets []float64) (*cell.Bounds, error) {
	for i := 1; i < len(buckets); i++ {
		if buckets[i-1] >= buckets[i] {
			return nil, fmt.Errorf("histogram buckets must be in increasing order: %f >= %f", buckets[i-1], buckets[i])
		}
	}
	if last := len(buckets) - 1; last >= 0 && math.IsInf(buckets[last], +1) {
		buckets = buckets[:last]
	}
	return cell.NewBounds(buckets), nil
}

// Histogram counts observations in classic buckets.
type Histogram struct {
	*cell.Histogram // embedded, so that an observation makes one call less
	created         int64
	exemplars       bucketExemplars
}

// NewHistogram returns a histogram that begins now. The bounds are those that
// Bounds returned; all histograms of a family share them.
func NewHistogram(bounds *cell.Bounds) Histogram {
	return Histogram{Histogram: cell.NewHistogram(bounds), created: time.Now().UnixNano()}
}

// SetExemplar keeps the exemplar of an observation for the bucket that counts
// it.
func (h *Histogram) SetExemplar(e *exposition.Exemplar) {
	bounds := h.Bounds()
	h.exemplars.set(bounds.Bucket(e.Value), len(bounds.Upper())+1, e)
}

// states are kept for the next reader of any histogram.
var states = sync.Pool{New: func() any { return new(cell.Distribution) }}

// Fill stores the state into s, all of whose fields it sets but Labels.
func (h *Histogram) Fill(s *exposition.Series) {
	state := states.Get().(*cell.Distribution)
	defer states.Put(state)
	h.Read(state)

	s.SetValue(0)
	s.Created = exposition.UnixNano(h.created)
	setBuckets(&s.Dist, state, h.Bounds().Upper(), &h.exemplars)
}

// setBuckets stores what a cell has counted in classic buckets into d. The one of
// +Inf is there only if it has something to say that the count does not: an
// exemplar.
func setBuckets(d *exposition.Distribution, state *cell.Distribution, bounds []float64, exemplars *bucketExemplars) {
	d.Count.Whole, d.Sum = state.Count, state.Sum
	below := uint64(0)
	for i, bound := range bounds {
		below += state.Counts[i]
		d.Buckets = append(d.Buckets, exposition.Bucket{UpperBound: bound, Count: exposition.Count{Whole: below}, Exemplar: exemplars.get(i)})
	}
	if e := exemplars.get(len(bounds)); e != nil {
		d.Buckets = append(d.Buckets, exposition.Bucket{UpperBound: math.Inf(+1), Count: d.Count, Exemplar: e})
	}
}
