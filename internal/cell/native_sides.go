package cell

import (
	"math"
	"sync/atomic"
)

// nativeSide is one of the two sides of a Native.
type nativeSide struct {
	// What an update reads and hardly anybody writes: the layout first.
	schema        int32
	zeroThreshold float64
	zeroEnd       float64 // as zeroThreshold, but infinite where infinity is within it
	exponential   sparse
	classic       []atomic.Uint64 // without the bucket above all bounds
	room          atomic.Int64    // how many more buckets may be populated
	_             apart

	sum  Float
	zero atomic.Uint64
	nan  atomic.Uint64
	_    apart
}

// openSide is the bit of Native.started that says which side is open.
const openSide = 1 << 63

// inTotals is the top bit of a counter: the bucket is populated in the totals.
// The counters of zero and NaN always have it, for they are not limited.
const inTotals = 1 << 63

// counter returns the counter for an observation. On the way that nearly all
// observations take, all calls are inlined.
func (s *nativeSide) counter(v float64) *atomic.Uint64 {
	number := math.Float64bits(v)
	magnitude := number &^ signBit
	if math.Abs(v) > s.zeroEnd && isNormal(magnitude) {
		place := s.exponential.place(finestOfNormal(magnitude))
		if counter := s.exponential.find(number/signBit, place); counter != nil {
			return counter
		}
	}
	return s.rareCounter(v)
}

// rareCounter is counter for all observations: those that have no counter yet,
// and zero, NaN, infinite and subnormal ones too.
func (s *nativeSide) rareCounter(v float64) *atomic.Uint64 {
	switch {
	case math.Abs(v) <= s.zeroEnd:
		return &s.zero
	case math.IsNaN(v):
		return &s.nan
	}
	number := math.Float64bits(v)
	place := s.exponential.place(finestBucket(number &^ signBit))
	return s.exponential.at(number/signBit, place)
}

// add counts an observation that is in the given classic bucket.
func (s *nativeSide) add(v float64, bucket int) {
	counter := s.counter(v)
	if bucket < len(s.classic) {
		s.classic[bucket].Add(1)
	}
	s.sum.Add(v)
	if counter.Add(1) == 1 {
		s.room.Add(-1)
	}
}

// finished returns how many updates of the side are through.
func (s *nativeSide) finished() uint64 {
	n := s.zero.Load()&^inTotals + s.nan.Load()&^inTotals
	for sign := range s.exponential.pages {
		for _, counter := range s.exponential.all(sign) {
			n += counter.Load() &^ inTotals
		}
	}
	return n
}

// prepare makes an idle side ready to be opened with the layout of the totals.
func (n *Native) prepare(s *nativeSide) {
	t := &n.totals
	s.schema, s.zeroThreshold, s.zeroEnd = t.Schema, t.ZeroThreshold, t.ZeroThreshold
	// Infinite observations are compared as if they were the largest finite
	// number.
	if t.ZeroThreshold >= math.MaxFloat64 {
		s.zeroEnd = math.Inf(1)
	}
	s.exponential = newSparse(t.Schema)
	for sign, buckets := range t.signs() {
		for _, bucket := range *buckets {
			s.exponential.of(uint64(sign), bucket.Index).Store(inTotals)
		}
	}
	for i := range s.classic {
		s.classic[i].Store(0)
	}
	s.sum.Set(0)
	s.zero.Store(inTotals)
	s.nan.Store(inTotals)
	s.room.Store(n.room())
}

// open and closed return a side as it is now; to rely on it takes mu.
func (n *Native) open() *nativeSide   { return &n.sides[n.started.Load()/openSide] }
func (n *Native) closed() *nativeSide { return &n.sides[1-n.started.Load()/openSide] }

// swap opens the other side, which must be idle, and notes how many updates the
// closed one owes.
func (n *Native) swap() {
	started := n.started.Add(openSide) &^ openSide
	n.expected = started - n.swapped
	n.swapped = started
	n.draining = true
}

// gather brings the totals up to date, and tells whether it could. It looks a
// bounded number of times whether updates are through, and pauses in between.
func (n *Native) gather(attempts int, pause func()) bool {
	// As in Histogram.Read, a side left over says nothing about now.
	if n.draining && !n.drain(1, pause) {
		return false
	}
	if n.due {
		n.reset()
	} else {
		n.swap()
	}
	return n.drain(attempts, pause)
}

// drain makes the closed side idle once all its updates are through, and tells
// whether they were.
func (n *Native) drain(attempts int, pause func()) bool {
	closed := n.closed()
	for closed.finished() != n.expected {
		attempts--
		if attempts <= 0 {
			return false
		}
		pause()
	}
	if n.dropped {
		n.dropped = false
		n.prepare(closed)
	} else {
		n.move(closed, n.open())
	}
	n.draining = false
	return true
}

// move adds to the totals what the closed side has gathered, and makes that side
// idle. By now the totals may have another layout than it: wider buckets, or a
// wider zero bucket.
func (n *Native) move(closed, open *nativeSide) {
	t := &n.totals
	t.Count += n.expected
	t.Sum = closed.sum.Load()
	open.sum.Add(t.Sum)
	closed.sum.Set(0)

	above := n.expected
	for i := range closed.classic {
		count := closed.classic[i].Swap(0)
		t.Counts[i] += count
		above -= count
	}
	t.Counts[len(closed.classic)] += above

	t.ZeroCount += closed.zero.Swap(inTotals) &^ inTotals
	closed.nan.Store(inTotals)
	for sign, buckets := range t.signs() {
		n.collect(closed, sign)
		var added []NativeBucket
		*buckets, added = mergeBuckets(*buckets, n.scratch)
		for _, bucket := range added {
			if open.exponential.of(uint64(sign), bucket.Index).Or(inTotals) == 0 {
				open.room.Add(-1)
			}
		}
	}
	if closed.schema != t.Schema || closed.zeroThreshold != t.ZeroThreshold {
		n.prepare(closed)
	} else {
		// Nearly always that is what it is. But an update takes from the room
		// after it is through: maybe from that of a later life.
		closed.room.Store(n.room())
	}
}

// collect takes what the exponential buckets of one sign have counted into
// scratch, by the layout of the totals.
func (n *Native) collect(closed *nativeSide, sign int) {
	t := &n.totals
	wider := t.ZeroThreshold > closed.zeroThreshold
	n.scratch = n.scratch[:0]
	for index, counter := range closed.exponential.all(sign) {
		count := counter.Load() &^ inTotals
		if count == 0 {
			continue
		}
		counter.Store(inTotals)
		if wider && upperBound(closed.schema, index) <= t.ZeroThreshold {
			t.ZeroCount += count
			continue
		}
		n.scratch = appendBucket(n.scratch, coarser(index, closed.schema-t.Schema), count)
	}
}
