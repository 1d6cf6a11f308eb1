package rule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// notebook is a store that writes down what it gets.
type notebook struct {
	mu    sync.Mutex // guards lines
	lines []string   // "{labels} time:value"
}

func (n *notebook) AppenderV2(context.Context) storage.AppenderV2 { return noteAppender{n} }

func (n *notebook) has(series, kind string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.lines, func(l string) bool { return strings.HasPrefix(l, series) && strings.HasSuffix(l, kind) })
}

type noteAppender struct{ *notebook }

func (a noteAppender) Append(_ storage.SeriesRef, l labels.Labels, _, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	text := fmt.Sprint(v)
	if value.IsStaleNaN(v) {
		text = "stale"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, fmt.Sprintf("%s %d:%s", l, t, text))
	return 1, nil
}

func (a noteAppender) Commit() error   { return nil }
func (a noteAppender) Rollback() error { return nil }

// calls is a query function that writes down when what was asked, and answers 1
// after a while.
type calls struct {
	takes time.Duration

	mu sync.Mutex // guards at
	at map[string][]time.Time
}

func (c *calls) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	c.mu.Lock()
	if c.at == nil {
		c.at = make(map[string][]time.Time)
	}
	c.at[expr] = append(c.at[expr], at)
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(c.takes):
		return promql.Vector{{F: 1}}, nil
	}
}

func (c *calls) of(expr string) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at[expr])
}

// running runs an engine until the returned function is called, which reports
// when Run has returned.
func running(t *testing.T, e *Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func apply(t *testing.T, e *Engine, files ...*definition.File) {
	t.Helper()
	if err := e.Apply(Config{Interval: time.Minute, Files: files}); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

func TestGroupsAreEvaluatedAtTheirSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c calls
		e := New(Options{Query: c.query, Appendable: &notebook{}})
		apply(t, e, parse(t, "r.yml", `
groups:
- {name: slow, rules: [{record: r, expr: a}, {record: s, expr: b}]}
- {name: fast, interval: 10s, rules: [{record: r, expr: c}]}
`))
		start := time.Now()
		stop := running(t, e)
		time.Sleep(time.Hour)
		stop()
		time.Sleep(time.Hour)

		for expr, want := range map[string]struct {
			slots slots
			count int
		}{
			"a": {newSlots("r.yml", "slow", time.Minute), 60},
			"b": {newSlots("r.yml", "slow", time.Minute), 60},
			"c": {newSlots("r.yml", "fast", 10*time.Second), 360},
		} {
			at := c.of(expr)
			if len(at) != want.count {
				t.Fatalf("%s was asked %d times in an hour, want %d", expr, len(at), want.count)
			}
			for i, got := range at {
				if slot := want.slots.latest(start).Add(time.Duration(i+1) * want.slots.interval); !got.Equal(slot) {
					t.Fatalf("question %d of %s was for %v, want slot %v", i, expr, got, slot)
				}
			}
		}
	})
}

func TestASlowGroupMissesSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := calls{takes: 2*time.Minute + time.Second}
		registry := prometheus.NewRegistry()
		e := New(Options{Query: c.query, Appendable: &notebook{}, Registerer: registry})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}]}]"))
		stop := running(t, e)
		time.Sleep(30 * time.Minute)
		stop()

		at := c.of("a")
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap != 2*time.Minute && gap != 3*time.Minute {
				t.Errorf("from slot to slot: got %v, want 2m or 3m", gap)
			}
		}
		all := metricsOf(t, registry)
		total, missed := all[`prometheus_rule_group_iterations_total r.yml;g`], all[`prometheus_rule_group_iterations_missed_total r.yml;g`]
		if total < 29 || total > 30 || int(total-missed) != len(at) {
			t.Errorf("in 30 minutes %v iterations, %v of them missed, %d questions", total, missed, len(at))
		}
	})
}

// metricsOf returns the values of all counters and gauges: "name rule_group".
func metricsOf(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c calls
		registry := prometheus.NewRegistry()
		e := New(Options{
			Query: func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
				if expr == "bad" {
					return nil, errors.New("no")
				}
				return c.query(ctx, expr, at)
			},
			Appendable: &notebook{}, Registerer: registry,
		})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}, {record: s, expr: bad}, {alert: A, expr: b}]}]"))
		stop := running(t, e)
		time.Sleep(10*time.Minute + time.Second)
		got := metricsOf(t, registry)
		for name, want := range map[string]float64{
			"prometheus_rule_evaluations_total r.yml;g":                    30,
			"prometheus_rule_evaluation_failures_total r.yml;g":            10,
			"prometheus_rule_group_iterations_total r.yml;g":               10,
			"prometheus_rule_group_iterations_missed_total r.yml;g":        0,
			"prometheus_rule_group_interval_seconds r.yml;g":               60,
			"prometheus_rule_group_rules r.yml;g":                          3,
			"prometheus_rule_group_last_evaluation_samples r.yml;g":        3,
			"prometheus_rule_group_last_duration_seconds r.yml;g":          0,
			"prometheus_rule_group_last_rule_duration_sum_seconds r.yml;g": 0,
			"prometheus_rule_evaluation_duration_histogram_seconds":        30,
			"prometheus_rule_group_duration_histogram_seconds":             10,
		} {
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s: got %v, want %v", name, v, want)
			}
		}
		if age := float64(time.Now().UnixNano())/1e9 - got["prometheus_rule_group_last_evaluation_timestamp_seconds r.yml;g"]; age < 0 || age > 60 {
			t.Errorf("the last evaluation was %vs ago, want less than a minute", age)
		}
		apply(t, e)
		for name := range metricsOf(t, registry) {
			if strings.Contains(name, "r.yml") {
				t.Errorf("%s is still there after its group has gone", name)
			}
		}
		stop()
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c calls
		store := &notebook{}
		e := New(Options{Query: c.query, Appendable: store})
		stop := running(t, e)
		apply(t, e,
			parse(t, "a.yml", "groups: [{name: same, rules: [{record: r1, expr: a}]}, {name: changed, rules: [{alert: A, expr: b, for: 1h}]}]"),
			parse(t, "b.yml", "groups: [{name: gone, rules: [{record: r2, expr: c}]}]"))
		time.Sleep(10 * time.Minute)
		before := e.Groups()
		if got, want := names(before), "a.yml;changed a.yml;same b.yml;gone"; got != want {
			t.Fatalf("groups: got %s, want %s", got, want)
		}

		// A bad configuration changes nothing.
		f := parse(t, "a.yml", "groups: [{name: g}]")
		for _, bad := range []Config{{Files: []*definition.File{f}}, {Interval: time.Minute, Files: []*definition.File{f, f}}} {
			if err := e.Apply(bad); err == nil {
				t.Errorf("%+v was accepted", bad)
			}
		}
		if got, want := names(e.Groups()), names(before); got != want {
			t.Fatalf("groups after bad configurations: got %s, want %s", got, want)
		}

		removed := time.Now()
		apply(t, e, parse(t, "a.yml", "groups: [{name: same, rules: [{record: r1, expr: a}]}, {name: changed, rules: [{alert: A, expr: d, for: 1h}]}]"))
		after := e.Groups()
		if got, want := names(after), "a.yml;changed a.yml;same"; got != want {
			t.Fatalf("groups: got %s, want %s", got, want)
		}
		if got, want := after[1].LastEvaluation, before[1].LastEvaluation; !got.Equal(want) || after[1].Rules[0].Health != HealthGood {
			t.Errorf("the unchanged group was touched: last evaluation %v, want %v", got, want)
		}
		if got, want := after[0].Rules[0].Alerts[0].ActiveAt, before[0].Rules[0].Alerts[0].ActiveAt; !got.Equal(want) {
			t.Errorf("the alert of the changed group is active since %v, want %v", got, want)
		}

		time.Sleep(2*time.Minute - time.Second)
		if store.has(`{__name__="r2"}`, "stale") {
			t.Error("the series of the removed group were marked stale too early")
		}
		time.Sleep(time.Minute)
		if !store.has(`{__name__="r2"}`, fmt.Sprintf("%d:stale", removed.UnixMilli())) {
			t.Errorf("the series of the removed group were not marked stale as of %v: %v", removed, store.lines)
		}
		if store.has(`{__name__="r1"}`, "stale") || store.has(`{__name__="ALERTS`, "stale") {
			t.Error("series that are still written were marked stale")
		}
		stop()

		// No slot of the changed group was lost.
		at := append(c.of("b"), c.of("d")...)
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap != time.Minute {
				t.Errorf("from slot to slot of the changed group: got %v, want 1m", gap)
			}
		}
	})
}

func names(groups []GroupStatus) string {
	var all []string
	for _, g := range groups {
		all = append(all, g.File+";"+g.Name)
	}
	return strings.Join(all, " ")
}

func TestNoStaleMarkersAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c calls
		store := &notebook{}
		e := New(Options{Query: c.query, Appendable: store})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}]}, {name: h, rules: [{record: s, expr: a}]}]"))
		stop := running(t, e)
		time.Sleep(5 * time.Minute)
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}]}]"))
		stop()
		if !store.has("{", ":1") || store.has("{", "stale") {
			t.Errorf("want samples and no stale markers, got %v", store.lines)
		}
	})
}

// While Apply waits for an evaluation, Groups answers, and the rules after the
// running one are left to the new group.
func TestApplyWaitsForTheRunningRuleOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := calls{takes: 10 * time.Second}
		e := New(Options{Query: c.query, Appendable: &notebook{}})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}, {record: s, expr: b}]}]"))
		stop := running(t, e)
		for len(c.of("a")) == 0 {
			time.Sleep(time.Second)
		}
		applied := make(chan struct{})
		go func() {
			defer close(applied)
			apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: c}]}]"))
		}()
		synctest.Wait()
		if got := e.Groups()[0].Rules[0].Query; got != "a" {
			t.Errorf("while Apply waits, the query is %q, want a", got)
		}
		select {
		case <-applied:
			t.Error("Apply did not wait for the evaluation")
		default:
		}
		start := time.Now()
		<-applied
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("Apply waited for %v, want at most the 10s of one rule", took)
		}
		if len(c.of("b")) > 0 {
			t.Error("the old group went on")
		}
		if got := e.Groups()[0].Rules[0].Query; got != "c" {
			t.Errorf("after Apply, the query is %q, want c", got)
		}
		stop()
	})
}

func TestRunWaitsForEvaluations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, ended := make(chan struct{}, 1), false
		e := New(Options{
			Appendable: &notebook{},
			Query: func(ctx context.Context, _ string, _ time.Time) (promql.Vector, error) {
				started <- struct{}{}
				<-ctx.Done()
				time.Sleep(time.Second) // a store that takes its time to give up
				ended = true
				return nil, ctx.Err()
			},
		})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{record: r, expr: a}]}]"))
		stop := running(t, e)
		<-started
		stop()
		if !ended {
			t.Error("Run returned while an evaluation was running")
		}
		if err := e.Run(context.Background()); err == nil {
			t.Error("the engine ran a second time")
		}
		apply(t, e, parse(t, "r.yml", "groups: [{name: h}]")) // does no harm
	})
}

// Whoever receives alerts may look at the engine.
func TestSendHoldsNoLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c calls
		var e *Engine
		var seen []string
		e = New(Options{Query: c.query, Appendable: &notebook{}, Send: func(_ context.Context, alerts []Alert) {
			seen = append(seen, fmt.Sprint(len(alerts), " ", e.Groups()[0].Rules[0].State))
		}})
		apply(t, e, parse(t, "r.yml", "groups: [{name: g, rules: [{alert: A, expr: a, for: 1m}]}]"))
		stop := running(t, e)
		time.Sleep(3 * time.Minute)
		stop()
		wantLines(t, "seen by the receiver", seen, []string{"1 firing", "1 firing"})
	})
}
