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

// refuse tells whether there is no room for the series of an entry, and has that
// reported. If it is for a set, that goes by what there will be when the set
// is committed.
func (t *Table[T]) refuse(e *Entry, set *Staging[T]) bool {
	if t.isBeyond(e) {
		return false
	}
	full := t.fullest(set.growth())
	if full != nil && t.expiry != nil {
		t.makeRoom()
		full = t.fullest(set.growth())
	}
	if full == nil {
		return false
	}
	t.refused.Add(1)
	if full.report != nil {
		t.refusals = append(t.refusals, refusal{full.report, e.Values()})
	}
	return true
}

// overflowing returns the values of the series that stands for those beyond the
// limits.
func overflowing(labels int) []string { return slices.Repeat([]string{Overflow}, labels) }

// fullest returns the first limit that leaves no room for one series once there
// are so many more, nil if all do. A limit that the table is under twice, because
// its series are exposed twice, counts each of them twice.
func (t *Table[T]) fullest(growth int) *limited {
	for i, l := range t.limits {
		times := 0
		for _, other := range t.limits[:i+1] {
			if other.Limit == l.Limit {
				times++
			}
		}
		if int(l.used.Load())+times*(growth+1) > l.Max {
			return &t.limits[i]
		}
	}
	return nil
}

// isBeyond tells whether a series stands for those beyond the limits. One without
// variable labels never is beyond them.
func (t *Table[T]) isBeyond(e *Entry) bool { return e.is(&t.beyond) }

// take has all limits count one series more, unless it is one that does not count.
// It fails if one of them leaves no room.
func (t *Table[T]) take(e *Entry) bool {
	if t.isBeyond(e) {
		return true
	}
	for i, l := range t.limits {
		if !l.take() {
			t.giveBack(t.limits[:i])
			return false
		}
	}
	return true
}

func (l *Limit) take() bool {
	for {
		used := l.used.Load()
		if used >= int64(l.Max) {
			return false
		}
		if l.used.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

// giveBack has limits count one series less.
func (t *Table[T]) giveBack(limits []limited) {
	for _, l := range limits {
		l.used.Add(-1)
	}
}
