package alert

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Section 2.2, in minutes after t0; now is minute 10. A span whose end is a
// timeout ends in "t".
func TestCombine(t *testing.T) {
	type span struct {
		starts, ends float64
		timeout      bool
	}
	mk := func(s span, updated float64, note string) *Alert {
		a := named("a", at(s.starts), at(s.ends))
		a.Timeout, a.UpdatedAt, a.GeneratorURL = s.timeout, at(updated), note
		return a
	}
	for _, tc := range []struct {
		name                 string
		older, younger, want span
	}{
		{"the usual refresh replaces", span{1, 14, false}, span{1, 15, false}, span{1, 15, false}},
		{"a resolve cuts the end", span{1, 14, false}, span{1, 9, false}, span{1, 9, false}},
		{"a later start inside keeps the earlier start", span{1, 14, false}, span{5, 15, false}, span{1, 15, false}},
		{"a given end outlasts a shorter one", span{1, 20, false}, span{5, 15, false}, span{1, 20, false}},
		{"a timeout does not outlast a shorter one", span{1, 20, true}, span{5, 15, false}, span{1, 15, false}},
		{"both resolved: the later end", span{1, 8, false}, span{1, 7, false}, span{1, 8, false}},
		{"resolved beats an end to come", span{1, 30, false}, span{2, 9, false}, span{1, 9, false}},
		{"fires again after it was over: replaces", span{1, 3, false}, span{5, 15, false}, span{5, 15, false}},
		{"fires again where the old one ended: replaces", span{1, 5, false}, span{5, 15, false}, span{5, 15, false}},
		{"a span around the old one replaces", span{3, 11, false}, span{2, 12, false}, span{2, 12, false}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			older, younger := mk(tc.older, 8, "old"), mk(tc.younger, 9, "new")
			want := mk(tc.want, 9, "new")
			want.Timeout = younger.Timeout
			if got := combine(older, younger, at(10)); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if got := combine(younger, older, at(10)); !reflect.DeepEqual(got, want) {
				t.Errorf("when they come in the wrong order: got %+v, want %+v", got, want)
			}
		})
	}
}

func drawAlert(t *rapid.T, label string, now time.Time) *Alert {
	// Half minutes keep every time away from now, whose exact value the reference
	// implementation reads from the clock.
	minutes := rapid.IntRange(-20, 20)
	starts := now.Add(time.Duration(minutes.Draw(t, label+" start"))*time.Minute - 30*time.Second)
	ends := starts.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, label+" length")) * time.Minute)
	a := named("a", starts, ends)
	a.Timeout = rapid.Bool().Draw(t, label+" timeout")
	a.UpdatedAt = now.Add(time.Duration(minutes.Draw(t, label+" updated")) * time.Minute)
	a.GeneratorURL = label
	return a
}

// What comes out of two updates does not depend on which arrived first, and is
// what Alertmanager makes of them when they arrive in order.
func TestCombineAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now()
		a, b := drawAlert(t, "a", now), drawAlert(t, "b", now)
		if a.UpdatedAt.Equal(b.UpdatedAt) {
			t.Skip("which is younger is not defined")
		}
		got := combine(a, b, now)
		if swapped := combine(b, a, now); !reflect.DeepEqual(got, swapped) {
			t.Fatalf("a then b gives %+v, b then a %+v", got, swapped)
		}
		older, younger := a, b
		if b.UpdatedAt.Before(a.UpdatedAt) {
			older, younger = b, a
		}
		want := younger
		if (younger.EndsAt.After(older.StartsAt) && younger.EndsAt.Before(older.EndsAt)) ||
			(younger.StartsAt.After(older.StartsAt) && younger.StartsAt.Before(older.EndsAt)) {
			want = older.Merge(younger)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
