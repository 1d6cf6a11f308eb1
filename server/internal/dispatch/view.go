package dispatch

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// Group is a group of alerts as people are shown it.
type Group struct {
	Key      string
	Labels   model.LabelSet
	Receiver string
	// MutedBy names the time intervals because of which nobody is told now.
	MutedBy []string
	// Alerts are all that the group holds, the resolved ones too, sorted by job,
	// instance and labels.
	Alerts []*alert.Alert

	route  *route.Route
	gen    *generation
	logger *slog.Logger
}

// RouteLabels expands the labels of the group's route.
func (g *Group) RouteLabels() model.LabelSet {
	return g.gen.routeLabels(context.Background(), g.route, g.Labels, g.Alerts, g.logger)
}

// Groups returns the groups of receivers that keep accepts, as they are at the
// given time, sorted by labels and then receiver.
func (p *Pipeline) Groups(at time.Time, keep func(receiver string) bool) []*Group {
	groups := p.snapshot(keep)
	for _, g := range groups {
		g.MutedBy, _ = g.gen.intervals.MutedBy(g.route.ActiveTimeIntervals, g.route.MuteTimeIntervals, at)
		alert.Sort(g.Alerts)
	}
	slices.SortFunc(groups, func(a, b *Group) int {
		switch {
		case a.Labels.Before(b.Labels):
			return -1
		case b.Labels.Before(a.Labels):
			return 1
		}
		return cmp.Or(cmp.Compare(a.Receiver, b.Receiver), cmp.Compare(a.Key, b.Key))
	})
	return groups
}

// snapshot copies the groups under the lock, and does nothing else there.
func (p *Pipeline) snapshot(keep func(receiver string) bool) []*Group {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dispatcher == nil {
		return nil
	}
	gen := p.current.Load()
	groups := make([]*Group, 0, len(p.dispatcher.groups))
	for _, g := range p.dispatcher.groups {
		if !keep(g.route.Receiver) {
			continue
		}
		v := &Group{
			Key:      g.key,
			Labels:   g.labels,
			Receiver: g.route.Receiver,
			Alerts:   make([]*alert.Alert, 0, len(g.alerts)),
			route:    g.route,
			gen:      gen,
			logger:   p.logger,
		}
		for _, a := range g.alerts {
			v.Alerts = append(v.Alerts, a)
		}
		groups = append(groups, v)
	}
	return groups
}
