package silence

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// This file is how people are shown silences.

// stateOrder is the order in which they are listed.
var stateOrder = []State{Active, Pending, Expired}

// Compare is the order in which silences are listed at an instant: first the active
// ones, the next to end first; then the pending ones, the next to start first; then the
// expired ones, the last to end first. Of two with equal times, the one with the lower
// ID comes first.
func Compare(a, b *Silence, now time.Time) int {
	state := a.StateAt(now)
	if order := cmp.Compare(slices.Index(stateOrder, state), slices.Index(stateOrder, b.StateAt(now))); order != 0 {
		return order
	}
	var order int
	switch state {
	case Active:
		order = a.EndsAt.Compare(b.EndsAt)
	case Pending:
		order = a.StartsAt.Compare(b.StartsAt)
	case Expired:
		order = b.EndsAt.Compare(a.EndsAt)
	}
	return cmp.Or(order, cmp.Compare(a.ID, b.ID))
}

// HasMatchers says whether one of the sets of the silence has every wanted matcher:
// the same name, operator and value, not one that means the same.
func (s *Silence) HasMatchers(wanted labels.Matchers) bool {
	return slices.ContainsFunc(s.Matchers, func(set labels.Matchers) bool {
		for _, w := range wanted {
			if !slices.ContainsFunc(set, func(m *labels.Matcher) bool {
				return m.Type == w.Type && m.Name == w.Name && m.Value == w.Value
			}) {
				return false
			}
		}
		return true
	})
}
