// Package series keeps the series of a vector: which ones exist, how one is
// found by its label values, and the order in which they are exposed. It does
// not know what a series holds.
package series

import (
	"hash/maphash"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Table holds the series of one vector.
//
// Looking up a series that exists takes no lock and allocates nothing: readers
// probe an index of pointers that they load atomically. Only writers (who
// create, delete or rebuild) take the lock. A slot of an index goes from empty
// to a series and from a series to the grave, and never back, so a reader that
// probes meanwhile sees each series at most once and stops at an empty slot. A
// reader of an index that was just replaced can miss a series; it then asks
// again under the lock, where the index is always the current one.
//
// A hash decides nothing alone: the values are compared.
type Table[T any] struct {
	schema *exposition.Schema
	seed   maphash.Seed
	index  atomic.Pointer[index[T]]

	make    func(*Child[T]) T
	expiry  *expiry[T] // nil if the series do not expire
	refused atomic.Uint64

	mu       sync.Mutex  // held by writers; guards what follows
	alive    int         // series in the index
	used     int         // slots of the index that are not empty
	ordered  []*Child[T] // in order, but for the changes since it was made; never written to once handed out
	added    []*Child[T] // since ordered was made
	deleted  int         // how many series in ordered and added are deleted
	removed  func(*Child[T])
	returned func(now, before *Child[T])
	limits   []limited
	overflow *Child[T]               // stands for those beyond the limits; nil if it does not exist
	refusals []refusal               // to be reported when the lock is free
	sets     []*Staging[T]           // that are under way
	staged   map[uint64][]*staged[T] // by hash; the series that are in those sets only
}

// Child is one series of a table.
type Child[T any] struct {
	Entry
	Item T

	deleted bool // guarded by the lock of the table
}

// Entry is what a series is known by. It never changes.
type Entry struct {
	Labels exposition.Labels

	hash   uint64
	values []string // of the variable labels, in the order of declaration
}

type index[T any] struct {
	slots []atomic.Pointer[Child[T]] // a power of two of them
	grave *Child[T]                  // stands where a deleted series stood
}

const smallestIndex = 8

func newIndex[T any](size int) *index[T] {
	return &index[T]{slots: make([]atomic.Pointer[Child[T]], size), grave: new(Child[T])}
}

// NewTable returns an empty table. The function makes what a new series holds. It
// is given the series without it and runs under the table's lock, so that nobody
// else sees that.
func NewTable[T any](schema *exposition.Schema, make func(*Child[T]) T) *Table[T] {
	t := &Table[T]{schema: schema, seed: maphash.MakeSeed(), make: make}
	t.index.Store(newIndex[T](smallestIndex))
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

// Locked calls the function under the lock of the table and tells it whether the
// series is still there, which must have been had from this table.
func (t *Table[T]) Locked(c *Child[T], f func(there bool)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(!c.deleted)
}

// Find returns the series with these values of the variable labels, or nil.
// There must be a value for each; they are not kept.
func (t *Table[T]) Find(values []string) *Child[T] {
	hash := t.hash(values)
	c := t.index.Load().find(hash, values)
	if c == nil || t.expiry == nil || !t.expired(c) {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current(hash, values, t.now())
}

// Create returns the series with these values, making it if it does not exist;
// if there is no room for it, the one that stands for those beyond the limits.
// The values are copied.
func (t *Table[T]) Create(values []string) *Child[T] {
	hash := t.hash(values)
	t.mu.Lock()
	defer t.unlock()
	return t.obtain(hash, values, func() Entry { return t.newEntry(hash, values) })
}

// obtain returns the series with these values: the one that is there, one that
// was in sets only, or a new one that the entry is made for; if there is no room
// for it, the one that stands for it. It needs the lock.
func (t *Table[T]) obtain(hash uint64, values []string, entry func() Entry) *Child[T] {
	if c := t.current(hash, values, t.now()); c != nil {
		return c
	}
	if f := t.findStaged(hash, values); f != nil {
		t.publish(f)
		return f.c
	}
	var c *Child[T]
	for {
		if t.refuse(values, nil) {
			values := overflowing(values)
			hash := t.hash(values)
			return t.obtain(hash, values, func() Entry { return t.newEntry(hash, values) })
		}
		if c == nil {
			c = t.childOf(entry())
		}
		if t.take(values) { // or a series of another table has taken the last place
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

// current returns the series with these values, nil if there is none, which it
// makes sure of if it has expired.
func (t *Table[T]) current(hash uint64, values []string, now int64) *Child[T] {
	c := t.index.Load().find(hash, values)
	if c != nil && t.expiry != nil && t.expireIfDue(c, now) {
		return nil
	}
	return c
}

// newEntry copies the values.
func (t *Table[T]) newEntry(hash uint64, values []string) Entry {
	e := Entry{Labels: t.schema.Labels(values), hash: hash}
	e.values = e.Labels.AppendVariable(nil)
	return e
}

// childOf makes a series, which is not in the table yet.
func (t *Table[T]) childOf(e Entry) *Child[T] {
	c := &Child[T]{Entry: e}
	c.Item = t.make(c)
	return c
}

// comeBack says that a series has come back, unless what has come stands for it.
func (t *Table[T]) comeBack(now, before *Child[T]) {
	if t.returned != nil && slices.Equal(now.values, before.values) {
		t.returned(now, before)
	}
}

// enter puts a series into the table, for which the limits have counted it.
func (t *Table[T]) enter(c *Child[T]) {
	t.insert(c)
	t.added = append(t.added, c)
	if isOverflow(c.values) {
		t.overflow = c
	}
	for _, s := range t.sets {
		s.entered(c)
	}
	if t.expiry != nil {
		t.expiry.expect(t.expiry.stamp(c.Item).at.Load())
	}
}

// Values returns the values of the variable labels in the order of declaration.
// They must not be written to.
func (e *Entry) Values() []string { return e.values }

// Delete removes the series with these values and tells whether it existed.
func (t *Table[T]) Delete(values []string) bool {
	hash := t.hash(values)
	t.mu.Lock()
	defer t.unlock()
	c := t.current(hash, values, t.now())
	if c != nil {
		t.delete(c)
	}
	t.forget()
	return c != nil
}

// DeleteFunc removes all series for whose values (in the order of declaration;
// they must not be written to) the function returns true, and returns how many
// those were. It runs under the table's lock.
func (t *Table[T]) DeleteFunc(match func(values []string) bool) int {
	t.mu.Lock()
	defer t.unlock()
	n, now := 0, t.now()
	for c := range t.all() {
		if match(c.values) && (t.expiry == nil || !t.expireIfDue(c, now)) {
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

// Reset removes all series.
func (t *Table[T]) Reset() { t.DeleteFunc(func([]string) bool { return true }) }

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

// hash mixes the hashes of the values one by one, so that ("a", "bc") and
// ("ab", "c") stay apart.
func (t *Table[T]) hash(values []string) uint64 {
	var h uint64
	for _, v := range values {
		h = (h ^ maphash.String(t.seed, v)) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return h
}

func (ix *index[T]) find(hash uint64, values []string) *Child[T] {
	mask := uint64(len(ix.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		c := ix.slots[i].Load()
		if c == nil {
			return nil
		}
		if c.hash == hash && c != ix.grave && slices.Equal(c.values, values) {
			return c
		}
	}
}

// place puts a series into the first empty slot of its chain.
func (ix *index[T]) place(c *Child[T]) {
	mask := uint64(len(ix.slots) - 1)
	i := c.hash & mask
	for ix.slots[i].Load() != nil {
		i = (i + 1) & mask
	}
	ix.slots[i].Store(c)
}

// insert adds a series that is not there. At least a quarter of the slots
// stays empty, which bounds how long a probe runs.
func (t *Table[T]) insert(c *Child[T]) {
	ix := t.index.Load()
	if 4*(t.used+1) > 3*len(ix.slots) {
		ix = t.rebuilt()
		ix.place(c)
		t.index.Store(ix)
	} else {
		ix.place(c)
	}
	t.alive++
	t.used++
}

// rebuilt returns a copy of the index without graves, large enough for twice
// the series there are.
func (t *Table[T]) rebuilt() *index[T] {
	size := smallestIndex
	for 3*size < 4*2*(t.alive+1) {
		size *= 2
	}
	old, ix := t.index.Load(), newIndex[T](size)
	for i := range old.slots {
		if c := old.slots[i].Load(); c != nil && c != old.grave {
			ix.place(c)
		}
	}
	t.used = t.alive
	return ix
}

// delete removes a series that is there. Its handles are orphans.
func (t *Table[T]) delete(c *Child[T]) {
	if t.expiry != nil {
		t.expiry.stamp(c.Item).at.Store(orphaned)
	}
	t.remove(c)
}

// remove takes a series that is there out of the index.
func (t *Table[T]) remove(c *Child[T]) {
	ix := t.index.Load()
	mask := uint64(len(ix.slots) - 1)
	i := c.hash & mask
	for ix.slots[i].Load() != c {
		i = (i + 1) & mask
	}
	ix.slots[i].Store(ix.grave)
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
