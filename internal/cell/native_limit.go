package cell

import (
	"math"
	"time"
	"weak"
)

// limit is called by the update that counted v in a part whose room is used up.
//
// In the first part more buckets are populated than may be, and one step is taken to
// have fewer. It may not be enough: then there is still no room, and the next update
// takes the next step.
//
// Another part has no room at all, so that what populates a bucket there is moved to
// the first part at once: that one has all populated buckets, and tells whether they are
// too many. Where it is held by an update that is held up, this cannot be. Then the
// next update of the part tries again, or the next reader, and meanwhile buckets may be
// populated beyond the limit.
func (n *Native) limit(p *part[nativePart], v float64) {
	first := &n.parts.first
	if p == first {
		if !math.IsNaN(v) {
			n.step(v)
		}
		return
	}
	if takeSoon(first) {
		n.absorb(&p.state, v)
		first.give()
	}
}

// takeSoonAttempts bounds how often a part is tried without letting others run:
// those that hold it and do run are through within the time of a few tries.
const takeSoonAttempts = 16

// takeSoon tries to take a part, and tells whether it could.
func takeSoon(p *part[nativePart]) bool {
	for range takeSoonAttempts {
		if p.take() {
			return true
		}
	}
	return false
}

// absorb moves what another part has counted to the first one, and applies the limit
// if that populates buckets. Both must be held. If the limit is applied by a reset, the
// given observations are kept.
func (n *Native) absorb(other *nativePart, kept ...float64) {
	first := &n.parts.first.state
	n.catchUp(other)
	room := first.room
	first.absorb(other)
	other.room = max(other.room, 0)
	if first.room == room {
		return
	}
	for first.room < 0 && n.step(kept...) {
	}
}

// step does the first thing that is possible to have fewer buckets populated, and
// tells whether anything was. The first part must be held.
func (n *Native) step(kept ...float64) bool {
	if n.mayReset() {
		n.reset(kept...)
		return true
	}
	n.scheduleReset()
	first := &n.parts.first.state
	var d NativeDistribution
	first.store(&d)
	populated := d.populated()
	if !d.widenZero(n.options.MaxZeroThreshold) && !d.coarsen() {
		// Until another bucket is populated, trying again is in vain.
		first.room = 0
		return false
	}
	first.room += populated - d.populated()
	first.use(d.Schema, d.ZeroThreshold)
	first.zero = d.ZeroCount
	for sign, buckets := range d.signs() {
		first.windows[sign].arrange(*buckets)
	}
	return true
}

// mayReset tells whether the limit may be applied by a reset. If one is going to
// happen anyway, it may not.
func (n *Native) mayReset() bool {
	shortest := n.options.MinResetDuration
	return shortest != 0 && !n.scheduled && time.Since(n.since) >= shortest
}

// scheduleReset sees to it that what the other ways to apply the limit have
// changed does not stay changed.
func (n *Native) scheduleReset() {
	shortest := n.options.MinResetDuration
	if shortest <= 0 || n.scheduled {
		return
	}
	n.scheduled = true
	n.after(shortest-time.Since(n.since), func(n *Native) {
		n.due = true
		n.resetDue()
	})
}

// resetPause is how long it takes until a reset is tried again that could not be made,
// because an update was held up.
const resetPause = 100 * time.Millisecond

// resetDue makes a reset that is due, if need be later. The caller must hold mu.
func (n *Native) resetDue() {
	if n.gather(); n.due {
		n.after(resetPause, func(n *Native) {
			if n.due { // no reader has made it
				n.resetDue()
			}
		})
	}
}

// after calls a function some time later, holding mu. Waiting for that does not keep the
// histogram alive.
func (n *Native) after(pause time.Duration, do func(*Native)) {
	histogram := weak.Make(n)
	time.AfterFunc(pause, func() {
		if n := histogram.Value(); n != nil {
			n.mu.Lock()
			defer n.mu.Unlock()
			do(n)
		}
	})
}

// reset drops all observations but those given. The first part must be held. What
// other parts have counted is dropped when they are next taken.
func (n *Native) reset(kept ...float64) {
	n.resets.Add(1)
	n.scheduled = false
	n.beginFirst()
	first := &n.parts.first.state
	for _, v := range kept {
		first.count(v, n.options.Bounds)
	}
}

// beginFirst makes the first part that of a histogram without observations.
func (n *Native) beginFirst() {
	first := &n.parts.first.state
	n.begin(first)
	n.since = time.Now()
	if n.options.MaxBuckets != 0 {
		first.room = int64(n.options.MaxBuckets)
	}
}
