package rule

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	defined          definition.Group
	file             string
	queryOffset      time.Duration
	externalLabels   labels.Labels
	env              *environment
	metrics          groupMetrics

	stopping chan struct{} // closed to make the goroutine end
	done     chan struct{} // closed when it has ended

	started    bool // belongs to the engine
	schedule   schedule
	unrestored int      // evaluations until the alerts of unrestored rules are restored; 0 if there are none
	orphans    []series // of rules that are gone, not yet marked stale
	rules      []*groupRule
	batches    [][]int // rules that may be evaluated at the same time, by index; nil is one after the other

	mu             sync.Mutex // guards what follows, and the outcome of each rule
	evaluationTime time.Duration
	lastEvaluation time.Time
}

// groupRule is a rule and what is known of it.
type groupRule struct {
	*definition.Rule
	id           string // of the rule within its group, for the journal
	generatorURL string
	templates    map[string]string // texts that have to be expanded, and what is expanded in their place
	written      map[string]series // by its last evaluation; keys are labelsKeys
	relabelled   bool              // some of its alerts may still have the labels of before
	unrestored   bool              // its alerts are still to be restored
	recalled     alerts            // what the journal knows of its alerts, as long as these are not restored

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
		defined:        def,
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
	if env.slots != nil {
		g.batches = definition.Batches(def.Rules)
	}
	namesakes := make(map[string]int)
	for i := range def.Rules {
		r := &def.Rules[i]
		id := r.Identity()
		namesakes[id]++
		if n := namesakes[id]; n > 1 {
			id += sep + strconv.Itoa(n)
		}
		g.rules = append(g.rules, &groupRule{
			Rule:         r,
			id:           id,
			generatorURL: strings.TrimRight(env.externalURL.String(), "/") + strutil.TableLinkForExpression(r.Query),
			templates:    templatesOf(r),
		})
	}
	return g
}

// key tells groups apart.
func (g *group) key() string { return groupKey(g.file, g.Name) }

func groupKey(file, name string) string { return file + ";" + name }

// same reports whether o would do what g does.
func (g *group) same(o *group) bool {
	return g.Interval == o.Interval && g.queryOffset == o.queryOffset && g.Limit == o.Limit &&
		labels.Equal(g.externalLabels, o.externalLabels) && definition.EqualRules(g.Group.Rules, o.Group.Rules)
}

// run evaluates the group at each of its slots until ctx ends or the group is
// stopped.
func (g *group) run(ctx context.Context) {
	defer close(g.done)
	ctx = promql.NewOriginContext(ctx, map[string]any{
		"ruleGroup": map[string]string{"file": g.file, "name": g.Name},
	})
	if g.schedule.interval == 0 {
		g.schedule = newSchedule(newSlots(g.file, g.Name, g.Interval), g.env.now())
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
		now := g.env.now()
		turn := g.schedule.advance(now)
		if !turn.due.IsZero() {
			g.metrics.iteration(turn.missed)
			g.evaluate(ctx, turn.due)
			g.restoreInTime(ctx)
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

// restoreInTime restores the alerts after as many evaluations as that takes.
func (g *group) restoreInTime(ctx context.Context) {
	if g.unrestored == 0 || g.interrupted(ctx) {
		return
	}
	if g.unrestored--; g.unrestored == 0 {
		g.restore(ctx, g.env.now())
	}
}

// evaluate evaluates all rules at a slot.
func (g *group) evaluate(ctx context.Context, at time.Time) {
	start := g.env.now()
	if samples, whole := g.evaluateRules(ctx, at); whole {
		g.metrics.lastSamples.Set(float64(samples))
		if err := g.markStale(ctx, at, g.orphans); err != nil {
			g.env.logger.Warn("Marking the series of removed rules stale failed", "file", g.file, "group", g.Name, "err", err)
		} else {
			g.orphans = nil
		}
	}

	var inRules time.Duration
	for _, r := range g.rules {
		inRules += r.evaluationTime
	}
	took := g.env.now().Sub(start)
	g.metrics.evaluated(start, took, inRules)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.evaluationTime, g.lastEvaluation = took, start
}

// evaluateRules evaluates the rules one after the other, or those of a batch at
// the same time as far as the engine's slots go. It returns how many samples there
// were, and whether it came to the end.
func (g *group) evaluateRules(ctx context.Context, at time.Time) (samples int, whole bool) {
	if g.batches == nil {
		for _, r := range g.rules {
			if g.interrupted(ctx) {
				return samples, false
			}
			samples += g.evaluateRule(ctx, r, at)
		}
		return samples, true
	}
	var total atomic.Int64
	for _, batch := range g.batches {
		var concurrent sync.WaitGroup
		for _, i := range batch {
			if g.interrupted(ctx) {
				concurrent.Wait()
				return 0, false
			}
			evaluate := func() { total.Add(int64(g.evaluateRule(ctx, g.rules[i], at))) }
			if len(batch) == 1 || !g.env.slots.take() {
				evaluate()
				continue
			}
			concurrent.Go(func() {
				defer g.env.slots.free()
				evaluate()
			})
		}
		concurrent.Wait()
	}
	return int(total.Load()), true
}

// evaluationSlots are what rules that are evaluated at the same time as others of their
// group need, one each, in the whole engine.
type evaluationSlots chan struct{}

// take takes a slot if one is free.
func (s evaluationSlots) take() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s evaluationSlots) free() { <-s }

// halt makes the goroutine of the group end, after the rule that it evaluates.
func (g *group) halt() { close(g.stopping) }

// wait waits until the goroutine has ended.
func (g *group) wait() {
	if g.started {
		<-g.done
	}
}

// status returns what others are shown of the group.
func (g *group) status() GroupStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := GroupStatus{
		Name: g.Name, File: g.file, Interval: g.Interval, Limit: g.Limit, QueryOffset: g.queryOffset,
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
