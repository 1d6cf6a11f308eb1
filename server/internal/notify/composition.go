package notify

import (
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// composition is what a batch means to one integration, by what that was told last.
type composition struct {
	// alerts are those to tell about; firing and resolved are their hashes.
	alerts           []*alert.Alert
	firing, resolved Hashes
	// muted are the alerts of which it was told that they fire, which still do, and
	// which are left out.
	muted Hashes
}

// compose takes the alerts of a batch, and of the muted ones those that have ended
// and of which the integration was told that they fire: it would never hear of their
// end otherwise. That it is told takes them out of its entry, so it is told once.
func compose(entry Entry, b Batch, now time.Time) composition {
	c := composition{alerts: b.Alerts, firing: Hashes{}, resolved: Hashes{}}
	for _, a := range b.Muted {
		h := hash(a.Labels)
		switch {
		case !entry.Firing.has(h) && !entry.Muted.has(h):
		case a.EndsAt.IsZero():
			c.muted = append(c.muted, h)
		default:
			c.alerts = append(slices.Clip(c.alerts), a)
		}
	}
	if len(c.alerts) > len(b.Alerts) {
		alert.Sort(c.alerts)
	}
	if entry.At.After(b.Begun) && !entry.At.After(now) {
		// Another copy has told meanwhile: what it told to be resolved has ended, which
		// this one may not have heard yet, and must not be told to fire, unless it began
		// anew. (A time that is still to come says nothing: a clock was wrong.)
		c.alerts = slices.DeleteFunc(slices.Clone(c.alerts), func(a *alert.Alert) bool {
			return a.EndsAt.IsZero() && a.StartsAt.Before(entry.At) && entry.Resolved.has(hash(a.Labels))
		})
	}
	for _, a := range c.alerts {
		if a.EndsAt.IsZero() {
			c.firing = append(c.firing, hash(a.Labels))
		} else {
			c.resolved = append(c.resolved, hash(a.Labels))
		}
	}
	slices.Sort(c.firing)
	slices.Sort(c.resolved)
	slices.Sort(c.muted)
	return c
}

// repeatAt is when an integration that was told this last at the given time has to be
// told again: zero if nothing fires of which it is told.
func (c composition) repeatAt(told time.Time, b Batch) time.Time {
	if len(c.firing) == 0 {
		return time.Time{}
	}
	return told.Add(b.RepeatInterval)
}
