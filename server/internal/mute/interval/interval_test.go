package interval

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
)

func load(t *testing.T) *Set {
	t.Helper()
	c, err := config.Load(`
route: {receiver: r}
receivers: [{name: r}]
mute_time_intervals:
- name: old-style
  time_intervals: [{years: ['2020']}]
time_intervals:
- name: office
  time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}]
- name: weekend
  time_intervals: [{weekdays: [saturday]}, {weekdays: [sunday]}]
- name: lunch-berlin
  time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}], location: Europe/Berlin}]
- name: last-day
  time_intervals: [{days_of_month: ['-1']}]
`)
	if err != nil {
		t.Fatal(err)
	}
	return New(c)
}

// Section 2.5, the time stages: outside all active intervals first, then inside
// any mute interval.
func TestMutedBy(t *testing.T) {
	s := load(t)
	monday := func(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }
	saturday := time.Date(2026, 3, 7, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name         string
		active, mute []string
		at           time.Time
		want         []string
		reason       Reason
	}{
		{"no intervals", nil, nil, monday(10, 0), nil, NotMuted},
		{"inside an active one", []string{"office"}, nil, monday(9, 0), nil, NotMuted},
		{"the end of an active one is outside", []string{"office"}, nil, monday(17, 0), []string{"office"}, ActiveTimeInterval},
		{"inside one of two active ones", []string{"office", "weekend"}, nil, saturday, nil, NotMuted},
		{"outside two active ones: muted by both", []string{"office", "weekend"}, nil, monday(8, 59), []string{"office", "weekend"}, ActiveTimeInterval},
		{"inside a mute one", nil, []string{"weekend"}, saturday, []string{"weekend"}, MuteTimeInterval},
		{"outside a mute one", nil, []string{"weekend"}, monday(10, 0), nil, NotMuted},
		{"only those mute that contain the time", nil, []string{"office", "last-day", "weekend"}, time.Date(2026, 2, 28, 10, 0, 0, 0, time.UTC), []string{"last-day", "weekend"}, MuteTimeInterval},
		{"active and mute: the mute one counts inside", []string{"office"}, []string{"lunch-berlin"}, monday(11, 30), []string{"lunch-berlin"}, MuteTimeInterval},
		{"active and mute: outside, the active one is the reason", []string{"office"}, []string{"weekend"}, saturday, []string{"office"}, ActiveTimeInterval},
		{"a location is respected", nil, []string{"lunch-berlin"}, monday(12, 30), nil, NotMuted},
		{"the zone of the asking time does not matter", []string{"office"}, nil, monday(10, 0).In(time.FixedZone("far", 12*3600)), nil, NotMuted},
		{"the old section of the file", nil, []string{"old-style"}, time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC), []string{"old-style"}, MuteTimeInterval},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, reason := s.MutedBy(tc.active, tc.mute, tc.at)
			if !slices.Equal(got, tc.want) || reason != tc.reason {
				t.Errorf("got %v, %q; want %v, %q", got, reason, tc.want, tc.reason)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	s := load(t)
	if err := s.Check("office", "old-style"); err != nil {
		t.Errorf("got %v for names that are defined", err)
	}
	if err := s.Check("office", "holiday"); err == nil || !strings.Contains(err.Error(), `"holiday"`) {
		t.Errorf("got %v, want an error that names holiday", err)
	}
}
