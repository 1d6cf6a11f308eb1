package rule

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/rules"
	"pgregory.net/rapid"
)

func TestSlotsAreThoseOfPrometheus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := rapid.String().Draw(t, "file")
		name := rapid.String().Draw(t, "name")
		interval := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "interval"))
		now := time.Unix(0, rapid.Int64Range(int64(48*time.Hour), 1<<61).Draw(t, "now"))

		got := newSlots(file, name, interval).latest(now)
		want := rules.NewGroup(rules.GroupOptions{File: file, Name: name, Interval: interval}).EvalTimestamp(now.UnixNano())
		if !got.Equal(want) {
			t.Fatalf("latest slot of %q %q every %v at %v: got %v, want %v", file, name, interval, now, got, want)
		}
	})
}

func TestLatestSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "interval"))
		s := slots{interval: interval, offset: time.Duration(rapid.Int64Range(0, int64(interval)-1).Draw(t, "offset"))}
		now := time.Unix(0, rapid.Int64Range(-1<<61, 1<<61).Draw(t, "now"))
		latest := s.latest(now)
		if latest.After(now) || now.Sub(latest) >= interval {
			t.Fatalf("latest slot at %v is %v, want one within the %v before", now, latest, interval)
		}
		if again := s.latest(latest); !again.Equal(latest) {
			t.Fatalf("the latest slot at slot %v is %v", latest, again)
		}
		if next := s.latest(latest.Add(interval)); !next.Equal(latest.Add(interval)) {
			t.Fatalf("the slot after %v is %v, want it %v later", latest, next, interval)
		}
	})
}

func TestScheduleOfASlowGroup(t *testing.T) {
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	s := newSchedule(slots{interval: 10 * time.Second}, at(3))
	for _, step := range []struct {
		now    int
		due    int // -1 is none
		missed int
		wake   int
	}{
		{now: 3, due: -1, wake: 10},
		{now: 9, due: -1, wake: 10},
		{now: 10, due: 10},
		{now: 10, due: -1, wake: 20},
		{now: 25, due: 20}, // late, but nothing is lost
		{now: 29, due: -1, wake: 30},
		{now: 55, due: 50, missed: 2}, // 30 and 40 are
		{now: 55, due: -1, wake: 60},
		{now: 48, due: -1, wake: 60}, // the clock is set back a little: 50 is not repeated
		{now: 57, due: -1, wake: 60},
		{now: 60, due: 60},
		{now: 12, due: -1, wake: 20}, // the clock is set back: start again
		{now: 20, due: 20},
		{now: 86420, due: 86420, missed: 8639}, // the machine was asleep for a day
	} {
		got := s.advance(at(step.now))
		want := turn{missed: step.missed}
		if step.due >= 0 {
			want.due = at(step.due)
		} else {
			want.wake = at(step.wake)
		}
		if got != want {
			t.Errorf("advance(%d) = %+v, want %+v", step.now, got, want)
		}
	}
}

// Whatever the clock does, slots are handed out in order, and each is either
// handed out or counted as missed.
func TestScheduleAccountsForEverySlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "interval"))
		s := newSchedule(slots{interval: interval}, t0)
		first, last := s.done, s.done
		slots := 0
		now := t0
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 3*int64(interval)).Draw(t, "step")))
			turn := s.advance(now)
			if turn.due.IsZero() {
				if !turn.wake.After(now) || turn.wake.Sub(now) > interval {
					t.Fatalf("at %v nothing is due, but the next look is at %v", now, turn.wake)
				}
				continue
			}
			if turn.due.After(now) || !turn.due.After(last) {
				t.Fatalf("slot %v was handed out at %v after %v", turn.due, now, last)
			}
			last = turn.due
			slots += 1 + turn.missed
		}
		if want := int(last.Sub(first) / interval); slots != want {
			t.Fatalf("%d slots were handed out or missed, want %d", slots, want)
		}
	})
}
