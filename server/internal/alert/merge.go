package alert

import "time"

// combine returns what is known after the two updates of one alert (equal
// labels), whichever of them arrived first. The one with the later UpdatedAt is
// the younger; of two with equal times b is, so b must be the later arrival.
// The result is a itself or b itself when nothing had to be merged.
func combine(a, b *Alert, now time.Time) *Alert {
	older, younger := a, b
	if b.UpdatedAt.Before(a.UpdatedAt) {
		older, younger = b, a
	}
	if !startsOrEndsInside(younger, older) {
		return younger
	}
	return merge(older, younger, now)
}

// startsOrEndsInside says whether one end of x's time span lies strictly inside
// that of y. A span that merely continues (same start, later end) or that does
// not touch y does not: such an update replaces what was known.
func startsOrEndsInside(x, y *Alert) bool {
	inside := func(t time.Time) bool { return t.After(y.StartsAt) && t.Before(y.EndsAt) }
	return inside(x.StartsAt) || inside(x.EndsAt)
}

// merge joins two overlapping spans. Annotations, generator URL and the rest are
// the younger's; the start is the earlier one. Where the younger is resolved, a
// later end counts only if it too is past; where it still fires, a later end of
// the older counts only if a client gave it, not if it was our own timeout.
func merge(older, younger *Alert, now time.Time) *Alert {
	merged := *younger
	if older.StartsAt.Before(younger.StartsAt) {
		merged.StartsAt = older.StartsAt
	}
	if !older.EndsAt.After(younger.EndsAt) {
		return &merged
	}
	if younger.ResolvedAt(now) {
		if older.ResolvedAt(now) {
			merged.EndsAt = older.EndsAt
		}
	} else if !older.Timeout {
		merged.EndsAt = older.EndsAt
	}
	return &merged
}
