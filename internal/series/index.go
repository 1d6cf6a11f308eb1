package series

import (
	"sync/atomic"
	"unsafe"
)

// index finds series by their values. Any number of goroutines probe it without a
// lock; whoever changes it holds the lock of the table.
//
// A slot goes from empty to a series and from a series to the grave, and never
// back, so a reader that probes meanwhile sees each series at most once and stops at
// an empty slot. A reader of an index that was just replaced can miss a series; it
// then asks again under the lock, where the index is always the current one.
//
// A hash decides nothing alone: the values are compared.
//
// It knows the series by their entries, so that its code is free of type parameters,
// and the compiler free to have the smallest parts of it in line.
type index struct{ slots []atomic.Pointer[Entry] } // a power of two of them

// grave stands where a deleted series stood.
var grave = Entry{lengths: neverFound}

const smallestIndex = 8

func newIndex(size int) *index {
	return &index{make([]atomic.Pointer[Entry], size)}
}

// find returns the series with these values, of that hash and those lengths, or nil.
func (ix *index) find(values []string, hash uint32, lengths uint64) *Entry {
	slots := ix.slots
	for i := int(hash); ; i++ {
		c := slots[i&(len(slots)-1)].Load()
		if c == nil || c.has(values, hash, lengths) {
			return c
		}
	}
}

// findEntry returns the series of an entry, or nil.
func (ix *index) findEntry(e *Entry) *Entry {
	slots := ix.slots
	for i := int(e.hash); ; i++ {
		c := slots[i&(len(slots)-1)].Load()
		if c == nil || c.is(e) && c != &grave {
			return c
		}
	}
}

// place puts a series into the first empty slot of its chain.
func (ix *index) place(c *Entry) { ix.slot(c, nil).Store(c) }

// slot returns the first slot of a series' chain that holds what is wanted, which
// one of them does.
func (ix *index) slot(of, want *Entry) *atomic.Pointer[Entry] {
	for i := int(of.hash); ; i++ {
		slot := &ix.slots[i&(len(ix.slots)-1)]
		if slot.Load() == want {
			return slot
		}
	}
}

// bury takes a series out that is there.
func (ix *index) bury(c *Entry) { ix.slot(c, c).Store(&grave) }

// insert adds a series that is not there. At least a quarter of the slots
// stays empty, which bounds how long a probe runs.
func (t *Table[T]) insert(c *Child[T]) {
	ix := t.index.Load()
	if 4*(t.used+1) > 3*len(ix.slots) {
		ix = t.rebuilt()
		ix.place(&c.Entry)
		t.index.Store(ix)
	} else {
		ix.place(&c.Entry)
	}
	t.alive++
	t.used++
}

// rebuilt returns a copy of the index without graves, large enough for twice
// the series there are.
func (t *Table[T]) rebuilt() *index {
	size := smallestIndex
	for size < 2*(t.alive+1) {
		size *= 2
	}
	old, ix := t.index.Load(), newIndex(size)
	for i := range old.slots {
		if c := old.slots[i].Load(); c != nil && c != &grave {
			ix.place(c)
		}
	}
	t.used = t.alive
	return ix
}

// childOf returns the child whose entry an index has: an entry is what a child begins
// with, and nothing else is in the index of a table.
func childOf[T any](e *Entry) *Child[T] { return (*Child[T])(unsafe.Pointer(e)) }
