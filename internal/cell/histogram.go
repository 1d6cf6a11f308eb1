package cell

import "sync"

// Histogram counts observations in buckets and keeps their sum. Many
// goroutines may observe while some read: an update never waits, and a reader
// always gets a whole state, in which the sum is that of exactly the
// observations counted.
//
// Observations are counted in parts. A reader moves what each part has counted to
// the totals; the part of an update that is held up just stays as it is until a later
// one. The sum of the first part stays there, so that numbers are added in the order
// in which one goroutine observes them, and reading between them changes not even
// the last bit.
type Histogram struct {
	bounds *Bounds
	parts  parts[observed]

	mu     sync.Mutex // held by readers only; guards what follows
	counts []uint64   // what was moved from the parts; nil until the first read
	sum    float64    // of the parts beside the first one
	first  float64    // of the first part
}

// observed is what a part has counted.
type observed struct {
	counts []uint64
	sum    float64
}

// NewHistogram returns a histogram with a bucket for each of the bounds and one for
// what lies above them all.
func NewHistogram(bounds *Bounds) *Histogram {
	h := &Histogram{bounds: bounds}
	h.parts.first.state.counts = make([]uint64, h.buckets())
	return h
}

func (h *Histogram) buckets() int { return len(h.bounds.upper) + 1 }

// fresh makes what another part than the first holds. Its counts have lines of
// memory of their own.
func (h *Histogram) fresh() observed {
	n := h.buckets()
	return observed{counts: make([]uint64, n, n+len(apart{})/8)}
}

// Bounds returns the upper bounds of the buckets.
func (h *Histogram) Bounds() *Bounds { return h.bounds }

// Observe counts one observation. NaN is counted above all bounds.
//
// What finds the bucket and the part is here rather than in functions of its own,
// for a call costs a fifth of an observation. The bucket is found while the part is
// held: that overlaps with taking it.
func (h *Histogram) Observe(v float64) {
	p := h.parts.take()
	if p == nil {
		p = h.parts.takeOther(h.fresh)
	}
	p.state.sum += v
	b := h.bounds
	bucket, slot := 0, b.slot(v)
	if slot < uint64(len(b.slots)) {
		bucket = b.inSlot(v, slot)
	} else {
		bucket = b.search(v)
	}
	p.state.counts[bucket]++
	p.give()
}

// ObserveIn is Observe for who knows the bucket of v.
func (h *Histogram) ObserveIn(bucket int, v float64) {
	p := h.parts.take()
	if p == nil {
		p = h.parts.takeOther(h.fresh)
	}
	p.state.counts[bucket]++
	p.state.sum += v
	p.give()
}

// Add counts many observations in one step: how many there are for each bucket,
// the last one being that of +Inf, and their sum.
func (h *Histogram) Add(counts []uint64, sum float64) {
	p := h.parts.take()
	if p == nil {
		p = h.parts.takeOther(h.fresh)
	}
	for i, n := range counts {
		p.state.counts[i] += n
	}
	p.state.sum += sum
	p.give()
}

// Distribution is one whole state of a Histogram.
type Distribution struct {
	Count  uint64
	Sum    float64
	Counts []uint64 // per bucket, not cumulative; the last one is that of +Inf
}

// Read stores the state into d, using its slice again if it is large enough.
// Everything that was observed before is in it, unless an update was held up in the
// middle: what its part has counted since the last read is then in a later one.
func (h *Histogram) Read(d *Distribution) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counts == nil {
		h.counts = make([]uint64, h.buckets())
	}
	h.parts.each(h.move)
	d.Sum = h.first + h.sum
	d.Counts = append(d.Counts[:0], h.counts...)
	d.Count = 0
	for _, n := range h.counts {
		d.Count += n
	}
}

// move moves what a part has counted to the totals.
func (h *Histogram) move(part *observed) {
	for i, n := range part.counts {
		h.counts[i] += n
	}
	clear(part.counts)
	if part == &h.parts.first.state {
		h.first = part.sum
	} else {
		h.sum += part.sum
		part.sum = 0
	}
}
