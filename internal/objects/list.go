package objects

import (
	"slices"
	"sort"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// list has the series of one desc in label order, in chunks of a bounded size, so
// that a change moves little, whatever the length of the list.
//
// A snapshot shares the chunks. It makes the list older by one, and a chunk is
// written to only if it is of the list's own age; otherwise the list takes a copy
// of it first.
type list struct {
	age    int
	chunks []*chunk // none is empty
	timed  int      // how many series have a timestamp
}

type chunk struct {
	age    int
	series []*exposition.Rendered // at least one, at most maxChunk
}

const maxChunk = 256

// newList returns a list of series that are in order.
func newList(series []*exposition.Rendered) list {
	var l list
	for part := range slices.Chunk(series, maxChunk*3/4) { // with room for more
		l.chunks = append(l.chunks, &chunk{series: slices.Clone(part)})
	}
	for _, r := range series {
		l.countTimed(r, +1)
	}
	return l
}

func (l *list) countTimed(r *exposition.Rendered, n int) {
	if r.HasTimestamp() {
		l.timed += n
	}
}

// search returns the place of the series with these labels, or the one where it
// would be inserted. Only an empty list has no chunk for it.
func (l *list) search(labels *exposition.Labels) (c, i int, found bool) {
	// The last chunk that does not begin after the labels.
	c = max(0, sort.Search(len(l.chunks), func(c int) bool { return l.chunks[c].series[0].Labels().Compare(labels) > 0 })-1)
	if len(l.chunks) == 0 {
		return 0, 0, false
	}
	i, found = slices.BinarySearchFunc(l.chunks[c].series, labels, func(r *exposition.Rendered, labels *exposition.Labels) int {
		return r.Labels().Compare(labels)
	})
	return c, i, found
}

// find returns the series with these labels, nil if there is none.
func (l *list) find(labels *exposition.Labels) *exposition.Rendered {
	if c, i, found := l.search(labels); found {
		return l.chunks[c].series[i]
	}
	return nil
}

// put inserts a series, in the place of the one with the same labels if there is
// one.
func (l *list) put(r *exposition.Rendered) {
	c, i, found := l.search(r.Labels())
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, &chunk{age: l.age})
	}
	own := l.own(c)
	l.countTimed(r, +1)
	if found {
		l.countTimed(own.series[i], -1)
		own.series[i] = r
		return
	}
	if own.series = slices.Insert(own.series, i, r); len(own.series) > maxChunk {
		half := len(own.series) / 2
		upper := &chunk{age: l.age, series: slices.Clone(own.series[half:])}
		own.series = slices.Clone(own.series[:half])
		l.chunks = slices.Insert(l.chunks, c+1, upper)
	}
}

// remove takes out the series with these labels, which must be there.
func (l *list) remove(labels *exposition.Labels) {
	c, i, _ := l.search(labels)
	own := l.own(c)
	l.countTimed(own.series[i], -1)
	own.series = slices.Delete(own.series, i, i+1)
	switch n := len(own.series); {
	case n == 0:
		l.dropChunk(c)
	case c > 0 && n+len(l.chunks[c-1].series) <= maxChunk/2:
		l.join(c - 1)
	case c+1 < len(l.chunks) && n+len(l.chunks[c+1].series) <= maxChunk/2:
		l.join(c)
	}
}

// join makes one chunk of c and the one after it.
func (l *list) join(c int) {
	l.chunks[c] = &chunk{age: l.age, series: slices.Concat(l.chunks[c].series, l.chunks[c+1].series)}
	l.dropChunk(c + 1)
}

func (l *list) dropChunk(c int) {
	l.chunks = slices.Delete(l.chunks, c, c+1)
	if cap(l.chunks) > 4*len(l.chunks)+8 {
		l.chunks = slices.Clone(l.chunks)
	}
}

// own returns a chunk that may be written to.
func (l *list) own(c int) *chunk {
	if l.chunks[c].age != l.age {
		l.chunks[c] = &chunk{age: l.age, series: slices.Clone(l.chunks[c].series)}
	}
	return l.chunks[c]
}

// snapshot returns the chunks as they are now, whatever happens to the list
// afterwards.
func (l *list) snapshot() []*chunk {
	l.age++
	return slices.Clone(l.chunks)
}

// flat returns the series of a snapshot.
func flat(chunks []*chunk) []*exposition.Rendered {
	n := 0
	for _, c := range chunks {
		n += len(c.series)
	}
	all := make([]*exposition.Rendered, 0, n)
	for _, c := range chunks {
		all = append(all, c.series...)
	}
	return all
}
