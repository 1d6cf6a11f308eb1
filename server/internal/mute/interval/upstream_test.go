package interval

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/timeinterval"
	"pgregory.net/rapid"
)

// Random intervals mute when Alertmanager's own muter says so, asked as its
// pipeline asks it: first whether it is inside an active interval, then for the mute
// intervals.
func TestAgainstAlertmanager(t *testing.T) {
	within := func(t *rapid.T, what string, lowest, highest int) timeinterval.InclusiveRange {
		begin := rapid.IntRange(lowest, highest).Draw(t, what+" from")
		return timeinterval.InclusiveRange{Begin: begin, End: rapid.IntRange(begin, highest).Draw(t, what+" to")}
	}
	entry := rapid.Custom(func(t *rapid.T) timeinterval.TimeInterval {
		var ti timeinterval.TimeInterval
		if rapid.Bool().Draw(t, "weekdays") {
			ti.Weekdays = []timeinterval.WeekdayRange{{InclusiveRange: within(t, "weekdays", 0, 6)}}
		}
		if rapid.Bool().Draw(t, "times") {
			day := within(t, "times", 0, 1439)
			ti.Times = []timeinterval.TimeRange{{StartMinute: day.Begin, EndMinute: day.End + 1}}
		}
		if rapid.Bool().Draw(t, "days") {
			ti.DaysOfMonth = []timeinterval.DayOfMonthRange{{InclusiveRange: within(t, "days", -31, -1)}}
		}
		if rapid.Bool().Draw(t, "months") {
			ti.Months = []timeinterval.MonthRange{{InclusiveRange: within(t, "months", 1, 12)}}
		}
		if rapid.Bool().Draw(t, "location") {
			ti.Location = &timeinterval.Location{Location: time.FixedZone("far", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)}
		}
		return ti
	})
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		c, theirs := &config.Config{}, make(map[string][]timeinterval.TimeInterval)
		for _, name := range names {
			entries := rapid.SliceOfN(entry, 0, 3).Draw(t, name)
			c.TimeIntervals = append(c.TimeIntervals, config.TimeInterval{Name: name, TimeIntervals: entries})
			theirs[name] = entries
		}
		ours, upstream := New(c), timeinterval.NewIntervener(theirs)
		some := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string])
		for range 10 {
			active, mute := some.Draw(t, "active"), some.Draw(t, "mute")
			at := time.Date(2026, 1, 1, 0, rapid.IntRange(0, 2*366*24*60).Draw(t, "minute"), 0, 0, time.UTC)
			want, wantReason := asked(t, upstream, active, mute, at)
			if got, reason := ours.MutedBy(active, mute, at); !slices.Equal(got, want) || reason != wantReason {
				t.Fatalf("active %v, mute %v at %v: got %v, %q; want %v, %q", active, mute, at, got, reason, want, wantReason)
			}
		}
	})
}

// asked returns what Alertmanager's muter says. It names an interval once for each
// of its entries that contains the time.
func asked(t *rapid.T, muter *timeinterval.Intervener, active, mute []string, at time.Time) ([]string, Reason) {
	in, _, err := muter.Mutes(active, at)
	if err != nil {
		t.Fatal(err)
	}
	if len(active) > 0 && !in {
		return active, ActiveTimeInterval
	}
	in, by, err := muter.Mutes(mute, at)
	if err != nil {
		t.Fatal(err)
	}
	if in {
		return slices.Compact(by), MuteTimeInterval
	}
	return nil, NotMuted
}
