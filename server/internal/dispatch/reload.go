package dispatch

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// Reload sorts everything anew by another tree, given the set of active alerts.
//
// A group that both trees have, with the same key and receiver, goes on: its
// timer runs as before if group_wait and group_interval are the same, and a
// flush that is out is still its own, so that it never has two at a time. An
// alert that is resolved stays where it was, if that goes on, since there it may
// still have to be told; no other group takes it in.
func (d *Dispatcher) Reload(root *route.Route, alerts []*alert.Alert, now time.Time) {
	alerts = survivors(alerts, d.groups, now)
	held := make(map[membership]bool)
	for _, g := range d.groups {
		d.estate.add(g)
		for fp := range g.alerts {
			held[membership{g.estateKey(), fp}] = true
		}
	}
	before := d.groups
	d.root, d.groups, d.queue = root, make(map[groupID]*group), nil
	for _, g := range before {
		d.gone(g) // those that go on are made known again
	}
	for _, a := range alerts {
		d.place(a, now, func(id groupID, fp model.Fingerprint) bool { return held[membership{id.estateKey(), fp}] })
	}
	d.estate.keepFlushing()
}

// place puts an alert into the groups of the routes that take it; one that is
// resolved only into groups of which wanted says so.
func (d *Dispatcher) place(a *alert.Alert, now time.Time, wanted func(groupID, model.Fingerprint) bool) {
	fp := a.Fingerprint()
	for _, r := range d.root.Match(a.Labels) {
		labels := r.GroupLabels(a.Labels)
		id := groupID{r, r.GroupKey(labels)}
		if !a.ResolvedAt(now) || wanted(id, fp) {
			d.put(id, labels, fp, a, now)
		}
	}
}

// membership is an alert in a group, by what the group hands down.
type membership struct {
	group estateKey
	alert model.Fingerprint
}

// survivors returns the alerts that groups are to be made of, the longest active
// first, so that a group is created by its oldest alert.
func survivors(alerts []*alert.Alert, groups map[groupID]*group, now time.Time) []*alert.Alert {
	held := make(map[model.Fingerprint]*alert.Alert)
	for _, g := range groups {
		for fp, a := range g.alerts {
			held[fp] = a
		}
	}
	for _, a := range alerts {
		fp := a.Fingerprint()
		if held[fp] != nil || !a.ResolvedAt(now) {
			held[fp] = a
		}
	}
	all := make([]*alert.Alert, 0, len(held))
	for _, a := range held {
		all = append(all, a)
	}
	sortByAge(all)
	return all
}

// estate is the groups of earlier trees that may still go on, by what the group
// that they go on as must have in common with them. There can be several to
// choose from, because routes can share a key. Between reloads it holds only
// groups with a flush that is out: should their key come into use again before
// it is done, they are the ones to use it.
type estate map[estateKey][]*group

type estateKey struct{ groupKey, receiver string }

func (id groupID) estateKey() estateKey { return estateKey{id.key, id.route.Receiver} }

func (g *group) estateKey() estateKey { return groupID{g.route, g.key}.estateKey() }

func (e estate) add(g *group) {
	k := g.estateKey()
	e[k] = append(e[k], g)
}

// remove forgets the group if it is there.
func (e estate) remove(g *group) {
	e.filter(g.estateKey(), func(o *group) bool { return o != g })
}

func (e estate) keepFlushing() {
	for k := range e {
		e.filter(k, func(g *group) bool { return g.flushing })
	}
}

func (e estate) filter(k estateKey, keep func(*group) bool) {
	kept := slices.DeleteFunc(e[k], func(g *group) bool { return !keep(g) })
	if len(kept) == 0 {
		delete(e, k)
	} else {
		e[k] = kept
	}
}

// take removes and returns the group that goes on as the one with this ID, or
// nil. If several could, the one of the route at the same place is preferred.
func (e estate) take(id groupID) *group {
	groups := e[id.estateKey()]
	if len(groups) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(groups, func(g *group) bool { return g.route.ID() == id.route.ID() }))
	g := groups[i]
	e.remove(g)
	return g
}

// succeed makes the group go on, without its alerts, on a route of another tree.
func (g *group) succeed(r *route.Route, first *alert.Alert, now time.Time) {
	if r.GroupWait != g.route.GroupWait || r.GroupInterval != g.route.GroupInterval {
		g.next = firstFlush(r, first, now)
	}
	g.route = r
	g.alerts = make(map[model.Fingerprint]*alert.Alert)
}
