package metric

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

const (
	defaultExemplars   = 10
	defaultExemplarTTL = 5 * time.Minute
)

// nativeExemplars holds the exemplars of a native histogram: a limited number of
// them, spread over the values that are seen.
type nativeExemplars struct {
	max int           // 0 for none
	ttl time.Duration // what is older goes first once there are max; all are older than a negative one

	mu  sync.Mutex             // guards what follows
	all []*exposition.Exemplar // by value
}

// newNativeExemplars takes the options of a histogram.
func newNativeExemplars(limit int, ttl time.Duration) nativeExemplars {
	return nativeExemplars{
		max: max(cmp.Or(limit, defaultExemplars), 0),
		ttl: cmp.Or(ttl, defaultExemplarTTL),
	}
}

// list returns the exemplars by value.
func (n *nativeExemplars) list() []*exposition.Exemplar {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}

// add takes an exemplar in. Should somebody else be at it, the exemplar is not
// kept: there are others, and an update does not wait.
func (n *nativeExemplars) add(e *exposition.Exemplar) {
	if n.max == 0 || !n.mu.TryLock() {
		return
	}
	defer n.mu.Unlock()
	if len(n.all) < n.max {
		// After those of the same value.
		i := 0
		for i < len(n.all) && !(e.Value < n.all[i].Value) {
			i++
		}
		n.all = slices.Insert(n.all, i, e)
		return
	}
	if n.max == 1 {
		n.all[0] = e
		return
	}
	// Before those of the same value.
	i := 0
	for i < len(n.all) && !(e.Value <= n.all[i].Value) {
		i++
	}
	goes := n.leastNeeded(e, i)
	n.all = slices.Insert(n.all, i, e)
	if goes >= i {
		goes++
	}
	n.all = slices.Delete(n.all, goes, goes+1)
}

// leastNeeded returns the place of the exemplar that goes when e, whose own place
// is i, comes: the oldest one if its time is over, otherwise one of the two
// whose values are closest to each other on a logarithmic scale. Of those that are
// there, it is the older one, and if e would be closer yet to one of its
// neighbours, it is that neighbour.
func (n *nativeExemplars) leastNeeded(e *exposition.Exemplar, i int) int {
	oldest, closer := 0, 0
	var least float64 // not a number if values have no logarithm, and then nothing is closer
	for k := range n.all {
		if before(n.all[k].Time, n.all[oldest].Time) {
			oldest = k
		}
		if k == 0 {
			continue
		}
		if d := logDistance(n.all[k-1], n.all[k]); k == 1 || d < least {
			least, closer = d, k-1
			if before(n.all[k].Time, n.all[k-1].Time) {
				closer = k
			}
		}
	}
	if sub(e.Time, n.all[oldest].Time) > n.ttl {
		return oldest
	}
	if i > 0 {
		if d := logDistance(n.all[i-1], e); d < least {
			least, closer = d, i-1
		}
	}
	if i < len(n.all) {
		if d := logDistance(e, n.all[i]); d < least {
			closer = i
		}
	}
	return closer
}

func logDistance(a, b *exposition.Exemplar) float64 {
	return math.Abs(math.Log(b.Value) - math.Log(a.Value))
}

func before(a, b exposition.Time) bool {
	return a.Seconds < b.Seconds || a.Seconds == b.Seconds && a.Nanos < b.Nanos
}

func sub(a, b exposition.Time) time.Duration {
	return time.Unix(a.Seconds, int64(a.Nanos)).Sub(time.Unix(b.Seconds, int64(b.Nanos)))
}
