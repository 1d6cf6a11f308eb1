package cell

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
)

// Histogram counts observations in buckets and keeps their sum. Many
// goroutines may observe while one reads: an update never waits, and a reader
// always gets a whole state, in which the sum is that of exactly the
// observations counted.
//
// How: there are two sides. Observations go to the open one; to read, the sides
// are swapped and what the side now closed has gathered is moved to the totals,
// which only readers touch, but for the sum, which goes on to the open side. An update works in three steps:
//
//  1. it adds one to started, whose top bit, in the very same step, tells it
//     which side is open;
//  2. it adds to the bucket and the sum of that side;
//  3. it adds one to that side's finished.
//
// After a swap no update starts on the closed side, and the number of those
// that had started there is known from started. Once finished has reached that
// number, step 3 orders all their additions before what the reader does, and
// nobody else touches the side until the next swap. If an update is held up
// between its steps the side stays closed, readers are given the last whole
// state, and the next reader looks again; nothing is lost, and nobody waits.
type Histogram struct {
	bounds []float64 // upper bounds, increasing, without +Inf; shared, never written

	started atomic.Uint64 // top bit: the open side; the rest: updates ever started
	sides   [2]side

	mu       sync.Mutex // held by readers only; guards what follows
	counts   []uint64   // totals per bucket, the last one being that of +Inf
	sum      float64    // of the updates contained in the totals
	total    uint64     // updates contained in the totals
	draining bool       // the side that is closed has not been moved to the totals
	expected uint64     // updates that started on the closed side, if draining
	swapped  uint64     // updates that had started when the sides were last swapped
}

type side struct {
	finished atomic.Uint64
	sum      Float
	counts   []atomic.Uint64
}

const openSide = 1 << 63

// readAttempts bounds how often a reader looks whether the last updates of a
// side are through. Between two looks others may run, so that an update that
// was merely interrupted gets through.
const readAttempts = 64

// linearSearch is up to how many bounds a walk from the first one finds the
// bucket faster than halving does.
const linearSearch = 32

// NewHistogram returns a histogram with a bucket for each of the upper bounds,
// which must be increasing and finite and are not written to, and one for
// what lies above them all.
func NewHistogram(bounds []float64) *Histogram {
	h := &Histogram{bounds: bounds}
	n := len(bounds) + 1
	cells := make([]atomic.Uint64, 2*n)
	h.sides[0].counts, h.sides[1].counts = cells[:n:n], cells[n:]
	h.counts = make([]uint64, n)
	return h
}

// Bounds returns the upper bounds; they must not be written to.
func (h *Histogram) Bounds() []float64 { return h.bounds }

// Observe counts one observation. NaN is counted above all bounds.
func (h *Histogram) Observe(v float64) {
	bucket := h.Bucket(v)
	s := &h.sides[h.started.Add(1)/openSide]
	s.counts[bucket].Add(1)
	s.sum.Add(v)
	s.finished.Add(1)
}

// Add counts many observations in one step: how many there are for each bucket,
// the last one being that of +Inf, and their sum.
func (h *Histogram) Add(counts []uint64, sum float64) {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	s := &h.sides[h.started.Add(total)/openSide]
	for i, n := range counts {
		if n > 0 {
			s.counts[i].Add(n)
		}
	}
	s.sum.Add(sum)
	s.finished.Add(total)
}

// Bucket returns which bucket v is counted in: the place of the lowest bound
// that is not below v, or the number of bounds if v is above them all or NaN.
func (h *Histogram) Bucket(v float64) int { return bucketOf(h.bounds, v) }

func bucketOf(bounds []float64, v float64) int {
	if len(bounds) > linearSearch {
		return sort.SearchFloat64s(bounds, v)
	}
	for i, bound := range bounds {
		if v <= bound {
			return i
		}
	}
	return len(bounds)
}

// Distribution is one whole state of a Histogram.
type Distribution struct {
	Count  uint64
	Sum    float64
	Counts []uint64 // per bucket, not cumulative; the last one is that of +Inf
}

// Read stores the state into d, using its slice again if it is large enough.
func (h *Histogram) Read(d *Distribution) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// A side left over from an earlier read says nothing about now, so once
	// it is through, the sides are swapped again.
	if !h.draining || h.drain(1) {
		h.swap()
		h.drain(readAttempts)
	}
	d.Count = h.total
	d.Sum = h.sum
	d.Counts = append(d.Counts[:0], h.counts...)
}

// swap opens the other side and notes how many updates the closed one owes.
func (h *Histogram) swap() {
	started := h.started.Add(openSide) &^ openSide
	h.expected = started - h.swapped
	h.swapped = started
	h.draining = true
}

// drain moves the closed side to the totals once all its updates are through,
// and tells whether they were.
func (h *Histogram) drain(attempts int) bool {
	closed := &h.sides[1-h.started.Load()/openSide]
	for closed.finished.Load() != h.expected {
		attempts--
		if attempts <= 0 {
			return false
		}
		runtime.Gosched()
	}
	for i := range closed.counts {
		h.counts[i] += closed.counts[i].Swap(0)
	}
	// The sum goes over to the open side, so that numbers are added in the order
	// in which they come, and reading between them changes not even the last bit.
	h.sum = closed.sum.Load()
	h.sides[h.started.Load()/openSide].sum.Add(h.sum)
	closed.sum.Set(0)
	closed.finished.Store(0)
	h.total += h.expected
	h.draining = false
	return true
}
