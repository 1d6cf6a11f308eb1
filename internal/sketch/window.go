package sketch

import (
	"math"
	"slices"
)

// Window tells quantiles of the observations of the latest generations. It is
// not safe for concurrent use.
type Window struct {
	targets *Targets
	span    uint64 // generations that are looked at, at least 1
	current uint64 // number of the generation that observations belong to

	batch       []uint64     // observations that have not been sorted in
	tuples      []tuple      // of all generations, one after the other
	generations []generation // those with observations, the oldest first

	scratch scratch
	heads   []head
	misses  []uint64
}

// generation is a part of the tuples of a Window.
type generation struct {
	number  uint64
	start   int    // index of its first tuple; it ends where the next one starts
	count   uint64 // observations in it
	settled bool   // tuples that are not needed have been dropped
}

const (
	// exactBelow is how many observations there must be in the window for its
	// quantiles not to be exact.
	exactBelow = 500

	batchSize = 256
)

// NewWindow returns a Window of so many generations, at least one.
func NewWindow(targets *Targets, generations uint64) *Window {
	return &Window{targets: targets, span: max(generations, 1)}
}

// Insert adds an observation to the current generation. What is not a number
// counts as less than anything else.
func (w *Window) Insert(v float64) {
	w.batch = append(w.batch, keyOf(v))
	if len(w.batch) >= batchSize {
		w.flush()
	}
}

// InsertMany adds n observations of one value to the current generation.
func (w *Window) InsertMany(v float64, n uint64) {
	if n == 0 {
		return
	}
	w.flush()
	g := w.newest()
	w.tuples = insert(w.tuples, g.start, keyOf(v), n)
	g.count += n
	w.settle()
}

// Advance begins new generations, and forgets those that are then too old.
func (w *Window) Advance(generations uint64) {
	w.flush()
	w.current += generations
	expired := 0
	for expired < len(w.generations) && w.current-w.generations[expired].number >= w.span {
		expired++
	}
	tuples := len(w.tuples)
	if expired < len(w.generations) {
		tuples = w.generations[expired].start
	}
	w.tuples = slices.Delete(w.tuples, 0, tuples)
	w.generations = slices.Delete(w.generations, 0, expired)
	for i := range w.generations {
		w.generations[i].start -= tuples
	}
}

// Count returns the number of observations in the window.
func (w *Window) Count() uint64 {
	n := uint64(len(w.batch))
	for i := range w.generations {
		n += w.generations[i].count
	}
	return n
}

// newest returns the current generation.
func (w *Window) newest() *generation {
	last := len(w.generations) - 1
	if last < 0 || w.generations[last].number != w.current {
		w.generations = append(w.generations, generation{number: w.current, start: len(w.tuples)})
		last++
	}
	return &w.generations[last]
}

// flush adds the batch to the tuples of the current generation.
func (w *Window) flush() {
	if len(w.batch) == 0 {
		return
	}
	g := w.newest()
	g.count += uint64(len(w.batch))
	left := w.batch
	if g.settled {
		left = w.targets.absorb(w.tuples[g.start:], w.batch, g.count, &w.scratch)
	}
	if len(left) > 0 {
		slices.Sort(left)
		w.tuples = merge(w.tuples, g.start, left)
		w.settle()
	}
	w.batch = w.batch[:0]
}

// settle drops tuples that are not needed, in the current generation and in
// those that are not the last ones to have few observations: as long as the
// window that begins with a generation may have to be exact, it is left whole.
func (w *Window) settle() {
	last := len(w.generations) - 1
	count := uint64(0)
	for i := last; i >= 0; i-- {
		g := &w.generations[i]
		count += g.count
		if i < last && g.settled {
			return // and so are those before it
		}
		if count >= exactBelow {
			w.squeeze(i)
			g.settled = true
		}
	}
}

func (w *Window) squeeze(i int) {
	g := &w.generations[i]
	end := len(w.tuples)
	if i+1 < len(w.generations) {
		end = w.generations[i+1].start
	}
	kept := g.start + w.targets.squeeze(w.tuples[g.start:end], g.count)
	w.tuples = slices.Delete(w.tuples, kept, end)
	for j := i + 1; j < len(w.generations); j++ {
		w.generations[j].start -= end - kept
	}
}

// Quantiles appends the value at each rank of the targets, in their order, to
// values. Without observations they are NaN.
//
// With fewer than 500 observations in the window, n, the values are exact: the
// one at index ceil(rank*n)-1 of all in order.
func (w *Window) Quantiles(values []float64) []float64 {
	w.flush()
	ranks := w.targets.ranks
	n := w.Count()
	values = slices.Grow(values, len(ranks))
	answers := values[len(values) : len(values)+len(ranks)]
	for i := range answers {
		answers[i] = math.NaN()
	}
	w.misses = slices.Grow(w.misses[:0], len(ranks))[:len(ranks)]
	for i := range w.misses {
		w.misses[i] = math.MaxUint64
	}
	for value := range w.values {
		for i, rank := range ranks {
			if miss := value.miss(wanted(rank, n)); miss < w.misses[i] && !math.IsNaN(rank) {
				answers[i], w.misses[i] = valueOf(value.key), miss
			}
		}
	}
	return values[:len(values)+len(ranks)]
}

// wanted returns the position, from 1 on, of the value at a rank among n.
func wanted(rank float64, n uint64) uint64 {
	position := math.Ceil(float64(n) * min(max(rank, 0), 1))
	return min(max(uint64(position), 1), n)
}
