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
	plan  Plan // a copy, for one load less
	slots atomic.Pointer[slots]
	alive int // entries that are there
	used  int // slots that are not empty
}

// slots know the entries by their headers alone, so that the code that looks for
// one is free of types.
type slots struct {
	mask    uint64
	entries []atomic.Pointer[header] // mask+1 of them
}

// header is how an Entry begins.
type header struct{ hash uint64 }

// Entry is what an index finds. Key and Item do not change while it is there.
type Entry[L comparable, T any] struct {
	header
	Key  L
	Item T
}

// grave stands where a removed entry stood. No value has its hash.
var grave header

const fewestSlots = 8

// Init makes an index ready, for values of the plan's type, which L must be.
func (x *Index[L, T]) Init(plan *Plan) {
	x.plan = *plan
	x.slots.Store(newSlots(fewestSlots))
}

func newSlots(n int) *slots {
	return &slots{mask: uint64(n - 1), entries: make([]atomic.Pointer[header], n)}
}

// Candidate returns the entry of a value, nil if there is none, or, if its hash is
// that of another one, which hardly ever happens, the entry of that. The key is to
// be compared: where there is not a moment to lose, by the caller.
func (x *Index[L, T]) Candidate(key *L) *Entry[L, T] {
	_, h := x.plan.probe(unsafe.Pointer(key), x.slots.Load())
	return (*Entry[L, T])(unsafe.Pointer(h))
}

// Find returns the entry of a value, or nil.
func (x *Index[L, T]) Find(key *L) *Entry[L, T] {
	hash := x.plan.Hash(unsafe.Pointer(key))
	s := x.slots.Load()
	for i := hash & s.mask; ; i = (i + 1) & s.mask {
		h := s.entries[i].Load()
		if h == nil {
			return nil
		}
		if e := (*Entry[L, T])(unsafe.Pointer(h)); h.hash == hash && e.Key == *key {
			return e
		}
	}
}

// Add puts an entry in, whose key must not be there. It may have been there
// before: who found it then can still read it, so it is not written to again.
func (x *Index[L, T]) Add(e *Entry[L, T]) {
	if hash := x.plan.Hash(unsafe.Pointer(&e.Key)); e.hash != hash {
		e.hash = hash
	}
	// At least a quarter of the slots stays empty, which bounds how long a probe
	// runs.
	if s := x.slots.Load(); 4*(x.used+1) <= 3*len(s.entries) {
		s.place(&e.header)
	} else {
		s = x.rebuilt()
		s.place(&e.header)
		x.slots.Store(s)
	}
	x.alive++
	x.used++
}

// Remove takes an entry out that is there.
func (x *Index[L, T]) Remove(e *Entry[L, T]) {
	s := x.slots.Load()
	i := e.hash & s.mask
	for s.entries[i].Load() != &e.header {
		i = (i + 1) & s.mask
	}
	s.entries[i].Store(&grave)
	x.alive--
	if n := len(s.entries); n > fewestSlots && n > 16*(x.alive+1) {
		x.slots.Store(x.rebuilt())
	}
}

// Len returns how many entries there are.
func (x *Index[L, T]) Len() int { return x.alive }

// rebuilt returns the slots without graves, large enough for twice the entries
// there are.
func (x *Index[L, T]) rebuilt() *slots {
	size := fewestSlots
	for size < 2*(x.alive+1) {
		size *= 2
	}
	old, s := x.slots.Load(), newSlots(size)
	for i := range old.entries {
		if h := old.entries[i].Load(); h != nil && h != &grave {
			s.place(h)
		}
	}
	x.used = x.alive
	return s
}

// place puts an entry into the first empty slot of its chain.
func (s *slots) place(h *header) {
	i := h.hash & s.mask
	for s.entries[i].Load() != nil {
		i = (i + 1) & s.mask
	}
	s.entries[i].Store(h)
}
