package series

import (
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Handle is what the users of a series that can expire hold and update: it leads
// to the life that the series has now, and begins another one if that is over.
//
// An update goes to the life that it finds, and only then asks whether that is
// still going on (Updated, Renew); if not, it is made once more, on the life that has
// begun. Whoever ends a life does so by one exchange of the stamp, so an update
// is either in a life that had not ended by then or it is made again: none is
// lost, however long a goroutine is held up in between.
//
// Two handles have the same labels if one was made after the life of the other
// was over. They meet: whoever finds its life over looks for the series in the
// table, and shares the life that it has.
//
// S is what a life does.
type Handle[S any] struct {
	life  atomic.Pointer[Life[S]] // replaced with the lock of the table held
	clock *Clock
	lives reviver[S]
	own   *Entry // of the child that the handle was made for, which may have gone since
	child any    // that child, whose type only Lives know
}

// Life is what a series is from its beginning or its return until it expires or
// is deleted.
type Life[S any] struct {
	State S
	stamp stamp
}

// reviver is Lives without the type of the table's items.
type reviver[S any] interface {
	due(*stamp, int64) bool
	revive(*Handle[S], *Life[S]) bool
	alive(*Handle[S]) bool
}

// Lives is what the handles of one table have in common. T, what the table holds,
// is or contains a handle.
type Lives[T, S any] struct {
	table  *Table[T]
	begin  func(*S)
	handle func(T) *Handle[S]
}

// Expire makes the series of a table, which must be empty and not yet in use,
// expire when they have not been updated for ttl, which must be positive. The
// first function makes of a zero value the state of a series that begins now; the
// other one returns the handle of what the table holds. Both run under the
// table's lock.
func Expire[T, S any](t *Table[T], ttl time.Duration, begin func(*S), handle func(T) *Handle[S]) *Lives[T, S] {
	t.expire(ttl, func(item T) *stamp { return &handle(item).life.Load().stamp })
	return &Lives[T, S]{table: t, begin: begin, handle: handle}
}

// Begin makes a handle that of a child which is being made, and begins its first
// life: it is for the function that is given to NewTable.
func (l *Lives[T, S]) Begin(h *Handle[S], c *Child[T]) {
	life := new(Life[S])
	l.begin(&life.State)
	clock := l.table.expiry.clock
	life.stamp.at.Store(clock.elapsed())
	h.clock, h.lives, h.own, h.child = clock, l, &c.Entry, c
	h.life.Store(life)
}

// Life returns the present life, which may be over.
func (h *Handle[S]) Life() *Life[S] { return h.life.Load() }

// Labels returns the labels of the series.
func (h *Handle[S]) Labels() *exposition.Labels { return &h.own.Labels }

// Updated tells, without a call, whether an update of a life counts, because the
// series has said in this epoch already that it is in use. If not, ask Renew.
func (h *Handle[S]) Updated(l *Life[S]) bool { return l.stamp.at.Load() == h.clock.epoch.Load() }

// Renew tells whether an update of a life counts, and takes note of it. If not,
// the life was over, and the update is to be made once more.
func (h *Handle[S]) Renew(l *Life[S]) bool {
	if l.stamp.at.Load() == orphaned { // for which no epoch need begin
		return true
	}
	now := h.clock.read()
	for {
		at := l.stamp.at.Load()
		switch {
		case at == orphaned || at >= now:
			return true
		case at == expired || h.lives.due(&l.stamp, at):
			return h.lives.revive(h, l)
		case l.stamp.at.CompareAndSwap(at, now):
			return true
		}
	}
}

func (l *Lives[T, S]) due(s *stamp, at int64) bool { return l.table.expiry.due(s, at) }

// revive leads a handle to the life that its series has now, and begins one if
// it has none. It returns true if the life that was thought to be over is not.
func (l *Lives[T, S]) revive(h *Handle[S], life *Life[S]) bool {
	t := l.table
	t.mu.Lock()
	defer t.unlock()
	if h.life.Load() != life { // somebody else has done it
		return false
	}
	now := t.expiry.now()
	t.current(h.own, now)  // which makes sure of the life
	if t.overflow != nil { // or it is this one's
		t.expireIfDue(t.overflow, now)
	}
	if at := life.stamp.at.Load(); at != expired {
		if at != orphaned {
			life.stamp.at.CompareAndSwap(at, now) // or somebody else has updated it
		}
		return true
	}
	c := t.obtain(*h.own)
	t.comeBack(c, h.child.(*Child[T]))
	l.lead(h, c)
	return false
}

// lead has a handle share the life of a series. It needs the lock of the table.
func (l *Lives[T, S]) lead(h *Handle[S], c *Child[T]) { h.life.Store(l.handle(c.Item).life.Load()) }

// Latest returns the life to read: the one that the series has now, whoever began
// it, or the last that the handle led to if the series does not exist.
func (h *Handle[S]) Latest() *Life[S] {
	if h.life.Load().stamp.at.Load() == expired {
		h.lives.alive(h)
	}
	return h.life.Load()
}

// Alive tells whether the series exists, which may have expired, and the handle
// leads to it, which may be an orphan.
func (h *Handle[S]) Alive() bool { return h.lives.alive(h) }

func (l *Lives[T, S]) alive(h *Handle[S]) bool {
	t := l.table
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.current(h.own, t.expiry.now())
	if c == nil {
		return false
	}
	if h.life.Load().stamp.at.Load() == expired {
		l.lead(h, c)
	}
	return h.life.Load() == l.handle(c.Item).life.Load()
}

// Over tells whether the life that the handle leads to has expired, as far as one
// can tell without a lock. Who finds a handle in another way than by the table asks
// the table again then.
func (h *Handle[S]) Over() bool {
	s := &h.life.Load().stamp
	at := s.at.Load()
	return at == expired || at != orphaned && h.lives.due(s, at)
}
