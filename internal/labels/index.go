package labels

import (
	"sync/atomic"
	"unsafe"
)

// Index finds what belongs to a value of a struct type. Finding takes no lock and
// allocates nothing; adding and removing must be done by one goroutine at a time.
//
// It works as the index of a series.Table does: a slot goes from empty to an entry
// and from an entry to the grave, and never back, so whoever probes meanwhile
// sees each entry at most once and stops at an empty slot. An index that was just
// replaced can miss an entry, so nothing follows from not finding one. A hash
// decides nothing alone: the values are compared.
type Index[L comparable, T any] struct {
	plan  *Plan
	slots atomic.Pointer[slots[L, T]]

	alive int // entries that are there
	used  int // slots that are not empty
}

type slots[L comparable, T any] struct {
	entries []atomic.Pointer[Entry[L, T]] // a power of two of them
	grave   *Entry[L, T]                  // stands where a removed entry stood
}

// Entry is what an index finds. Key and Item do not change while it is there.
type Entry[L comparable, T any] struct {
	hash uint64
	Key  L
	Item T
}

const fewestSlots = 8

// NewIndex returns an empty index for values of the plan's type, which L must
// be.
func NewIndex[L comparable, T any](plan *Plan) *Index[L, T] {
	x := &Index[L, T]{plan: plan}
	x.slots.Store(newSlots[L, T](fewestSlots))
	return x
}

func newSlots[L comparable, T any](n int) *slots[L, T] {
	return &slots[L, T]{entries: make([]atomic.Pointer[Entry[L, T]], n), grave: new(Entry[L, T])}
}

// Find returns the entry of a value, or nil.
func (x *Index[L, T]) Find(key *L) *Entry[L, T] {
	hash := x.plan.Hash(unsafe.Pointer(key))
	s := x.slots.Load()
	mask := uint64(len(s.entries) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := s.entries[i].Load()
		if e == nil {
			return nil
		}
		if e.hash == hash && e.Key == *key && e != s.grave {
			return e
		}
	}
}

// Add puts an entry in, whose key must not be there.
func (x *Index[L, T]) Add(e *Entry[L, T]) {
	e.hash = x.plan.Hash(unsafe.Pointer(&e.Key))
	// At least a quarter of the slots stays empty, which bounds how long a probe
	// runs.
	if s := x.slots.Load(); 4*(x.used+1) <= 3*len(s.entries) {
		s.place(e)
	} else {
		s = x.rebuilt()
		s.place(e)
		x.slots.Store(s)
	}
	x.alive++
	x.used++
}

// Remove takes an entry out that is there.
func (x *Index[L, T]) Remove(e *Entry[L, T]) {
	s := x.slots.Load()
	mask := uint64(len(s.entries) - 1)
	i := e.hash & mask
	for s.entries[i].Load() != e {
		i = (i + 1) & mask
	}
	s.entries[i].Store(s.grave)
	x.alive--
	if n := len(s.entries); n > fewestSlots && n > 16*(x.alive+1) {
		x.slots.Store(x.rebuilt())
	}
}

// Len returns how many entries there are.
func (x *Index[L, T]) Len() int { return x.alive }

// place puts an entry into the first empty slot of its chain.
func (s *slots[L, T]) place(e *Entry[L, T]) {
	mask := uint64(len(s.entries) - 1)
	i := e.hash & mask
	for s.entries[i].Load() != nil {
		i = (i + 1) & mask
	}
	s.entries[i].Store(e)
}

// rebuilt returns the slots without graves, large enough for twice the entries
// there are.
func (x *Index[L, T]) rebuilt() *slots[L, T] {
	size := fewestSlots
	for 3*size < 4*2*(x.alive+1) {
		size *= 2
	}
	old, s := x.slots.Load(), newSlots[L, T](size)
	for i := range old.entries {
		if e := old.entries[i].Load(); e != nil && e != old.grave {
			s.place(e)
		}
	}
	x.used = x.alive
	return s
}
