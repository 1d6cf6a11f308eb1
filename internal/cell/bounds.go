package cell

import (
	"math"
	"math/bits"
	"slices"
	"sort"
)

// Bounds are the upper bounds of buckets. They never change; all histograms of a
// family have the same.
//
// The bucket of a number is looked up rather than searched for. Positive numbers
// are cut into slots: powers of two and as many parts between them as it takes for
// no slot to contain two bounds. A slot knows which bound is the first that is not
// below it, and one comparison with that tells the bucket. Bounds that are not
// positive, or would take too many slots, are found by halving; so are all of them if
// the first positive one is subnormal, for zero would be in the slot of that, and
// may be a bound itself.
type Bounds struct {
	upper []float64
	shift uint8    // of the bits of a number, to get the number of its slot
	low   uint64   // the number of the first slot
	slots []uint16 // indices of upper
}

// mostSlots bounds the memory of a family's bounds. It is enough for some 60
// powers of two with 8 parts each.
const mostSlots = 512

// NewBounds returns bounds of these upper bounds, which must be in increasing
// order and finite. They are copied.
func NewBounds(upper []float64) *Bounds {
	b := &Bounds{upper: slices.Clone(upper)}
	first := sort.Search(len(upper), func(i int) bool { return upper[i] > 0 })
	positive := upper[first:]
	if len(positive) == 0 || len(upper) > math.MaxUint16 || slices.ContainsFunc(positive, math.IsNaN) {
		return b
	}
	for shift := uint8(mantissaBits); shift > 0 && len(b.slots) == 0; shift-- {
		low := math.Float64bits(positive[0]) >> shift
		n := math.Float64bits(positive[len(positive)-1])>>shift - low + 1
		if low == 0 || n > mostSlots {
			break
		}
		if slots, ok := cut(positive, shift, n); ok {
			b.shift, b.low, b.slots = shift, low, slots
		}
	}
	for i := range b.slots {
		b.slots[i] += uint16(first)
	}
	return b
}

// cut returns for each of n slots the index of the first bound that is not below it,
// unless a slot would contain two bounds.
func cut(positive []float64, shift uint8, n uint64) (slots []uint16, ok bool) {
	slots = make([]uint16, n)
	low := math.Float64bits(positive[0]) >> shift
	bound := 0
	for i := range slots {
		slots[i] = uint16(bound)
		if math.Float64bits(positive[bound])>>shift == low+uint64(i) {
			bound++
		}
	}
	return slots, bound == len(positive)
}

// Upper returns the upper bounds in increasing order; they must not be written to.
func (b *Bounds) Upper() []float64 { return b.upper }

// Bucket returns which bucket v is counted in: the place of the lowest bound
// that is not below v, or the number of bounds if v is above them all or NaN.
func (b *Bounds) Bucket(v float64) int {
	if slot := b.slot(v); slot < uint64(len(b.slots)) {
		return b.inSlot(v, slot)
	}
	return b.search(v)
}

// slot returns the number of the slot of v, which may be more than there are.
func (b *Bounds) slot(v float64) uint64 { return math.Float64bits(v)>>(b.shift&63) - b.low }

// inSlot is Bucket for a number that is in a slot. Positive numbers are ordered as
// their bits are. Whether the number is above the bound, no processor can guess, so
// there is no branch to guess about.
func (b *Bounds) inSlot(v float64, slot uint64) int {
	i := int(b.slots[slot])
	_, above := bits.Sub64(math.Float64bits(b.upper[i]), math.Float64bits(v), 0)
	return i + int(above)
}

// search is Bucket for any number.
func (b *Bounds) search(v float64) int {
	if len(b.upper) > 0 && v <= b.upper[0] {
		return 0
	}
	return sort.SearchFloat64s(b.upper, v)
}
