package rule

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// see returns the candidates of some names, "a b".
func see(names string) []candidate {
	var seen []candidate
	for _, n := range strings.Fields(names) {
		l := labels.FromStrings(labels.AlertName, "X", "name", n)
		seen = append(seen, candidate{key: labelsKey(l), labels: l})
	}
	return seen
}

// show writes alerts as "a=pending b=firing!"; the mark says that it is sent.
func show(as, sent alerts) string {
	var words []string
	for _, a := range as {
		word := a.labels.Get("name") + "=" + string(a.state)
		for _, s := range sent {
			if s.key == a.key {
				word += "!"
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestLifeCycle(t *testing.T) {
	type step struct {
		at   time.Duration // evaluated every minute, with the step before's alerts, until here
		seen string
		want string // of show, or of the error
	}
	const m = time.Minute
	tests := []struct {
		name   string
		policy policy
		raised map[time.Duration]time.Duration // "for" from a time on
		steps  []step
	}{
		{
			name:  "fires at once without for",
			steps: []step{{0, "a", "a=firing!"}},
		},
		{
			name:   "pending until for has passed",
			policy: policy{holdFor: 5 * m},
			steps:  []step{{0, "a", "a=pending"}, {4 * m, "a", "a=pending"}, {5 * m, "a", "a=firing!"}},
		},
		{
			name:   "pending is forgotten without a word",
			policy: policy{holdFor: 5 * m},
			steps:  []step{{4 * m, "a", "a=pending"}, {5 * m, "", ""}, {6 * m, "a", "a=pending"}, {10 * m, "a", "a=pending"}, {11 * m, "a", "a=firing!"}},
		},
		{
			name: "sent again when the delay is over, not before",
			steps: []step{
				{0, "a", "a=firing!"}, {1 * m, "a", "a=firing"}, {2 * m, "a", "a=firing!"},
				{3 * m, "a", "a=firing"}, {4 * m, "a", "a=firing!"},
			},
		},
		{
			name:   "sent at each evaluation when the delay is just reached",
			policy: policy{resendDelay: time.Minute},
			steps:  []step{{0, "a", "a=firing!"}, {1 * m, "a", "a=firing!"}, {2 * m, "a", "a=firing!"}},
		},
		{
			name: "resolved is sent at once and again for a quarter of an hour",
			steps: []step{
				{2 * m, "a", "a=firing!"}, {3 * m, "", "a=inactive!"}, {4 * m, "", "a=inactive"}, {5 * m, "", "a=inactive!"},
				{17 * m, "", "a=inactive!"}, {18 * m, "", "a=inactive"}, {19 * m, "", ""},
			},
		},
		{
			name:   "comes back as a new alert while still remembered",
			policy: policy{holdFor: 2 * m},
			steps: []step{
				{2 * m, "a", "a=firing!"}, {3 * m, "", "a=inactive!"}, {4 * m, "a", "a=pending"}, {5 * m, "a", "a=pending"},
				{6 * m, "a", "a=firing!"},
			},
		},
		{
			name:   "keep_firing_for holds it up",
			policy: policy{keepFiringFor: 3 * m},
			steps: []step{
				{0, "a", "a=firing!"}, {1 * m, "", "a=firing"}, {2 * m, "", "a=firing!"}, {3 * m, "", "a=firing"}, {4 * m, "", "a=inactive!"},
			},
		},
		{
			name:   "keep_firing_for starts again each time",
			policy: policy{keepFiringFor: 3 * m},
			steps: []step{
				{0, "a", "a=firing!"}, {2 * m, "", "a=firing!"}, {3 * m, "a", "a=firing"}, {4 * m, "", "a=firing!"},
				{6 * m, "", "a=firing!"}, {7 * m, "", "a=inactive!"},
			},
		},
		{
			name:   "keep_firing_for does not hold up what is pending",
			policy: policy{holdFor: 5 * m, keepFiringFor: 3 * m},
			steps:  []step{{4 * m, "a", "a=pending"}, {5 * m, "", ""}},
		},
		{
			name:   "back to pending when for is raised",
			policy: policy{holdFor: 2 * m},
			raised: map[time.Duration]time.Duration{4 * m: 10 * m},
			steps: []step{
				{3 * m, "a", "a=firing"}, {4 * m, "a", "a=pending"}, {9 * m, "a", "a=pending"}, {10 * m, "a", "a=firing!"},
			},
		},
		{
			name:   "fires when for is lowered",
			policy: policy{holdFor: 10 * m},
			raised: map[time.Duration]time.Duration{4 * m: 2 * m},
			steps:  []step{{3 * m, "a", "a=pending"}, {4 * m, "a", "a=firing!"}},
		},
		{
			name: "alerts do not disturb each other",
			steps: []step{
				{0, "b", "b=firing!"}, {1 * m, "a b c", "a=firing! b=firing c=firing!"},
				{2 * m, "c", "a=inactive! b=inactive! c=firing"}, {3 * m, "a c", "a=firing! b=inactive c=firing!"},
			},
		},
		{
			name: "duplicates leave everything as it was",
			steps: []step{
				{1 * m, "a", "a=firing"}, {2 * m, "b b", "error: " + errDuplicateAlert.Error() + "; a=firing"},
				{3 * m, "a", "a=firing!"},
			},
		},
		{
			name:   "too many alerts are all dropped",
			policy: policy{limit: 2},
			steps: []step{
				{0, "a b", "a=firing! b=firing!"}, {1 * m, "a b c", "error: exceeded limit of 2 with 3 alerts; "},
				{2 * m, "a b", "a=firing! b=firing!"}, {3 * m, "b", "a=inactive! b=firing"},
				{4 * m, "b c", "a=inactive b=firing! c=firing!"}, // a resolved one does not count
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := test.policy
			p.interval = time.Minute
			if p.resendDelay == 0 {
				p.resendDelay = 90 * time.Second // at every other evaluation
			}
			var state, sent alerts
			var err error
			at := time.Duration(-1)
			seen := test.steps[0].seen
			evaluate := func(names string) {
				if raised, ok := test.raised[at]; ok {
					p.holdFor = raised
				}
				state, sent, err = p.advance(state, see(names), t0.Add(at))
			}
			for _, step := range test.steps {
				if at < 0 {
					at = 0
				} else {
					at += time.Minute
				}
				for ; at < step.at; at += time.Minute {
					evaluate(seen)
				}
				seen = step.seen
				evaluate(seen)
				got := show(state, sent)
				if err != nil {
					got = "error: " + err.Error() + "; " + got
				}
				if got != step.want {
					t.Errorf("after %v with %q: got %q, want %q", at, seen, got, step.want)
				}
			}
		})
	}
}

// Three days of an alert that fires, at one evaluation each minute.
func TestLifeCycleForDays(t *testing.T) {
	p := policy{holdFor: 10 * time.Minute, interval: time.Minute, resendDelay: time.Minute}
	var state, sent alerts
	sendings := 0
	for at := t0; at.Before(t0.Add(72 * time.Hour)); at = at.Add(time.Minute) {
		var err error
		if state, sent, err = p.advance(state, see("a"), at); err != nil {
			t.Fatal(err)
		}
		sendings += len(sent)
	}
	if want := 72*60 - 10; sendings != want {
		t.Errorf("sent %d times, want %d: every minute", sendings, want)
	}
	a := state[0]
	if !a.activeAt.Equal(t0) || !a.firedAt.Equal(t0.Add(10*time.Minute)) {
		t.Errorf("active since %v and firing since %v, want %v and 10m later", a.activeAt, a.firedAt, t0)
	}
}

// A clock that was wrong holds nothing up once it is right.
func TestLifeCycleWhenTheClockGoesBack(t *testing.T) {
	p := policy{holdFor: 2 * time.Minute, keepFiringFor: 2 * time.Minute, interval: time.Minute, resendDelay: time.Minute}
	wrong := t0.Add(24 * time.Hour)
	state, _, _ := p.advance(nil, see("firing kept"), wrong.Add(-3*time.Minute))
	state, _, _ = p.advance(state, see("firing kept"), wrong.Add(-1*time.Minute))
	state, _, _ = p.advance(state, see("firing pending"), wrong)
	for minute, want := range []string{
		"kept=firing! firing=firing! pending=pending",
		"kept=firing! firing=firing! pending=pending",
		"kept=inactive! firing=firing! pending=firing!",
		"kept=inactive! firing=firing! pending=firing!",
	} {
		var sent alerts
		state, sent, _ = p.advance(state, see("firing pending"), t0.Add(time.Duration(minute)*time.Minute))
		if got := show(state, sent); got != want {
			t.Errorf("%d minutes after the clock went back: got %q, want %q", minute, got, want)
		}
	}
}

// Alerts whose rule got other labels go on under these, and what was told of
// them before is resolved.
func TestRelabelled(t *testing.T) {
	candidates := func(team string, names ...string) []candidate {
		var all []candidate
		for _, name := range names {
			c := candidate{element: labels.FromStrings("name", name), labels: labels.FromStrings("name", name, "team", team)}
			c.key = labelsKey(c.labels)
			all = append(all, c)
		}
		return all
	}
	p := policy{holdFor: 2 * time.Minute, interval: time.Minute, resendDelay: time.Minute}
	state, _, _ := p.advance(nil, candidates("x", "a", "b"), t0)
	state, _, _ = p.advance(state, candidates("x", "a", "b", "c"), t0.Add(2*time.Minute))
	now := t0.Add(3 * time.Minute)
	seen := candidates("y", "a", "c", "d")
	state, told := state.relabelled(seen, now)
	if len(told) != 1 || told[0].labels.String() != `{name="a", team="x"}` || !told[0].resolvedAt.Equal(now) {
		t.Errorf("told: got %+v, want that a of team x is resolved", told)
	}
	state, sent, err := p.advance(state, seen, now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range state {
		got = append(got, fmt.Sprintf("%s %s since %v", a.labels, a.state, a.activeAt.Sub(t0)))
	}
	want := []string{
		`{name="a", team="y"} firing since 0s`, `{name="b", team="x"} inactive since 0s`,
		`{name="c", team="y"} pending since 2m0s`, `{name="d", team="y"} pending since 3m0s`,
	}
	wantLines(t, "alerts", got, want)
	if len(sent) != 2 || sent[0].labels.Get("team") != "y" || !sent[0].firedAt.Equal(t0.Add(2*time.Minute)) || sent[1].state != StateInactive {
		t.Errorf("sent: got %+v, want a of team y, firing for as long as before, and b resolved", sent)
	}
}

// An alert whose labels another element has now goes on under them: those who were
// told of it see one alert that fires on.
func TestRelabelledLeavesWhatIsFoundByItsLabels(t *testing.T) {
	candidateOf := func(element, n string) candidate {
		c := candidate{element: labels.FromStrings("x", element), labels: labels.FromStrings("n", n)}
		c.key = labelsKey(c.labels)
		return c
	}
	p := policy{interval: time.Minute, resendDelay: time.Minute}
	state, _, _ := p.advance(nil, []candidate{candidateOf("1", "a")}, t0)
	next, told := state.relabelled([]candidate{candidateOf("1", "b"), candidateOf("2", "a")}, t0.Add(time.Minute))
	if len(told) != 0 || len(next) != 1 || next[0].labels.Get("n") != "a" {
		t.Errorf("got %+v, told %+v; want the alert as it was, and nobody told", next, told)
	}
}

// What must hold after any history.
func TestLifeCycleInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(0, 20)
		p := policy{
			holdFor:       time.Duration(minutes.Draw(t, "for")) * time.Minute,
			keepFiringFor: time.Duration(minutes.Draw(t, "keep")) * time.Minute,
			resendDelay:   time.Duration(1+minutes.Draw(t, "resend")) * time.Minute,
			interval:      time.Minute,
			limit:         rapid.IntRange(0, 4).Draw(t, "limit"),
		}
		var state alerts
		now := t0
		for range rapid.IntRange(1, 60).Draw(t, "evaluations") {
			now = now.Add(time.Duration(1+minutes.Draw(t, "gap")) * time.Minute)
			names := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), rapid.ID).Draw(t, "names")
			before := slices.Clone(state)
			next, sent, err := p.advance(state, see(strings.Join(names, " ")), now)
			if !reflect.DeepEqual(before, slices.Clone(state)) {
				t.Fatal("the old alerts were changed")
			}
			if err != nil {
				if len(next)+len(sent) > 0 || p.limit == 0 {
					t.Fatalf("error %v with %d alerts, %d sent", err, len(next), len(sent))
				}
				state = next
				continue
			}
			if !slices.IsSortedFunc(next, func(a, b alert) int { return strings.Compare(a.key, b.key) }) {
				t.Fatal("the alerts are not sorted")
			}
			for _, a := range next {
				name := a.labels.Get("name")
				held := now.Sub(a.activeAt) >= p.holdFor
				switch a.state {
				case StatePending:
					if held || !slices.Contains(names, name) || !a.firedAt.IsZero() {
						t.Fatalf("%s is pending: %+v", name, a)
					}
				case StateFiring:
					if !held || a.firedAt.IsZero() || slices.Contains(names, name) != a.keepFiringSince.IsZero() {
						t.Fatalf("%s is firing: %+v", name, a)
					}
				case StateInactive:
					if slices.Contains(names, name) || now.Sub(a.resolvedAt) > resolvedRetention || a.lastSentAt.Before(a.resolvedAt) {
						t.Fatalf("%s is inactive: %+v", name, a)
					}
				}
			}
			for _, name := range names {
				if !slices.ContainsFunc(next, func(a alert) bool { return a.labels.Get("name") == name && a.state != StateInactive }) {
					t.Fatalf("%s was seen and is not active", name)
				}
			}
			for _, a := range sent {
				if a.state == StatePending || !a.lastSentAt.Equal(now) {
					t.Fatalf("sent %+v", a)
				}
			}
			state = next
		}
	})
}

func TestValidFor(t *testing.T) {
	for _, test := range []struct{ interval, resend, want time.Duration }{
		{time.Minute, time.Minute, 4 * time.Minute},
		{5 * time.Minute, time.Minute, 20 * time.Minute},
		{time.Second, time.Minute, 4 * time.Minute},
	} {
		if got := (policy{interval: test.interval, resendDelay: test.resend}).validFor(); got != test.want {
			t.Errorf("validFor with %v = %v, want %v", fmt.Sprint(test.interval, test.resend), got, test.want)
		}
	}
}
