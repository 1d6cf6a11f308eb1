package cell

import "math"

// nativePart is what one part of a Native has counted. All of it is plain memory
// that belongs to whoever holds the part.
type nativePart struct {
	// What nearly every update uses comes first, so that it lies together.

	// quick is the smallest magnitude that needs no closer look, as bits, and
	// quickSpan how many there are from there to infinity: of normal
	// numbers outside the zero bucket.
	quick, quickSpan uint64
	room             int64 // how many more buckets may be populated before limit is called
	sum              float64
	classic          []uint64  // nil if there are no classic buckets
	round            int32     // with shift, from a bucket of the finest schema to one of this
	shift            uint8     // see round
	windows          [2]window // by sign

	schema        int32
	zeroThreshold float64
	zero          uint64
	nan           uint64
	resets        uint64 // how often the histogram had been reset when this part began
}

// known is the top bit of a counter of another part than the first one: the bucket is
// populated in the first part, too.
const known = 1 << 63

// Signs of numbers, as their first bit has it.
const (
	positive = iota
	negative
)

// use makes the part count by a layout, with no bucket populated.
func (s *nativePart) use(schema int32, zeroThreshold float64) {
	s.schema, s.zeroThreshold = schema, zeroThreshold
	s.shift = uint8(FinestSchema - schema)
	s.round = 1<<s.shift - 1
	s.windows = [2]window{}

	// Infinite observations are compared as if they were the largest finite
	// number: they are never quick.
	s.quick = min(max(math.Float64bits(zeroThreshold)+1, smallestNormal), infinity)
	s.quickSpan = infinity - s.quick
}

// quickCounter returns the counter of a number, given as its bits, and as the
// bucket of its magnitude in the finest schema if that is normal. It returns nil
// for numbers that need a closer look. It is small enough to be inlined.
func (s *nativePart) quickCounter(number uint64, finest int) *uint64 {
	if number&^signBit-s.quick < s.quickSpan {
		return s.windows[number>>63].find(s.bucket(finest))
	}
	return nil
}

// bucket returns the bucket that contains one of the finest schema.
func (s *nativePart) bucket(finest int) int32 { return (int32(finest) + s.round) >> (s.shift & 31) }

// count counts an observation.
func (s *nativePart) count(v float64, bounds *Bounds) {
	s.sum += v
	s.countClassic(v, bounds)
	switch number := math.Float64bits(v); {
	case min(math.Abs(v), math.MaxFloat64) <= s.zeroThreshold:
		s.zero++
	case math.IsNaN(v):
		s.nan++
	default:
		s.add(number>>63, s.bucket(finestBucket(number&^signBit)), 1)
	}
}

// countClassic counts an observation in its classic bucket, if there are any.
func (s *nativePart) countClassic(v float64, bounds *Bounds) {
	if s.classic != nil {
		s.classic[bounds.Bucket(v)]++
	}
}

// add adds to the counter of an exponential bucket.
func (s *nativePart) add(sign uint64, bucket int32, count uint64) {
	counter := s.windows[sign].at(bucket)
	if *counter == 0 {
		s.room--
	}
	*counter += count
}

// absorb moves to the first part what another one has counted by the same layout or
// a finer one: since then buckets may have become wider, and so may the zero
// bucket. From then on the other one counts by the layout of the first.
func (s *nativePart) absorb(other *nativePart) {
	s.sum += other.sum
	for i, count := range other.classic {
		s.classic[i] += count
	}
	s.zero += other.zero
	s.nan += other.nan
	for sign := range other.windows {
		for bucket, counter := range other.windows[sign].each() {
			count := *counter &^ known
			*counter = known
			switch {
			case count == 0:
			case s.zeroThreshold > other.zeroThreshold && upperBound(other.schema, bucket) <= s.zeroThreshold:
				s.zero += count
			default:
				s.add(uint64(sign), coarser(bucket, other.schema-s.schema), count)
			}
		}
	}
	other.forget()
	if other.schema != s.schema || other.zeroThreshold != s.zeroThreshold {
		other.use(s.schema, s.zeroThreshold)
	}
}

// forget drops what was counted outside of exponential buckets.
func (s *nativePart) forget() {
	s.sum, s.zero, s.nan = 0, 0, 0
	clear(s.classic)
}

// store stores what the first part has into d, using its slices again if they are
// large enough.
func (s *nativePart) store(d *NativeDistribution) {
	d.Schema, d.ZeroThreshold, d.ZeroCount = s.schema, s.zeroThreshold, s.zero
	d.Sum = s.sum
	d.Count = s.zero + s.nan
	for sign, buckets := range d.signs() {
		*buckets = s.windows[sign].appendTo((*buckets)[:0])
		for _, b := range *buckets {
			d.Count += b.Count
		}
	}
	d.Counts = append(d.Counts[:0], s.classic...)
	if s.classic == nil {
		d.Counts = append(d.Counts, d.Count)
	}
}
