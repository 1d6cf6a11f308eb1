package notify

import (
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// reasonToNotify decides whether an integration has to be told about a group,
// from what it was last told (entry, if known), what the group holds for it now, and
// the time at which the flush became due. It depends on nothing else.
func reasonToNotify(entry Entry, known bool, c composition, sendResolved bool, repeat time.Duration, at time.Time, exactRepeat bool) amnotify.NotifyReason {
	switch {
	case !known && len(c.firing) > 0:
		return amnotify.ReasonFirstNotification
	case !known: // it never heard of the alerts that are now resolved
		return amnotify.ReasonDoNotNotify

	case !c.firing.subsetOf(entry.Firing) && len(entry.Firing) == 0:
		return amnotify.ReasonFirstNotification // the last word was that all is well
	case !c.firing.subsetOf(entry.Firing):
		return amnotify.ReasonNewAlertsInGroup

	// The others that it knows of are muted, and fire.
	case len(c.firing) == 0 && len(c.muted) > 0 && sendResolved && !c.resolved.subsetOf(entry.Resolved):
		return amnotify.ReasonNewResolvedAlerts
	case len(c.firing) == 0 && len(c.muted) > 0:
		return amnotify.ReasonDoNotNotify

	// That all is resolved must be remembered even where resolved alerts are not
	// sent; so send_resolved plays no part here.
	case len(c.firing) == 0 && len(entry.Firing)+len(entry.Muted) > 0:
		return amnotify.ReasonAllAlertsResolved
	case len(c.firing) == 0: // what fired and resolved between two flushes is no news
		return amnotify.ReasonDoNotNotify

	case sendResolved && !c.resolved.subsetOf(entry.Resolved):
		return amnotify.ReasonNewResolvedAlerts
	case repetitionDue(entry.At.Add(repeat), at, exactRepeat):
		return amnotify.ReasonRepeatIntervalElapsed
	}
	return amnotify.ReasonDoNotNotify
}

func repetitionDue(due, at time.Time, exact bool) bool {
	return due.Before(at) || exact && due.Equal(at)
}

// Hashes identifies a set of alerts by their labels; sorted.
type Hashes []uint64

// has says whether x is a member of h.
func (h Hashes) has(x uint64) bool {
	_, found := slices.BinarySearch(h, x)
	return found
}

// subsetOf says whether every member of h is one of o.
func (h Hashes) subsetOf(o Hashes) bool {
	for _, x := range h {
		i, found := slices.BinarySearch(o, x)
		if !found {
			return false
		}
		o = o[i+1:]
	}
	return true
}

// hash is the one that Alertmanager writes into its notification log: xxhash of
// the names and values, sorted by name, each followed by 0xff. Annotations are
// not part of it: a changed text is no new alert.
func hash(ls model.LabelSet) uint64 {
	names := make([]model.LabelName, 0, len(ls))
	for name := range ls {
		names = append(names, name)
	}
	slices.Sort(names)
	var buf [512]byte
	b := buf[:0]
	for _, name := range names {
		b = append(append(b, name...), 0xff)
		b = append(append(b, ls[name]...), 0xff)
	}
	return xxhash.Sum64(b)
}
