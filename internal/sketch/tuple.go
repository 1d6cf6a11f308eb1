package sketch

import (
	"math"
	"math/bits"
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
func (t tuple) uncertain() uint64 { return uint64(t.gap) + uint64(t.slack) }

// keyOf maps a float to an integer that is ordered as the floats are, with -0
// below 0 and all that is not a number below -Inf.
func keyOf(v float64) uint64 {
	if math.IsNaN(v) {
		return 0
	}
	bits := math.Float64bits(v)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// valueOf is the inverse of keyOf.
func valueOf(key uint64) float64 {
	if key>>63 == 0 {
		return math.Float64frombits(^key)
	}
	return math.Float64frombits(key &^ (1 << 63))
}

// search returns the index of the first tuple that is not below the key, or
// the number of tuples.
func search(tuples []tuple, key uint64) int {
	first := 0
	for n := len(tuples); n > 0; n /= 2 {
		half := n - n/2
		// Which half it is, no processor can guess, so there is no branch to
		// guess about: the borrow of a subtraction tells which one is less.
		_, less := bits.Sub64(tuples[first+half-1].key, key, 0)
		first += half & -int(less)
	}
	return first
}

// insert adds observations of one value.
func insert(tuples []tuple, from int, key, copies uint64) []tuple {
	at := from + search(tuples[from:], key)
	switch {
	case at == len(tuples):
		return append(tuples, tuple{key: key, copies: copies})
	case tuples[at].key == key:
		tuples[at].copies += copies
		return tuples
	}
	// Whatever may lie before the next tuple may lie before this one.
	slack := uint32(tuples[at].uncertain())
	return slices.Insert(tuples, at, tuple{key: key, copies: copies, slack: slack})
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

// absorb counts observations in the gaps that they fall into, as far as there
// is room, and returns those for which there is none. That way most of them need
// not even be sorted. The count is that of all observations, these included.
func (t *Targets) absorb(tuples []tuple, keys []uint64, count uint64, s *scratch) []uint64 {
	s.into = slices.Grow(s.into[:0], len(keys))[:len(keys)]
	s.hits = slices.Grow(s.hits[:0], len(tuples)+1)[:len(tuples)+1]
	clear(s.hits)
	for i, key := range keys {
		at := search(tuples, key)
		s.into[i] = uint32(at)
		s.hits[at]++
	}
	// Between two tuples, all are taken or none.
	known := uint64(0)
	for i := range tuples {
		this := &tuples[i]
		hits := uint64(s.hits[i])
		uncertain := this.uncertain() + hits
		if i > 0 && hits > 0 && uncertain <= t.room(known, known+uncertain, count) {
			this.gap += uint32(hits)
			s.hits[i] = 0
			hits = 0
		}
		known += uint64(this.gap) + hits + this.copies
	}
	left := keys[:0]
	for i, key := range keys {
		if s.hits[s.into[i]] != 0 {
			left = append(left, key)
		}
	}
	return left
}

// scratch is memory that absorb uses again and again.
type scratch struct {
	into []uint32 // per observation, the tuple before which it falls
	hits []uint32 // per tuple, the observations that fall before it
}

// squeeze drops the tuples that are not needed, their observations going to the
// gap of the next one that stays, and returns how many are left. The least and
// the greatest always stay.
func (t *Targets) squeeze(tuples []tuple, count uint64) int {
	kept := 0
	known := uint64(0)    // observations up to the last tuple kept
	absorbed := uint64(0) // observations after it, of tuples dropped
	for i, this := range tuples {
		if 0 < i && i < len(tuples)-1 {
			next := tuples[i+1]
			without := absorbed + uint64(this.gap) + this.copies
			uncertain := without + next.uncertain()
			if uncertain <= t.room(known, known+uncertain, count) {
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
