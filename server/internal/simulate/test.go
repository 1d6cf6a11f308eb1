package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"

	"github.com/cresset-metrics/cresset/server/internal/document"
	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// Limits of each query of a test, as promtool has them. Those of a server are
// wider: a test that needs more is not one.
const (
	queryTimeout = 100 * time.Second
	querySamples = 10_000
)

// MaxEvaluations is how often one test may evaluate groups of rules. It stops
// tests whose times were mistaken, which would run for days.
const MaxEvaluations = 10_000_000

// ruleTest is one test of a file. It runs once.
type ruleTest struct {
	*suite
	item *testItem
	tree tree
	at   document.Position
	name string
	gap  time.Duration // between two samples of a series

	// These are made by prepare.
	rules  []*definition.File
	groups []groupName // in the order in which they are evaluated
	series series
	used   *coverage

	// These are made by start, and ended by close.
	memory *memory
	query  *query.Engine
	engine *rule.Engine
}

// fail notes what is wrong, and where.
func (r *Test) fail(at document.Position, format string, args ...any) {
	r.Failures = append(r.Failures, Failure{Where: at.String(), What: fmt.Sprintf(format, args...)})
}

// failAll notes each line of an error that names positions itself.
func (r *Test) failAll(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		r.Failures = append(r.Failures, Failure{What: line})
	}
}

// run runs the test and notes its outcome.
func (t *ruleTest) run(ctx context.Context, out *Test) {
	t.used = &coverage{}
	defer func() { out.uses = t.used.rules }()
	if err := t.prepare(); err != nil {
		out.failAll(err)
		return
	}
	if err := t.start(); err != nil {
		out.fail(t.at, "%v", err)
		return
	}
	defer func() {
		if err := t.close(); err != nil {
			out.fail(t.at, "%v", err)
		}
	}()
	if !t.play(ctx, out) {
		return
	}
	for i := range t.item.PromQLExprTest {
		t.checkExpression(ctx, i, out)
	}
	if t.Dump {
		out.Dump = t.dump(ctx)
	}
}

// prepare reads all that the test is made of. Each line of an error has a
// position.
func (t *ruleTest) prepare() (err error) {
	if err := t.validate(); err != nil {
		return err
	}
	// The notation of series does not depend on the language.
	if t.series, err = parseSeries(t.item.InputSeries, t.tree.key("input_series"), syntax.NewParser(syntax.Default)); err != nil {
		return err
	}
	t.series.start, t.series.gap = t.item.start(), t.gap
	if t.rules, err = t.loadRules(); err != nil {
		return err
	}
	t.groups = t.ordered(t.rules)
	t.used.add(t.rules, t.item)
	if n := (t.steps() + 1) * int64(max(1, len(t.groups))); n > MaxEvaluations {
		return fmt.Errorf("%s: the test would evaluate its rules %d times; at most %d are allowed: use a longer evaluation_interval, or an earlier eval_time", t.at, n, MaxEvaluations)
	}
	return nil
}

// start makes a storage and engines for the test alone.
func (t *ruleTest) start() (err error) {
	externalURL, err := url.Parse(t.item.ExternalURL)
	if err != nil {
		return err // does not happen: the test is valid
	}
	if t.memory, err = newMemory(); err != nil {
		return err
	}
	t.query = query.New(query.Options{
		Queryable: t.memory, Timeout: queryTimeout, MaxSamples: querySamples,
		Language: t.language, DelayedNameRemoval: t.delayedNameRemoval,
	})
	t.engine = rule.New(rule.Options{
		Query: t.query.RuleQuery, Appendable: watched{t.memory, t.used}, ExternalURL: externalURL,
	})
	err = t.query.Apply(&promconfig.Config{GlobalConfig: promconfig.GlobalConfig{EvaluationInterval: model.Duration(t.interval)}})
	if err == nil {
		err = t.engine.Apply(rule.Config{Interval: t.gap, ExternalLabels: t.item.ExternalLabels, Files: t.rules})
	}
	if err != nil {
		return errors.Join(err, t.close())
	}
	return nil
}

// validate finds what the file format allows, and makes no sense.
func (t *ruleTest) validate() error {
	for i, a := range t.item.AlertRuleTest {
		node := t.tree.key("alert_rule_test").item(i)
		if a.Alertname == "" {
			return fmt.Errorf("%s: an item under alert_rule_test misses required attribute alertname at eval_time %v", node.at(), a.EvalTime)
		}
		for j, e := range a.ExpAlerts {
			at := node.key("exp_alerts").item(j).key("exp_state").at()
			switch rule.State(e.State) {
			case "", rule.StateFiring:
			case rule.StatePending:
				if a.ComparePending != nil && !*a.ComparePending {
					return fmt.Errorf("%s: a pending alert is expected, but compare_pending is false: remove one of them", at)
				}
			default:
				return fmt.Errorf("%s: exp_state %q: must be pending or firing", at, e.State)
			}
		}
	}
	if _, err := url.Parse(t.item.ExternalURL); err != nil {
		return fmt.Errorf("%s: external_url: %w", t.tree.key("external_url").at(), err)
	}
	if end := t.item.start().Add(t.item.length()); end.After(latest) {
		return fmt.Errorf("%s: the test would end after the year %d", t.at, latest.Year()-1)
	}
	return nil
}

// steps is how many intervals fit into the test.
func (t *ruleTest) steps() int64 { return int64(t.item.length() / t.interval) }

func (t *ruleTest) close() error { return errors.Join(t.query.Close(), t.memory.close()) }

// play evaluates all groups, interval after interval, and compares alerts on the
// way. It reports whether the end was reached.
func (t *ruleTest) play(ctx context.Context, out *Test) bool {
	for i := range t.steps() + 1 {
		since := time.Duration(i) * t.interval
		if ctx.Err() != nil {
			out.fail(t.at, "interrupted at %v", model.Duration(since))
			return false
		}
		now := t.item.start().Add(since)
		if err := t.series.playUntil(ctx, now, t.memory); err != nil {
			out.failAll(err)
			return false
		}
		for _, g := range t.groups {
			t.used.evaluating(g)
			if err := t.engine.EvaluateGroup(ctx, g.file, g.name, now); err != nil {
				out.fail(t.at, "%v", err)
				return false
			}
			if t.Progress != nil {
				t.Progress.Evaluations.Add(1)
			}
		}
		groups := t.engine.Groups()
		t.used.saw(groups)
		if bad := failedRules(groups); len(bad) > 0 && ctx.Err() == nil {
			for _, r := range bad {
				out.fail(t.at, "%s, time: %v", r, model.Duration(since))
			}
			return false
		}
		t.checkAlerts(since, groups, out)
	}
	return true
}

// failedRules says which rules failed when they were evaluated last, and why.
func failedRules(groups []rule.GroupStatus) []string {
	var bad []string
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.LastError != "" {
				bad = append(bad, fmt.Sprintf("%s: group %q: rule %q: %s", g.File, g.Name, r.Name, r.LastError))
			}
		}
	}
	return bad
}

// dump returns all series of the test, or why that is not possible.
func (t *ruleTest) dump(ctx context.Context) string {
	length := (t.item.length() + time.Second).Truncate(time.Second)
	expr := fmt.Sprintf(`{__name__=~".+"}[%v]`, model.Duration(length+time.Second)) // the first moment included
	q, err := t.query.Instant(ctx, expr, t.item.start().Add(length), promql.NewPrometheusQueryOpts(false, 0))
	if err != nil {
		return err.Error()
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return result.Err.Error()
	}
	return fmt.Sprintf("all series, input and recorded, up to %v:\n%v", model.Duration(length), result.Value)
}
