package sketch

import (
	"math"
	"slices"
)

// tuple is a value and what is known of the observations around it.
type tuple struct {
	key    uint64 // the value, see keyOf
	copies uint64 // observations known to be equal to it, at least 1
	gap    uint32 // observations known to lie between the tuple before and this one
	slack  uint32 // observations counted later that may be below it all the same
}

// uncertain is how many ranks there may be between the tuple before and this
// one.
func (t *tuple) uncertain() uint64 { return uint64(t.gap) + uint64(t.slack) }

// keyOf maps a float to an integer that is ordered as the floats are, with -0
// below 0 and all that is not a number below -Inf.
func keyOf(v float64) uint64 {
	if v != v {
		return 0
	}
	bits := math.Float64bits(v)
	negative := uint64(int64(bits) >> 63) // all bits or none
	return bits ^ (negative | 1<<63)
}

// noKey is above the key of any value.
const noKey = math.MaxUint64

// valueOf is the inverse of keyOf.
func valueOf(key uint64) float64 {
	if key>>63 == 0 {
		return math.Float64frombits(^key)
	}
	return math.Float64frombits(key &^ (1 << 63))
}

// merge adds observations, in increasing order, to the tuples from the given one
// on. It goes from the greatest to the least, so that each tuple moves once.
func merge(tuples []tuple, from int, keys []uint64) []tuple {
	old := len(tuples)
	tuples = slices.Grow(tuples, len(keys))[:old+len(keys)]
	free := len(tuples) // what is not below free is in place
	slack := uint32(0)  // of what is inserted now
	for _, key := range slices.Backward(keys) {
		for old > from && tuples[old-1].key > key {
			old--
			free--
			tuples[free] = tuples[old]
			// Whatever may lie before the next tuple may lie before this one.
			slack = uint32(tuples[free].uncertain())
		}
		switch {
		case old > from && tuples[old-1].key == key:
			tuples[old-1].copies++
		case free < len(tuples) && tuples[free].key == key:
			tuples[free].copies++
		default:
			free--
			tuples[free] = tuple{key: key, copies: 1, slack: slack}
		}
	}
	return slices.Delete(tuples, old, free)
}

// squeeze drops the tuples that are not needed, their observations going to the
// gap of the next one that stays, and returns how many are left. The least and
// the greatest always stay.
func (b *bounds) squeeze(tuples []tuple) int {
	kept := 0
	known := uint64(0)    // observations up to the last tuple kept
	absorbed := uint64(0) // observations after it, of tuples dropped
	for i := range tuples {
		this := tuples[i]
		if 0 < i && i < len(tuples)-1 {
			without := absorbed + uint64(this.gap) + this.copies
			uncertain := without + tuples[i+1].uncertain()
			if b.allow(uncertain, known) {
				absorbed = without
				continue
			}
		}
		this.gap += uint32(absorbed)
		absorbed = 0
		known += uint64(this.gap) + this.copies
		tuples[kept] = this
		kept++
	}
	return kept
}
