package dispatch

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// This file is how a pipeline goes on after the process was away.

// Restored is what an earlier run had.
type Restored struct {
	// SavedAt is the last instant of which anything is known.
	SavedAt time.Time
	// Alerts are those of the store, the resolved ones too.
	Alerts []*alert.Alert
	// Groups say when each group was due.
	Groups []GroupChange
}

// Restore goes on from what an earlier run had. It must be called before the first
// Apply: that makes the groups. Alerts that fire are in them again; one that ended
// is in those whose receiver was told that it fires.
//
// The alerts belong to the pipeline from then on.
func (p *Pipeline) Restore(r Restored) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restored = r
}

// resume takes in what was restored, under the first configuration.
func (p *Pipeline) resume(now time.Time) {
	p.store.Restore(now, p.restored.SavedAt, p.restored.Alerts)
	p.sub.Take() // all of it is in the store, and what comes from now on is not lost
	p.dispatcher.Resume(p.store.All(), p.restored.Groups, p.shared.Log.Told(), now)
	p.restored = Restored{}
}

// Resume fills a dispatcher that has no groups yet. Those that are known go on with
// their timers. An alert that is resolved gets only into groups of which somebody was
// told that it fires: the others have told its end already, or never had anything to
// tell.
func (d *Dispatcher) Resume(alerts []*alert.Alert, groups []GroupChange, told notify.Told, now time.Time) {
	alerts = slices.Clone(alerts)
	sortByAge(alerts)
	for _, a := range alerts {
		d.place(a, now, func(id groupID, _ model.Fingerprint) bool { return told(id.key, id.route.Receiver, a.Labels) })
	}
	d.rewind(groups, now)
}

// rewind gives groups the timers that they had. One that was due meanwhile is due at
// once; none waits longer than it would under the present configuration. Those that
// have no alerts any more are gone.
func (d *Dispatcher) rewind(groups []GroupChange, now time.Time) {
	known := make(map[GroupID]GroupChange, len(groups))
	for _, c := range groups {
		known[c.Group] = c
	}
	for _, g := range d.queue {
		c, ok := known[g.id()]
		if !ok {
			continue
		}
		delete(known, g.id())
		wait := g.route.GroupWait
		if c.Flushes > 0 {
			wait = g.route.GroupInterval
		}
		g.next, g.flushes = earliest(c.Next, now.Add(wait)), c.Flushes
		if g.next.Before(now) {
			g.next = now
		}
		d.changed(g)
	}
	d.queue.init()
	for id := range known {
		d.changes = append(d.changes, GroupChange{Group: id, Gone: true})
	}
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
