package sketch

// placed is a value with what is known of its place among all observations.
type placed struct {
	key   uint64
	first uint64 // the first observation that is equal to it has at most this position
	last  uint64 // so many observations are known to be at or below it
}

// miss returns how far off the value may be as the answer for a position.
func (p placed) miss(position uint64) uint64 {
	switch {
	case p.first > position && p.last < position:
		return max(p.first-position, position-p.last)
	case p.first > position:
		return p.first - position
	case p.last < position:
		return position - p.last
	default:
		return 0
	}
}

// walk is a walk through several generations at once.
type walk struct {
	heads [][]tuple // what is left of each, in the order of a heap by the first value; none is empty
}

// values walks through all values in increasing order.
func (w *walk) values(yield func(placed) bool) {
	known := uint64(0)     // observations up to the tuples that were passed
	uncertain := uint64(0) // observations that may come before the next tuples besides
	for _, tuples := range w.heads {
		uncertain += tuples[0].uncertain()
	}
	for i := len(w.heads)/2 - 1; i >= 0; i-- {
		w.sift(i)
	}
	for len(w.heads) > 0 {
		value := placed{key: w.heads[0][0].key, first: known + uncertain + 1}
		for len(w.heads) > 0 && w.heads[0][0].key == value.key {
			this := &w.heads[0][0]
			known += uint64(this.gap) + this.copies
			uncertain -= this.uncertain()
			uncertain += w.pass()
		}
		value.last = known
		if !yield(value) {
			return
		}
	}
}

// pass moves the first head on and returns how uncertain its next tuple is.
func (w *walk) pass() (uncertain uint64) {
	if rest := w.heads[0][1:]; len(rest) > 0 {
		w.heads[0] = rest
		uncertain = rest[0].uncertain()
	} else {
		last := len(w.heads) - 1
		w.heads[0] = w.heads[last]
		w.heads = w.heads[:last]
	}
	w.sift(0)
	return uncertain
}

// sift restores the order of the heap below a head: none has a key below that of
// its parent.
func (w *walk) sift(parent int) {
	for {
		least := parent
		for child := 2*parent + 1; child <= 2*parent+2 && child < len(w.heads); child++ {
			if w.heads[child][0].key < w.heads[least][0].key {
				least = child
			}
		}
		if least == parent {
			return
		}
		w.heads[parent], w.heads[least] = w.heads[least], w.heads[parent]
		parent = least
	}
}
