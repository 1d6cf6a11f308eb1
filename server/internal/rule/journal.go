package rule

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Journal keeps the alerts of rules beyond the end of the process. All its
// methods may be called at the same time.
type Journal interface {
	// Append adds changes, in the order in which they were made, and does not wait.
	// When wait has returned nil, they are as safe as the journal makes them; it says
	// itself how safe that is. Many wait at the same time, so that what they wait for
	// can be written together. The slice belongs to the journal from now on.
	Append(changes []Change) (wait func(context.Context) error)

	// Recall returns the last change of each alert of a group, but for those that
	// were forgotten.
	Recall(file, group string) []Change

	// Groups returns the groups of which Recall returns anything, in any order.
	Groups() []GroupID
}

// GroupID tells groups of rules apart.
type GroupID struct{ File, Group string }

// Change is what an alert of a rule has become.
type Change struct {
	File, Group string
	Rule        string        // tells its rule apart from others of the group; any bytes
	Labels      labels.Labels // of the alert; they tell it apart from others of the rule

	// State is empty when the alert is to be forgotten; what follows is then, too.
	State           State
	Element         labels.Labels // of the result of the rule's query
	Annotations     labels.Labels
	Value           float64
	ActiveAt        time.Time
	FiredAt         time.Time // zero unless it has fired
	ResolvedAt      time.Time // zero unless inactive
	LastSentAt      time.Time // zero before the first time
	KeepFiringSince time.Time // zero unless only keep_firing_for holds it up
}

// changes returns what a rule's step from old to next has changed, without the
// place. An alert of which only value or annotations are new has not changed:
// every evaluation makes those anew.
func changes(old, next alerts) []Change {
	var all []Change
	for len(old) > 0 || len(next) > 0 {
		switch {
		case len(next) == 0 || len(old) > 0 && old[0].key < next[0].key:
			all = append(all, Change{Labels: old[0].labels})
			old = old[1:]
		case len(old) == 0 || next[0].key < old[0].key:
			all = append(all, next[0].change())
			next = next[1:]
		default:
			if !old[0].stands(next[0]) {
				all = append(all, next[0].change())
			}
			old, next = old[1:], next[1:]
		}
	}
	return all
}

// stands reports whether b is as far in its life as a.
func (a alert) stands(b alert) bool {
	return a.state == b.state && a.activeAt.Equal(b.activeAt) && a.firedAt.Equal(b.firedAt) && a.resolvedAt.Equal(b.resolvedAt) &&
		a.lastSentAt.Equal(b.lastSentAt) && a.keepFiringSince.Equal(b.keepFiringSince)
}

func (a alert) change() Change {
	return Change{
		Labels: a.labels, State: a.state, Element: a.element, Annotations: a.annotations, Value: a.value,
		ActiveAt: a.activeAt, FiredAt: a.firedAt, ResolvedAt: a.resolvedAt, LastSentAt: a.lastSentAt, KeepFiringSince: a.keepFiringSince,
	}
}

// alert is the alert that a change has made.
func (c Change) alert() alert {
	return alert{
		candidate: candidate{key: labelsKey(c.Labels), labels: c.Labels, element: c.Element, annotations: c.Annotations, value: c.Value},
		state:     c.State, activeAt: c.ActiveAt, firedAt: c.FiredAt, resolvedAt: c.ResolvedAt, lastSentAt: c.LastSentAt, keepFiringSince: c.KeepFiringSince,
	}
}

// rememberEvaluation writes down what an evaluation made of the alerts of a rule. As
// long as these are not restored, what the journal knew at the start stays as it is,
// should the process end again.
func (g *group) rememberEvaluation(ctx context.Context, r *groupRule, next alerts) {
	all := changes(r.alerts, next)
	if r.unrestored {
		all = slices.DeleteFunc(all, func(c Change) bool {
			_, known := r.recalled.find(labelsKey(c.Labels))
			return known
		})
	}
	g.remember(ctx, r.id, all)
}

// remember writes down what became of the alerts of a rule, and waits until that
// is safe. Should it fail, the alerts are sent nevertheless: to be told twice is
// better than not at all.
//
// As long as alerts are not restored, nobody calls this for their evaluations: what
// the journal knows has to be found there, should the process end again.
func (g *group) remember(ctx context.Context, rule string, all []Change) {
	g.env.remember(ctx, origin{g.file, g.Name, rule}, all)
}

func (env *environment) remember(ctx context.Context, of origin, all []Change) {
	if env.journal == nil || len(all) == 0 {
		return
	}
	for i := range all {
		all[i].File, all[i].Group, all[i].Rule = of.file, of.group, of.rule
	}
	if err := env.journal.Append(all)(ctx); err != nil && ctx.Err() == nil {
		env.logger.Error("Changes of alerts could not be written down; a crash would lose them", "file", of.file, "group", of.group, "alerts", len(all), "err", err)
	}
}
