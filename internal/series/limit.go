package series

import (
	"slices"
	"sync/atomic"
)

// Overflow is the value of all variable labels of the series that stands for
// those which a limit leaves no room for.
const Overflow = "__overflow__"

// Limit is how many series there may be in one or in several tables together, not
// counting the series that stand for those beyond it.
type Limit struct {
	Max  int // none is not a limit of zero: it is no Limit
	used atomic.Int64
}

// Used returns how many series there are.
func (l *Limit) Used() int { return int(l.used.Load()) }

// limited is a limit that a table is under.
type limited struct {
	*Limit
	report func(values []string)
}

// Limit puts the table under a limit, besides those that it is under. What it has
// already counts, but nothing goes. The function is called with the label
// values (not to be kept) whenever there is no room for them, by whoever asks for
// the series, who waits for it; it may be nil.
func (t *Table[T]) Limit(l *Limit, report func(values []string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limits = append(t.limits, limited{l, report})
	l.used.Add(int64(t.counted()))
}

// Unlimit takes the table out from under a limit.
func (t *Table[T]) Unlimit(l *Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.limits {
		if t.limits[i].Limit == l {
			l.used.Add(-int64(t.counted()))
			t.limits = append(t.limits[:i:i], t.limits[i+1:]...)
			return
		}
	}
}

// Refused returns how often there was no room for a series.
func (t *Table[T]) Refused() uint64 { return t.refused.Load() }

// counted returns how many series count for limits.
func (t *Table[T]) counted() int {
	if t.overflow != nil {
		return t.alive - 1
	}
	return t.alive
}

// refusal is what has to be reported about a series that there was no room for.
type refusal struct {
	report func(values []string)
	values []string
}

// refuse returns, if there is no room for a series with these values, the one
// that stands for it. So many others are going to be there besides what is there
// now, or fewer if that is negative.
func (t *Table[T]) refuse(values []string, besides int) *Child[T] {
	full := t.fullest(besides)
	if full == nil || isOverflow(values) {
		return nil
	}
	t.refused.Add(1)
	if full.report != nil {
		t.refusals = append(t.refusals, refusal{full.report, slices.Clone(values)})
	}
	if t.overflow == nil || t.expiry != nil && t.expireIfDue(t.overflow, t.now()) {
		values := slices.Repeat([]string{Overflow}, len(values))
		t.enter(t.newChild(t.hash(values), values))
	}
	return t.overflow
}

// fullest returns the first limit that leaves no room, nil if all do.
func (t *Table[T]) fullest(besides int) *limited {
	for i, l := range t.limits {
		if int(l.used.Load())+besides >= l.Max {
			return &t.limits[i]
		}
	}
	return nil
}

// isOverflow tells whether a series stands for those beyond the limits. One
// without variable labels never is beyond them.
func isOverflow(values []string) bool {
	for _, v := range values {
		if v != Overflow {
			return false
		}
	}
	return true
}

// count has the limits count series that come or, if n is negative, go.
func (t *Table[T]) count(n int64) {
	for _, l := range t.limits {
		l.used.Add(n)
	}
}
