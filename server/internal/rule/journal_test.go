package rule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// ledger is a journal in memory.
type ledger struct {
	mu   sync.Mutex // guards last
	last map[string]map[string]Change
	fail bool
}

func (l *ledger) Append(changes []Change) func(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail {
		return func(context.Context) error { return errors.New("disk full") }
	}
	if l.last == nil {
		l.last = make(map[string]map[string]Change)
	}
	for _, c := range changes {
		group, key := groupKey(c.File, c.Group), c.Rule+sep+labelsKey(c.Labels)
		if c.State == "" {
			delete(l.last[group], key)
			continue
		}
		if l.last[group] == nil {
			l.last[group] = make(map[string]Change)
		}
		l.last[group][key] = c
	}
	return func(context.Context) error { return nil }
}

func (l *ledger) Recall(file, group string) []Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Change
	for _, c := range l.last[groupKey(file, group)] {
		all = append(all, c)
	}
	return all
}

func (l *ledger) Groups() []GroupID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []GroupID
	for _, last := range l.last {
		for _, c := range last {
			all = append(all, GroupID{c.File, c.Group})
			break
		}
	}
	return all
}

// show returns all that is written down, sorted.
func (l *ledger) show() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for _, last := range l.last {
		for _, c := range last {
			lines = append(lines, showStanding(c.File, c.Group, c.Rule, c.alert()))
		}
	}
	slices.Sort(lines)
	return lines
}

func showStanding(file, group, rule string, a alert) string {
	since := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.Sub(t0).String()
	}
	return fmt.Sprintf("%s %s %q %s %s: %s %s %s %s %s", file, group, rule, a.labels, a.state,
		since(a.activeAt), since(a.firedAt), since(a.resolvedAt), since(a.lastSentAt), since(a.keepFiringSince))
}

// standings returns what a journal of the engine has to know.
func (e *Engine) standings() []string {
	var lines []string
	for _, p := range places(slices.Collect(maps.Values(e.groups))) {
		for _, a := range p.remembered() {
			lines = append(lines, showStanding(p.group.file, p.group.Name, p.rule.id, a))
		}
	}
	slices.Sort(lines)
	return lines
}

// A journal that fails keeps nobody from being told.
func TestAJournalThatFailsIsInNobodysWay(t *testing.T) {
	b := newBench(t)
	b.restart(&ledger{fail: true})
	b.load("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]")
	b.minutes(0, 4, "up 0")
	if len(b.sent) != 5 {
		t.Errorf("sent %d times, want 5", len(b.sent))
	}
}

// Whatever happens to rules, the journal has their alerts, and nothing else.
func TestTheJournalHasTheAlerts(t *testing.T) {
	configs := [][]*definition.File{
		{parse(t, "a.yml", `
groups:
- {name: g, rules: [{alert: A, expr: a, for: 1m}, {alert: A, expr: b}, {alert: B, expr: b, keep_firing_for: 3m, labels: {x: '{{ $labels.i }}'}}]}
- {name: h, limit: 2, rules: [{alert: A, expr: a}]}`)},
		{parse(t, "a.yml", `
groups:
- {name: g, rules: [{alert: A, expr: b}, {alert: B, expr: b, keep_firing_for: 3m, labels: {y: z}}]}
- {name: h, limit: 1, rules: [{alert: A, expr: a}, {alert: B, expr: b, labels: {x: '{{ $labels.i }}'}}]}`)},
		{parse(t, "a.yml", "groups: [{name: h, rules: [{alert: A, expr: a, labels: {s: page}}, {alert: A, expr: a, for: 5m, labels: {s: warn}}]}]"),
			parse(t, "b.yml", "groups: [{name: g, rules: [{alert: A, expr: b}]}]")},
		{parse(t, "b.yml", "groups: [{name: g, rules: [{alert: A, expr: a}, {alert: A, expr: b, for: 2m}]}]")},
		{},
	}
	rapid.Check(t, func(t *rapid.T) {
		now := t0
		answers := make(map[string]promql.Vector) // nil fails
		l := &ledger{}
		var e *Engine
		start := func() {
			e = New(Options{
				Query: func(_ context.Context, expr string, _ time.Time) (promql.Vector, error) {
					if v := answers[expr]; v != nil {
						return slices.Clone(v), nil
					}
					return nil, errors.New("the store is away")
				},
				Appendable: &notebook{}, Journal: l, Now: func() time.Time { return now },
			})
		}
		current := 0
		load := func() {
			if err := e.Apply(Config{Interval: time.Minute, Files: configs[current]}); err != nil {
				t.Fatal(err)
			}
		}
		evaluate := func() {
			for _, g := range e.Groups() {
				if err := e.EvaluateGroup(context.Background(), g.File, g.Name, now); err != nil {
					t.Fatal(err)
				}
			}
		}
		start()
		load()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				start()
				load()
			case 1:
				current = rapid.IntRange(0, len(configs)-1).Draw(t, "config")
				load()
			case 2:
				for _, g := range e.groups {
					if g.unrestored > 0 {
						g.restore(context.Background(), now)
					}
				}
			default:
				for _, expr := range []string{"a", "b"} {
					answers[expr] = nil
					if rapid.IntRange(0, 5).Draw(t, "fails") > 0 {
						answers[expr] = promql.Vector{}
						for _, i := range rapid.SliceOfN(rapid.IntRange(1, 5), 0, 3).Draw(t, "elements") {
							answers[expr] = append(answers[expr], promql.Sample{Metric: labels.FromStrings("i", fmt.Sprint(i)), F: 1})
						}
					}
				}
				evaluate()
			}
			if got, want := l.show(), e.standings(); !slices.Equal(got, want) {
				t.Fatalf("the journal has\n%q\nwant\n%q", got, want)
			}
		}
	})
}
