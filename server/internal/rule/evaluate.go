package rule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

var errDuplicateSeries = errors.New("vector contains metrics with the same labelset after applying rule labels")

// evaluateRule evaluates a rule and keeps the outcome. It returns how many
// samples there were.
func (g *group) evaluateRule(ctx context.Context, r *groupRule, at time.Time) int {
	start := g.env.now()
	g.metrics.evaluations.Inc()
	var samples []sample
	err := g.env.guard(func() (err error) {
		if samples, err = g.result(ctx, r, at); err != nil {
			if _, ok := errors.AsType[*limitError](err); ok {
				g.metrics.limitExceeded.Inc()
				return errors.Join(err, g.write(ctx, r, nil, at)) // so that no series is left without an end
			}
			return err
		}
		return g.write(ctx, r, samples, at)
	})
	took := g.env.now().Sub(start)

	var discarded *discardedError
	failed := err != nil && !errors.As(err, &discarded)
	g.metrics.ruleEvaluated(took, failed)
	if err != nil && ctx.Err() == nil {
		g.env.logger.Warn("Evaluating rule failed", "file", g.file, "group", g.Name, "rule", r.Name, "err", err)
	}

	g.mu.Lock()
	defer g.mu.Unlock()
	r.err, r.evaluationTime, r.lastEvaluation = err, took, start
	return len(samples)
}

// guard turns a panic into an error: a rule must not take its neighbours down,
// nor the process.
func (env *environment) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while evaluating the rule: %v", p)
			env.logger.Error("Panic while evaluating a rule", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return f()
}

// result queries, and makes of what comes back the samples of the rule.
func (g *group) result(ctx context.Context, r *groupRule, at time.Time) ([]sample, error) {
	vector, err := g.env.query(ctx, r.Query, at.Add(-g.queryOffset))
	if err != nil {
		return nil, err
	}
	if r.Kind == definition.KindAlerting {
		return g.alert(ctx, r, vector, at)
	}
	return g.record(r, vector)
}

// record returns the samples of a recording rule.
func (g *group) record(r *groupRule, result promql.Vector) ([]sample, error) {
	samples := make([]sample, 0, len(result))
	seen := make(map[string]bool, len(result))
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, s := range result {
		b.Reset(s.Metric)
		b.Set(model.MetricNameLabel, r.Name)
		r.Labels.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
		recorded := newSample(b.Labels(), s.F)
		recorded.histogram = s.H
		if seen[recorded.key] {
			return nil, errDuplicateSeries
		}
		seen[recorded.key] = true
		samples = append(samples, recorded)
	}
	if g.Limit > 0 && len(samples) > g.Limit {
		return nil, &limitError{limit: g.Limit, got: len(samples), what: "series"}
	}
	return samples, nil
}

// alert moves the alerts of a rule on, sends those that are to be sent, and
// returns the samples that tell of the active ones, once these are restored.
func (g *group) alert(ctx context.Context, r *groupRule, result promql.Vector, at time.Time) ([]sample, error) {
	p := policy{
		holdFor: r.For, keepFiringFor: r.KeepFiringFor, limit: g.Limit,
		interval: g.Interval, resendDelay: g.env.resendDelay,
	}
	seen := g.candidates(ctx, r, result, at)
	old := r.alerts
	if r.unrestored {
		old = old.foundAgain(r.recalled, seen, at)
	}
	var told alerts
	if r.relabelled {
		if old, told = old.relabelled(seen, at); len(told) > 0 {
			others := g.env.firing(r)
			told = slices.DeleteFunc(told, func(a alert) bool { return others[a.key] })
		}
	}
	next, send, err := p.advance(old, seen, at)
	g.rememberEvaluation(ctx, r, next)
	g.mu.Lock()
	r.alerts = next
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r.relabelled = r.relabelled && slices.ContainsFunc(next, alert.heldUp)
	g.send(ctx, r.generatorURL, append(told, send...), at.Add(p.validFor()))
	if r.unrestored {
		return nil, nil
	}
	return next.samples(), nil
}

// send sends alerts. Those that fire may be taken to do so until validUntil.
func (g *group) send(ctx context.Context, generatorURL string, all alerts, validUntil time.Time) {
	if len(all) == 0 {
		return
	}
	out := make([]Alert, len(all))
	for i, a := range all {
		out[i] = Alert{
			Labels: a.labels, Annotations: a.annotations, GeneratorURL: generatorURL,
			StartsAt: a.firedAt, EndsAt: a.resolvedAt,
		}
		if a.state == StateFiring {
			out[i].EndsAt = validUntil
		}
	}
	g.env.send(ctx, out)
}

// candidates gives each element of a result the labels and annotations that its
// alert has. The labels of the rule override those of the element.
func (g *group) candidates(ctx context.Context, r *groupRule, result promql.Vector, at time.Time) []candidate {
	e := expander{
		query: g.env.query, externalURL: g.env.externalURL, at: at, name: r.Name, templates: r.templates,
		failed: func(text string, err error) {
			g.env.logger.Warn("Expanding alert template failed",
				"file", g.file, "group", g.Name, "rule", r.Name, "template", text, "err", err)
		},
	}
	if len(r.templates) > 0 {
		e.externalLabels = g.externalLabels.Map()
	}
	candidates := make([]candidate, 0, len(result))
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, s := range result {
		expand := func(text string) string { return text }
		if len(r.templates) > 0 {
			expand = e.with(ctx, s)
		}
		b.Reset(s.Metric)
		b.Del(model.MetricNameLabel)
		r.Labels.Range(func(l labels.Label) { b.Set(l.Name, expand(l.Value)) })
		b.Set(labels.AlertName, r.Name)
		ls := b.Labels()

		annotations := r.Annotations
		if len(r.templates) > 0 {
			texts := labels.NewScratchBuilder(annotations.Len())
			annotations.Range(func(a labels.Label) { texts.Add(a.Name, expand(a.Value)) })
			annotations = texts.Labels()
		}
		candidates = append(candidates, candidate{key: labelsKey(ls), labels: ls, element: s.Metric, annotations: annotations, value: s.F})
	}
	return candidates
}
