package send

import (
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// waiting is an alert that waits to be delivered.
type waiting struct {
	rule.Alert
	key   string    // of its labels, which say which alert it is
	until time.Time // too late from here on
}

// backlog holds what waits for one Alertmanager, longest waiting first, and of
// each alert only the latest news: what is new takes the place of what it makes
// out of date. So a backlog never holds more than there are alerts, however long
// the Alertmanager is away; a resolved alert is never behind or before its own
// firing copy; and an alert that is often renewed still has its turn.
type backlog struct {
	capacity int // most alerts in order
	order    []*waiting
	byKey    map[string]*waiting // the same alerts
}

func newBacklog(capacity int) backlog {
	return backlog{capacity: capacity, byKey: make(map[string]*waiting)}
}

func (b *backlog) len() int { return len(b.order) }

// add notes the news of an alert. It reports whether older news of it were
// replaced, and whether the longest waiting alert had to go to make room.
func (b *backlog) add(w waiting) (replaced, dropped bool) {
	if known := b.byKey[w.key]; known != nil {
		*known = w
		return true, false
	}
	if len(b.order) >= b.capacity {
		b.pop()
		dropped = true
	}
	b.byKey[w.key] = &w
	b.order = append(b.order, &w)
	return false, dropped
}

// pop removes the alert that waits longest.
func (b *backlog) pop() *waiting {
	w := b.order[0]
	b.order[0] = nil // so that it can be collected
	b.order = b.order[1:]
	delete(b.byKey, w.key)
	return w
}

// take removes up to n alerts that can still be delivered, longest waiting first,
// and with them those that are too late, whose number it returns.
func (b *backlog) take(n int, now time.Time) (batch []*waiting, late int) {
	for len(b.order) > 0 && len(batch) < n {
		if w := b.pop(); now.Before(w.until) {
			batch = append(batch, w)
		} else {
			late++
		}
	}
	return batch, late
}

// putBack gives alerts that were taken their old places, except those of which
// there are news by now. When there is no room for all, the first of them go. It
// returns how many went for either reason.
func (b *backlog) putBack(batch []*waiting) (replaced, dropped int) {
	back := make([]*waiting, 0, len(batch))
	for _, w := range batch {
		if b.byKey[w.key] == nil {
			back = append(back, w)
		}
	}
	replaced = len(batch) - len(back)
	dropped = max(len(back)+len(b.order)-b.capacity, 0)
	back = back[dropped:]
	for _, w := range back {
		b.byKey[w.key] = w
	}
	b.order = slices.Insert(b.order, 0, back...)
	return replaced, dropped
}
