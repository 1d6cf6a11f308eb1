package metric

import (
	"sync/atomic"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// bucketExemplars holds the last exemplar of each bucket of a histogram. There
// is nothing in it until the first one is given, for most histograms never get
// any. Any number of goroutines may set and get: an exemplar never changes, and
// its pointer is stored and loaded atomically, as is that of the slots.
type bucketExemplars struct {
	slots atomic.Pointer[[]atomic.Pointer[exposition.Exemplar]]
}

// set keeps an exemplar for one of that many buckets.
func (b *bucketExemplars) set(bucket, buckets int, e *exposition.Exemplar) {
	slots := b.slots.Load()
	if slots == nil {
		made := make([]atomic.Pointer[exposition.Exemplar], buckets)
		b.slots.CompareAndSwap(nil, &made) // or somebody else was faster
		slots = b.slots.Load()
	}
	(*slots)[bucket].Store(e)
}

// get returns the exemplar of a bucket, nil if there is none.
func (b *bucketExemplars) get(bucket int) *exposition.Exemplar {
	if slots := b.slots.Load(); slots != nil {
		return (*slots)[bucket].Load()
	}
	return nil
}
