package objects

import (
	"iter"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Entry is a series of a store.
type Entry struct {
	Desc *registry.Desc
	*exposition.Rendered
}

// All returns the objects that there are when the iteration begins, in no
// particular order, with their series.
func (s *Store[K]) All() iter.Seq2[K, []Entry] {
	return func(yield func(K, []Entry) bool) {
		for _, o := range s.snapshotObjects() {
			entries := make([]Entry, len(o.families))
			for i, f := range o.families {
				entries[i] = Entry{f.desc, o.block.At(i)}
			}
			if !yield(o.key, entries) {
				return
			}
		}
	}
}

func (s *Store[K]) snapshotObjects() []*object[K] {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects := make([]*object[K], 0, len(s.objects))
	for _, o := range s.objects {
		objects = append(objects, o)
	}
	return objects
}

// Quick says that Collect neither waits nor runs foreign code.
func (s *Store[K]) Quick() {}

// Collect adds the series that there are now.
func (s *Store[K]) Collect(b *registry.Batch) {
	for _, run := range s.Runs() {
		b.Add(run)
	}
}

// Runs returns the series that there are now, all as of one moment, in the order of
// the descs. Their Rows are Rows of this package.
func (s *Store[K]) Runs() []registry.Run {
	runs := make([]registry.Run, len(s.families))
	snapshots := make([][]*chunk, len(s.families))
	s.mu.Lock()
	for i, f := range s.families {
		// The registry looks at timestamps where it puts series in order.
		runs[i] = registry.Run{Desc: f.desc, Type: f.kind.typ, Ordered: f.list.timed == 0}
		snapshots[i] = f.list.snapshot()
	}
	s.mu.Unlock()
	for i := range runs {
		runs[i].Rows = Rows(flat(snapshots[i]))
	}
	return runs
}

// Rows are series in label order.
type Rows []*exposition.Rendered

// Len returns the number of series.
func (r Rows) Len() int { return len(r) }

// Labels returns the labels of series i.
func (r Rows) Labels(i int) *exposition.Labels { return r[i].Labels() }

// Fill stores series, beginning with series i, into s.
func (r Rows) Fill(i int, s []exposition.Series) {
	for k, rendered := range r[i : i+len(s)] {
		rendered.Fill(&s[k])
	}
}
