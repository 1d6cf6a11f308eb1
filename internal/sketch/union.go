package sketch

import (
	"math"
	"slices"
)

// Union tells quantiles of what several Windows of the same targets have seen
// together. Its memory is used again and again; the zero value is ready.
type Union struct {
	windows []Window // copies
	used    int      // of them
	walk    walk
	misses  []uint64
}

// Reset forgets all Windows.
func (u *Union) Reset() { u.used = 0 }

// Add takes over what a Window has seen up to now. What becomes of that one
// afterwards does not matter.
func (u *Union) Add(w *Window) {
	if u.used == len(u.windows) {
		u.windows = append(u.windows, Window{})
	}
	w.copyTo(&u.windows[u.used])
	u.used++
}

// Count returns the number of observations.
func (u *Union) Count() uint64 {
	n := uint64(0)
	for i := range u.windows[:u.used] {
		n += u.windows[i].Count()
	}
	return n
}

// Quantiles appends the value at each rank of the targets, in their order, to
// values. Without observations they are NaN.
//
// With fewer than 500 observations, n, the values are exact: the one at index
// ceil(rank*n)-1 of all in order.
func (u *Union) Quantiles(targets *Targets, values []float64) []float64 {
	ranks := targets.ranks
	values = slices.Grow(values, len(ranks))[:len(values)+len(ranks)]
	answers := values[len(values)-len(ranks):]
	u.misses = slices.Grow(u.misses[:0], len(ranks))[:len(ranks)]
	for i := range ranks {
		answers[i], u.misses[i] = math.NaN(), math.MaxUint64
	}
	n := u.Count()
	for value := range u.values {
		for i, rank := range ranks {
			if miss := value.miss(wanted(rank, n)); miss < u.misses[i] && !math.IsNaN(rank) {
				answers[i], u.misses[i] = valueOf(value.key), miss
			}
		}
	}
	return values
}

// values walks through the values of all Windows in increasing order.
func (u *Union) values(yield func(placed) bool) {
	u.walk.heads = u.walk.heads[:0]
	for i := range u.windows[:u.used] {
		w := &u.windows[i]
		w.Flush()
		for i, g := range w.generations {
			u.walk.heads = append(u.walk.heads, w.tuples[g.start:w.end(i)])
		}
	}
	u.walk.values(yield)
}

// wanted returns the position, from 1 on, of the value at a rank among n.
func wanted(rank float64, n uint64) uint64 {
	position := math.Ceil(float64(n) * min(max(rank, 0), 1))
	return min(max(uint64(position), 1), n)
}
