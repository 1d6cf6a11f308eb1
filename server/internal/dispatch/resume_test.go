package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// A pipeline that goes on where another stopped tells nobody what they know, and
// everybody what they do not. In each case the process is away for an hour.
func TestPipelineGoesOnAfterARestart(t *testing.T) {
	const tree = "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 4h}"
	for _, tc := range []struct {
		name   string
		life   func(t *testing.T, r *rig) // of the first run, which lasts until stopAt
		before string                     // what was told then
		stopAt time.Duration
		ends   time.Duration // how long the second run lasts
		after  string        // what is told then
	}{
		{
			name:   "nothing is told twice, until it is to be repeated",
			life:   func(t *testing.T, r *rig) { r.send(t, forever, "a") },
			before: "30s a (first notification)",
			stopAt: time.Minute, ends: 4 * time.Hour,
			after: "3h0m0s a (repeat interval elapsed)",
		},
		{
			name:   "what was received but not told is told",
			life:   func(t *testing.T, r *rig) { r.send(t, forever, "a") },
			stopAt: 10 * time.Second, ends: time.Hour,
			after: "0s a (first notification)",
		},
		{
			name: "what ended while nobody was there is told resolved, once its client has had the time to say otherwise",
			life: func(t *testing.T, r *rig) {
				r.send(t, forever, "a")
				r.send(t, 10*time.Minute, "b")
			},
			before: "30s a b (first notification)",
			stopAt: time.Minute, ends: time.Hour,
			after: "5m0s a -b (some alerts resolved)",
		},
		{
			name:   "a group of which all ended while nobody was there",
			life:   func(t *testing.T, r *rig) { r.send(t, 10*time.Minute, "b") },
			before: "30s b (first notification)",
			stopAt: time.Minute, ends: time.Hour,
			after: "5m0s -b (all alerts resolved)",
		},
		{
			name: "what was told resolved before is not told again",
			life: func(t *testing.T, r *rig) {
				r.send(t, forever, "a")
				r.send(t, 2*time.Minute, "b")
				r.until(6 * time.Minute)
				r.send(t, forever, "c")
			},
			before: "30s a b (first notification); 5m30s a -b (some alerts resolved); 10m30s a c (new alerts added)",
			stopAt: 11 * time.Minute, ends: time.Hour,
			after: "",
		},
		{
			name: "the end of what was never told is not told",
			life: func(t *testing.T, r *rig) {
				r.send(t, forever, "a")
				r.until(time.Minute)
				r.send(t, time.Minute, "b")
			},
			before: "30s a (first notification)",
			stopAt: 2 * time.Minute, ends: time.Hour,
			after: "",
		},
		{
			name: "an end that the receiver could not be told is told",
			life: func(t *testing.T, r *rig) {
				r.team.answer = func(context.Context) error {
					if time.Since(r.begin) < time.Minute {
						return nil
					}
					return errors.New("down")
				}
				r.send(t, time.Minute, "a")
				r.until(36 * time.Minute)
				r.team.take()
				if n := len(r.store.All()); n != 1 {
					t.Errorf("%d alerts are in the set, want the one that is still to be told", n)
				}
			},
			stopAt: 37 * time.Minute, ends: time.Hour,
			after: "0s -a (all alerts resolved)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, tree)
				tc.life(t, r)
				r.until(tc.stopAt)
				r.stop()
				if tc.before != "" {
					expect(t, r.team.take(), tc.before)
				}
				kept, savedAt := r.store.All(), time.Now()

				time.Sleep(time.Hour)
				again := newRig(t, "")
				again.shared.Log.Restore(time.Now(), r.shared.Log.All())
				again.Restore(Restored{SavedAt: savedAt, Alerts: kept, Groups: r.groups.all()})
				again.reload(t, tree)
				again.until(tc.ends)
				expect(t, again.team.take(), tc.after)
			})
		})
	}
}

// What arrives before the first configuration is there once it is applied.
func TestReceivedBeforeTheFirstConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "")
		r.send(t, forever, "a")
		r.until(10 * time.Second)
		r.reload(t, plain)
		r.until(time.Minute)
		expect(t, r.team.take(), "40s a (first notification)")
	})
}

// Groups that an earlier run had and this one has not leave the journal.
func TestGroupsThatDoNotComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s}")
		r.send(t, forever, "a", "b")
		r.until(time.Minute)
		r.stop()

		again := newRig(t, "", func(o *Options) { o.Journal = r.groups })
		again.Restore(Restored{SavedAt: time.Now(), Alerts: r.store.All(), Groups: r.groups.all()})
		again.reload(t, "route: {receiver: other, group_wait: 30s, routes: [{matchers: [alertname=b], receiver: team, group_by: [alertname]}]}")
		synctest.Wait()
		if got := r.groups.all(); len(got) != 2 {
			t.Errorf("got %v, want one group for each of the two routes", got)
		}
	})
}

// Groups come back with their timers in whatever order these are due; one that was due
// while the process was away is due now, and decides by the present time.
func TestTimersOfSeveralGroups(t *testing.T) {
	d := NewDispatcher(loadTree(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m}"), time.Time{})
	var alerts []*alert.Alert
	var groups []GroupChange
	for name, next := range map[string]time.Duration{"a": 4 * time.Minute, "b": time.Minute, "c": -time.Hour, "d": 3 * time.Minute, "e": 2 * time.Minute} {
		alerts = append(alerts, newAlert(name, 0, 0))
		groups = append(groups, GroupChange{Group: GroupID{Key: fmt.Sprintf(`{}:{alertname="%s"}`, name), Receiver: "team", RouteID: "{}"}, Next: at(next), Flushes: 1})
	}
	d.Resume(alerts, groups, func(string, string, model.LabelSet) bool { return true }, at(0))
	var got []string
	for now := at(0); len(got) < 5; {
		due, next := d.Advance(now)
		for _, f := range due {
			got = append(got, fmt.Sprint(f.GroupLabels["alertname"], " ", f.Due.Sub(t0)))
		}
		now = next
	}
	expect(t, strings.Join(got, ", "), "c 0s, b 1m0s, e 2m0s, d 3m0s, a 4m0s")
}
