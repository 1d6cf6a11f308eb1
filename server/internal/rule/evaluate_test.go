package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// bench evaluates the groups of one file by hand, over a real database and a
// real query engine.
type bench struct {
	t    testing.TB
	db   *tsdb.DB
	e    *Engine
	env  *environment // of e
	cfg  Config
	now  time.Time // of the last evaluation
	sent []string  // "alertname{labels} firing|resolved from until", offsets in seconds since t0
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, db: openDB(t), now: t0}
	external, err := url.Parse("http://cresset.example/sub/")
	if err != nil {
		t.Fatal(err)
	}
	b.e = New(Options{
		Query:       queryOf(t, b.db),
		Appendable:  b.db,
		ExternalURL: external,
		Logger:      slog.New(slog.DiscardHandler),
		Send:        func(_ context.Context, alerts []Alert) { b.sent = append(b.sent, showAlerts(alerts)...) },
		Now:         func() time.Time { return b.now },
	})
	b.env = b.e.env
	b.cfg = Config{Interval: time.Minute, ExternalLabels: labels.FromStrings("cluster", "c1")}
	return b
}

func showAlerts(alerts []Alert) []string {
	var lines []string
	for _, a := range alerts {
		lines = append(lines, fmt.Sprintf("%s %s from %v until %v, see %s",
			a.Labels, a.Annotations, a.StartsAt.Sub(t0), a.EndsAt.Sub(t0), a.GeneratorURL))
	}
	return lines
}

// load puts the groups of a rule file in the place of those before.
func (b *bench) load(content string) {
	b.t.Helper()
	b.cfg.Files = []*definition.File{parse(b.t, "r.yml", content)}
	if err := b.e.Apply(b.cfg); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate evaluates all groups at an offset from t0.
func (b *bench) evaluate(at time.Duration) {
	b.t.Helper()
	b.now = t0.Add(at)
	for _, g := range b.e.Groups() {
		if err := b.e.EvaluateGroup(context.Background(), g.File, g.Name, b.now); err != nil {
			b.t.Fatal(err)
		}
	}
}

// rule returns the status of a rule.
func (b *bench) rule(name string) Status {
	b.t.Helper()
	for _, g := range b.e.Groups() {
		for _, r := range g.Rules {
			if r.Name == name {
				return r
			}
		}
	}
	b.t.Fatalf("there is no rule %q", name)
	return Status{}
}

func TestRecordingRulesSeeEachOther(t *testing.T) {
	b := newBench(t)
	b.load(`
groups:
- name: g
  labels: {team: a}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {source: rules, instance: ""}
  - record: up:max
    expr: max(job:up:sum)
  - record: one
    expr: 1
`)
	put(t, b.db, t0, `up{job="x",instance="1"} 1`, `up{job="x",instance="2"} 1`, `up{job="y",instance="3"} 0`)
	b.evaluate(0)
	wantLines(t, "recorded", dump(t, b.db, namedLike("job:up:sum|up:max|one")), []string{
		`{__name__="job:up:sum", job="x", source="rules", team="a"} 0:2`,
		`{__name__="job:up:sum", job="y", source="rules", team="a"} 0:0`,
		`{__name__="one", team="a"} 0:1`,
		`{__name__="up:max", team="a"} 0:2`,
	})
	if got := b.rule("up:max"); got.Health != HealthGood || got.State != "" || got.LastEvaluation.IsZero() {
		t.Errorf("status: got %+v", got)
	}
}

func TestAlertSeries(t *testing.T) {
	b := newBench(t)
	b.load(`
groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page, job: "{{ $labels.job }}!", nothing: "{{ $labels.nothing }}"}
`)
	for minute, up := range []int{0, 0, 0, 0, 1, 1} {
		at := time.Duration(minute) * time.Minute
		put(t, b.db, t0.Add(at), fmt.Sprintf(`up{job="x"} %d`, up))
		b.evaluate(at)
	}
	wantLines(t, "series", dump(t, b.db, namedLike("ALERTS.*")), []string{
		`{__name__="ALERTS", alertname="Down", alertstate="firing", job="x!", severity="page"} 120:1 180:1 240:stale`,
		`{__name__="ALERTS", alertname="Down", alertstate="pending", job="x!", severity="page"} 0:1 60:1 120:stale`,
		fmt.Sprintf(`{__name__="ALERTS_FOR_STATE", alertname="Down", job="x!", severity="page"} 0:%[1]v 60:%[1]v 120:%[1]v 180:%[1]v 240:stale`, float64(t0.Unix())),
	})
	const see = `, see http://cresset.example/sub/graph?g0.expr=up+%3D%3D+0&g0.tab=1`
	wantLines(t, "sent", b.sent, []string{
		`{alertname="Down", job="x!", severity="page"} {} from 2m0s until 6m0s` + see,
		`{alertname="Down", job="x!", severity="page"} {} from 2m0s until 7m0s` + see,
		`{alertname="Down", job="x!", severity="page"} {} from 2m0s until 4m0s` + see,
		`{alertname="Down", job="x!", severity="page"} {} from 2m0s until 4m0s` + see,
	})
}

func TestTemplates(t *testing.T) {
	b := newBench(t)
	b.load(`
groups:
- name: g
  rules:
  - alert: Slow
    expr: latency > 1
    labels:
      severity: '{{ if gt $value 2.0 }}page{{ else }}ticket{{ end }}'
    annotations:
      plain: '100% plain } text'
      all: '{{ $labels.instance }} {{ $labels.none }} {{ $value | humanizeDuration }} {{ $externalLabels.cluster }} {{ $externalURL }}'
      name: '{{ .Labels.__name__ }}'
      asked: '{{ with query "sum(latency)" }}{{ . | first | value }}{{ end }}'
      now: '{{ now }}'
      bad: '{{ first (query "none") }}'
      worse: '{{ query "sum(" }}'
`)
	put(t, b.db, t0, `latency{instance="a"} 1.5`, `latency{instance="b"} 2.5`)
	b.evaluate(0)
	alerts := b.rule("Slow").Alerts
	if len(alerts) != 2 {
		t.Fatalf("got %d alerts, want 2", len(alerts))
	}
	slices.SortFunc(alerts, func(x, y ActiveAlert) int { return labels.Compare(x.Labels, y.Labels) })
	for i, want := range []struct{ labels, all string }{
		{`{alertname="Slow", instance="a", severity="ticket"}`, "a  1.5s c1 http://cresset.example/sub/"},
		{`{alertname="Slow", instance="b", severity="page"}`, "b  2.5s c1 http://cresset.example/sub/"},
	} {
		got := alerts[i]
		if got.Labels.String() != want.labels || got.State != StateFiring || !got.ActiveAt.Equal(t0) {
			t.Errorf("alert: got %+v, want %s firing", got, want.labels)
		}
		for name, text := range map[string]string{
			"plain": "100% plain } text", "all": want.all, "name": "latency", "asked": "4", "now": fmt.Sprint(float64(t0.Unix())),
		} {
			if a := got.Annotations.Get(name); a != text {
				t.Errorf("annotation %s of %s: got %q, want %q", name, got.Labels, a, text)
			}
		}
		for _, name := range []string{"bad", "worse"} {
			if a := got.Annotations.Get(name); !strings.HasPrefix(a, "<error expanding template: error executing template __alert_Slow: ") {
				t.Errorf("annotation %s: got %q, want the error", name, a)
			}
		}
	}
	if got := b.rule("Slow").Health; got != HealthGood {
		t.Errorf("health: got %q, want ok: a bad template is no failure of the rule", got)
	}
}

func TestABadRuleLeavesTheOthersAlone(t *testing.T) {
	b := newBench(t)
	query := b.env.query
	b.env.query = func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		switch expr {
		case "fails":
			return nil, errors.New("the store is away")
		case "panics":
			panic("at the disco")
		}
		return query(ctx, expr, at)
	}
	b.load(`
groups:
- name: g
  limit: 2
  rules:
  - {record: r1, expr: fails}
  - {record: r2, expr: panics}
  - {record: r3, expr: up, labels: {instance: same}}
  - {record: r4, expr: up}
  - {record: r5, expr: "up[5m]"}
  - {alert: A1, expr: panics}
  - {alert: A2, expr: up, labels: {instance: same}}
  - {alert: A3, expr: up}
  - {record: good, expr: sum(up)}
`)
	put(t, b.db, t0, `up{instance="1"} 1`, `up{instance="2"} 1`, `up{instance="3"} 1`)
	b.evaluate(0)
	for name, want := range map[string]string{
		"r1": "the store is away",
		"r2": "panic while evaluating the rule: at the disco",
		"r3": "vector contains metrics with the same labelset after applying rule labels",
		"r4": "exceeded limit of 2 with 3 series",
		"r5": "rule result is not a vector or scalar",
		"A1": "panic while evaluating the rule: at the disco",
		"A2": "vector contains metrics with the same labelset after applying alert labels",
		"A3": "exceeded limit of 2 with 3 alerts",
	} {
		if got := b.rule(name); got.Health != HealthBad || got.LastError != want {
			t.Errorf("%s: got health %q and error %q, want err and %q", name, got.Health, got.LastError, want)
		}
	}
	if got := b.rule("good"); got.Health != HealthGood || got.LastError != "" {
		t.Errorf("good: got health %q and error %q", got.Health, got.LastError)
	}
	wantLines(t, "recorded", dump(t, b.db, namedLike("r.|good|ALERTS")), []string{`{__name__="good"} 0:3`})
}

func TestFailedQueryKeepsTheState(t *testing.T) {
	b := newBench(t)
	query, away := b.env.query, false
	b.env.query = func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		if away {
			return nil, errors.New("the store is away")
		}
		return query(ctx, expr, at)
	}
	b.load("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]")
	put(t, b.db, t0, `up 0`)
	b.evaluate(0)
	away = true
	b.evaluate(time.Minute)
	if got := b.rule("A"); got.State != StateFiring || len(got.Alerts) != 1 || got.Health != HealthBad {
		t.Errorf("while the query fails: got %+v, want firing and health err", got)
	}
	away = false
	b.evaluate(2 * time.Minute)
	wantLines(t, "series", dump(t, b.db, named("ALERTS")), []string{
		`{__name__="ALERTS", alertname="A", alertstate="firing"} 0:1 120:1`,
	})
}

func TestQueryOffset(t *testing.T) {
	b := newBench(t)
	b.cfg.QueryOffset = 30 * time.Second
	b.load(`
groups:
- {name: default, rules: [{record: r, expr: time()}, {alert: A, expr: up == 0}]}
- {name: own, query_offset: 10s, rules: [{record: s, expr: time()}]}
`)
	put(t, b.db, t0, "up 0")
	b.evaluate(time.Minute)
	wantLines(t, "series", dump(t, b.db, namedLike("r|s|ALERTS.*")), []string{
		`{__name__="ALERTS", alertname="A", alertstate="firing"} 30:1`,
		fmt.Sprintf(`{__name__="ALERTS_FOR_STATE", alertname="A"} 30:%v`, float64(t0.Add(time.Minute).Unix())),
		fmt.Sprintf(`{__name__="r"} 30:%v`, float64(t0.Add(30*time.Second).Unix())),
		fmt.Sprintf(`{__name__="s"} 50:%v`, float64(t0.Add(50*time.Second).Unix())),
	})
}

func TestNativeHistograms(t *testing.T) {
	b := newBench(t)
	b.load("groups: [{name: g, rules: [{record: r, expr: h}, {alert: A, expr: h, annotations: {v: '{{ $value.Count }}'}}]}]")
	h := tsdbutil.GenerateTestFloatHistogram(1)
	app := b.db.AppenderV2(context.Background())
	if _, err := app.Append(0, labels.FromStrings("__name__", "h"), 0, t0.UnixMilli(), 0, nil, h, storage.AppendV2Options{}); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	b.evaluate(0)
	if a := b.rule("A").Alerts[0]; a.Annotations.Get("v") != fmt.Sprint(h.Count) || a.Value != 0 {
		t.Errorf("alert: got %+v, want value 0, and %v in its annotation", a, h.Count)
	}
	put(t, b.db, t0.Add(time.Minute), "h stale")
	b.evaluate(time.Minute)
	wantLines(t, "series", dump(t, b.db, named("r")), []string{`{__name__="r"} 0:` + h.String() + ` 60:stale`})
}

func TestSeriesThatAreGoneAreStale(t *testing.T) {
	b := newBench(t)
	b.load("groups: [{name: g, rules: [{record: r, expr: up}, {record: s, expr: up}]}]")
	put(t, b.db, t0, `up{i="1"} 1`, `up{i="2"} 1`)
	b.evaluate(0)
	put(t, b.db, t0.Add(time.Minute), `up{i="1"} stale`, `up{i="2"} 2`)
	b.evaluate(time.Minute)
	// r is replaced by a rule of another name, and s changes its expression.
	b.load("groups: [{name: g, rules: [{record: q, expr: up}, {record: s, expr: 0 * up}]}]")
	b.evaluate(2 * time.Minute)
	b.evaluate(3 * time.Minute)
	wantLines(t, "series", dump(t, b.db, namedLike("q|r|s")), []string{
		`{__name__="q", i="2"} 120:2 180:2`,
		`{__name__="r", i="1"} 0:1 60:stale`,
		`{__name__="r", i="2"} 0:1 60:2 120:stale`,
		`{__name__="s", i="1"} 0:1 60:stale`,
		`{__name__="s", i="2"} 0:1 60:2 120:0 180:0`,
	})
}

// Two rules may write the same series by turns: the one that stops must not
// mark stale what the other has just written.
func TestSeriesThatAnotherRuleWritesAreNotStale(t *testing.T) {
	b := newBench(t)
	b.load("groups: [{name: g, rules: [{record: r, expr: up == 1}, {record: r, expr: up == 0}]}]")
	for minute, up := range []int{1, 0, 1} {
		at := time.Duration(minute) * time.Minute
		put(t, b.db, t0.Add(at), fmt.Sprintf("up %d", up))
		b.evaluate(at)
	}
	got := dump(t, b.db, named("r"))
	// At 60 the first rule is the first to speak, and what it says is that the
	// series is gone; the sample of the second one then comes too late.
	wantLines(t, "series", got, []string{`{__name__="r"} 0:1 60:stale 120:1`})
	if h := b.e.Groups()[0].Rules[1].Health; h != HealthGood {
		t.Errorf("health of the second rule at last: got %q, want ok", h)
	}
}

func TestSamplesThatCannotBeStored(t *testing.T) {
	b := newBench(t)
	b.load("groups: [{name: g, rules: [{record: r, expr: up}]}]")
	put(t, b.db, t0, `up{i="1"} 1`, `up{i="2"} 1`, `r{i="2"} 7`)
	put(t, b.db, t0.Add(time.Second), `r{i="2"} 8`)
	b.evaluate(0)
	got := b.rule("r")
	if want := "1 of 2 samples were not stored: out of order sample"; got.Health != HealthBad || got.LastError != want {
		t.Errorf("got health %q and error %q, want err and %q", got.Health, got.LastError, want)
	}
	wantLines(t, "series", dump(t, b.db, named("r")), []string{`{__name__="r", i="1"} 0:1`, `{__name__="r", i="2"} 0:7 1:8`})
}

// badStore fails at a step of storing.
type badStore struct {
	storage.AppendableV2
	panics, failsCommit bool
}

type badAppender struct {
	storage.AppenderV2
	store *badStore
}

func (s *badStore) AppenderV2(ctx context.Context) storage.AppenderV2 {
	if s.panics {
		return badAppender{store: s} // a nil appender: Append and Rollback panic
	}
	return badAppender{s.AppendableV2.AppenderV2(ctx), s}
}

func (a badAppender) Rollback() error {
	if a.store.panics {
		return nil
	}
	return a.AppenderV2.Rollback()
}

func (a badAppender) Commit() error {
	if a.store.failsCommit {
		return errors.Join(errors.New("disk full"), a.Rollback())
	}
	return a.AppenderV2.Commit()
}

func TestStoreThatFails(t *testing.T) {
	b := newBench(t)
	store := &badStore{AppendableV2: b.db}
	b.env.appendable = store
	b.load("groups: [{name: g, rules: [{record: r, expr: up}]}]")
	put(t, b.db, t0, `up{i="1"} 1`)
	b.evaluate(0)

	store.failsCommit = true
	put(t, b.db, t0.Add(time.Minute), `up{i="1"} stale`)
	b.evaluate(time.Minute)
	if got, want := b.rule("r").LastError, "storing the samples of the rule: disk full"; got != want {
		t.Errorf("commit fails: got error %q, want %q", got, want)
	}
	store.failsCommit, store.panics = false, true
	b.evaluate(2 * time.Minute)
	if got := b.rule("r").LastError; !strings.Contains(got, "panic") {
		t.Errorf("append panics: got error %q, want the panic", got)
	}
	store.panics = false
	b.evaluate(3 * time.Minute)
	if got := b.rule("r"); got.Health != HealthGood {
		t.Errorf("at last: got health %q and error %q", got.Health, got.LastError)
	}
	// What could not be said at 60 and 120 is said at 180.
	wantLines(t, "series", dump(t, b.db, named("r")), []string{`{__name__="r", i="1"} 0:1 180:stale`})
}

func TestStateSurvivesAChangeOfTheRule(t *testing.T) {
	const before = `
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0, for: 10m, labels: {s: x}}
  - {alert: B, expr: up == 0, for: 10m, labels: {s: x}}
  - {alert: A, expr: up == 0, for: 10m, labels: {s: x}}
`
	const after = `
groups:
- name: g
  interval: 10s
  rules:
  - {alert: B, expr: up == 0, for: 10m, labels: {s: y}}
  - {alert: A, expr: up <= 0, for: 2m, labels: {s: x}, annotations: {new: "1"}}
`
	b := newBench(t)
	b.load(before)
	for minute := range 4 {
		put(t, b.db, t0.Add(time.Duration(minute)*time.Minute), "up 0")
		b.evaluate(time.Duration(minute) * time.Minute)
	}
	b.load(after)
	if got := b.rule("A"); got.State != StateUnknown || len(got.Alerts) != 1 || got.Health != HealthUnknown {
		t.Errorf("A before its first evaluation: got %+v, want unknown, with the alert it had", got)
	}
	b.evaluate(4 * time.Minute)
	if got := b.rule("A"); got.State != StateFiring || !got.Alerts[0].ActiveAt.Equal(t0) || got.Alerts[0].Annotations.Get("new") != "1" {
		t.Errorf("A: got %+v, want firing, active since %v", got, t0)
	}
	if got := b.rule("B"); got.State != StatePending || !got.Alerts[0].ActiveAt.Equal(t0) || got.Alerts[0].Labels.Get("s") != "y" {
		t.Errorf("B with another label: got %+v, want the alert of before with that label", got)
	}
}
