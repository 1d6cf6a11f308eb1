package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// timeOf reads a time as people tell it: a duration is counted from the given time, a
// time of day is the next one after it, and anything else is what parseMoment knows.
// Without an offset it is UTC. Years have four digits, as in all formats in which
// silences are told to others.
func timeOf(text string, from time.Time) (time.Time, error) {
	t, err := anyTimeOf(strings.TrimSpace(text), from)
	if err == nil && (t.UTC().Year() > 9999 || t.UTC().Year() < 0) {
		err = fmt.Errorf("%q is not in the years that can be written", clip(text))
	}
	return t, err
}

func anyTimeOf(text string, from time.Time) (time.Time, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return from.Add(time.Duration(d)), nil
	}
	if clock, err := time.Parse("15:04", text); err == nil {
		from = from.UTC()
		t := time.Date(from.Year(), from.Month(), from.Day(), clock.Hour(), clock.Minute(), 0, 0, time.UTC)
		if !t.After(from) {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	if t, err := parseMoment(text); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a duration, such as 45m, 2h or 1d12h, nor a time in UTC, such as 09:30 or 2006-01-02 15:04", clip(text))
}

// timeText is a time in a form; timeOf reads it.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
