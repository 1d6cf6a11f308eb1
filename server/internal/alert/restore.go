package alert

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// Restore puts alerts back as an earlier run had them, the resolved ones too; savedAt
// is the last instant of which that run knew. An alert that has been received since is
// merged with what was known. The journal is told only of what it does not know.
//
// An alert that fired then, and whose end came while nobody listened, fires for one
// resolve timeout more: its client could not say that it goes on. Else it would be
// told resolved, and what it inhibits would be told to fire, only for it to come back.
// For the same reason, one whose end is close is given back the time that was lost.
//
// The alerts belong to the store from then on.
func (s *Store) Restore(now, savedAt time.Time, alerts []*Alert) {
	timeout := time.Duration(s.resolveTimeout.Load())
	var known, longer []*Alert
	for _, a := range alerts {
		if end := sustainedEnd(a, now, savedAt, timeout); end.After(a.EndsAt) {
			longer = append(longer, sustained(a, end))
		} else {
			known = append(known, a)
		}
	}
	knownIDs, longerIDs := fingerprints(known), fingerprints(longer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(now, known, knownIDs)
	s.append(slices.Concat(s.put(now, longer, longerIDs), s.refused(known, knownIDs), s.refused(longer, longerIDs)))
}

// refused says of those alerts that have no place any more, because the limit per name
// was lowered, that they are gone. The caller holds mu.
func (s *Store) refused(alerts []*Alert, fps []model.Fingerprint) []Change {
	var changes []Change
	for i, fp := range fps {
		if s.alerts[fp] == nil {
			changes = append(changes, Change{Alert: alerts[i], Gone: true})
		}
	}
	return changes
}

// sustainedEnd is until when an alert fires at least because nobody listened for a
// while: no longer than one timeout from now on, and zero if it had ended before.
func sustainedEnd(a *Alert, now, savedAt time.Time, timeout time.Duration) time.Time {
	end := now.Add(timeout)
	if a.ResolvedAt(savedAt) {
		return time.Time{}
	}
	if left := a.EndsAt.Sub(savedAt); !a.ResolvedAt(now) && left < timeout {
		end = now.Add(left)
	}
	return end
}

// sustained returns an alert that ends then, unless its client says something else.
func sustained(a *Alert, end time.Time) *Alert {
	longer := *a
	longer.EndsAt, longer.Timeout = end, true
	return &longer
}
