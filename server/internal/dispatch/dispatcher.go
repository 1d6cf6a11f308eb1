// Package dispatch decides when whom is told about which alerts, and carries it
// out.
//
// [Dispatcher] is the deciding part: it sorts alerts into groups and says which
// groups are due. It is told the time and does nothing by itself. [Pipeline] is
// the part that acts: it takes alerts from their store, drops those that are
// muted, and has the receivers notified. Only driver.go looks at a clock.
package dispatch

import (
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// Dispatcher holds the groups of alerts and their timers. It is a state machine
// for one goroutine at a time: Insert puts alerts in, Advance hands out the
// flushes that are due, and Done takes back each of them with its outcome.
type Dispatcher struct {
	root   *route.Route
	groups map[groupID]*group
	queue  queue // the groups that are not flushing
	estate estate
	// notBefore is when the first flush may be handed out. Timers run before it too.
	notBefore time.Time
	changes   []GroupChange // since Changes was called last
}

// groupID tells groups apart. Two routes can share a key, hence the route.
type groupID struct {
	route *route.Route
	key   string
}

// NewDispatcher returns a dispatcher without groups that sorts by this tree, and
// hands out no flush before the given time.
func NewDispatcher(root *route.Route, notBefore time.Time) *Dispatcher {
	return &Dispatcher{root: root, groups: make(map[groupID]*group), estate: make(estate), notBefore: notBefore}
}

// Insert puts an alert, or its new version, into the groups of the routes that
// take it.
func (d *Dispatcher) Insert(a *alert.Alert, now time.Time) {
	fp := a.Fingerprint()
	for _, r := range d.root.Match(a.Labels) {
		labels := r.GroupLabels(a.Labels)
		d.put(groupID{r, r.GroupKey(labels)}, labels, fp, a, now)
	}
}

func (d *Dispatcher) put(id groupID, labels model.LabelSet, fp model.Fingerprint, a *alert.Alert, now time.Time) {
	g := d.groups[id]
	if g == nil {
		g = d.create(id, labels, a, now)
	}
	g.alerts[fp] = a
}

// create adds a group, a new one or one of an earlier tree that goes on, of which
// a is the first alert.
func (d *Dispatcher) create(id groupID, labels model.LabelSet, a *alert.Alert, now time.Time) *group {
	g := d.estate.take(id)
	if g == nil {
		g = newGroup(id, labels, a, now)
	} else {
		g.succeed(id.route, a, now)
	}
	d.groups[id] = g
	d.changed(g)
	if !g.flushing {
		d.queue.push(g)
	}
	return g
}

// Advance returns the flushes that are due at now, and when to call again at the
// latest: zero if nothing is waiting. A group whose last flush is not done yet
// is passed over, and is due as soon as it is.
func (d *Dispatcher) Advance(now time.Time) (due []*Flush, next time.Time) {
	if now.Before(d.notBefore) {
		if len(d.queue) > 0 {
			next = d.notBefore
		}
		return nil, next
	}
	for len(d.queue) > 0 && !d.queue[0].next.After(now) {
		g := d.queue.pop()
		due = append(due, g.flush(now))
		d.changed(g)
	}
	if len(d.queue) > 0 {
		next = d.queue[0].next
	}
	return due, next
}

// Outcome is what became of a flush.
type Outcome struct {
	// Told says that everybody was told who had to be. If not, everything is told
	// again with the next flush.
	Told bool
	// RepeatAt is when somebody has to be told again if nothing changes, should that
	// be before the group is due anyway; zero if that is soon enough.
	RepeatAt time.Time
}

// Done takes back a flush. If everybody was told, the alerts that it told to be
// resolved leave the group, and an empty group goes; if not, they are told again
// with the next flush.
func (d *Dispatcher) Done(f *Flush, o Outcome) {
	g := f.group
	g.flushing = false
	id := groupID{g.route, g.key}
	if d.groups[id] != g {
		d.estate.remove(g) // its tree is gone, and nothing goes on as this group
		return
	}
	if o.Told {
		g.forget(f)
	}
	if len(g.alerts) == 0 {
		delete(d.groups, id)
		d.gone(g)
		return
	}
	if !o.RepeatAt.IsZero() && o.RepeatAt.Before(g.next) {
		g.next = o.RepeatAt
		d.changed(g)
	}
	d.queue.push(g)
}

// held returns the alerts that groups hold.
func (d *Dispatcher) held() map[model.Fingerprint]bool {
	held := make(map[model.Fingerprint]bool)
	for _, g := range d.groups {
		for fp := range g.alerts {
			held[fp] = true
		}
	}
	return held
}
