package dispatch

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// This file is how a pipeline goes on after the process was away.

// Snapshot returns what another pipeline needs to go on where this one is: every
// alert of the store and those that groups have still to tell, and what was
// notified. It may be called while the pipeline runs.
//
// The alerts are looked at first: what is told between the two looks is then in
// the log, and is not told again.
func (p *Pipeline) Snapshot() ([]*alert.Alert, []notify.Record) {
	return p.alerts(), p.shared.Log.All()
}

// alerts looks at groups and store at one moment: between two, an alert could pass
// from one to the other.
func (p *Pipeline) alerts() []*alert.Alert {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[model.Fingerprint]*alert.Alert)
	if p.dispatcher != nil {
		for _, g := range p.dispatcher.groups {
			maps.Copy(all, g.alerts)
		}
	}
	for _, a := range p.store.All() {
		all[a.Fingerprint()] = a // the store knows the latest
	}
	return slices.Collect(maps.Values(all))
}

// Restore goes on from a snapshot. It must be called before the first Apply: that
// makes the groups. Alerts that fire are in them again; one that ended while the
// process was away is in those whose receiver was told that it fires.
func (p *Pipeline) Restore(now time.Time, alerts []*alert.Alert, notified []notify.Record) {
	p.shared.Log.Restore(now, notified)
	p.store.Restore(now, alerts)
}

// Resume fills a dispatcher that has no groups yet. An alert that is resolved
// gets only into groups of which somebody was told that it fires: the others have
// told its end already, or never had anything to tell.
func (d *Dispatcher) Resume(alerts []*alert.Alert, told notify.Told, now time.Time) {
	alerts = slices.Clone(alerts)
	sortByAge(alerts)
	for _, a := range alerts {
		d.place(a, now, func(id groupID, _ model.Fingerprint) bool { return told(id.key, id.route.Receiver, a.Labels) })
	}
}
