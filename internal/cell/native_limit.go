package cell

import (
	"math"
	"runtime"
	"time"
	"weak"
)

// limitAttempts bounds how often an update that applies the limit looks whether
// others are through. It does not pause in between: those that are running are
// through within the time of a look, and for others it does not wait.
const limitAttempts = 8

// limit is called by the update that counted v and found no room. If more
// buckets are populated than may be, it takes one step to have fewer. One step
// may not be enough: then there is still no room, and the next update takes
// the next one.
//
// Nothing is changed under the feet of other updates. First all that has been
// observed is brought to the totals, and the closed side is idle; the step is
// made on the totals; the idle side gets their new layout and is opened. What the
// side now closed has gathered meanwhile, by the old layout, is moved to
// the totals as ever.
//
// That takes an idle side. While an update is held up there is none, and buckets
// may be populated beyond the limit; every update looks again.
func (n *Native) limit(v float64) {
	if !n.mu.TryLock() {
		return
	}
	defer n.mu.Unlock()
	if !n.gather(limitAttempts, func() {}) {
		n.open().room.Store(-1) // to be looked at; right again when it is drained
		return
	}
	if n.totals.populated() <= int64(n.options.MaxBuckets) {
		return
	}
	if n.mayReset() {
		n.reset(v)
	} else {
		n.scheduleReset()
		if !n.totals.widenZero(n.options.MaxZeroThreshold) && !n.totals.coarsen() {
			// Until another bucket is populated, trying again is in vain.
			n.allow(n.totals.populated())
			return
		}
		n.prepare(n.closed())
		n.swap()
	}
	n.drain(1, func() {})
}

// allow sets how many buckets may be populated before the limit is applied.
func (n *Native) allow(buckets int64) {
	for i := range n.sides {
		n.sides[i].room.Add(buckets - n.allowed)
	}
	n.allowed = buckets
}

// room returns how many more buckets may be populated.
func (n *Native) room() int64 {
	if n.options.MaxBuckets == 0 {
		return math.MaxInt64
	}
	return n.allowed - n.totals.populated()
}

// mayReset tells whether the limit may be applied by a reset. If one is going to
// happen anyway, it may not.
func (n *Native) mayReset() bool {
	shortest := n.options.MinResetDuration
	return shortest != 0 && !n.scheduled && time.Since(n.since) >= shortest
}

// scheduleReset sees to it that what the other ways to apply the limit have
// changed does not stay changed. The timer does not keep the histogram alive.
func (n *Native) scheduleReset() {
	shortest := n.options.MinResetDuration
	if shortest <= 0 || n.scheduled {
		return
	}
	n.scheduled = true
	histogram := weak.Make(n)
	time.AfterFunc(shortest-time.Since(n.since), func() {
		if n := histogram.Value(); n != nil {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.due = true
			n.gather(takeAttempts, runtime.Gosched)
		}
	})
}

// reset drops all observations but those given. There must be an idle side.
func (n *Native) reset(kept ...float64) {
	n.restart()
	idle := n.closed()
	n.prepare(idle)
	for _, v := range kept {
		idle.add(v, n.Bucket(v))
	}
	n.swap()
	n.swapped -= uint64(len(kept)) // what has started on the side that is now open
	n.dropped = true
}

// restart makes the totals those of a new histogram.
func (n *Native) restart() {
	t := &n.totals
	clear(t.Counts)
	n.since = time.Now()
	*t = NativeDistribution{
		Distribution:  Distribution{Counts: t.Counts},
		Schema:        n.options.Schema,
		ZeroThreshold: n.options.ZeroThreshold,
		Positive:      t.Positive[:0],
		Negative:      t.Negative[:0],
		Since:         n.since.UnixNano(),
	}
	n.allowed = int64(n.options.MaxBuckets)
	n.scheduled, n.due = false, false
}
