package sketch

import (
	"math"
	"slices"
)

// Window keeps what is needed to tell quantiles of the observations of the latest
// generations, see Union. It is not safe for concurrent use.
type Window struct {
	targets *Targets
	span    uint64 // generations that are looked at, at least 1
	room    int    // observations that the batch has room for, at least 1
	current uint64 // number of the generation that observations belong to

	batch       []uint64     // observations that have not been sorted in, as their bits
	tuples      []tuple      // of all generations, one after the other
	generations []generation // those with observations, the oldest first

	bounds   bounds
	absorber absorber
}

// generation is a part of the tuples of a Window.
type generation struct {
	number  uint64
	start   int    // index of its first tuple; it ends where the next one starts
	count   uint64 // observations in it
	settled bool   // tuples that are not needed have been dropped
}

// exactBelow is how many observations there must be in the window for its
// quantiles not to be exact.
const exactBelow = 500

// NewWindow returns a Window of so many generations, at least one. Room is how many
// observations are gathered, at least one, before they are sorted in.
func NewWindow(targets *Targets, generations uint64, room int) Window {
	return Window{targets: targets, span: max(generations, 1), room: max(room, 1)}
}

// Insert adds an observation to the current generation, and tells whether there have
// come so many that it is time to call Flush. What is not a number counts as less than
// anything else.
func (w *Window) Insert(v float64) (full bool) {
	w.batch = append(w.batch, math.Float64bits(v))
	return len(w.batch) >= w.room
}

// Advance begins new generations, and forgets those that are then too old.
func (w *Window) Advance(generations uint64) {
	w.Flush()
	w.current += generations
	if len(w.generations) == 0 {
		// Nothing has come for a whole generation: the memory goes back.
		*w = Window{targets: w.targets, span: w.span, room: w.room, current: w.current}
		return
	}
	expired := 0
	for expired < len(w.generations) && w.current-w.generations[expired].number >= w.span {
		expired++
	}
	tuples := w.end(expired - 1)
	w.tuples = slices.Delete(w.tuples, 0, tuples)
	w.generations = slices.Delete(w.generations, 0, expired)
	for i := range w.generations {
		w.generations[i].start -= tuples
	}
}

// end returns the index after the last tuple of a generation; the one before the
// first has none.
func (w *Window) end(generation int) int {
	if generation+1 < len(w.generations) {
		return w.generations[generation+1].start
	}
	return len(w.tuples)
}

// Len returns how many values the window keeps beside those that Flush will sort in.
func (w *Window) Len() int { return len(w.tuples) }

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

// Flush sorts the batch into the current generation.
func (w *Window) Flush() {
	if len(w.batch) == 0 {
		return
	}
	keys := w.batch
	for i, bits := range keys {
		keys[i] = keyOf(math.Float64frombits(bits))
	}
	g := w.newest()
	g.count += uint64(len(keys))
	if g.settled {
		w.bounds.set(w.targets, g.count)
		keys = w.absorber.absorb(w.tuples[g.start:], keys, &w.bounds)
	}
	if len(keys) > 0 {
		slices.Sort(keys)
		w.tuples = merge(w.tuples, g.start, keys)
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
	end := w.end(i)
	w.bounds.set(w.targets, g.count)
	kept := g.start + w.bounds.squeeze(w.tuples[g.start:end])
	w.tuples = slices.Delete(w.tuples, kept, end)
	for j := i + 1; j < len(w.generations); j++ {
		w.generations[j].start -= end - kept
	}
}

// copyTo makes another Window the same, in the memory that it has already.
func (w *Window) copyTo(to *Window) {
	to.targets, to.span, to.room, to.current = w.targets, w.span, w.room, w.current
	to.batch = append(to.batch[:0], w.batch...)
	to.tuples = append(to.tuples[:0], w.tuples...)
	to.generations = append(to.generations[:0], w.generations...)
}
