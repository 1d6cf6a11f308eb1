package rule

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// evaluationsBeforeRestore is how many evaluations of a group pass after the start
// before its alerts are restored: targets have to be scraped, and recording rules
// evaluated, for alerts to be found again.
const evaluationsBeforeRestore = 2

// restore makes the alerts of a group go on where they were before the process
// ended. The journal, if there is one, knows the firing and resolved ones; since
// when the others are pending, the series that tell of them say.
//
// An alert that the journal has firing fires on as soon as it is found again. Only
// those that are not found are kept back until now.
func (g *group) restore(ctx context.Context, now time.Time) {
	start := g.env.now()
	for _, r := range g.rules {
		restored := !r.unrestored
		r.unrestored = false
		if restored || r.Kind != definition.KindAlerting {
			continue
		}
		next := slices.Clone(r.alerts)
		if r.For >= g.env.forGracePeriod && len(next) > 0 {
			for key, p := range g.periods(ctx, r, now) {
				if i, ok := next.find(key); ok && !(next[i].state == StateFiring && r.recalled.fires(key)) {
					next[i].activeAt = p.resume(r.For, g.env.forGracePeriod, now)
				}
			}
		}
		next = next.recalled(r.recalled, now)
		g.remember(ctx, r.id, changes(r.recalled, next))
		r.recalled = nil
		g.mu.Lock()
		r.alerts = next
		g.mu.Unlock()
	}
	g.unrestored = 0
	g.env.metrics.restored(g, g.env.now().Sub(start))
}

// period is a time during which an alert was active.
type period struct {
	since time.Time
	until time.Time // when it was seen last
}

// resume returns since when an alert counts as active that was active before, and
// is again. The time in between counts neither for it nor against it, but whoever
// is notified has at least the grace period to make sure that the alert is meant.
// An alert that fired already fires again at once.
func (p period) resume(holdFor, grace time.Duration, now time.Time) time.Time {
	remaining := holdFor - p.until.Sub(p.since)
	switch {
	case remaining <= 0:
		return p.since
	case remaining < grace:
		return now.Add(grace - holdFor)
	}
	return p.since.Add(now.Sub(p.until))
}

// periods returns the periods of the alerts of a rule that were active within the
// tolerated outage, by the labelsKey of the alerts.
func (g *group) periods(ctx context.Context, r *groupRule, now time.Time) map[string]period {
	if g.env.queryable == nil {
		return nil
	}
	all := make(map[string]period)
	err := g.env.guard(func() error {
		q, err := g.env.queryable.Querier(now.Add(-g.env.outageTolerance).UnixMilli(), now.UnixMilli())
		if err != nil {
			return err
		}
		defer q.Close()
		set := q.Select(ctx, false, nil, stateMatchers(r)...)
		b := labels.NewBuilder(labels.EmptyLabels())
		for set.Next() {
			p, ok, err := lastPeriod(set.At().Iterator(nil))
			if err != nil {
				return err
			}
			if ok {
				b.Reset(set.At().Labels())
				b.Del(model.MetricNameLabel)
				all[labelsKey(b.Labels())] = p
			}
		}
		return set.Err()
	})
	if err != nil {
		g.env.logger.Error("The alerts of a rule could not be restored; they are pending anew",
			"file", g.file, "group", g.Name, "rule", r.Name, "err", err)
		return nil
	}
	return all
}

// stateMatchers select the series that tell since when the alerts of a rule are
// active. A label that is a template differs from alert to alert.
func stateMatchers(r *groupRule) []*labels.Matcher {
	equal := func(name, value string) *labels.Matcher {
		return labels.MustNewMatcher(labels.MatchEqual, name, value)
	}
	matchers := []*labels.Matcher{equal(model.MetricNameLabel, alertsForStateName), equal(labels.AlertName, r.Name)}
	r.Labels.Range(func(l labels.Label) {
		if l.Name != labels.AlertName && l.Name != model.MetricNameLabel && !expandable(l.Value) {
			matchers = append(matchers, equal(l.Name, l.Value))
		}
	})
	return matchers
}

// lastPeriod reads a series that tells since when an alert is active; ok says
// whether it was at the end of the series.
func lastPeriod(it chunkenc.Iterator) (p period, ok bool, err error) {
	var t int64
	var v float64
	for it.Next() == chunkenc.ValFloat {
		t, v = it.At()
		ok = true
	}
	if !ok || value.IsStaleNaN(v) {
		return period{}, false, it.Err()
	}
	return period{since: time.Unix(int64(v), 0).UTC(), until: time.Unix(t/1000, 0).UTC()}, true, it.Err()
}

// origin is where the journal has the alerts of a rule.
type origin struct{ file, group, rule string }

// recall notes what the journal knows of the alerts of new groups. A rule that the
// journal does not know where it is now takes what is known of one that is no
// longer there: of the same identity, in a group of the same name, or else anywhere.
// The journal is told of the move.
func (e *Engine) recall(groups map[string]*group) {
	if e.env.journal == nil {
		return
	}
	known := make(map[origin]alerts)
	for _, id := range e.env.journal.Groups() {
		for _, c := range e.env.journal.Recall(id.File, id.Group) {
			o := origin{c.File, c.Group, c.Rule}
			known[o] = append(known[o], c.alert())
		}
	}
	var rules []place
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		rules = append(rules, places([]*group{groups[key]})...)
	}
	for _, sameness := range []func(origin) origin{
		func(o origin) origin { return o },
		func(o origin) origin { return origin{group: o.group, rule: o.rule} },
		func(o origin) origin { return origin{rule: o.rule} },
	} {
		left := make(map[origin][]origin)
		for _, o := range slices.SortedFunc(maps.Keys(known), origin.compare) {
			left[sameness(o)] = append(left[sameness(o)], o)
		}
		for _, p := range rules {
			here := origin{p.group.file, p.group.Name, p.rule.id}
			from := left[sameness(here)]
			if p.rule.recalled != nil || len(from) == 0 {
				continue
			}
			left[sameness(here)] = from[1:]
			p.rule.recalled = known[from[0]]
			p.rule.recalled.sort()
			delete(known, from[0])
			if from[0] != here {
				e.env.remember(context.Background(), from[0], changes(p.rule.recalled, nil))
				e.env.remember(context.Background(), here, changes(nil, p.rule.recalled))
			}
		}
	}
}

func (o origin) compare(p origin) int {
	return cmp.Or(cmp.Compare(o.file, p.file), cmp.Compare(o.group, p.group), cmp.Compare(o.rule, p.rule))
}

// foundAgain returns the alerts with those that fire as far as the journal knows,
// and that are seen again.
func (as alerts) foundAgain(known alerts, seen []candidate, now time.Time) alerts {
	keys := make(map[string]bool, len(seen))
	for _, c := range seen {
		keys[c.key] = true
	}
	var found alerts
	for _, a := range known {
		if a.state == StateFiring && keys[a.key] {
			found = append(found, a.notAfter(now))
		}
	}
	return as.with(found)
}

// recalled returns the alerts with those that are firing or resolved as far as the
// journal knows. One that was firing and is not found again is left to the next
// evaluation, which resolves it, or holds it up.
func (as alerts) recalled(known alerts, now time.Time) alerts {
	var told alerts
	for _, a := range known {
		if a.state != StatePending {
			told = append(told, a.notAfter(now))
		}
	}
	return as.with(told)
}

// with returns the alerts with those of more that are not among them.
func (as alerts) with(more alerts) alerts {
	all := slices.Clip(as) // to append to a copy
	for _, a := range more {
		if _, found := as.find(a.key); !found {
			all = append(all, a)
		}
	}
	if len(all) > len(as) {
		all.sort()
	}
	return all
}

func (as alerts) sort() {
	slices.SortFunc(as, func(a, b alert) int { return strings.Compare(a.key, b.key) })
}

// fires reports whether the alert of a key is among the alerts, and fires.
func (as alerts) fires(key string) bool {
	i, found := as.find(key)
	return found && as[i].state == StateFiring
}

// find returns where the alert of a key is, or where it belongs.
func (as alerts) find(key string) (int, bool) {
	return slices.BinarySearchFunc(as, key, func(a alert, key string) int { return strings.Compare(a.key, key) })
}
