package differential_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

// twins are two identical Prometheus servers that see the same fault. Each evaluates
// its rule in a rhythm of its own, and what it sends takes some time to arrive; so
// each has a start and an end of its own for the alert.
type twins struct {
	interval, hold time.Duration    // evaluation_interval, for
	skew           [2]time.Duration // of the evaluations, less than an interval
	latency        [2]time.Duration // of what is sent
	begins, ends   time.Duration    // of the fault
}

func drawTwins(t *rapid.T) twins {
	duration := func(what string, from, to time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(from/time.Millisecond), int64(to/time.Millisecond)).Draw(t, what)) * time.Millisecond
	}
	w := twins{
		interval: rapid.SampledFrom([]time.Duration{5 * time.Second, 15 * time.Second, time.Minute}).Draw(t, "interval"),
		hold:     rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "for"),
		begins:   duration("begins", 0, time.Minute),
	}
	w.ends = w.begins + w.hold + duration("lasts", 3*time.Minute, 3*time.Hour)
	for i := range w.skew {
		w.skew[i] = duration("skew", 0, w.interval-time.Millisecond)
		// What one sends never comes at the very instant at which the other one's group
		// is looked at.
		w.latency[i] = duration("latency", 0, 2*time.Second) + time.Duration(i+1)*100*time.Microsecond
	}
	return w
}

// events returns what the two send, in the order in which it arrives.
func (w twins) events() []event {
	var all []event
	for i := range w.skew {
		var starts, resolved time.Duration
		active, firing, last := false, false, -sendEvery
		for at := w.skew[i]; at < w.ends+20*time.Minute; at += w.interval {
			fault := at >= w.begins && at < w.ends
			if fault && !active {
				active, starts = true, at
			}
			firing = firing || active && fault && at-starts >= w.hold
			if firing && !fault && resolved == 0 {
				resolved, last = at, -sendEvery
			}
			if !firing || at-last < sendEvery || resolved != 0 && at-resolved > resendResolved {
				continue
			}
			last = at
			a := posted{labels: model.LabelSet{"alertname": "Down", "job": "web"}}
			begun, until := starts+w.hold, at+4*max(w.interval, sendEvery)
			if resolved != 0 {
				until = resolved
			}
			a.starts, a.ends = &begun, &until
			all = append(all, event{at: at + w.latency[i], posts: []posted{a}})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return int(min(1, max(-1, a.at-b.at))) })
	return all
}

// Two identical Prometheus servers cause one notification that an alert fires, with
// one start, and one that it is over.
func TestOneNotificationForTwo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawTwins(rt)
		p := &program{
			// Both have to have been heard by then.
			config: fmt.Sprintf("route: {receiver: team, group_by: [alertname], group_wait: %v, group_interval: 5m, repeat_interval: 12h}", w.interval+3*time.Second),
			events: w.events(),
			lasts:  w.ends + 2*time.Hour,

			gcInterval: longGC,
		}
		r := p.run(t, delivery.withSpans)
		if r.differs != "" {
			rt.Fatalf("the pipelines differ:\n%s%s", r.differs, p)
		}
		starts := w.first()
		firing := fmt.Sprintf("first notification: Down,job=web[@%s..]", short(starts))
		over := fmt.Sprintf("all alerts resolved: -Down,job=web[@%s..", short(starts))
		if len(r.ours) != 2 || !strings.Contains(r.ours[0], firing) || !strings.Contains(r.ours[1], over) {
			rt.Fatalf("told %q\nwant ... %s\nand ... %s\n%+v\n%s", r.ours, firing, over, w, p)
		}
	})
}

// first returns the earlier of the two starts.
func (w twins) first() time.Duration {
	first := time.Duration(-1)
	for _, skew := range w.skew {
		at := skew
		for at < w.begins {
			at += w.interval
		}
		if first < 0 || at+w.hold < first {
			first = at + w.hold
		}
	}
	return first
}
