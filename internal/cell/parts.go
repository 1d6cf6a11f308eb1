package cell

import (
	"runtime"
	"sync/atomic"
)

// parts keep something that many goroutines update, in parts that are each plain
// memory under a lock. An update goes to any one part, and a reader puts together
// what the parts have.
//
// Nobody ever waits for such a lock: it is only tried, by one exchange. An update
// that finds the first part held, by another update or by a reader, goes to a spare
// one, and if all of them are held, too, to a new one; so there are no more of those
// than updates that were held up in the middle at the same time, and usually none.
//
// Going past a part that others hold costs time, too, for its lock moves from one
// processor to the other. So if that happens often, updates spread: there is a part
// for each processor, and an update goes to that of the processor that it runs
// on, and cannot be taken off it before it is through, unless that takes long. The
// next reader sends updates back to the first part. If they still meet there, they are
// soon spread again; if not, what one goroutine does is as quick as if there had never
// been others.
//
// What orders all of this is the lock: whoever has taken it sees what the one before
// wrote. Parts are added and never taken away.
type parts[S any] struct {
	first  part[S]
	spread atomic.Pointer[[]apartPart[S]] // a part for each processor, while updates are spread
	others atomic.Pointer[others[S]]      // nil until an update has found the first part held
}

// part is one part. S says what it holds, which whoever has taken it may read and
// write.
type part[S any] struct {
	held  atomic.Uint32 // 1 while it is
	bound bool          // it is that of a processor
	state S
}

// apartPart is a part on lines of memory of its own.
type apartPart[S any] struct {
	part[S]
	_ apart
}

// others are the parts beside the first one.
type others[S any] struct {
	spares atomic.Pointer[spare[S]]       // a list to which only the front is added
	bound  atomic.Pointer[[]apartPart[S]] // those of the processors, whether or not updates are spread
	met    meetings
}

type spare[S any] struct {
	apartPart[S]
	next *spare[S]
}

// take returns the first part, which the caller then holds, or nil if it is to use
// takeOther. It is small enough to be inlined.
func (p *parts[S]) take() *part[S] {
	if p.spread.Load() == nil && p.first.take() {
		return &p.first
	}
	return nil
}

// takeOther returns a part that the caller then holds. The function makes what
// another one holds.
func (p *parts[S]) takeOther(fresh func() S) *part[S] {
	if bound := p.spread.Load(); bound != nil {
		if own := &(*bound)[pin()%len(*bound)]; own.take() {
			return &own.part
		}
		unpin()
	}
	o := p.othersOf()
	if o.met.tooOften() {
		p.spread.Store(o.forProcessors(fresh))
	}
	return o.spare(fresh)
}

// othersOf returns the others, and makes them if there are none yet.
func (p *parts[S]) othersOf() *others[S] {
	if p.others.Load() == nil {
		p.others.CompareAndSwap(nil, new(others[S]))
	}
	return p.others.Load()
}

// forProcessors returns a part for each processor.
func (o *others[S]) forProcessors(fresh func() S) *[]apartPart[S] {
	if o.bound.Load() == nil {
		made := make([]apartPart[S], runtime.GOMAXPROCS(0))
		for i := range made {
			made[i].bound, made[i].state = true, fresh()
		}
		o.bound.CompareAndSwap(nil, &made)
	}
	return o.bound.Load()
}

// spare returns a spare part that the caller then holds.
func (o *others[S]) spare(fresh func() S) *part[S] {
	for s := o.spares.Load(); s != nil; s = s.next {
		if s.take() {
			return &s.part
		}
	}
	s := new(spare[S])
	s.state = fresh()
	s.held.Store(1)
	for {
		s.next = o.spares.Load()
		if o.spares.CompareAndSwap(s.next, s) {
			return &s.part
		}
	}
}

func (p *part[S]) take() bool { return p.held.CompareAndSwap(0, 1) }

// give ends what take began.
func (p *part[S]) give() {
	p.held.Store(0)
	if p.bound {
		unpin()
	}
}

// loosen lets the goroutine be taken off the processor that its part is bound to, if it is,
// until fasten: nothing that may take long is to keep the whole program from being
// stopped. Others that come across the part meanwhile go past it, as ever.
func (p *part[S]) loosen() {
	if p.bound {
		unpin()
	}
}

// fasten ends what loosen began. The processor need not be the same.
func (p *part[S]) fasten() {
	if p.bound {
		pin()
	}
}

// takeAttempts bounds how often a reader looks whether a part is free that is
// held. Between two looks others may run, so that an update that was merely
// interrupted gets through.
const takeAttempts = 64

// each calls the function with the state of each part, the first one being the
// first, while it holds the part. It leaves out those whose updates are held up,
// tells whether there were none of them, and leads updates back to the first part. It
// must not be called by two goroutines at once.
func (p *parts[S]) each(f func(*S)) (all bool) {
	if p.spread.Load() != nil {
		p.spread.Store(nil)
	}
	all = p.first.read(f)
	o := p.others.Load()
	if o == nil {
		return all
	}
	for s := o.spares.Load(); s != nil; s = s.next {
		all = s.read(f) && all
	}
	if bound := o.bound.Load(); bound != nil {
		for i := range *bound {
			all = (*bound)[i].read(f) && all
		}
	}
	return all
}

func (p *part[S]) read(f func(*S)) bool {
	for range takeAttempts {
		if p.take() {
			f(&p.state)
			p.held.Store(0)
			return true
		}
		runtime.Gosched()
	}
	return false
}
