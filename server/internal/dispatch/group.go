package dispatch

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// minFlushTime is what a flush may take where the group interval is shorter.
const minFlushTime = 10 * time.Second

// group is the alerts that one route tells about together. It is never empty.
type group struct {
	route  *route.Route
	key    string // route.GroupKey(labels)
	labels model.LabelSet
	alerts map[model.Fingerprint]*alert.Alert

	next     time.Time // when the next flush is due
	flushes  uint64    // how many there were
	flushing bool      // a flush is out; the next waits until it is done
}

func newGroup(id groupID, labels model.LabelSet, first *alert.Alert, now time.Time) *group {
	return &group{
		route:  id.route,
		key:    id.key,
		labels: labels,
		alerts: make(map[model.Fingerprint]*alert.Alert),
		next:   firstFlush(id.route, first, now),
	}
}

// Flush is one notification that is due. Its fields are the caller's to read.
type Flush struct {
	Route       *route.Route
	GroupKey    string
	GroupLabels model.LabelSet
	// ID counts the flushes of the group, from 1.
	ID uint64
	// Due is when the group was due, At when the flush was handed out, which is later
	// if the one before it took so long. Deadline is when it must be over.
	Due, At, Deadline time.Time
	// Alerts are copies of the group's alerts as of At, or as of when it was this
	// copy's turn to notify, sorted. One that fires has no end, so that it cannot
	// resolve while it is told about; every other one is resolved.
	Alerts []*alert.Alert

	group    *group
	resolved map[model.Fingerprint]*alert.Alert // as the group held them
}

// firstFlush is when a group is due that is created at now by this alert: after
// the group wait, or at once if the alert has waited that long elsewhere.
func firstFlush(r *route.Route, a *alert.Alert, now time.Time) time.Time {
	if a.StartsAt.Add(r.GroupWait).Before(now) {
		return now
	}
	return now.Add(r.GroupWait)
}

// flush takes the snapshot and sets the timer for the flush after this one.
func (g *group) flush(now time.Time) *Flush {
	due := g.next
	g.next = now.Add(g.route.GroupInterval)
	g.flushing = true
	g.flushes++
	f := &Flush{
		Route:       g.route,
		GroupKey:    g.key,
		GroupLabels: g.labels,
		ID:          g.flushes,
		Due:         due,
		At:          now,
		Deadline:    now.Add(max(g.route.GroupInterval, minFlushTime)),
		Alerts:      make([]*alert.Alert, 0, len(g.alerts)),
		group:       g,
		resolved:    make(map[model.Fingerprint]*alert.Alert),
	}
	for fp, held := range g.alerts {
		f.Alerts = append(f.Alerts, f.snapshot(fp, held, now))
	}
	alert.Sort(f.Alerts)
	return f
}

// snapshot returns the copy of an alert that the flush tells about.
func (f *Flush) snapshot(fp model.Fingerprint, held *alert.Alert, now time.Time) *alert.Alert {
	a := *held
	if a.ResolvedAt(now) {
		f.resolved[fp] = held
	} else {
		delete(f.resolved, fp)
		a.EndsAt = time.Time{}
	}
	return &a
}

// renew makes the alerts of a flush what they are at now, some time after it was
// handed out. Those that came into the group since wait for its next flush all the
// same, and those that left it stay as they were.
func (f *Flush) renew(now time.Time) {
	for i, a := range f.Alerts {
		fp := a.Fingerprint()
		if held := f.group.alerts[fp]; held != nil {
			f.Alerts[i] = f.snapshot(fp, held, now)
		}
	}
}

// forget removes what was resolved in a flush that succeeded, except for alerts
// that have changed since.
func (g *group) forget(f *Flush) {
	for fp, told := range f.resolved {
		if g.alerts[fp] == told {
			delete(g.alerts, fp)
		}
	}
}

// sortByAge sorts the longest active first, so that a group that is created from
// a list of alerts is created by its oldest one.
func sortByAge(alerts []*alert.Alert) {
	slices.SortFunc(alerts, func(a, b *alert.Alert) int {
		if c := a.StartsAt.Compare(b.StartsAt); c != 0 {
			return c
		}
		if a.Labels.Before(b.Labels) {
			return -1
		}
		return 1
	})
}
