package web

import (
	"cmp"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// present is what fires at the moment of a request, and what keeps people from being
// told of it.
type present struct {
	groups []*dispatch.Group // by receiver; none is empty, and no alert in them is over
	alerts map[model.Fingerprint]*presentAlert
}

// presentAlert is an alert that fires, in whatever groups it is.
type presentAlert struct {
	*alert.Alert
	fingerprint model.Fingerprint
	silencedBy  []string // IDs
	inhibitedBy model.Fingerprint
	inhibited   bool
}

// present asks what fires now.
func (web *Web) present(r *request) *present {
	groups := web.o.Pipeline.Groups(r.now, func(string) bool { return true })
	slices.SortStableFunc(groups, func(a, b *dispatch.Group) int { return cmp.Compare(a.Receiver, b.Receiver) })
	p := &present{alerts: make(map[model.Fingerprint]*presentAlert)}
	for _, g := range groups {
		g.Alerts = slices.DeleteFunc(g.Alerts, func(a *alert.Alert) bool { return a.ResolvedAt(r.now) })
		for _, a := range g.Alerts {
			if id := a.Fingerprint(); p.alerts[id] == nil {
				p.alerts[id] = web.look(r, a, id)
			}
		}
		if len(g.Alerts) > 0 {
			p.groups = append(p.groups, g)
		}
	}
	return p
}

// look finds out what mutes an alert.
func (web *Web) look(r *request, a *alert.Alert, id model.Fingerprint) *presentAlert {
	pa := &presentAlert{Alert: a, fingerprint: id}
	pa.inhibitedBy, pa.inhibited = web.o.Pipeline.InhibitedBy(a.Labels, r.now)
	if web.o.Silences != nil {
		pa.silencedBy = web.o.Silences.SilencedBy(a.Labels, r.now)
	}
	return pa
}

// state is what a person is shown of the alert where these time intervals mute its
// group. Of several reasons, the one that a person gave comes first.
func (a *presentAlert) state(intervals []string) string {
	switch {
	case len(a.silencedBy) > 0:
		return stateSilenced
	case a.inhibited:
		return stateInhibited
	case len(intervals) > 0:
		return stateMuted
	}
	return stateFiring
}

// that returns the alerts that keep accepts, those that fire longest first.
func (p *present) that(keep func(*presentAlert) bool) []*presentAlert {
	var out []*presentAlert
	for _, a := range p.alerts {
		if keep(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *presentAlert) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.fingerprint, b.fingerprint))
	})
	return out
}

// silencedBy counts the alerts that each silence silences.
func (p *present) silencedBy() map[string]int {
	n := make(map[string]int)
	for _, a := range p.alerts {
		for _, id := range a.silencedBy {
			n[id]++
		}
	}
	return n
}

// maxMatches is how many of the alerts that a silence matches a page shows.
const maxMatches = 100

// matches are the alerts that fire now and that some matchers match.
type matches struct {
	Alerts  []matchedAlert
	Count   int
	Of      int // all that fire
	LeftOut int
}

type matchedAlert struct {
	Name   string
	State  string // in a group that the time does not mute
	Link   string
	Labels []pair
	Since  moment
}

// matching shows the alerts that keep accepts.
func (p *present) matching(r *request, keep func(*presentAlert) bool) matches {
	found := p.that(keep)
	m := matches{Count: len(found), Of: len(p.alerts)}
	show := rows{left: maxMatches}
	for _, a := range found {
		if show.take() {
			m.Alerts = append(m.Alerts, matchedAlert{
				Name:   nameOf(a.Alert),
				State:  a.state(nil),
				Link:   r.base + "?alert=" + a.fingerprint.String(),
				Labels: pairs(labelsOf(a.Labels), model.AlertNameLabel),
				Since:  at(a.StartsAt, r.now),
			})
		}
	}
	m.LeftOut = show.LeftOut
	return m
}
