package series

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// expiry is the part of a table that makes its series expire. It looks at their
// stamps and never at what they hold.
//
// Nothing runs while there is nothing that could expire. Otherwise a timer looks
// now and then whether it is time for a sweep, which goes through all series, so
// that memory comes back though nobody gathers. Whoever needs to know exactly (a
// gather, a lookup, a series that comes back) does not wait for the timer but
// looks at the stamps itself.
type expiry[T any] struct {
	ttl   int64
	clock *Clock
	stamp func(T) *stamp // of the present life of an item
	timer *time.Timer

	sweeping sync.Mutex // held during a sweep, by who does not hold the table's lock

	// No series expires before. Written with the lock of the table held.
	next atomic.Int64

	// Guarded by the lock of the table.
	seen int64 // what now has returned last
	wake int64 // when the timer fires, 0 if it does not run
	// What next is going to be when the sweep is through that is under way: of
	// the series that it has left so far, and of those that were made meanwhile.
	coming  int64
	cleared int64 // when all series were last looked at to make room
	// The last epoch that lasted too long, and when it ended: what has its stamp
	// counts as updated until then.
	long struct{ epoch, until int64 }
}

const never = math.MaxInt64

// A timer is often late by some time however short the time to live is: such a
// delay does not count as one in which the program could not run, and the timer
// never fires all the time.
const (
	standstill = int64(100 * time.Millisecond)
	pause      = int64(time.Millisecond)
)

// longest is a time to live that no program sees the end of, 73 years, and that can
// be added to any time without an overflow.
const longest = 1 << 61

func (t *Table[T]) expire(ttl time.Duration, stampOf func(T) *stamp) {
	ttl = min(ttl, longest)
	x := &expiry[T]{ttl: int64(ttl), stamp: stampOf}
	x.next.Store(never)
	x.clock = newClock(ttl, t.sweepNow)
	x.timer = idleTimer(t.wakeUp)
	t.expiry = x
}

// now returns the present time. If the timer should have fired long ago, the
// program could not run in the meantime, nor update anything: that time does not
// count. If time went back, it is told by another clock from now on, that of a
// bubble of testing/synctest or again the system's, and goes on. It needs the lock
// of the table.
func (x *expiry[T]) now() int64 {
	now := x.clock.elapsed()
	switch {
	case now < x.seen:
		now = x.jump(now, x.seen)
	case x.wake != 0 && now-x.wake > max(x.ttl/4, standstill):
		now = x.jump(now, max(x.wake, x.seen))
	}
	x.seen = now
	return now
}

// jump has the time go on from where it should be, which it returns. It needs the
// lock of the table.
func (x *expiry[T]) jump(now, to int64) int64 {
	x.clock.lost.Add(now - to)
	// Some have had the time that does not count already, and others were
	// updated after it in an epoch from before.
	if epoch := x.clock.epoch.Swap(0); epoch != 0 {
		x.long.epoch, x.long.until = epoch, to
	}
	x.next.Store(to)
	return to
}

// expect takes note of a series that was stamped. It needs the lock of the table.
func (x *expiry[T]) expect(at int64) {
	x.next.Store(min(x.next.Load(), at+x.ttl))
	x.coming = min(x.coming, at+x.ttl)
	if x.wake == 0 {
		x.setTimer(at)
	}
}

// setTimer has the timer fire a little after something can expire, so that a sweep
// has many series to remove, but not too late to see that the program stood
// still. It needs the lock of the table.
func (x *expiry[T]) setTimer(now int64) {
	next := x.next.Load()
	if next == never {
		x.rest()
		return
	}
	x.wake = max(now+pause, min(next+x.ttl/64, now+x.ttl/8))
	x.timer.Reset(time.Duration(x.wake - now))
}

// rest stops the timer, for there is nothing left that could expire. It needs the
// lock of the table.
func (x *expiry[T]) rest() {
	x.next.Store(never)
	x.wake = 0
	x.timer.Stop()
}

// wakeUp is what the timer does.
func (t *Table[T]) wakeUp() {
	if !t.sweepIfDue() {
		t.mu.Lock()
		t.expiry.setTimer(t.expiry.now())
		t.mu.Unlock()
	}
}

// sweepIfDue removes what has expired, and tells whether there could be anything.
func (t *Table[T]) sweepIfDue() bool {
	if !t.due() {
		return false
	}
	t.expiry.sweeping.Lock()
	defer t.expiry.sweeping.Unlock()
	if t.due() { // or somebody else has done it
		t.sweep()
	}
	return true
}

// due tells whether something can have expired.
func (t *Table[T]) due() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.expiry.now() >= t.expiry.next.Load()
}

// sweepNow removes what has expired.
func (t *Table[T]) sweepNow() {
	t.expiry.sweeping.Lock()
	defer t.expiry.sweeping.Unlock()
	t.sweep()
}

// sweepChunk is how many series a sweep looks at before it lets others have the
// lock.
const sweepChunk = 256

// sweep goes through all series. Sweeping is held, but not the lock.
func (t *Table[T]) sweep() {
	x := t.expiry
	t.mu.Lock()
	now := x.now()
	if epoch, late := x.clock.finish(now); late {
		x.long.epoch, x.long.until = epoch, now
	}
	x.coming = never
	lists := [...][]*Child[T]{t.ordered, slices.Clone(t.added)}
	t.mu.Unlock()

	for _, list := range lists {
		for chunk := range slices.Chunk(list, sweepChunk) {
			t.mu.Lock()
			now = x.now() // some may have been updated since the sweep began
			for _, c := range chunk {
				if !c.deleted && !t.expireIfDue(c, now) {
					t.remain(c, now)
				}
			}
			t.unlock()
		}
	}

	t.mu.Lock()
	x.next.Store(x.coming)
	t.forget()
	x.setTimer(x.now())
	t.mu.Unlock()
}

// makeRoom removes what has expired, now that there is no room for another
// series. It looks at all series with the lock held, so it does that no more often
// than the clock is exact. It needs the lock.
func (t *Table[T]) makeRoom() {
	x := t.expiry
	now := x.now()
	if now < x.next.Load() || now < x.cleared+x.clock.horizon() {
		return
	}
	x.cleared = now
	next := int64(never)
	for c := range t.all() {
		if !t.expireIfDue(c, now) {
			next = min(next, t.remain(c, now))
		}
	}
	x.next.Store(next)
	t.forget()
}

// remain returns the time before which a series does not expire that a sweep
// leaves, and takes note of it. The stamp then says when the series was last
// updated, also if that was in an epoch that lasted too long, or in a time that
// does not count.
func (t *Table[T]) remain(c *Child[T], now int64) (next int64) {
	x := t.expiry
	s := x.stamp(c.Item)
	at := s.at.Load()
	if last := x.last(at, now); last != at && s.at.CompareAndSwap(at, last) {
		at = last
	}
	if s.pinned.Load() {
		return never
	}
	x.coming = min(x.coming, at+x.ttl)
	return at + x.ttl
}

// last returns when a series that has that stamp may have been last updated.
func (x *expiry[T]) last(at, now int64) int64 {
	if at == x.long.epoch {
		at = x.long.until
	}
	return min(at, now)
}

// expireIfDue removes a series that is there if it has expired, and tells whether
// it had. It needs the lock.
func (t *Table[T]) expireIfDue(c *Child[T], now int64) bool {
	x := t.expiry
	s := x.stamp(c.Item)
	at := s.at.Load()
	if !s.due(x.last(at, now), x.ttl, now) || at == x.clock.epoch.Load() || !s.at.CompareAndSwap(at, expired) {
		return false
	}
	t.remove(c)
	return true
}

// quiet tells, without looking at any series, that none can have expired. It says
// so only while there is an epoch, or it would have to ask for the time.
func (x *expiry[T]) quiet() bool {
	epoch := x.clock.epoch.Load()
	return epoch != 0 && epoch+x.clock.horizon() < x.next.Load()
}

// Settled tells that no series of the table can have expired unnoticed.
func (t *Table[T]) Settled() bool { return t.expiry == nil || t.expiry.quiet() }

// due tells whether a series with that stamp has expired, as far as one can tell
// without the lock: a few that have not may seem to. It asks for the time only
// where the epoch is too coarse.
func (x *expiry[T]) due(s *stamp, at int64) bool {
	return s.due(at, x.ttl, x.clock.read()+x.clock.horizon()) && s.due(at, x.ttl, x.clock.elapsed())
}

// expired tells of a series that was found what due tells of a stamp.
func (t *Table[T]) expired(c *Child[T]) bool {
	x := t.expiry
	if x.quiet() {
		return false
	}
	s := x.stamp(c.Item)
	at := s.at.Load()
	return at == expired || at != orphaned && x.due(s, at)
}

// Pin does what Create does, and keeps the series from expiring until it is
// deleted. One that only stands for it is not kept.
func (t *Table[T]) Pin(values []string) *Child[T] {
	e := t.Entry(values)
	for {
		c := t.Obtain(e)
		if !c.is(&e) || t.pin(c) {
			return c
		}
	}
}

// pin fails if the series has expired or been deleted.
func (t *Table[T]) pin(c *Child[T]) bool {
	if t.expiry == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.expiry.stamp(c.Item)
	s.pinned.Store(true)
	at := s.at.Load()
	return at != expired && at != orphaned
}
