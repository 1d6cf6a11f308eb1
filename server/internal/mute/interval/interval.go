// Package interval says whether a route is muted by the time of day, week, month
// or year: outside all of its active time intervals, or inside one of its mute
// time intervals.
package interval

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/timeinterval"
)

// Reason says which kind of interval mutes; its text is the metric label's.
type Reason string

// The reasons; NotMuted is the zero value.
const (
	NotMuted           Reason = ""
	MuteTimeInterval   Reason = "mute_time_interval"
	ActiveTimeInterval Reason = "active_time_interval"
)

// Set holds the named time intervals of a configuration. It is immutable.
type Set struct {
	byName map[string][]timeinterval.TimeInterval
}

// New returns the intervals of a loaded configuration.
func New(c *config.Config) *Set {
	s := &Set{byName: make(map[string][]timeinterval.TimeInterval)}
	for _, ti := range c.MuteTimeIntervals {
		s.byName[ti.Name] = ti.TimeIntervals
	}
	for _, ti := range c.TimeIntervals {
		s.byName[ti.Name] = ti.TimeIntervals
	}
	return s
}

// Check returns an error for the first name that no interval has.
func (s *Set) Check(names ...string) error {
	for _, name := range names {
		if _, ok := s.byName[name]; !ok {
			return fmt.Errorf("time interval %q is not defined: add it under time_intervals or remove it from the route", name)
		}
	}
	return nil
}

// MutedBy returns the names of the intervals because of which a route with these
// active and mute intervals tells nobody at the given time, and the reason. A
// route without active intervals is always active; one outside all of them is
// muted by all of them, and its mute intervals are not asked.
func (s *Set) MutedBy(active, mute []string, at time.Time) ([]string, Reason) {
	if len(active) > 0 && len(s.containing(active, at)) == 0 {
		return slices.Clone(active), ActiveTimeInterval
	}
	if by := s.containing(mute, at); len(by) > 0 {
		return by, MuteTimeInterval
	}
	return nil, NotMuted
}

// containing returns those of the named intervals that contain the given time.
func (s *Set) containing(names []string, at time.Time) []string {
	at = at.UTC() // an interval that names no location means UTC
	var in []string
	for _, name := range names {
		if slices.ContainsFunc(s.byName[name], func(ti timeinterval.TimeInterval) bool { return ti.ContainsTime(at) }) {
			in = append(in, name)
		}
	}
	return in
}
