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
}

// groupID tells groups apart. Two routes can share a key, hence the route.
type groupID struct {
	route *route.Route
	key   string
}

// NewDispatcher returns a dispatcher without groups that sorts by this tree.
func NewDispatcher(root *route.Route) *Dispatcher {
	return &Dispatcher{root: root, groups: make(map[groupID]*group), estate: make(estate)}
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
	if !g.flushing {
		d.queue.push(g)
	}
	return g
}

// Advance returns the flushes that are due at now, and when to call again at the
// latest: zero if nothing is waiting. A group whose last flush is not done yet
// is passed over, and is due as soon as it is.
func (d *Dispatcher) Advance(now time.Time) (due []*Flush, next time.Time) {
	for len(d.queue) > 0 && !d.queue[0].next.After(now) {
		due = append(due, d.queue.pop().flush(now))
	}
	if len(d.queue) > 0 {
		next = d.queue[0].next
	}
	return due, next
}

// Done takes back a flush. If it succeeded, the alerts that it told to be
// resolved leave the group, and an empty group goes; if not, they are told again
// with the next flush.
func (d *Dispatcher) Done(f *Flush, succeeded bool) {
	g := f.group
	g.flushing = false
	id := groupID{g.route, g.key}
	if d.groups[id] != g {
		d.estate.remove(g) // its tree is gone, and nothing goes on as this group
		return
	}
	if succeeded {
		g.forget(f)
	}
	if len(g.alerts) == 0 {
		delete(d.groups, id)
		return
	}
	d.queue.push(g)
}
