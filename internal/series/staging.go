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
	outer *Staging[T]                // that it is part of, nil if it is of the table

	// Guarded by the lock of the table.
	touched map[*Child[T]]bool // what is in the set; true for what the table has, false for what is staged
	fresh   int                // how many of those it does not have, but will
	going   int                // how many series of the part it has that are not in the set
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
	t.sets = append(t.sets, s)
	return s
}

// Stage begins a set that is going to be all that this one has, or all of a part of
// it.
func (s *Staging[T]) Stage(part func(values []string) bool) *Staging[T] {
	inner := s.table.Stage(part)
	inner.outer = s
	return inner
}

// end takes the set off the table's list. It needs the lock of the table.
func (s *Staging[T]) end() {
	s.over, s.touched = true, nil
	s.table.sets = slices.DeleteFunc(s.table.sets, func(o *Staging[T]) bool { return o == s })
}

// replaces tells whether a series goes unless it is touched, and makes room then.
func (s *Staging[T]) replaces(c *Child[T]) bool {
	return !s.table.isBeyond(&c.Entry) && s.includes(c)
}

// includes tells whether a series belongs to the part that is replaced.
func (s *Staging[T]) includes(c *Child[T]) bool { return s.part == nil || s.part(c.Values()) }

// entered takes note of a series that has come into the table.
func (s *Staging[T]) entered(c *Child[T]) {
	if _, known := s.touched[c]; known {
		s.touched[c] = true
		s.count(c, -1)
	} else if s.replaces(c) {
		s.going++
	}
}

// left takes note of a series that has gone from the table. One of the set is
// going to be there all the same.
func (s *Staging[T]) left(c *Child[T]) {
	if _, known := s.touched[c]; known {
		delete(s.touched, c)
		s.stage(&c.Entry, func() *Child[T] { return s.table.again(c) })
	} else if s.replaces(c) {
		s.going--
	}
}

// stage adds a series to the set that the table does not have, which is made
// unless another set has it.
func (s *Staging[T]) stage(e *Entry, make func() *Child[T]) *Child[T] {
	t := s.table
	f := t.findStaged(e)
	if f == nil {
		f = &staged[T]{c: make()}
		if t.expiry != nil {
			t.expiry.stamp(f.c.Item).pinned.Store(true) // it has no time to live yet
		}
		if t.staged == nil {
			t.staged = map[string]*staged[T]{}
		}
		t.staged[e.Labels.Text()] = f
	}
	if _, known := s.touched[f.c]; !known {
		s.touched[f.c] = false
		s.count(f.c, +1)
		f.sets++
	}
	return f.c
}

// growth returns how many series more the table will have when the set is
// committed, none for no set.
func (s *Staging[T]) growth() int {
	if s == nil {
		return 0
	}
	return s.fresh - s.going
}

// count counts a series among those that are fresh, or not any more.
func (s *Staging[T]) count(c *Child[T], n int) {
	if !s.table.isBeyond(&c.Entry) {
		s.fresh += n
	}
}

// Create adds the series with these values to the set and returns it: the one
// that the table has, or a new one. When the set is over, it does what Create of
// the table does.
func (s *Staging[T]) Create(values []string) *Child[T] { return s.Obtain(s.table.Entry(values)) }

// Obtain is Create for an entry of the table.
func (s *Staging[T]) Obtain(e Entry) *Child[T] {
	t := s.table
	t.mu.Lock()
	defer t.unlock()
	if s.over {
		return t.obtain(e)
	}
	return s.obtain(e)
}

// obtain is Obtain with the lock of the table held, while the set is under way.
func (s *Staging[T]) obtain(e Entry) *Child[T] {
	t := s.table
	if c := t.current(&e, t.now()); c != nil {
		s.touch(c)
		return c
	}
	if t.findStaged(&e) == nil && t.refuse(&e, s) {
		return s.obtain(t.beyond)
	}
	return s.stage(&e, func() *Child[T] { return t.newChild(e) })
}

// Pin does what Create does, and keeps the series from expiring until it is
// deleted. One that only stands for it is not kept.
func (s *Staging[T]) Pin(values []string) *Child[T] {
	t := s.table
	e := t.Entry(values)
	for {
		c := s.Obtain(e)
		if !c.is(&e) {
			return c
		}
		t.mu.Lock()
		f := t.findStaged(&e)
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
	e := t.Entry(values)
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.current(&e, t.now()); c != nil {
		return c
	}
	if f := t.findStaged(&e); f != nil {
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
	for c := range s.touched {
		if match(c.Values()) {
			s.drop(c)
			n++
		}
	}
	return n
}

// drop takes a series out of the set. It needs the lock of the table.
func (s *Staging[T]) drop(c *Child[T]) {
	had := s.touched[c]
	delete(s.touched, c)
	if had && s.replaces(c) {
		s.going++
	} else if !had {
		s.count(c, -1)
		s.leave(c)
	}
}

// Commit makes the set all that the part of the table has, in one step for
// whoever lists the series, or all that the part of the set has that it is for.
func (s *Staging[T]) Commit() {
	t := s.table
	t.mu.Lock()
	defer t.unlock()
	if s.outer != nil && !s.outer.over {
		s.handOver()
		return
	}
	now := t.now()
	for c, had := range maps.Clone(s.touched) {
		if had {
			t.current(&c.Entry, now)
		}
	}
	touched := s.touched
	s.end()
	for c, had := range touched {
		if !had {
			t.publish(t.findStaged(&c.Entry))
		}
	}
	for c := range t.all() {
		_, kept := touched[c]
		if !kept && s.includes(c) && (t.expiry == nil || !t.expireIfDue(c, now)) {
			t.delete(c)
		}
	}
	t.forget()
}

// handOver makes the set all that its part of the outer one has. It needs the lock of
// the table.
func (s *Staging[T]) handOver() {
	o := s.outer
	for c, had := range s.touched {
		if had {
			o.touch(c)
		} else {
			o.stage(&c.Entry, nil) // which is in this set at least
			s.leave(c)
		}
	}
	for c := range o.touched {
		if _, kept := s.touched[c]; !kept && s.includes(c) {
			o.drop(c)
		}
	}
	s.end()
}

// Abandon gives the set up. The table stays as it is, and what was made for the
// set is nobody's.
func (s *Staging[T]) Abandon() {
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	for c, had := range s.touched {
		if !had {
			s.leave(c)
		}
	}
	s.end()
}

// leave takes a series that was made for a set out of it.
func (s *Staging[T]) leave(c *Child[T]) {
	t := s.table
	f := t.findStaged(&c.Entry)
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

// findStaged returns the series of an entry that is in sets only.
func (t *Table[T]) findStaged(e *Entry) *staged[T] {
	if t.staged == nil {
		return nil
	}
	return t.staged[e.Labels.Text()]
}

// publish brings a series that was in sets only into the table.
func (t *Table[T]) publish(f *staged[T]) {
	t.unstage(f)
	if t.expiry != nil {
		s := t.expiry.stamp(f.c.Item)
		s.at.Store(t.expiry.now())
		s.pinned.Store(f.pinned)
	}
	if !t.isBeyond(&f.c.Entry) { // there was room when it was made
		for _, l := range t.limits {
			l.used.Add(1)
		}
	}
	t.enter(f.c)
}

func (t *Table[T]) unstage(f *staged[T]) { delete(t.staged, f.c.Labels.Text()) }

// again makes of a series that has gone from the table one that can come into it.
// What it holds is the same, unless it was in its last life.
func (t *Table[T]) again(gone *Child[T]) *Child[T] {
	if t.expiry != nil {
		c := t.newChild(gone.Entry)
		t.comeBack(c, gone)
		return c
	}
	e := gone.Entry
	e.deleted = false
	return &Child[T]{Entry: e, Item: gone.Item}
}
