package rule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

func TestResume(t *testing.T) {
	const m = time.Minute
	for _, test := range []struct {
		name                       string
		holdFor, grace             time.Duration
		since, until, now, resumed time.Duration
	}{
		{"it fired", 10 * m, 5 * m, 0, 60 * m, 70 * m, 0},
		{"it was about to fire", 10 * m, 5 * m, 0, 10 * m, 12 * m, 0},
		{"less than the grace period was left", 10 * m, 5 * m, 0, 6 * m, 20 * m, 15 * m},
		{"almost all was left, but the grace period is longer", 10 * m, 10 * m, 0, 1 * m, 5 * m, 5 * m},
		{"just the grace period was left", 10 * m, 5 * m, 0, 5 * m, 20 * m, 15 * m},
		{"more was left: the time in between does not count", 60 * m, 10 * m, 0, 20 * m, 50 * m, 30 * m},
		{"no time was in between", 60 * m, 10 * m, 5 * m, 20 * m, 20 * m, 5 * m},
		{"no grace period", 10 * m, 0, 0, 9 * m, 20 * m, 11 * m},
		{"no for", 0, 0, 0, 0, 20 * m, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := period{since: t0.Add(test.since), until: t0.Add(test.until)}
			got := p.resume(test.holdFor, test.grace, t0.Add(test.now))
			if want := t0.Add(test.resumed); !got.Equal(want) {
				t.Errorf("active since %v, want %v", got.Sub(t0), want.Sub(t0))
			}
		})
	}
}

// standing returns an alert that has a state since 10 minutes before t0.
func standing(name string, s State) alert {
	c := see(name)[0]
	a := alert{candidate: c, state: s, activeAt: t0.Add(-10 * time.Minute)}
	if s != StatePending {
		a.firedAt, a.lastSentAt = a.activeAt, a.activeAt
	}
	if s == StateInactive {
		a.resolvedAt = a.activeAt.Add(time.Minute)
	}
	return a
}

func standings(all ...alert) alerts {
	alerts(all).sort()
	return all
}

func TestRecalled(t *testing.T) {
	now := []alert{standing("a", StatePending), standing("c", StateFiring), standing("d", StateInactive)}
	for i := range now {
		now[i].activeAt = t0
	}
	known := standings(standing("a", StateFiring), standing("b", StateFiring), standing("c", StateInactive), standing("e", StateInactive),
		standing("f", StatePending), standing("d", StateFiring))
	ahead := standing("g", StateFiring)
	ahead.activeAt, ahead.firedAt, ahead.lastSentAt = t0.Add(time.Hour), t0.Add(2*time.Hour), t0.Add(3*time.Hour)
	known = append(known, ahead)

	before := slices.Clone(now)
	got := alerts(now).recalled(known, t0)
	if s := show(now, nil); s != show(before, nil) {
		t.Errorf("the alerts were changed: %s", s)
	}
	if s, want := show(got, nil), "a=pending b=firing c=firing d=inactive e=inactive g=firing"; s != want {
		t.Fatalf("got %s, want %s", s, want)
	}
	for i, want := range []time.Duration{0, -10 * time.Minute, 0, 0, -10 * time.Minute, -2 * time.Hour} {
		if since := got[i].activeAt.Sub(t0); since != want {
			t.Errorf("%s is active since %v, want %v", got[i].labels, since, want)
		}
	}

	got = alerts(now).foundAgain(known, see("a b b d e f h"), t0)
	if s, want := show(got, nil), "a=pending b=firing c=firing d=inactive"; s != want {
		t.Errorf("found again: got %s, want %s", s, want)
	}
}

// restart ends the engine of a bench and begins another one over the same database,
// and the same journal if it has one.
func (b *bench) restart(journal Journal) {
	b.t.Helper()
	b.e = New(Options{
		Query:       b.env.query,
		Appendable:  b.db,
		Queryable:   b.db,
		Journal:     journal,
		ExternalURL: b.env.externalURL,
		Send:        b.env.send,
		Now:         b.env.now,
	})
	b.env = b.e.env
	if err := b.e.Apply(b.cfg); err != nil {
		b.t.Fatal(err)
	}
	b.sent = nil
}

// minutes evaluates every minute of a span, with these samples, and restores where
// that is due: after the second minute.
func (b *bench) minutes(from, to int, samples ...string) {
	b.t.Helper()
	for minute := from; minute <= to; minute++ {
		at := time.Duration(minute) * time.Minute
		if len(samples) > 0 {
			put(b.t, b.db, t0.Add(at), samples...)
		}
		b.evaluate(at)
		for _, g := range b.e.groups {
			if g.unrestored > 0 {
				if g.unrestored--; g.unrestored == 0 {
					g.restore(context.Background(), b.now)
				}
			}
		}
	}
}

// restarted returns a bench that has run a rule for so many minutes with a sample,
// and was then started again.
func restarted(t *testing.T, rules string, minutes int, sample string) (*bench, *ledger) {
	t.Helper()
	b, l := newBench(t), &ledger{}
	b.restart(l)
	b.load(rules)
	b.minutes(0, 1)
	b.minutes(2, minutes, sample)
	b.restart(l)
	return b, l
}

// wantSent compares what was sent since it was asked last.
func (b *bench) wantSent(what string, want ...string) {
	b.t.Helper()
	var got []string
	for _, line := range b.sent {
		got = append(got, line[:max(0, len(line)-len(", see http://cresset.example/sub/graph?g0.expr=up+%3D%3D+0&g0.tab=1"))])
	}
	wantLines(b.t, what, got, want)
	b.sent = nil
}

func TestFiringGoesOnAfterAStart(t *testing.T) {
	b, _ := restarted(t, "groups: [{name: g, rules: [{alert: A, expr: up == 0, for: 20m}]}]", 60, "up 0")
	b.minutes(61, 61, "up 0")
	b.wantSent("at the first evaluation", `{alertname="A"} {} from 22m0s until 1h5m0s`)
	b.minutes(62, 62, "up 0")
	b.wantSent("at the second evaluation", `{alertname="A"} {} from 22m0s until 1h6m0s`)
	b.minutes(63, 63, "up 0")
	if got := b.rule("A"); got.State != StateFiring || !got.Alerts[0].ActiveAt.Equal(t0.Add(2*time.Minute)) {
		t.Errorf("got %+v, want firing, active since the second minute", got)
	}
}

// What the series say ends too early to tell that an alert has fired, here because
// samples are as old as the query offset. The journal knows.
func TestFiringGoesOnWhateverTheSeriesSay(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.restart(l)
	b.load("groups: [{name: g, query_offset: 5m, rules: [{alert: A, expr: up == 0, for: 20m}]}]")
	b.minutes(0, 26, "up 0")
	b.restart(l)
	b.minutes(27, 30, "up 0")
	if got := b.rule("A"); got.State != StateFiring || !got.Alerts[0].ActiveAt.Equal(t0.Add(5*time.Minute)) {
		t.Errorf("got %+v, want firing, active since the fifth minute", got)
	}
}

// The resend delay goes on, too.
func TestNothingIsSentAnewAfterAStart(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.env.resendDelay = 10 * time.Minute
	b.restart(l)
	b.env.resendDelay = 10 * time.Minute
	b.load("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]")
	b.minutes(0, 5, "up 0")
	b.wantSent("before", `{alertname="A"} {} from 0s until 40m0s`)
	b.restart(l)
	b.env.resendDelay = 10 * time.Minute
	b.minutes(6, 9, "up 0")
	b.wantSent("within the delay")
	b.minutes(10, 10, "up 0")
	b.wantSent("after the delay", `{alertname="A"} {} from 0s until 50m0s`)
}

func TestKeepFiringGoesOnAfterAStart(t *testing.T) {
	b, l := restarted(t, "groups: [{name: g, rules: [{alert: A, expr: up == 0, keep_firing_for: 10m}]}]", 10, "up 0")
	b.minutes(11, 15, "up 1") // found again by nobody; held up
	if got := b.rule("A"); got.State != StateFiring {
		t.Fatalf("got %+v, want firing", got)
	}
	since := b.rule("A").Alerts[0].KeepFiringSince
	b.restart(l)
	b.minutes(16, 17, "up 1")
	b.wantSent("before it is restored")
	if got := b.rule("A").Alerts; len(got) != 1 || got[0].State != StateFiring || !got[0].KeepFiringSince.Equal(since) {
		t.Fatalf("restored: got %+v, want it held up since %v", got, since)
	}
	end := int(since.Add(10*time.Minute).Sub(t0) / time.Minute)
	b.minutes(18, end-1, "up 1")
	b.sent = nil
	b.minutes(end, end, "up 1")
	b.wantSent("when it is over", fmt.Sprintf(`{alertname="A"} {} from 2m0s until %dm0s`, end))
}

func TestWhatEndedMeanwhileIsResolvedAfterAStart(t *testing.T) {
	b, l := restarted(t, "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]", 10, "up 0")
	b.minutes(20, 21, "up 1")
	b.wantSent("before it is restored")
	b.minutes(22, 22, "up 1")
	b.wantSent("once it is", `{alertname="A"} {} from 2m0s until 22m0s`)

	// It goes on being told so for a quarter of an hour, beyond another start.
	b.minutes(23, 25, "up 1")
	b.restart(l)
	b.minutes(26, 27, "up 1")
	b.wantSent("before it is restored again")
	b.minutes(28, 28, "up 1")
	b.wantSent("once it is again", `{alertname="A"} {} from 2m0s until 22m0s`)
	b.minutes(29, 38, "up 1")
	if got := l.show(); len(got) != 0 {
		t.Errorf("got %q, want nothing left", got)
	}
}

// Without an entry in the journal, the series say since when an alert is active.
func TestForGoesOnAfterAStart(t *testing.T) {
	const rules = "groups: [{name: g, rules: [{alert: A, expr: up == 0, for: 30m, labels: {job: '{{ $labels.job }}', team: x}}]}]"
	for _, test := range []struct {
		name           string
		pending, start int // minutes
		journal        Journal
		since          int // minute
	}{
		{"more is left than the grace period", 12, 20, &ledger{}, 2 + 21 - 12},
		{"less is left than the grace period", 25, 30, &ledger{}, 31 + 10 - 30},
		{"without a journal", 12, 20, nil, 2 + 21 - 12},
		{"away for too long", 12, 12 + 61, &ledger{}, 12 + 61},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.restart(test.journal)
			b.load(rules)
			b.minutes(0, 1)
			b.minutes(2, test.pending, `up{job="j"} 0`)
			b.restart(test.journal)
			b.minutes(test.start, test.start+1, `up{job="j"} 0`)
			got := b.rule("A").Alerts
			if want := t0.Add(time.Duration(test.since) * time.Minute); len(got) != 1 || got[0].State != StatePending || !got[0].ActiveAt.Equal(want) {
				t.Errorf("got %+v, want one that is pending since %v", got, want)
			}
		})
	}
}

// An alert that ended before the process did begins anew: its series has an end.
func TestForOfWhatHadEndedBeginsAnew(t *testing.T) {
	b, l := newBench(t), &ledger{}
	b.load("groups: [{name: g, rules: [{alert: A, expr: up == 0, for: 30m}]}]")
	b.minutes(0, 12, "up 0")
	b.minutes(13, 15, "up 1")
	b.restart(l)
	b.minutes(16, 17, "up 0")
	if got := b.rule("A").Alerts; len(got) != 1 || !got[0].ActiveAt.Equal(t0.Add(16*time.Minute)) {
		t.Errorf("got %+v, want one that is active since the 16th minute", got)
	}
}

// Rules may share name and labels. None takes up, and ends, an alert of the other.
func TestNamesakesAreRestoredApart(t *testing.T) {
	b, _ := restarted(t, `
groups:
- name: g
  rules:
  - {alert: A, expr: 'up{i="1"} == 0'}
  - {alert: A, expr: 'up{i="2"} == 0'}
`, 10, `up{i="2"} 0`)
	b.minutes(11, 15, `up{i="2"} 0`)
	for _, line := range b.sent {
		if !slices.Contains([]string{"15m", "16m", "17m", "18m", "19m"}, line[len(`{alertname="A", i="2"} {} from 2m0s until `):][:3]) {
			t.Errorf("sent %s, want nothing but that it fires", line)
		}
	}
	rules := b.e.Groups()[0].Rules
	if len(rules[0].Alerts) != 0 || len(rules[1].Alerts) != 1 || len(b.sent) != 5 {
		t.Errorf("got alerts %v and %v, sent %d times; want one of the second rule, sent 5 times", rules[0].Alerts, rules[1].Alerts, len(b.sent))
	}
}

// A process that ends again before it has restored loses nothing.
func TestStartsInQuickSuccession(t *testing.T) {
	b, l := restarted(t, "groups: [{name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: other == 0, keep_firing_for: 1h}]}]", 10, "up 0")
	put(t, b.db, t0.Add(11*time.Minute), "other 0")
	b.minutes(11, 13, "up 0")
	before := l.show()
	for range 3 {
		b.restart(l)
		b.minutes(14, 14, "up 1")
		if got := l.show(); !slices.Equal(got, before) {
			t.Fatalf("the journal has\n%q\nwant\n%q", got, before)
		}
	}
	b.restart(l)
	b.minutes(20, 22, "up 1")
	if a, bb := b.rule("A"), b.rule("B"); a.State != StateInactive || bb.State != StateFiring {
		t.Errorf("got A %s and B %s, want A resolved and B held up", a.State, bb.State)
	}
}

// A rule that moves before its alerts are restored takes along what is known of
// them, and one that is removed ends them.
func TestReloadBeforeTheRestoring(t *testing.T) {
	b, l := restarted(t, "groups: [{name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: up == 0}]}]", 10, "up 0")
	b.minutes(11, 11, "up 1")
	b.now = t0.Add(11*time.Minute + 30*time.Second)
	b.load("groups: [{name: h, rules: [{alert: A, expr: up == 0, labels: {new: label}}]}]")
	b.wantSent("B is gone", `{alertname="B"} {} from 2m0s until 11m30s`)
	b.minutes(12, 12, "up 1")
	b.wantSent("A is not restored")
	b.minutes(13, 13, "up 1")
	b.wantSent("A is", `{alertname="A"} {} from 2m0s until 13m0s`)
	wantLines(t, "journal", l.show(), b.e.standings())
}

// A rule that moves before its alerts are restored does not end the series of those
// beside it that are.
func TestAMoveBeforeTheRestoringLeavesOthersAlone(t *testing.T) {
	b := newBench(t)
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0}]}", "b: {name: slow, rules: [{alert: B, expr: up == 0}]}")
	b.restart(&ledger{})
	for minute := range 4 {
		b.now = t0.Add(time.Duration(minute) * time.Minute)
		put(t, b.db, b.now, "up 0")
		if err := b.e.EvaluateGroup(t.Context(), "a", "g", b.now); err != nil {
			t.Fatal(err)
		}
		if minute == 1 {
			g := b.e.groups[groupKey("a", "g")]
			g.unrestored = 0
			g.restore(t.Context(), b.now)
		}
	}
	b.files("a: {name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: up == 0}]}")
	b.minutes(4, 6, "up 0")
	wantLines(t, "series", dump(t, b.db, named("ALERTS")), []string{
		`{__name__="ALERTS", alertname="A", alertstate="firing"} 120:1 180:1 240:1 300:1 360:1`,
		`{__name__="ALERTS", alertname="B", alertstate="firing"} 360:1`,
	})
}

// A rule that was moved while the process was away goes on too, and the journal
// has its alerts where it is now.
func TestAMoveWhileAwayKeepsTheAlerts(t *testing.T) {
	const rules = `rules: [{alert: A, expr: up == 0, for: 20m}]`
	for _, test := range []struct {
		name, path, content string
		file, group         string // of the rule afterwards
	}{
		{"the file was renamed", "new.yml", "groups: [{name: g, " + rules + "}]", "new.yml", "g"},
		{"the group was renamed", "r.yml", "groups: [{name: h, " + rules + "}]", "r.yml", "h"},
		{"both", "new.yml", "groups: [{name: h, " + rules + "}]", "new.yml", "h"},
		{"there are two of them now", "r.yml", "groups: [{name: a, " + rules + "}, {name: g, " + rules + "}]", "r.yml", "g"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, l := newBench(t), &ledger{}
			b.restart(l)
			b.load("groups: [{name: g, " + rules + "}]")
			b.minutes(0, 60, "up 0")
			b.cfg.Files = []*definition.File{parse(t, test.path, test.content)}
			b.restart(l)
			b.minutes(61, 61, "up 0")
			b.wantSent("at the first evaluation", `{alertname="A"} {} from 20m0s until 1h5m0s`)
			b.minutes(62, 70, "up 0")
			on := 0 // a second rule of that name may send an alert of its own
			for _, line := range b.sent {
				if strings.Contains(line, "from 20m0s") {
					on++
				}
			}
			if on != 9 {
				t.Errorf("sent %d times that it fires since it did, want once a minute", on)
			}
			if got := l.Recall(test.file, test.group); len(got) != 1 || !got[0].FiredAt.Equal(t0.Add(20*time.Minute)) {
				t.Errorf("%s of %s in the journal: got %+v, want the alert as it was", test.group, test.file, got)
			}
			if got, want := l.show(), b.e.standings(); !slices.Equal(got, want) {
				t.Errorf("the journal: got\n%q\nwant\n%q", got, want)
			}
		})
	}
}
