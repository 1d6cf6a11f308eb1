package sketch

// placed is a value with what is known of its place among all observations of
// a window.
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

// head is the next tuple of a generation on a walk through all of them.
type head struct {
	at, end int
}

// values walks through the values of all generations in increasing order.
func (w *Window) values(yield func(placed) bool) {
	known := uint64(0)     // observations up to the tuples that were passed
	uncertain := uint64(0) // observations that may come before the next tuples besides
	w.heads = w.heads[:0]
	for i := range w.generations {
		end := len(w.tuples)
		if i+1 < len(w.generations) {
			end = w.generations[i+1].start
		}
		w.heads = append(w.heads, head{w.generations[i].start, end})
		uncertain += w.tuples[w.generations[i].start].uncertain()
	}
	for i := len(w.heads)/2 - 1; i >= 0; i-- {
		w.sift(i)
	}
	for len(w.heads) > 0 {
		value := placed{key: w.tuples[w.heads[0].at].key, first: known + uncertain + 1}
		for len(w.heads) > 0 && w.tuples[w.heads[0].at].key == value.key {
			this := &w.tuples[w.heads[0].at]
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
func (w *Window) pass() (uncertain uint64) {
	first := &w.heads[0]
	first.at++
	if first.at < first.end {
		uncertain = w.tuples[first.at].uncertain()
	} else {
		last := len(w.heads) - 1
		*first = w.heads[last]
		w.heads = w.heads[:last]
	}
	w.sift(0)
	return uncertain
}

// sift restores the order of the heap below a head: none has a key below that of
// its parent.
func (w *Window) sift(parent int) {
	for {
		least := parent
		for child := 2*parent + 1; child <= 2*parent+2 && child < len(w.heads); child++ {
			if w.tuples[w.heads[child].at].key < w.tuples[w.heads[least].at].key {
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
