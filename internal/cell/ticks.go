package cell

import (
	"math"
	"sync/atomic"
	"time"
)

// ticks is a clock that costs one load to look at, where asking for the time costs more
// than all else that an update does. A timer sets it at each tick, as long as the
// process observes so much that it pays. So it is behind by up to a tick and by what
// the timer is late. Who has something to do at some time looks at the clock until
// tickMargin before, and asks for the time from there on: nothing is done too late
// unless timers are late by more than a tick.
//
// In a bubble of testing/synctest there is another time than the one that this clock
// shows. So it is not for those who have not seen time pass while they were running,
// which it does not do in a bubble.
var ticks = newTicker()

// ticker is such a clock. Anybody may read now. The timer's function writes it, and
// whoever has set running, before the timer is started; so these never do at once.
type ticker struct {
	now     atomic.Int64 // nanoseconds since began; never while the timer does not run
	running atomic.Bool  // whoever sets it starts the timer, which unsets it when it ends
	used    atomic.Bool  // since the last tick
	timer   *time.Timer  // made outside of any bubble, and started only from there
}

const (
	tick       = 100 * time.Millisecond
	tickMargin = 2 * tick

	never = math.MaxInt64
)

func newTicker() *ticker {
	t := new(ticker)
	t.now.Store(never)
	t.timer = time.AfterFunc(never, t.tick)
	t.timer.Stop()
	return t
}

// use keeps the ticker running for the next two ticks, or starts it, unless time does not
// pass for the caller.
func (t *ticker) use() {
	if !t.used.Load() {
		t.used.Store(true)
	}
	if !t.running.Load() && timePasses() && t.running.CompareAndSwap(false, true) {
		t.now.Store(int64(time.Since(began)))
		t.timer.Reset(tick)
	}
}

// tick is called by the timer.
func (t *ticker) tick() {
	if t.used.Swap(false) {
		t.now.Store(int64(time.Since(began)))
		t.timer.Reset(tick)
		return
	}
	t.now.Store(never)
	t.running.Store(false)
}

// timePasses tells whether time passes while the caller is running. It does not in a
// bubble, and cannot be seen to where clocks have large steps.
func timePasses() bool {
	first := time.Since(began)
	return time.Since(began) != first
}
