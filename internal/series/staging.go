package series

import (
	"maps"
	"slices"
)

// Staging is a set of series that are going to be all that a table has, or all of
// a part of it. Those that the table does not have are made at once, but stay out
// of sight until the set is committed, unless somebody else asks the table for
// one of them. Several goroutines may use one.
type Staging[T any] struct {
	table *Table[T]
	part  func(values []string) bool // nil for all

	// Guarded by the lock of the table.
	touched map[*Child[T]]bool // what is in the set; true for what the table had
	fresh   int                // how many of those it did not have
	going   int                // how many series of the part were not touched
	over    bool
}

// staged is a series that is in sets only, and in how many.
type staged[T any] struct {
	c      *Child[T]
	sets   int
	pinned bool // by a user; while it is staged, it does not expire in any case
}

// Stage begins a set. The function tells, by their values, which series belong to
// the part of the table that is replaced; it must not write to them, and is nil if
// all do. Commit or Abandon must be called in the end.
func (t *Table[T]) Stage(part func(values []string) bool) *Staging[T] {
	s := &Staging[T]{table: t, part: part, touched: make(map[*Child[T]]bool)}
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.all() {
		if s.replaces(c) {
			s.going++
		}
	}
	return s
}

// replaces tells whether a series goes unless it is touched, and makes room then.
func (s *Staging[T]) replaces(c *Child[T]) bool {
	return c != s.table.overflow && (s.part == nil || s.part(c.values))
}

// Create adds the series with these values to the set and returns it: the one
// that the table has, or a new one. When the set is over, it does what Create of
// the table does.
func (s *Staging[T]) Create(values []string) *Child[T] {
	t := s.table
	hash := t.hash(values)
	t.mu.Lock()
	if s.over {
		t.mu.Unlock()
		return t.Create(values)
	}
	defer t.unlock()
	if c := t.current(hash, values, t.now()); c != nil {
		s.touch(c)
		return c
	}
	f := t.findStaged(hash, values)
	if f == nil {
		if c := t.refuse(values, s.fresh-s.going); c != nil {
			s.touch(c)
			return c
		}
		f = &staged[T]{c: t.newChild(hash, values)}
		if t.expiry != nil {
			t.expiry.stamp(f.c.Item).pinned.Store(true) // it has no time to live yet
		}
		if t.staged == nil {
			t.staged = make(map[uint64][]*staged[T])
		}
		t.staged[hash] = append(t.staged[hash], f)
	}
	if _, known := s.touched[f.c]; !known {
		s.touched[f.c] = false
		s.fresh++
		f.sets++
	}
	return f.c
}

// Pin does what Create does, and keeps the series from expiring until it is
// deleted.
func (s *Staging[T]) Pin(values []string) *Child[T] {
	t := s.table
	for {
		c := s.Create(values)
		t.mu.Lock()
		f := t.findStaged(c.hash, c.values)
		if f != nil && f.c == c {
			f.pinned = true
		}
		t.mu.Unlock()
		if t.pin(c) {
			return c
		}
	}
}

// touch adds a series of the table to the set.
func (s *Staging[T]) touch(c *Child[T]) {
	if _, known := s.touched[c]; !known {
		s.touched[c] = true
		if s.replaces(c) {
			s.going--
		}
	}
}

// Find returns the series with these values that is in the set, or in the table,
// or nil.
func (s *Staging[T]) Find(values []string) *Child[T] {
	t := s.table
	hash := t.hash(values)
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.current(hash, values, t.now()); c != nil {
		return c
	}
	if f := t.findStaged(hash, values); f != nil {
		if _, known := s.touched[f.c]; known {
			return f.c
		}
	}
	return nil
}

// Ordered returns what is in the set in the order of exposition; when the set is
// over, what is in the table.
func (s *Staging[T]) Ordered() []*Child[T] {
	t := s.table
	t.mu.Lock()
	if s.over {
		t.mu.Unlock()
		return t.Ordered()
	}
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.touched), compare[T])
}

// DeleteFunc takes series out of the set and returns how many those were; when
// the set is over, it deletes them from the table.
func (s *Staging[T]) DeleteFunc(match func(values []string) bool) int {
	t := s.table
	t.mu.Lock()
	if s.over {
		t.mu.Unlock()
		return t.DeleteFunc(match)
	}
	defer t.mu.Unlock()
	n := 0
	for c, had := range s.touched {
		if match(c.values) {
			delete(s.touched, c)
			n++
			if had && s.replaces(c) {
				s.going++
			} else if !had {
				s.fresh--
				s.leave(c)
			}
		}
	}
	return n
}

// Commit makes the set all that the part of the table has, in one step for
// whoever lists the series.
func (s *Staging[T]) Commit() {
	t := s.table
	t.mu.Lock()
	defer t.unlock()
	s.over = true
	now := t.now()
	kept := make(map[*Child[T]]bool, len(s.touched))
	for c := range s.touched {
		present := t.current(c.hash, c.values, now)
		if present == nil {
			if f := t.findStaged(c.hash, c.values); f != nil {
				t.publish(f)
				present = f.c
			} else { // it has gone in the meantime
				present = t.again(c)
			}
		}
		kept[present] = true
	}
	for c := range t.all() {
		if !kept[c] && (s.part == nil || s.part(c.values)) {
			t.delete(c)
		}
	}
	s.touched = nil
	t.forget()
}

// Abandon gives the set up. The table stays as it is, and what was made for the
// set is nobody's.
func (s *Staging[T]) Abandon() {
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	s.over = true
	for c, had := range s.touched {
		if !had {
			s.leave(c)
		}
	}
	s.touched = nil
}

// leave takes a series that was made for a set out of it.
func (s *Staging[T]) leave(c *Child[T]) {
	t := s.table
	f := t.findStaged(c.hash, c.values)
	if f == nil || f.c != c { // somebody has asked the table for it
		return
	}
	if f.sets--; f.sets > 0 {
		return
	}
	t.unstage(f)
	if t.expiry != nil {
		t.expiry.stamp(c.Item).at.Store(orphaned)
	}
}

// findStaged returns the series with these values that is in sets only.
func (t *Table[T]) findStaged(hash uint64, values []string) *staged[T] {
	for _, f := range t.staged[hash] {
		if slices.Equal(f.c.values, values) {
			return f
		}
	}
	return nil
}

// publish brings a series that was in sets only into the table.
func (t *Table[T]) publish(f *staged[T]) {
	t.unstage(f)
	if t.expiry != nil {
		s := t.expiry.stamp(f.c.Item)
		s.at.Store(t.expiry.now())
		s.pinned.Store(f.pinned)
	}
	t.enter(f.c)
}

func (t *Table[T]) unstage(f *staged[T]) {
	hash := f.c.hash
	t.staged[hash] = slices.DeleteFunc(t.staged[hash], func(g *staged[T]) bool { return g == f })
	if len(t.staged[hash]) == 0 {
		delete(t.staged, hash)
	}
}

// again brings a series back that was removed from the table, whether or not
// there is room for it. It is the same one, unless it was in its last life.
func (t *Table[T]) again(gone *Child[T]) *Child[T] {
	c := &Child[T]{Entry: gone.Entry, Item: gone.Item}
	if t.expiry != nil {
		c = t.childOf(gone.Entry)
	}
	t.enter(c)
	return c
}
