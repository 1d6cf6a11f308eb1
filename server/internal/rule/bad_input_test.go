package rule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// Each of these is a rule's own trouble: health, error and metrics say so, the
// other rule of its group and the other group go on.
func TestResultsThatCannotBeUsed(t *testing.T) {
	one := promql.Vector{{F: 1, Metric: labels.FromStrings("__name__", "m", "i", "1")}}
	same := promql.Vector{one[0], {F: 2, Metric: labels.FromStrings("__name__", "n", "i", "1")}}
	for name, test := range map[string]struct {
		query func(ctx context.Context) (promql.Vector, error)
		bad   string // rule
		want  string
	}{
		"fails":       {func(context.Context) (promql.Vector, error) { return nil, errors.New("no storage") }, "{record: bad, expr: b}", "no storage"},
		"panics":      {func(context.Context) (promql.Vector, error) { panic("no parser") }, "{record: bad, expr: b}", "no parser"},
		"duplicates":  {func(context.Context) (promql.Vector, error) { return same, nil }, "{record: bad, expr: b}", "same labelset after applying rule labels"},
		"same alerts": {func(context.Context) (promql.Vector, error) { return same, nil }, "{alert: bad, expr: b}", "same labelset after applying alert labels"},
		"timeout": {func(context.Context) (promql.Vector, error) {
			return nil, promql.ErrQueryTimeout("expression evaluation")
		}, "{alert: bad, expr: b}", "query timed out in expression evaluation"},
		"alert panics": {func(context.Context) (promql.Vector, error) { panic(errors.New("index out of range")) }, "{alert: bad, expr: b}", "index out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.trouble.query = func(ctx context.Context, expr string) (promql.Vector, error) {
					if expr == "b" {
						return test.query(ctx)
					}
					return one, nil
				}
				apply(t, w.e, parse(t, "r.yml", fmt.Sprintf(`
groups:
- {name: bad, rules: [{record: before, expr: a}, %s, {record: after, expr: c}]}
- {name: other, rules: [{record: other, expr: d}]}
`, test.bad)))
				defer running(t, w.e)()
				start := time.Now()
				time.Sleep(10 * time.Minute)
				w.wantHealth("bad", HealthBad, test.want)
				for rule, expr := range map[string]string{"before": "a", "after": "c", "other": "d"} {
					w.wantHealth(rule, HealthGood, "")
					w.wantEvaluations(expr, start, 10)
				}
				got := metricsOf(t, w.registry)
				if n := got["prometheus_rule_evaluation_failures_total r.yml;bad"]; n != 10 {
					t.Errorf("got %v failures, want 10", n)
				}
				if n := got["prometheus_rule_evaluation_failures_total r.yml;other"]; n != 0 {
					t.Errorf("the other group has %v failures, want 0", n)
				}

				w.change(func(tr *trouble) { tr.query = nil })
				time.Sleep(time.Minute)
				w.wantHealth("bad", HealthGood, "")
			})
		})
	}
}

// Only the group of a slow rule misses evaluations, and it says how many.
func TestASlowRuleDoesNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.trouble.query = func(ctx context.Context, expr string) (promql.Vector, error) {
			if expr == "slow" {
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(150 * time.Second):
				}
			}
			return promql.Vector{{F: 1}}, nil
		}
		apply(t, w.e, parse(t, "r.yml", `
groups:
- {name: slow, rules: [{record: slow, expr: slow}, {record: after, expr: a}]}
- {name: b, rules: [{record: b, expr: b}]}
- {name: c, interval: 10s, rules: [{record: c, expr: c}]}
`))
		stop := running(t, w.e)
		start := time.Now()
		time.Sleep(time.Hour)
		w.wantEvaluations("b", start, 60)
		if n := len(w.calls.of("c")); n != 360 {
			t.Errorf("c: evaluated %d times in an hour, want 360", n)
		}
		got := metricsOf(t, w.registry)
		total, missed := got["prometheus_rule_group_iterations_total r.yml;slow"], got["prometheus_rule_group_iterations_missed_total r.yml;slow"]
		if n := float64(len(w.calls.of("slow"))); n > 24 || n < 20 || total-missed != n || total < 58 || total > 60 {
			t.Errorf("the slow group: %v iterations, %v of them missed, %v evaluations", total, missed, n)
		}
		for _, g := range []string{"b", "c"} {
			if n := got["prometheus_rule_group_iterations_missed_total r.yml;"+g]; n != 0 {
				t.Errorf("group %s missed %v iterations, want 0", g, n)
			}
		}
		stop() // in the middle of a slow evaluation
	})
}

// A template that fails, loops, calls itself or grows is an annotation that says so,
// and nothing else.
func TestTemplatesThatCannotBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		apply(t, w.e, parse(t, "r.yml", `
groups:
- name: bad
  rules:
  - alert: Bad
    expr: a
    labels: {missing: "{{ $labels.none }}", fails: '{{ template "none" }}'}
    annotations:
      missing: "{{ $labels.none }}!"
      fails: '{{ query "a" | first | label 1 }}'
      loops: '{{ range 10000000000 }}x{{ end }}'
      recursive: '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}'
      grows: '{{ $x := "long" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}'
      good: "{{ $value }}"
  - {record: after, expr: b}
- {name: other, rules: [{record: other, expr: c}]}
`))
		defer running(t, w.e)()
		start := time.Now()
		time.Sleep(3 * time.Minute)
		w.wantHealth("Bad", HealthGood, "")
		w.wantHealth("after", HealthGood, "")
		w.wantEvaluations("c", start, 3)
		alerts := w.rule("Bad").Alerts
		if len(alerts) != 1 || alerts[0].State != StateFiring {
			t.Fatalf("got alerts %+v, want one that fires", alerts)
		}
		a := alerts[0]
		if a.Labels.Has("missing") {
			t.Errorf("got labels %s, want none that is empty", a.Labels)
		}
		for name, want := range map[string]string{
			"missing": "!", "good": "1",
			"fails": "<error expanding template: ", "loops": "repeats itself more than", "recursive": "call each other more than", "grows": "makes more than",
		} {
			if got := a.Annotations.Get(name); !strings.Contains(got, want) || len(got) > 1000 {
				t.Errorf("annotation %s: got %.100q, want %q", name, got, want)
			}
		}
		if got := a.Labels.Get("fails"); !strings.HasPrefix(got, "<error expanding template: ") {
			t.Errorf("label: got %q, want the error", got)
		}
	})
}

// What a store does to one rule, it is blamed for by the rule; what it did not take
// is neither lost to the rule's memory nor does the engine end.
func TestAStoreInTrouble(t *testing.T) {
	fails := func(context.Context) error { return errors.New("disk full") }
	panics := func(context.Context) error { panic("head is corrupt") }
	for _, where := range []string{"opens", "appends", "commits", "rolls back"} {
		for what, fault := range map[string]func(context.Context) error{"fails": fails, "panics": panics} {
			if what == "fails" && where == "opens" {
				continue // there is no error to return
			}
			t.Run(where+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					full := parse(t, "r.yml", "groups: [{name: g, rules: [{record: a, expr: a}, {alert: A, expr: b}, {record: gone, expr: c}]}, {name: h, rules: [{record: h, expr: h}]}]")
					less := parse(t, "r.yml", "groups: [{name: g, rules: [{record: a, expr: a}, {alert: A, expr: b}]}]")
					apply(t, w.e, full)
					defer running(t, w.e)()
					time.Sleep(3 * time.Minute)
					w.wantHealth("a", HealthGood, "")

					w.change(func(tr *trouble) { tr.store, tr.fault = where, fault })
					if where == "rolls back" { // which happens only after a panic
						w.change(func(tr *trouble) {
							tr.store, tr.fault = "appends", func(ctx context.Context) error {
								w.change(func(tr *trouble) { tr.store, tr.fault = where, fault })
								panic("first")
							}
						})
					}
					time.Sleep(time.Minute)
					if where != "rolls back" {
						w.wantHealth("a", HealthBad, map[string]string{"fails": "disk full", "panics": "head is corrupt"}[what])
						w.wantHealth("A", HealthBad, map[string]string{"fails": "disk full", "panics": "head is corrupt"}[what])
					}
					if got := w.rule("A"); len(got.Alerts) != 1 || got.Alerts[0].State != StateFiring {
						t.Errorf("got alerts %v, want one that fires", got.Alerts)
					}
					apply(t, w.e, less) // what is gone is to be marked stale in that store
					time.Sleep(10 * time.Minute)

					w.change(func(tr *trouble) { tr.fault = nil })
					time.Sleep(time.Minute)
					w.wantHealth("a", HealthGood, "")
					w.wantHealth("A", HealthGood, "")
					if n := metricsOf(t, w.registry)["prometheus_rule_evaluations_total r.yml;g"]; n != 4*3+11*2 {
						t.Errorf("got %v evaluations, want one of each rule and minute", n)
					}
					if w.now().faulty {
						t.Error("a sample was older than the one before")
					}
				})
			})
		}
	}
}

// While the store takes nothing, groups that write nothing go on, the state can be
// read, reloads of other groups are applied, and the end of the engine is not held up.
func TestAStoreThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.trouble.query = func(_ context.Context, expr string) (promql.Vector, error) {
			if expr == "none" {
				return nil, nil
			}
			return promql.Vector{{F: 1}}, nil
		}
		w.trouble.store, w.trouble.fault = "commits", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		file := "groups: [{name: g, rules: [{record: a, expr: a}]}, {name: quiet, rules: [{alert: Q, expr: none}]}%s]"
		apply(t, w.e, parse(t, "r.yml", fmt.Sprintf(file, "")))
		stop := running(t, w.e)
		start := time.Now()
		time.Sleep(10 * time.Minute)
		w.wantEvaluations("none", start, 10)
		w.wantHealth("Q", HealthGood, "")
		apply(t, w.e, parse(t, "r.yml", fmt.Sprintf(file, ", {name: new, rules: [{alert: N, expr: none}]}")))
		time.Sleep(2 * time.Minute)
		w.wantHealth("N", HealthGood, "")
		if n := len(w.calls.of("a")); n != 1 {
			t.Errorf("the group that waits was evaluated %d times, want once", n)
		}
		stopped := time.Now()
		stop()
		if d := time.Since(stopped); d != 0 {
			t.Errorf("the end took %v", d)
		}
	})
}

// The same holds while nobody takes over alerts.
func TestSendThatBlocksOrPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.trouble.send = func(ctx context.Context, _ []Alert) { <-ctx.Done() }
		apply(t, w.e, parse(t, "r.yml", "groups: [{name: g, rules: [{alert: A, expr: a}]}, {name: h, rules: [{record: r, expr: b}]}]"))
		stop := running(t, w.e)
		start := time.Now()
		time.Sleep(10 * time.Minute)
		w.wantEvaluations("b", start, 10)
		w.wantHealth("A", HealthUnknown, "")
		stop()
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.trouble.send = func(context.Context, []Alert) { panic("queue is gone") }
		apply(t, w.e, parse(t, "r.yml", "groups: [{name: g, rules: [{alert: A, expr: a}, {record: r, expr: b}]}]"))
		defer running(t, w.e)()
		time.Sleep(3 * time.Minute)
		w.wantHealth("A", HealthBad, "queue is gone")
		w.wantHealth("r", HealthGood, "")
		w.change(func(tr *trouble) { tr.send = nil })
		time.Sleep(2 * time.Minute)
		w.wantHealth("A", HealthGood, "")
		if len(w.sent) == 0 {
			t.Error("the alert was never sent")
		}
	})
}
