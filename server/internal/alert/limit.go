package alert

import (
	"container/heap"
	"time"

	"github.com/prometheus/common/model"
)

// limits bound how many alerts of one name fire at the same time. The store's
// lock guards them.
type limits struct {
	perName int // 0 is no limit
	byName  map[string]*bucket
}

func newLimits(perName int) *limits {
	return &limits{perName: max(perName, 0), byName: make(map[string]*bucket)}
}

// admit says whether an alert has a place among those of its name, and takes it:
// its own if it has one, a free one, or that of one that is resolved.
func (l *limits) admit(fp model.Fingerprint, a *Alert, now time.Time) bool {
	if l.perName == 0 {
		return true
	}
	b := l.byName[a.Name()]
	if b == nil {
		b = &bucket{byAlert: make(map[model.Fingerprint]*place)}
		l.byName[a.Name()] = b
	}
	if p := b.byAlert[fp]; p != nil {
		p.endsAt = a.EndsAt
		heap.Fix(b, p.index)
		return true
	}
	if len(b.places) >= l.perName {
		if !b.places[0].endsAt.Before(now) {
			return false
		}
		heap.Pop(b)
	}
	heap.Push(b, &place{alert: fp, endsAt: a.EndsAt})
	return true
}

// expire forgets the places of alerts that are resolved.
func (l *limits) expire(now time.Time) {
	for name, b := range l.byName {
		for len(b.places) > 0 && b.places[0].endsAt.Before(now) {
			heap.Pop(b)
		}
		if len(b.places) == 0 {
			delete(l.byName, name)
		}
	}
}

// bucket is the places of the alerts of one name, as a heap by when they end.
type bucket struct {
	byAlert map[model.Fingerprint]*place
	places  []*place
}

type place struct {
	alert  model.Fingerprint
	endsAt time.Time
	index  int // in places
}

func (b *bucket) Len() int           { return len(b.places) }
func (b *bucket) Less(i, j int) bool { return b.places[i].endsAt.Before(b.places[j].endsAt) }
func (b *bucket) Swap(i, j int) {
	b.places[i], b.places[j] = b.places[j], b.places[i]
	b.places[i].index, b.places[j].index = i, j
}

// Push is for container/heap.
func (b *bucket) Push(x any) {
	p := x.(*place)
	p.index = len(b.places)
	b.places = append(b.places, p)
	b.byAlert[p.alert] = p
}

// Pop is for container/heap.
func (b *bucket) Pop() any {
	last := len(b.places) - 1
	p := b.places[last]
	b.places[last] = nil
	b.places = b.places[:last]
	delete(b.byAlert, p.alert)
	return p
}
