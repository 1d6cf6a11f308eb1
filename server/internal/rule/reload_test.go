package rule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// placesOf returns the rules of "file: content" in their order.
func placesOf(t *testing.T, files ...string) []place {
	t.Helper()
	env := New(Options{}).env
	var groups []*group
	for _, f := range files {
		path, content, _ := strings.Cut(f, ": ")
		for _, def := range parse(t, path, "groups: ["+content+"]").Groups {
			groups = append(groups, newGroup(path, def, Config{Interval: time.Minute}, env))
		}
	}
	return places(groups)
}

func TestHeirs(t *testing.T) {
	for _, test := range []struct {
		name      string
		old, next []string // files
		want      []int
	}{
		{
			"nothing changes",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {record: r, expr: a}, {alert: B, expr: a, labels: {s: x}}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {record: r, expr: a}, {alert: B, expr: a, labels: {s: x}}]}"},
			[]int{0, 1, 2},
		},
		{
			"1: expression and order change",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: B, expr: b}]}"},
			[]string{"a: {name: g, rules: [{alert: B, expr: c, for: 1m}, {alert: A, expr: b, annotations: {x: y}}]}"},
			[]int{1, 0},
		},
		{
			"1: a recording rule is not continued by an alert",
			[]string{"a: {name: g, rules: [{record: A, expr: a}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}"},
			[]int{-1},
		},
		{
			"1: of one name, the severity tells",
			[]string{"a: {name: g, rules: [{alert: A, expr: a > 1, labels: {s: warn}}, {alert: A, expr: a > 2, labels: {s: page}}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a > 2, labels: {s: warn}}, {alert: A, expr: a > 1, labels: {s: page}}]}"},
			[]int{0, 1},
		},
		{
			"1: of namesakes, the first is the first",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: A, expr: b}, {alert: A, expr: c}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: b}, {alert: A, expr: c}]}"},
			[]int{0, 1},
		},
		{
			"2: a file is renamed",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}, {name: h, rules: [{alert: A, expr: a}]}"},
			[]string{"b: {name: h, rules: [{alert: A, expr: a}]}, {name: g, rules: [{alert: A, expr: a}]}"},
			[]int{1, 0},
		},
		{
			"3: a rule moves to another group",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: B, expr: b}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}, {name: h, rules: [{alert: B, expr: c}]}"},
			[]int{0, 1},
		},
		{
			"3: two rules are swapped between groups",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}", "b: {name: h, rules: [{alert: B, expr: b}]}"},
			[]string{"a: {name: g, rules: [{alert: B, expr: b}]}", "b: {name: h, rules: [{alert: A, expr: a}]}"},
			[]int{1, 0},
		},
		{
			"3: whoever stays where it was is not robbed by one that is new elsewhere",
			[]string{"b: {name: g, rules: [{alert: A, expr: b}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}", "b: {name: g, rules: [{alert: A, expr: c}]}"},
			[]int{-1, 0},
		},
		{
			"4: a label is added, also to several of one name",
			[]string{"a: {name: g, rules: [{alert: A, expr: a > 1}, {alert: A, expr: a > 2}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: a > 2, labels: {s: page}}, {alert: A, expr: a > 1, labels: {s: warn}}]}"},
			[]int{1, 0},
		},
		{
			"4: the whole group gets a label",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: B, expr: a}]}"},
			[]string{"a: {name: g, labels: {team: x}, rules: [{alert: A, expr: a}, {alert: B, expr: a}]}"},
			[]int{0, 1},
		},
		{
			"5: it moves and gets a label",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: A, expr: b}]}"},
			[]string{"b: {name: h, rules: [{alert: A, expr: b, labels: {s: page}}]}"},
			[]int{1},
		},
		{
			"6: labels and expression change at once",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}, {alert: B, expr: b}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: c, labels: {s: page}}, {alert: B, expr: d, labels: {s: page}}]}"},
			[]int{0, 1},
		},
		{
			"6: not if another of that name is left",
			[]string{"a: {name: g, rules: [{alert: A, expr: a, labels: {s: x}}, {alert: A, expr: b, labels: {s: y}}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: c, labels: {s: z}}]}"},
			[]int{-1},
		},
		{
			"6: not if two claim it",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: c, labels: {s: x}}, {alert: A, expr: d, labels: {s: y}}]}"},
			[]int{-1, -1},
		},
		{
			"6: only one is left, the others being the same",
			[]string{"a: {name: g, rules: [{alert: A, expr: a, labels: {s: x}}, {alert: A, expr: b, labels: {s: y}}]}"},
			[]string{"a: {name: g, rules: [{alert: A, expr: c, labels: {s: z}}, {alert: A, expr: b, labels: {s: y}}]}"},
			[]int{0, 1},
		},
		{
			"6: not in another group",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}"},
			[]string{"a: {name: h, rules: [{alert: A, expr: c, labels: {s: x}}]}"},
			[]int{-1},
		},
		{
			"another name is another rule",
			[]string{"a: {name: g, rules: [{alert: A, expr: a}]}"},
			[]string{"a: {name: g, rules: [{alert: B, expr: a}]}"},
			[]int{-1},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := heirs(placesOf(t, test.old...), placesOf(t, test.next...)); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// files makes the files of a bench's engine those of "path: groups".
func (b *bench) files(files ...string) {
	b.t.Helper()
	b.cfg.Files = nil
	for _, f := range files {
		path, content, _ := strings.Cut(f, ": ")
		b.cfg.Files = append(b.cfg.Files, parse(b.t, path, "groups: ["+content+"]"))
	}
	if err := b.e.Apply(b.cfg); err != nil {
		b.t.Fatal(err)
	}
}

func TestRulesThatAreGoneResolveTheirAlerts(t *testing.T) {
	for _, test := range []struct {
		name        string
		old, next   []string
		wantMissing []string // of wantSent
	}{
		{
			"a rule",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: up == 0}]}"},
			[]string{"a: {name: g, rules: [{alert: B, expr: up == 0}]}"},
			[]string{`{alertname="A"} {} from 0s until 2m30s`},
		},
		{
			"a group",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}]}, {name: h, rules: [{alert: B, expr: up == 0}]}"},
			[]string{"a: {name: h, rules: [{alert: B, expr: up == 0}]}"},
			[]string{`{alertname="A"} {} from 0s until 2m30s`},
		},
		{
			"all files",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: up == 0, for: 1m}]}"},
			nil,
			[]string{`{alertname="A"} {} from 0s until 2m30s`, `{alertname="B"} {} from 1m0s until 2m30s`},
		},
		{
			"what is pending was told to nobody",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0, for: 1h}]}"},
			nil,
			nil,
		},
		{
			"what another rule holds up stays",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}]}", "b: {name: g, rules: [{alert: A, expr: up < 1}]}"},
			[]string{"b: {name: g, rules: [{alert: A, expr: up < 1}]}"},
			nil,
		},
		{
			"an alert that only another pending rule has does not stay",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}]}", "b: {name: g, rules: [{alert: A, expr: up < 1, for: 1h}]}"},
			[]string{"b: {name: g, rules: [{alert: A, expr: up < 1, for: 1h}]}"},
			[]string{`{alertname="A"} {} from 0s until 2m30s`},
		},
		{
			"an alert becomes a recording rule",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}]}"},
			[]string{"a: {name: g, rules: [{record: A, expr: up == 0}]}"},
			[]string{`{alertname="A"} {} from 0s until 2m30s`},
		},
		{
			"a rule that moves is not gone",
			[]string{"a: {name: g, rules: [{alert: A, expr: up == 0}]}"},
			[]string{"b: {name: h, rules: [{alert: A, expr: up == 0, for: 1m}]}"},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, l := newBench(t), &ledger{}
			b.restart(l)
			b.files(test.old...)
			b.minutes(0, 2, "up 0")
			b.sent = nil
			b.now = t0.Add(2*time.Minute + 30*time.Second)
			b.files(test.next...)
			for i, line := range b.sent { // whichever expression it has
				b.sent[i], _, _ = strings.Cut(line, ", see ")
			}
			wantLines(t, "sent", b.sent, test.wantMissing)
			wantLines(t, "journal", l.show(), b.e.standings())

			b.sent = nil
			b.files(test.next...)
			if len(b.sent) > 0 {
				t.Errorf("sent once more: %q", b.sent)
			}
		})
	}
}

// What ended long ago is not told again because its rule goes.
func TestRulesThatAreGoneKnowWhatEnded(t *testing.T) {
	b := newBench(t)
	b.restart(&ledger{})
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0}]}")
	b.minutes(0, 2, "up 0")
	b.files("a: {name: g, rules: [{alert: A, expr: up < 1}]}")
	b.minutes(3, 30, "up 1")
	b.sent = nil
	b.files()
	b.wantSent("when the rule goes")
}

// A rule that moves keeps its alerts, and nobody ends its series meanwhile.
func TestMovedRulesKeepAlertsAndSeries(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.restart(l)
	b.files(
		"a: {name: g, rules: [{alert: A, expr: up == 0, for: 5m}, {record: r, expr: up}, {record: gone, expr: up}]}",
		"b: {name: h, rules: [{alert: B, expr: up == 0}]}")
	b.minutes(0, 5, "up 0")
	b.files(
		"b: {name: h, rules: [{alert: B, expr: up == 0}, {record: r, expr: 2 + up}]}",
		"c: {name: i, rules: [{alert: A, expr: up == 0, for: 4m}]}")
	b.sent = nil
	b.minutes(6, 7, "up 0")
	since := fmt.Sprint(float64(t0.Unix()))
	values := func(value string, from, to int) string {
		var words string
		for minute := from; minute <= to; minute++ {
			words += fmt.Sprintf(" %d:%s", 60*minute, value)
		}
		return words
	}
	wantLines(t, "series", dump(t, b.db, namedLike("ALERTS.*|r")), []string{
		`{__name__="ALERTS", alertname="A", alertstate="firing"}` + values("1", 5, 7),
		`{__name__="ALERTS", alertname="A", alertstate="pending"}` + values("1", 0, 4) + " 300:stale",
		`{__name__="ALERTS", alertname="B", alertstate="firing"}` + values("1", 0, 7),
		`{__name__="ALERTS_FOR_STATE", alertname="A"}` + values(since, 0, 7),
		`{__name__="ALERTS_FOR_STATE", alertname="B"}` + values(since, 0, 7),
		`{__name__="r"}` + values("0", 0, 5) + values("2", 6, 7),
	})
	for _, line := range b.sent {
		if !strings.Contains(line, `{alertname="A"} {} from 5m0s until 1`) && !strings.Contains(line, `{alertname="B"} {} from 0s until 1`) {
			t.Errorf("sent %s, want that A and B fire as before", line)
		}
	}
	if len(b.sent) != 4 {
		t.Errorf("sent %d times, want 4: both, twice", len(b.sent))
	}
	wantLines(t, "journal", l.show(), b.e.standings())
}

// An alert whose rule gets another label is another one for those who were told:
// the old one ends, once, and the new one has its beginning.
func TestAnAddedLabelEndsTheOldAlertOnce(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.restart(l)
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, for: 2m}]}")
	b.minutes(0, 3, "up 0")
	b.files("a: {name: g, labels: {team: x}, rules: [{alert: A, expr: up == 0, for: 2m}]}")
	b.sent = nil
	b.minutes(4, 4, "up 0")
	b.wantSent("after the change", `{alertname="A"} {} from 2m0s until 4m0s`, `{alertname="A", team="x"} {} from 2m0s until 8m0s`)
	b.minutes(5, 5, "up 0")
	b.wantSent("then", `{alertname="A", team="x"} {} from 2m0s until 9m0s`)
	wantLines(t, "journal", l.show(), b.e.standings())
	for _, line := range dump(t, b.db, namedLike("ALERTS.*")) {
		if ended := strings.Contains(line, "240:stale"); !strings.Contains(line, "pending") && ended == strings.Contains(line, "team") {
			t.Errorf("series %s: want those with the old labels ended, and those with the new ones not", line)
		}
	}
}

// A label that is changed ends the old alert for those who were told, unless another
// rule still holds it up.
func TestAChangedLabelLeavesTheAlertThatAnotherRuleHoldsUp(t *testing.T) {
	b := newBench(t)
	b.restart(&ledger{})
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0}]}", "b: {name: g, rules: [{alert: A, expr: up < 1}]}")
	b.minutes(0, 3, "up 0")
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, labels: {team: x}}]}", "b: {name: g, rules: [{alert: A, expr: up < 1}]}")
	b.sent = nil
	b.minutes(4, 5, "up 0")
	for _, line := range b.sent {
		if strings.HasPrefix(line, `{alertname="A"} {} from`) && strings.Contains(line, "until 4m0s") {
			t.Errorf("told resolved, though the other rule has it firing: %s", line)
		}
	}
}

// An alert that only keep_firing_for holds up when its labels are changed gets
// them when it is found again.
func TestAChangedLabelReachesWhatIsKeptFiring(t *testing.T) {
	b := newBench(t)
	b.restart(&ledger{})
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, keep_firing_for: 1h}]}")
	b.minutes(0, 3, "up 0")
	b.minutes(4, 4, "up 1")
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, keep_firing_for: 1h, labels: {team: x}}]}")
	b.minutes(5, 6, "up 1")
	b.minutes(7, 8, "up 0")
	if got := b.rule("A").Alerts; len(got) != 1 {
		t.Errorf("got %d alerts, want one: %v", len(got), got)
	}
}

// Reloads that follow each other before an evaluation are as good as one.
func TestReloadsInQuickSuccession(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.restart(l)
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, for: 2m}]}")
	b.minutes(0, 3, "up 0")
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0, for: 2m, labels: {team: x}}]}")
	b.files("b: {name: g, rules: [{alert: A, expr: up == 0, for: 1m, labels: {team: x}}]}")
	b.sent = nil
	b.minutes(4, 4, "up 0")
	b.wantSent("after the changes", `{alertname="A"} {} from 2m0s until 4m0s`, `{alertname="A", team="x"} {} from 2m0s until 8m0s`)
	wantLines(t, "journal", l.show(), b.e.standings())
}

// Two alerts that one element of the result has had do not become one.
func TestAChangedLabelKeepsAlertsApart(t *testing.T) {
	b := newBench(t)
	b.restart(&ledger{})
	b.files("a: {name: g, rules: [{alert: A, expr: up >= 0, keep_firing_for: 1h, labels: {v: '{{ $value }}'}}]}")
	b.minutes(0, 1, "up 0")
	b.minutes(2, 3, "up 1")
	b.files("a: {name: g, rules: [{alert: A, expr: up >= 0, keep_firing_for: 1h, labels: {v: '{{ $value }}', s: x}}]}")
	b.minutes(4, 5, "up 1")
	seen := make(map[string]bool)
	for _, a := range b.rule("A").Alerts {
		seen[a.Labels.String()] = true
	}
	if n := len(b.rule("A").Alerts); n != 2 || len(seen) != 2 || !seen[`{alertname="A", s="x", v="1"}`] {
		t.Errorf("got %d alerts: %v", n, seen)
	}
}

// slowly is a query function that takes long for one expression.
type slowly struct {
	calls
	expr    string
	started chan struct{} // closed when it is asked first
	once    sync.Once
	release chan struct{}
}

func (s *slowly) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	if expr == s.expr {
		s.once.Do(func() { close(s.started) })
		<-s.release
	}
	return s.calls.query(ctx, expr, at)
}

// A group that evaluates for long holds up nobody but those who continue its rules.
func TestASlowGroupDoesNotHoldUpTheReloadOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowly{expr: "slow", started: make(chan struct{}), release: make(chan struct{})}
		e := New(Options{Query: s.query, Appendable: &notebook{}})
		stop := running(t, e)
		apply(t, e,
			parse(t, "a.yml", "groups: [{name: g, rules: [{record: r, expr: slow}]}]"),
			parse(t, "b.yml", "groups: [{name: g, rules: [{record: s, expr: old}]}, {name: moves, rules: [{record: t, expr: old}]}]"))
		<-s.started
		time.Sleep(5 * time.Minute)
		applied := make(chan struct{})
		go func() {
			defer close(applied)
			apply(t, e,
				parse(t, "a.yml", "groups: [{name: g, rules: [{record: r, expr: quick}]}]"),
				parse(t, "b.yml", "groups: [{name: g, rules: [{record: s, expr: new}]}, {name: moved, rules: [{record: t, expr: new}]}]"))
		}()
		asked := len(s.of("new"))
		time.Sleep(5 * time.Minute)
		if got := len(s.of("new")) - asked; got != 10 {
			t.Errorf("two groups were evaluated %d times in five minutes of a reload that waits for a third, want 10 times", got)
		}
		select {
		case <-applied:
			t.Error("the reload did not wait for the evaluation")
		default:
		}
		if got := s.of("quick"); len(got) > 0 {
			t.Error("the slow group was evaluated by two at the same time")
		}
		close(s.release)
		<-applied
		time.Sleep(2 * time.Minute)
		if got := len(s.of("quick")); got < 2 || got > 3 { // the slot that it was late for, perhaps
			t.Errorf("after the reload the group was evaluated %d times in two minutes, want 2 or 3", got)
		}
		stop()
	})
}

// A group is evaluated anew for what it depends on beside its rules.
func TestGroupsAreTheSame(t *testing.T) {
	env := New(Options{}).env
	base := func() (definition.Group, Config) {
		return parse(t, "a", "groups: [{name: g, limit: 3, rules: [{alert: A, expr: a, for: 1m, labels: {s: x}, annotations: {t: y}}]}]").Groups[0],
			Config{Interval: time.Minute, QueryOffset: time.Second, ExternalLabels: labels.FromStrings("a", "b")}
	}
	def, cfg := base()
	g := newGroup("a", def, cfg, env)
	offset := time.Minute
	for name, change := range map[string]func(*definition.Group, *Config){
		"interval":        func(d *definition.Group, _ *Config) { d.Interval = time.Hour },
		"global interval": func(_ *definition.Group, c *Config) { c.Interval = time.Hour },
		"offset":          func(d *definition.Group, _ *Config) { d.QueryOffset = &offset },
		"global offset":   func(_ *definition.Group, c *Config) { c.QueryOffset = time.Hour },
		"external labels": func(_ *definition.Group, c *Config) { c.ExternalLabels = labels.FromStrings("a", "c") },
		"limit":           func(d *definition.Group, _ *Config) { d.Limit = 0 },
		"no rule":         func(d *definition.Group, _ *Config) { d.Rules = nil },
		"expression":      func(d *definition.Group, _ *Config) { d.Rules[0].Query = "b" },
		"for":             func(d *definition.Group, _ *Config) { d.Rules[0].For = 0 },
		"keep firing for": func(d *definition.Group, _ *Config) { d.Rules[0].KeepFiringFor = 1 },
		"label":           func(d *definition.Group, _ *Config) { d.Rules[0].Labels = labels.EmptyLabels() },
		"annotation":      func(d *definition.Group, _ *Config) { d.Rules[0].Annotations = labels.EmptyLabels() },
	} {
		def, cfg := base()
		if same := newGroup("a", def, cfg, env); !g.same(same) {
			t.Fatal("the same group is not the same")
		}
		change(&def, &cfg)
		if g.same(newGroup("a", def, cfg, env)) {
			t.Errorf("%s: a group that is changed is taken for the same", name)
		}
	}
}
