package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// resolvedRetention is how long a resolved alert is remembered and sent again,
// so that a receiver that was away for a while still learns about it.
const resolvedRetention = 15 * time.Minute

var errDuplicateAlert = errors.New("vector contains metrics with the same labelset after applying alert labels")

// policy is what the life cycle of a rule's alerts depends on.
type policy struct {
	holdFor       time.Duration // "for": how long an alert is pending
	keepFiringFor time.Duration // how long it fires on after its condition ended
	limit         int           // most active alerts; 0 is no limit
	interval      time.Duration // between two evaluations
	resendDelay   time.Duration // least time between two sendings of an unchanged alert
}

// candidate is one element of the result of an alerting rule's query.
type candidate struct {
	key         string // labelsKey of the labels
	labels      labels.Labels
	element     labels.Labels // of the element of the result, before any label of the rule
	annotations labels.Labels
	value       float64
}

// alert is one alert of a rule. Its labels are its identity.
//
//	            seen               seen for "for"          missed for keep_firing_for
//	(none) ------------> pending ------------------> firing ------------------------> inactive
//	   ^                    |                           |                                |
//	   +------ missed ------+<---- "for" was raised ----+       seen: a new alert        |
//	   +------------------------------- 15 minutes later --------------------------------+
type alert struct {
	candidate
	state           State // pending, firing or inactive
	activeAt        time.Time
	firedAt         time.Time // zero unless it has fired
	resolvedAt      time.Time // zero unless inactive
	lastSentAt      time.Time // zero before the first time
	keepFiringSince time.Time // zero unless only keepFiringFor holds it up
}

// alerts are the alerts of one rule, sorted by key. They are never changed, but
// replaced as a whole: who got hold of them may read them without a lock.
type alerts []alert

// state returns the most advanced state of the alerts.
func (as alerts) state() State {
	most := StateInactive
	for _, a := range as {
		switch a.state {
		case StateFiring:
			return StateFiring
		case StatePending:
			most = StatePending
		}
	}
	return most
}

// advance returns the alerts of a rule after its query returned seen at now,
// and those among them that are to be sent. seen is sorted in place.
//
// When the result cannot be used, the error says why, and the alerts returned
// are those to go on with: the old ones after duplicates, none at all when the
// limit is exceeded.
func (p policy) advance(old alerts, seen []candidate, now time.Time) (next, send alerts, err error) {
	slices.SortFunc(seen, func(a, b candidate) int { return strings.Compare(a.key, b.key) })
	for i := 1; i < len(seen); i++ {
		if seen[i].key == seen[i-1].key {
			return old, nil, errDuplicateAlert
		}
	}

	// Both are sorted: walk along them together.
	active := 0
	for len(old) > 0 || len(seen) > 0 {
		var a alert
		keep := true
		switch {
		case len(old) == 0 || len(seen) > 0 && seen[0].key < old[0].key:
			a = alert{candidate: seen[0], state: StatePending, activeAt: now}
			seen = seen[1:]
		case len(seen) == 0 || old[0].key < seen[0].key:
			a, keep = p.missed(old[0].notAfter(now), now)
			old = old[1:]
		default:
			a = again(old[0].notAfter(now), seen[0], now)
			old, seen = old[1:], seen[1:]
		}
		if !keep {
			continue
		}
		if a.state != StateInactive {
			active++
			a = p.hold(a, now)
		}
		if p.needsSending(a, now) {
			a.lastSentAt = now
			send = append(send, a)
		}
		next = append(next, a)
	}
	if p.limit > 0 && active > p.limit {
		return nil, nil, &limitError{limit: p.limit, got: active, what: "alerts"}
	}
	return next, send, nil
}

// limitError tells that a rule has more series or alerts than its group allows.
type limitError struct {
	limit, got int
	what       string
}

func (e *limitError) Error() string {
	return fmt.Sprintf("exceeded limit of %d with %d %s", e.limit, e.got, e.what)
}

// notAfter is the alert as of now. If the clock has gone back since, its times are
// moved back with it: left in the future, they would hold the alert up for as long
// as the clock was wrong.
func (a alert) notAfter(now time.Time) alert {
	latest := a.activeAt
	for _, t := range [...]time.Time{a.firedAt, a.resolvedAt, a.keepFiringSince, a.lastSentAt} {
		if t.After(latest) {
			latest = t
		}
	}
	ahead := latest.Sub(now)
	if ahead <= 0 {
		return a
	}
	a.activeAt = earlier(a.activeAt, ahead)
	a.firedAt = earlier(a.firedAt, ahead)
	a.resolvedAt = earlier(a.resolvedAt, ahead)
	a.keepFiringSince = earlier(a.keepFiringSince, ahead)
	a.lastSentAt = time.Time{} // whoever was told knows other times
	return a
}

// earlier moves a time back, if it is set.
func earlier(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-by)
}

// again is an alert whose condition holds, after it held earlier.
func again(a alert, c candidate, now time.Time) alert {
	if a.state == StateInactive {
		return alert{candidate: c, state: StatePending, activeAt: now}
	}
	a.annotations, a.value, a.element = c.annotations, c.value, c.element
	a.keepFiringSince = time.Time{}
	return a
}

// missed is an alert whose condition does not hold; keep says whether it is to
// be remembered.
func (p policy) missed(a alert, now time.Time) (_ alert, keep bool) {
	switch a.state {
	case StatePending:
		return a, false
	case StateInactive:
		return a, now.Sub(a.resolvedAt) <= resolvedRetention
	}
	if p.keepFiringFor > 0 {
		if a.keepFiringSince.IsZero() {
			a.keepFiringSince = now
		}
		if now.Sub(a.keepFiringSince) < p.keepFiringFor {
			return a, true
		}
	}
	a.state, a.resolvedAt = StateInactive, now
	return a, true
}

// hold moves an active alert between pending and firing. The way back is taken
// when "for" was raised while the alert was firing.
func (p policy) hold(a alert, now time.Time) alert {
	held := now.Sub(a.activeAt) >= p.holdFor
	switch {
	case a.state == StatePending && held:
		a.state, a.firedAt = StateFiring, now
	case a.state == StateFiring && !held:
		a.state = StatePending
		a.firedAt, a.lastSentAt, a.keepFiringSince = time.Time{}, time.Time{}, time.Time{}
	}
	return a
}

func (p policy) needsSending(a alert, now time.Time) bool {
	if a.state == StatePending {
		return false
	}
	return a.resolvedAt.After(a.lastSentAt) || !a.lastSentAt.Add(p.resendDelay).After(now)
}

// validFor is how long a receiver may believe that a firing alert goes on
// firing without hearing of it again: long enough for two lost sendings.
func (p policy) validFor() time.Duration {
	return 4 * max(p.interval, p.resendDelay)
}

// relabelled returns the alerts of a rule whose labels were changed, as its next
// evaluation has to find them: an alert that is found under other labels now, for
// the same element of the result, gets these labels and goes on. For those who
// were told of it, that is another alert, and what they know is over: told has it,
// resolved.
func (as alerts) relabelled(seen []candidate, now time.Time) (next, told alerts) {
	byElement := make(map[string]candidate, len(seen))
	found := make(map[string]bool, len(seen))
	for _, c := range seen {
		byElement[labelsKey(c.element)] = c
		found[c.key] = true
	}
	taken := make(map[string]bool, len(as))
	for _, a := range as {
		taken[a.key] = true
	}
	next = slices.Clone(as)
	for i, a := range next {
		c, ok := byElement[labelsKey(a.element)]
		if !ok || found[a.key] || taken[c.key] || a.state == StateInactive {
			continue
		}
		if a.state == StateFiring && !a.lastSentAt.IsZero() {
			told = append(told, a.resolved(now))
		}
		taken[c.key] = true
		next[i].candidate, next[i].lastSentAt = c, time.Time{}
	}
	slices.SortFunc(next, func(a, b alert) int { return strings.Compare(a.key, b.key) })
	return next, told
}

// heldUp reports whether only keepFiringFor holds the alert up.
func (a alert) heldUp() bool { return !a.keepFiringSince.IsZero() && a.state == StateFiring }

// resolved is the alert, told a last time.
func (a alert) resolved(now time.Time) alert {
	a.state, a.resolvedAt, a.lastSentAt = StateInactive, now, now
	return a
}
