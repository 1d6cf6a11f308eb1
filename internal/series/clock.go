package series

import (
	"math"
	"sync/atomic"
	"time"
)

// Clock tells the handles on the series of one table, at the price of a load,
// whether they have said lately that they are in use.
//
// Time goes in epochs. One begins with the first update that finds none, which
// asks the system for the time; until it ends, a step later, whoever updates a
// series for the first time stamps it with the beginning of the epoch, and later
// updates find that stamp and have nothing to do. So while nothing is updated,
// nothing runs, and the first update after a pause is stamped to the nanosecond;
// others are stamped up to two steps too early, unless an epoch lasts longer
// because the program could not run: then finish says so.
//
// Any number of goroutines may ask. The epoch is one word, which is exchanged as
// a whole.
type Clock struct {
	epoch atomic.Int64 // when the present one began, 0 if there is none
	base  time.Time    // what times are counted from, by the monotonic clock
	lost  atomic.Int64 // time that does not count, see expiry.now
	step  int64        // how long an epoch lasts
	timer *time.Timer  // ends it
}

// newClock returns a clock for series that live so long. The function is called,
// instead of ending the epoch, when it has lasted too long.
func newClock(ttl time.Duration, overdue func()) *Clock {
	c := &Clock{base: time.Now(), step: max(1, int64(ttl)>>10, min(int64(time.Millisecond), int64(ttl)>>4))}
	c.timer = idleTimer(func() {
		epoch := c.epoch.Load()
		if epoch != 0 && c.late(epoch, c.elapsed()) {
			overdue()
			return
		}
		c.epoch.CompareAndSwap(epoch, 0) // a younger one may end early
	})
	return c
}

// idleTimer returns a timer that does not run until it is reset.
func idleTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// elapsed returns the present time. It is never 0, and times before it are
// positive, too.
func (c *Clock) elapsed() int64 { return int64(time.Since(c.base)) - c.lost.Load() + 1 }

// read returns the beginning of the present epoch, which is at most horizon ago
// unless the epoch lasts too long.
func (c *Clock) read() int64 {
	for {
		if epoch := c.epoch.Load(); epoch != 0 {
			return epoch
		}
		now := c.elapsed()
		if c.epoch.CompareAndSwap(0, now) {
			c.timer.Reset(time.Duration(c.step))
			return now
		}
	}
}

// finish ends the present epoch. It returns when that began, 0 if there was
// none, and whether it lasted so long that stamps of it say too little: the
// series that have one may have been updated at any time until now.
func (c *Clock) finish(now int64) (epoch int64, late bool) {
	epoch = c.epoch.Swap(0)
	return epoch, epoch != 0 && c.late(epoch, now)
}

func (c *Clock) late(epoch, now int64) bool { return now-epoch > c.horizon() }

func (c *Clock) horizon() int64 { return 2 * c.step }

// stamp says when a series was last updated.
type stamp struct {
	at     atomic.Int64 // a time of the clock, or one of those below
	pinned atomic.Bool  // it does not expire; set with the lock of the table held
}

// What a stamp says of a life that is over. No epoch begins then, and they are
// before any time.
const (
	expired  int64 = math.MinInt64 + iota // another life can follow
	orphaned                              // the handle is an orphan
)

// due tells whether a series with that stamp has lived its time to live.
func (s *stamp) due(at, ttl, now int64) bool { return at <= now-ttl && !s.pinned.Load() }
