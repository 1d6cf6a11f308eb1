// Package series keeps the series of a vector: which ones exist, how one is
// found by its label values, and the order in which they are exposed. It does
// not know what a series holds.
package series

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/keyhash"
	"github.com/cresset-metrics/cresset/internal/listeners"
)

// Table holds the series of one vector.
//
// Looking up a series that exists takes no lock and allocates nothing: readers
// probe an index of pointers that they load atomically. Only writers (who
// create, delete or rebuild) take the lock.
type Table[T any] struct {
	index  atomic.Pointer[index]
	gaps   []exposition.Gap // one for each variable label
	expiry *expiry[T]       // nil if the series do not expire
	schema *exposition.Schema
	make   func(Entry) *Child[T]
	beyond Entry // of the series that stands for those beyond the limits

	refused atomic.Uint64

	mu         sync.Mutex  // held by writers; guards what follows
	alive      int         // series in the index
	used       int         // slots of the index that are not empty
	ordered    []*Child[T] // in order, but for the changes since it was made; never written to once handed out
	added      []*Child[T] // since ordered was made
	deleted    int         // how many series in ordered and added are deleted
	removed    func(*Child[T])
	forgetting listeners.List
	returned   func(now, before *Child[T])
	limits     []limited
	overflow   *Child[T]             // stands for those beyond the limits; nil if it does not exist
	refusals   []refusal             // to be reported when the lock is free
	sets       []*Staging[T]         // that are under way
	staged     map[string]*staged[T] // by the text of the labels; the series that are in those sets only
}

// NewTable returns an empty table. The function makes what a new series holds. It
// is given the series without it and runs under the table's lock, so that nobody
// else sees that.
func NewTable[T any](schema *exposition.Schema, item func(*Child[T]) T) *Table[T] {
	return NewTableOf(schema, func(e Entry) *Child[T] {
		c := &Child[T]{Entry: e}
		c.Item = item(c)
		return c
	})
}

// NewTableOf is NewTable for children that are parts of what they hold: the function
// makes both, for the entry that is to be the child's.
func NewTableOf[T any](schema *exposition.Schema, make func(Entry) *Child[T]) *Table[T] {
	t := &Table[T]{gaps: schema.Gaps(), schema: schema, make: make}
	t.index.Store(newIndex(smallestIndex))
	t.beyond = t.Entry(overflowing(len(schema.Variable())))
	return t
}

// Schema returns the labels of the table's series.
func (t *Table[T]) Schema() *exposition.Schema { return t.schema }

// OnRemove has the function called with each series that is removed, in whatever
// way, under the lock of the table. It is set before the table is used.
func (t *Table[T]) OnRemove(f func(*Child[T])) { t.removed = f }

// OnReturn has the function called when a series that was removed has come back,
// or is going to, as a new child, with that one and one from before, under the
// lock of the table. It is set before the table is used.
func (t *Table[T]) OnReturn(f func(now, before *Child[T])) { t.returned = f }

// OnForget has the function called when the table lets go of the memory of deleted
// series, under its lock: whoever keeps something of series for the next gather is to let go
// of that, too. The table does not keep what the function is a part of.
func (t *Table[T]) OnForget(f *func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgetting.Add(f)
}

// Locked calls the function under the lock of the table and tells it whether the
// series is still there, which must have been had from this table.
func (t *Table[T]) Locked(c *Child[T], f func(there bool)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(!c.deleted)
}

// Quick returns the series with these values of the variable labels, if it is quick
// to find: they are few and short, and it cannot expire. Otherwise it returns nil, and
// Find is to be asked. The values are not kept.
func (t *Table[T]) Quick(values []string) *Child[T] {
	if t.expiry != nil {
		return nil
	}
	return childOf[T](t.index.Load().findShort(values, t.gaps))
}

// Find returns the series with these values of the variable labels, or nil, also
// if there is not a value for each. They are not kept.
func (t *Table[T]) Find(values []string) *Child[T] {
	if len(values) != len(t.gaps) {
		return nil
	}
	ix := t.index.Load()
	e := ix.findShort(values, t.gaps)
	if e == nil {
		hash, lengths := keyhash.Texts(values)
		e = ix.find(values, uint32(hash), lengths)
	}
	if e == nil || t.expiry == nil {
		return childOf[T](e)
	}
	return t.unexpired(childOf[T](e))
}

// unexpired returns a series that was found without the lock, or what the table has
// in its place if it has expired.
func (t *Table[T]) unexpired(c *Child[T]) *Child[T] {
	if !t.expired(c) {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current(&c.Entry, t.now())
}

// Create returns the series with these values, making it if it does not exist;
// if there is no room for it, the one that stands for those beyond the limits.
// The values are copied.
func (t *Table[T]) Create(values []string) *Child[T] { return t.Obtain(t.Entry(values)) }

// Obtain is Create for an entry of this table.
func (t *Table[T]) Obtain(e Entry) *Child[T] {
	t.mu.Lock()
	defer t.unlock()
	return t.obtain(e)
}

// obtain returns the series of an entry: the one that is there, one that was in
// sets only, or a new one; if there is no room for it, the one that stands for it.
// It needs the lock.
func (t *Table[T]) obtain(e Entry) *Child[T] {
	if c := t.current(&e, t.now()); c != nil {
		return c
	}
	if f := t.findStaged(&e); f != nil {
		t.publish(f)
		return f.c
	}
	var c *Child[T]
	for {
		if t.refuse(&e, nil) {
			return t.obtain(t.beyond)
		}
		if c == nil {
			c = t.newChild(e)
		}
		if t.take(&e) { // or a series of another table has taken the last place
			t.enter(c)
			return c
		}
	}
}

// unlock frees the lock and reports, now that others do not have to wait, what
// there was no room for.
func (t *Table[T]) unlock() {
	refusals := t.refusals
	t.refusals = nil
	t.mu.Unlock()
	for _, r := range refusals {
		r.report(r.values)
	}
}

// now returns the present time, if time matters. Like all that follows it needs
// the lock.
func (t *Table[T]) now() int64 {
	if t.expiry == nil {
		return 0
	}
	return t.expiry.now()
}

// current returns the series of an entry, nil if there is none, which it makes
// sure of if it has expired.
func (t *Table[T]) current(e *Entry, now int64) *Child[T] {
	c := childOf[T](t.index.Load().findEntry(e))
	if c != nil && t.expiry != nil && t.expireIfDue(c, now) {
		return nil
	}
	return c
}

// newChild makes a series, which is not in the table yet.
func (t *Table[T]) newChild(e Entry) *Child[T] {
	e.deleted = false
	return t.make(e)
}

// comeBack says that a series has come back, unless what has come stands for it.
func (t *Table[T]) comeBack(now, before *Child[T]) {
	if t.returned != nil && now.is(&before.Entry) {
		t.returned(now, before)
	}
}

// enter puts a series into the table, for which the limits have counted it.
func (t *Table[T]) enter(c *Child[T]) {
	t.insert(c)
	t.added = append(t.added, c)
	if t.isBeyond(&c.Entry) {
		t.overflow = c
	}
	for _, s := range t.sets {
		s.entered(c)
	}
	if t.expiry != nil {
		t.expiry.expect(t.expiry.stamp(c.Item).at.Load())
	}
}

// Delete removes the series with these values and tells whether it existed.
func (t *Table[T]) Delete(values []string) bool {
	hash, lengths := keyhash.Texts(values)
	t.mu.Lock()
	defer t.unlock()
	c := childOf[T](t.index.Load().find(values, uint32(hash), lengths))
	if c != nil && t.expiry != nil && t.expireIfDue(c, t.now()) {
		c = nil
	}
	if c != nil {
		t.delete(c)
	}
	t.forget()
	return c != nil
}

// DeleteFunc removes all series for whose values (in the order of declaration;
// they must not be written to, nor the slice be kept) the function returns true, and
// returns how many those were. It runs under the table's lock.
func (t *Table[T]) DeleteFunc(match func(values []string) bool) int {
	var values []string
	return t.deleteFunc(func(c *Child[T]) bool {
		values = c.Labels.AppendVariable(values[:0])
		return match(values)
	})
}

// Reset removes all series.
func (t *Table[T]) Reset() { t.deleteFunc(func(*Child[T]) bool { return true }) }

func (t *Table[T]) deleteFunc(match func(*Child[T]) bool) int {
	t.mu.Lock()
	defer t.unlock()
	n, now := 0, t.now()
	for c := range t.all() {
		if match(c) && (t.expiry == nil || !t.expireIfDue(c, now)) {
			t.delete(c)
			n++
		}
	}
	t.forget()
	return n
}

// all yields all series, which may be removed meanwhile.
func (t *Table[T]) all() iter.Seq[*Child[T]] {
	return func(yield func(*Child[T]) bool) {
		for _, list := range [][]*Child[T]{t.ordered, t.added} {
			for _, c := range list {
				if !c.deleted && !yield(c) {
					return
				}
			}
		}
	}
}

// forget lets go of the memory of deleted series. The next gather would forget
// the series too, but nobody may ever gather, so that it is done here as soon as
// there are more of them than of others; nothing else makes the index smaller.
func (t *Table[T]) forget() {
	if t.deleted > t.alive+smallestIndex {
		t.ordered, t.added = t.remaining(t.ordered), t.remaining(t.added)
		t.deleted = 0
		t.forgetting.Call()
	}
	if size := len(t.index.Load().slots); size > smallestIndex && size > 16*(t.alive+1) {
		t.index.Store(t.rebuilt())
	}
	if t.expiry != nil && t.alive == 0 {
		t.expiry.rest()
	}
}

// remaining returns the series of a list that are not deleted, in a list no
// larger than they need.
func (t *Table[T]) remaining(list []*Child[T]) []*Child[T] {
	n := 0
	for _, c := range list {
		if !c.deleted {
			n++
		}
	}
	remaining := make([]*Child[T], 0, n)
	for _, c := range list {
		if !c.deleted {
			remaining = append(remaining, c)
		}
	}
	return remaining
}

// Ordered returns all series in the order of exposition. The slice must not be
// written to; it stays as it is whatever happens to the table.
func (t *Table[T]) Ordered() []*Child[T] {
	if t.expiry != nil {
		t.sweepIfDue()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.added) == 0 && t.deleted == 0 {
		return t.ordered
	}
	slices.SortFunc(t.added, compare[T])
	merged := make([]*Child[T], 0, t.alive)
	old, added := t.ordered, t.added
	for len(old) > 0 || len(added) > 0 {
		var c *Child[T]
		if len(added) == 0 || len(old) > 0 && compare(old[0], added[0]) < 0 {
			c, old = old[0], old[1:]
		} else {
			c, added = added[0], added[1:]
		}
		if !c.deleted {
			merged = append(merged, c)
		}
	}
	t.ordered, t.added, t.deleted = merged, nil, 0
	return merged
}

func compare[T any](a, b *Child[T]) int { return a.Labels.Compare(&b.Labels) }

// delete removes a series that is there. Its handles are orphans.
func (t *Table[T]) delete(c *Child[T]) {
	if t.expiry != nil {
		t.expiry.stamp(c.Item).at.Store(orphaned)
	}
	t.remove(c)
}

// remove takes a series that is there out of the index.
func (t *Table[T]) remove(c *Child[T]) {
	t.index.Load().bury(&c.Entry)
	c.deleted = true
	t.deleted++
	t.alive--
	if c == t.overflow {
		t.overflow = nil
	} else {
		t.giveBack(t.limits)
	}
	for _, s := range t.sets {
		s.left(c)
	}
	if t.removed != nil {
		t.removed(c)
	}
}
