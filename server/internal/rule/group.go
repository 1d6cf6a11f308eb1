package rule

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/strutil"
)

// group evaluates the rules of one group.
//
// While it runs, its goroutine is the only one that writes to it. What others
// are shown is written, and read by them, under mu; the rest is read by nobody
// else before the goroutine has ended.
type group struct {
	definition.Group // as defined, but for the interval, which is never 0
	file             string
	queryOffset      time.Duration
	externalLabels   labels.Labels
	env              *environment
	metrics          groupMetrics

	stopping chan struct{} // closed to make the goroutine end
	done     chan struct{} // closed when it has ended

	started  bool // belongs to the engine
	schedule schedule
	orphans  []series // of rules that are gone, not yet marked stale
	rules    []*groupRule

	mu             sync.Mutex // guards what follows, and the outcome of each rule
	evaluationTime time.Duration
	lastEvaluation time.Time
}

// groupRule is a rule and what is known of it.
type groupRule struct {
	*definition.Rule
	generatorURL string
	templated    bool              // a label or annotation has to be expanded
	written      map[string]series // by its last evaluation; keys are labelsKeys

	outcome // guarded by the group's mu
}

// outcome is what an evaluation of a rule leaves behind.
type outcome struct {
	alerts         alerts
	err            error
	evaluationTime time.Duration
	lastEvaluation time.Time // zero before the first
}

func newGroup(file string, def definition.Group, cfg Config, env *environment) *group {
	g := &group{
		Group:          def,
		file:           file,
		queryOffset:    cfg.QueryOffset,
		externalLabels: cfg.ExternalLabels,
		env:            env,
		stopping:       make(chan struct{}),
		done:           make(chan struct{}),
	}
	if g.Interval == 0 {
		g.Interval = cfg.Interval
	}
	if g.QueryOffset != nil {
		g.queryOffset = *g.QueryOffset
	}
	for i := range def.Rules {
		r := &def.Rules[i]
		g.rules = append(g.rules, &groupRule{
			Rule:         r,
			generatorURL: strings.TrimRight(env.externalURL.String(), "/") + strutil.TableLinkForExpression(r.Query),
			templated:    r.Kind == definition.KindAlerting && (anyExpandable(r.Labels) || anyExpandable(r.Annotations)),
		})
	}
	return g
}

// key tells groups apart.
func (g *group) key() string { return g.file + ";" + g.Name }

// same reports whether o would do what g does.
func (g *group) same(o *group) bool {
	return g.Interval == o.Interval && g.queryOffset == o.queryOffset && g.Limit == o.Limit &&
		labels.Equal(g.externalLabels, o.externalLabels) && definition.EqualRules(g.Group.Rules, o.Group.Rules)
}

// takeOver makes g, which does not run yet, go on where old, which has ended,
// left off. Rules with the same identity are the same rule; of several, the
// first is the same as the first, and so on.
func (g *group) takeOver(old *group) {
	byIdentity := make(map[string][]*groupRule)
	for _, r := range old.rules {
		byIdentity[r.Identity()] = append(byIdentity[r.Identity()], r)
	}
	for _, r := range g.rules {
		id := r.Identity()
		if same := byIdentity[id]; len(same) > 0 {
			r.alerts, r.written = same[0].alerts, same[0].written
			byIdentity[id] = same[1:]
		}
	}
	g.orphans = old.orphans
	for _, gone := range byIdentity {
		for _, r := range gone {
			g.orphans = slices.AppendSeq(g.orphans, maps.Values(r.written))
		}
	}
	g.evaluationTime, g.lastEvaluation = old.evaluationTime, old.lastEvaluation
	if old.Interval == g.Interval {
		g.schedule = old.schedule // so that no slot is lost
	}
}

// run evaluates the group at each of its slots until ctx ends or the group is
// stopped.
func (g *group) run(ctx context.Context) {
	defer close(g.done)
	ctx = promql.NewOriginContext(ctx, map[string]any{
		"ruleGroup": map[string]string{"file": g.file, "name": g.Name},
	})
	if g.schedule.interval == 0 {
		g.schedule = newSchedule(newSlots(g.file, g.Name, g.Interval), time.Now())
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-g.stopping:
		case <-timer.C:
		}
		if g.interrupted(ctx) {
			return
		}
		now := time.Now()
		turn := g.schedule.advance(now)
		if !turn.due.IsZero() {
			g.metrics.iteration(turn.missed)
			g.evaluate(ctx, turn.due)
			timer.Reset(0)
			continue
		}
		timer.Reset(turn.wake.Sub(now))
	}
}

// interrupted reports whether the group has to end.
func (g *group) interrupted(ctx context.Context) bool {
	select {
	case <-g.stopping:
		return true
	default:
		return ctx.Err() != nil
	}
}

// evaluate evaluates all rules at a slot, one after the other.
func (g *group) evaluate(ctx context.Context, at time.Time) {
	start := time.Now()
	samples := 0
	var inRules time.Duration
	for _, r := range g.rules {
		if g.interrupted(ctx) {
			return
		}
		samples += g.evaluateRule(ctx, r, at)
		inRules += r.evaluationTime
	}
	if err := g.markStale(ctx, at, g.orphans); err != nil {
		g.env.logger.Warn("Marking the series of removed rules stale failed", "file", g.file, "group", g.Name, "err", err)
	} else {
		g.orphans = nil
	}

	took := time.Since(start)
	g.metrics.evaluated(start, took, inRules, samples)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.evaluationTime, g.lastEvaluation = took, start
}

// stop makes the goroutine of the group end, and waits until it has.
func (g *group) stop() {
	if g.started {
		close(g.stopping)
		<-g.done
	}
}

// series returns the series that a group which has ended has not marked stale.
func (g *group) series() []series {
	all := slices.Clone(g.orphans)
	for _, r := range g.rules {
		all = slices.AppendSeq(all, maps.Values(r.written))
	}
	return all
}

// status returns what others are shown of the group.
func (g *group) status() GroupStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := GroupStatus{
		Name: g.Name, File: g.file, Interval: g.Interval, Limit: g.Limit,
		EvaluationTime: g.evaluationTime, LastEvaluation: g.lastEvaluation,
		Rules: make([]Status, len(g.rules)),
	}
	for i, r := range g.rules {
		s.Rules[i] = r.status()
	}
	return s
}

// status returns what others are shown of the rule. The caller holds the
// group's mu.
func (r *groupRule) status() Status {
	s := Status{
		Kind: r.Kind, Name: r.Name, Query: r.Query, Labels: r.Labels, Health: HealthUnknown,
		EvaluationTime: r.evaluationTime, LastEvaluation: r.lastEvaluation,
	}
	switch {
	case r.err != nil:
		s.Health, s.LastError = HealthBad, r.err.Error()
	case !r.lastEvaluation.IsZero():
		s.Health = HealthGood
	}
	if r.Kind != definition.KindAlerting {
		return s
	}
	s.Annotations, s.For, s.KeepFiringFor, s.State = r.Annotations, r.For, r.KeepFiringFor, StateUnknown
	if !r.lastEvaluation.IsZero() {
		s.State = r.alerts.state()
	}
	for _, a := range r.alerts {
		if a.state == StateInactive {
			continue
		}
		s.Alerts = append(s.Alerts, ActiveAlert{
			Labels: a.labels, Annotations: a.annotations, State: a.state, Value: a.value,
			ActiveAt: a.activeAt, KeepFiringSince: a.keepFiringSince,
		})
	}
	return s
}
