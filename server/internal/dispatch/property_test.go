package dispatch

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

const forest = `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 20s
  group_interval: 1m
  routes:
  - {matchers: [n=1], receiver: other, group_by: [], group_wait: 0s, group_interval: 10s, continue: true}
  - {matchers: ['n=~"1|2"'], group_by: ['...'], group_wait: 5s, group_interval: 30s}
`

// account is a plain record of what one group has to tell.
type account struct {
	route    *route.Route
	held     map[model.Fingerprint]*alert.Alert
	latest   time.Time // by when it must be flushed, unless a flush is out
	earliest time.Time // before when it must not be
	flushing bool
	told     map[model.Fingerprint]*alert.Alert // resolved alerts in the flush that is out
}

type ledger map[groupID]*account

func (l ledger) insert(root *route.Route, a *alert.Alert, now time.Time) {
	for _, r := range root.Match(a.Labels) {
		id := groupID{r, r.GroupKey(r.GroupLabels(a.Labels))}
		acc := l[id]
		if acc == nil {
			acc = &account{route: r, held: make(map[model.Fingerprint]*alert.Alert), latest: now.Add(r.GroupWait), earliest: now.Add(r.GroupWait)}
			if now.Sub(a.StartsAt) > r.GroupWait {
				acc.latest, acc.earliest = now, now
			}
			l[id] = acc
		}
		acc.held[a.Fingerprint()] = a
	}
}

func (l ledger) flushed(t *rapid.T, f *Flush, now time.Time) {
	acc := l[groupID{f.Route, f.GroupKey}]
	switch {
	case acc == nil:
		t.Fatalf("flush of %s, which holds nothing", f.GroupKey)
	case acc.flushing:
		t.Fatalf("second flush of %s while one is out", f.GroupKey)
	case now.Before(acc.earliest):
		t.Fatalf("flush of %s at %v, must not be before %v", f.GroupKey, now, acc.earliest)
	}
	acc.flushing = true
	acc.told = make(map[model.Fingerprint]*alert.Alert)
	for fp, a := range acc.held {
		if a.ResolvedAt(now) {
			acc.told[fp] = a
		}
	}
	acc.earliest = now.Add(f.Route.GroupInterval)
	acc.latest = acc.earliest

	var got []model.Fingerprint
	for _, a := range f.Alerts {
		fp := a.Fingerprint()
		got = append(got, fp)
		if acc.held[fp] == nil {
			t.Fatalf("flush of %s tells about %v, which it does not hold", f.GroupKey, a.Labels)
		}
		if _, resolved := acc.told[fp]; resolved == a.EndsAt.IsZero() {
			t.Fatalf("flush of %s tells that %v ends at %v, resolved is %v", f.GroupKey, a.Labels, a.EndsAt, resolved)
		}
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(acc.held)); !slices.Equal(got, want) {
		t.Fatalf("flush of %s holds %v, want %v", f.GroupKey, got, want)
	}
}

func (l ledger) done(f *Flush, ok bool) {
	id := groupID{f.Route, f.GroupKey}
	acc := l[id]
	acc.flushing = false
	for fp, a := range acc.told {
		if ok && acc.held[fp] == a {
			delete(acc.held, fp)
		}
	}
	if len(acc.held) == 0 {
		delete(l, id)
	}
}

// nothingLate checks that, after all that was due has been handed out, no group
// is overdue and the driver will be back in time for each.
func (l ledger) nothingLate(t *rapid.T, now, next time.Time) {
	for id, acc := range l {
		if acc.flushing {
			continue
		}
		if !acc.latest.After(now) {
			t.Fatalf("%s should have been flushed at %v, it is %v", id.key, acc.latest, now)
		}
		if next.IsZero() || next.After(acc.latest) {
			t.Fatalf("%s is due at %v, but the next wake-up is %v", id.key, acc.latest, next)
		}
	}
}

func (l ledger) alerts() []*alert.Alert {
	set := make(map[model.Fingerprint]*alert.Alert)
	for _, acc := range l {
		maps.Copy(set, acc.held)
	}
	return slices.Collect(maps.Values(set))
}

// Whatever comes in, however long flushes take and whether or not they succeed:
// every flush tells exactly what its group holds, none comes too early, too late
// or while another is out, and nothing leaves a group before it was told to be
// resolved. A reload of the same tree changes nothing of this.
func TestNothingIsLost(t *testing.T) {
	root := loadTree(t, forest)
	rapid.Check(t, func(t *rapid.T) {
		d := NewDispatcher(root, time.Time{})
		l := make(ledger)
		var out []*Flush
		now := t0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"insert", "insert", "done", "reload", "wait", "wait"}).Draw(t, "what") {
			case "insert":
				a := drawAlert(t, now)
				d.Insert(a, now)
				l.insert(root, a, now)
			case "done":
				if len(out) > 0 {
					i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
					ok := rapid.Bool().Draw(t, "succeeds")
					d.Done(out[i], Outcome{Told: ok})
					l.done(out[i], ok)
					out = slices.Delete(out, i, i+1)
				}
			case "reload":
				d.Reload(root, l.alerts(), now)
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
			}
			due, next := d.Advance(now)
			for _, f := range due {
				l.flushed(t, f, now)
			}
			out = append(out, due...)
			l.nothingLate(t, now, next)
		}
		if got, want := len(d.groups), len(l); got != want {
			t.Fatalf("%d groups, want %d", got, want)
		}
	})
}

func drawAlert(t *rapid.T, now time.Time) *alert.Alert {
	n := rapid.IntRange(0, 3).Draw(t, "n")
	name := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
	starts := now.Sub(t0) - time.Duration(rapid.IntRange(0, 40).Draw(t, "age"))*time.Second
	return newAlert(fmt.Sprintf("%s n=%d", name, n), starts, max(1, starts+time.Duration(rapid.IntRange(1, 120).Draw(t, "lasts"))*time.Second))
}
