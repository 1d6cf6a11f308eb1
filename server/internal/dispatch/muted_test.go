package dispatch

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
)

// during are silences of alerts by name, each from one time to another.
type during map[model.LabelValue][2]time.Time

func (d during) SilencedBy(ls model.LabelSet, now time.Time) []string {
	if span, ok := d[ls["alertname"]]; ok && !now.Before(span[0]) && now.Before(span[1]) {
		return []string{"silence"}
	}
	return nil
}

// An alert that ends while it is muted is told resolved, once, to whoever was told
// that it fires; unless the option is off, as in Alertmanager.
func TestResolvedWhileMuted(t *testing.T) {
	const (
		silenced  = "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 4h}"
		inhibited = silenced + "\ninhibit_rules: [{source_matchers: [alertname=source], target_matchers: [alertname=a]}]"
		byTime    = "route: {receiver: team, routes: [{receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 4h, mute_time_intervals: [late]}]}\n" +
			"time_intervals: [{name: late, time_intervals: [{times: [{start_time: '00:02', end_time: '00:40'}]}]}]"
	)
	// Bubbles begin at midnight.
	for _, tc := range []struct {
		name, yaml string
		silence    time.Duration // of a, from the second minute; 0 is none
		life       func(t *testing.T, r *rig)
		on, off    string // what is told within the hour
	}{
		{"by a silence", silenced, time.Hour, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
		}, "30s a (first notification); 20m30s -a (all alerts resolved)", "30s a (first notification)"},
		{"by a silence, beside another alert", silenced, time.Hour, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
			r.send(t, forever, "b")
		}, "30s a b (first notification); 20m30s -a b (some alerts resolved)", "30s a b (first notification)"},
		{"by a silence, and left out of what was told meanwhile", silenced, time.Hour, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
			r.until(8 * time.Minute)
			r.send(t, forever, "b")
		}, "30s a (first notification); 10m30s b (new alerts added); 20m30s -a b (some alerts resolved)", "30s a (first notification); 10m30s b (new alerts added)"},
		{"by a silence that ends first", silenced, 10 * time.Minute, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
		}, "30s a (first notification); 20m30s -a (all alerts resolved)", "30s a (first notification); 20m30s -a (all alerts resolved)"},
		{"by a silence, without ever having been told", silenced, time.Hour, func(t *testing.T, r *rig) {
			r.until(3 * time.Minute)
			r.send(t, 20*time.Minute, "a")
		}, "", ""},
		{"by a silence, and fires again", silenced, time.Hour, func(t *testing.T, r *rig) {
			r.send(t, 7*time.Minute, "a")
			r.until(22 * time.Minute)
			r.send(t, 7*time.Minute, "a")
		}, "30s a (first notification); 10m30s -a (all alerts resolved)", "30s a (first notification)"},
		{"by another alert", inhibited, 0, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
			r.until(2 * time.Minute)
			r.send(t, forever, "source")
		}, "30s a (first notification); 5m30s source (new alerts added); 20m30s -a source (some alerts resolved)", "30s a (first notification); 5m30s source (new alerts added)"},
		{"by the time", byTime, 0, func(t *testing.T, r *rig) {
			r.send(t, 20*time.Minute, "a")
			r.send(t, forever, "b")
		}, "30s a b (first notification); 20m30s -a (some alerts resolved); 40m30s b (first notification)", "30s a b (first notification)"},
	} {
		for _, on := range []bool{true, false} {
			name, want := tc.name+", off", tc.off
			if on {
				name, want = tc.name, tc.on
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					muted := during{}
					if tc.silence > 0 {
						muted["a"] = [2]time.Time{time.Now().Add(2 * time.Minute), time.Now().Add(tc.silence)}
					}
					r := newRig(t, tc.yaml, func(o *Options) { o.ResolvedWhileMuted, o.Silences = on, muted })
					tc.life(t, r)
					r.until(time.Hour)
					expect(t, r.team.take(), want)
				})
			})
		}
	}
}

// What a muted alert was told is remembered for as long as it is muted, however long,
// and across a restart.
func TestMutedForDays(t *testing.T) {
	const tree = "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 1h}"
	synctest.Test(t, func(t *testing.T) {
		muted := during{"a": {time.Now().Add(time.Minute), time.Now().Add(1000 * time.Hour)}}
		options := func(o *Options) { o.ResolvedWhileMuted, o.Silences = true, muted }
		r := newRig(t, tree, options)
		r.send(t, 72*time.Hour, "a")
		r.until(48 * time.Hour)
		expect(t, r.team.take(), "30s a (first notification)")
		r.shared.Log.Expire(time.Now())
		r.stop()

		again := newRig(t, "", options)
		again.shared.Log.Restore(time.Now(), r.shared.Log.All())
		again.Restore(Restored{SavedAt: time.Now(), Alerts: r.store.All(), Groups: r.groups.all()})
		again.reload(t, tree)
		again.until(48 * time.Hour)
		expect(t, again.team.take(), "24h0m30s -a (all alerts resolved)")
	})
}

// Repetitions come when their interval is over, not at the group's next flush.
func TestExactRepeat(t *testing.T) {
	for _, tc := range []struct {
		name, yaml string
		exact, off []time.Duration // when a is told, within three hours
	}{
		{"not a multiple of the group interval", "route: {receiver: team, group_wait: 30s, group_interval: 7m, repeat_interval: 1h}",
			[]time.Duration{30 * time.Second, time.Hour + 30*time.Second, 2*time.Hour + 30*time.Second},
			[]time.Duration{30 * time.Second, time.Hour + 3*time.Minute + 30*time.Second, 2*time.Hour + 6*time.Minute + 30*time.Second}},
		{"a multiple of it", "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 1h}",
			[]time.Duration{30 * time.Second, time.Hour + 30*time.Second, 2*time.Hour + 30*time.Second},
			[]time.Duration{30 * time.Second, time.Hour + 5*time.Minute + 30*time.Second, 2*time.Hour + 10*time.Minute + 30*time.Second}},
		{"shorter than it", "route: {receiver: team, group_wait: 0s, group_interval: 1h, repeat_interval: 40m}",
			[]time.Duration{0, 40 * time.Minute, 80 * time.Minute, 120 * time.Minute, 160 * time.Minute},
			[]time.Duration{0, time.Hour, 2 * time.Hour}},
	} {
		for _, exact := range []bool{true, false} {
			want := tc.off
			if exact {
				want = tc.exact
			}
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, tc.yaml, func(o *Options) { o.ExactRepeat = exact })
					r.send(t, forever, "a")
					r.until(3*time.Hour - time.Second)
					if got := r.team.times(); !slices.Equal(got, want) {
						t.Errorf("exact %v: told at %v, want %v", exact, got, want)
					}
				})
			})
		}
	}
}

// Section 2.4: before the start delay is over nobody is told; what was due meanwhile
// is told then.
func TestStartDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m}", func(o *Options) { o.NotBefore = time.Now().Add(time.Minute) })
		r.send(t, forever, "a")
		r.until(45 * time.Second)
		r.send(t, forever, "b")
		r.reload(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m}")
		r.until(2 * time.Minute)
		expect(t, r.team.take(), "1m0s a (first notification); 1m15s b (first notification)")
	})
}

// A group goes on with its timer after a restart.
func TestTimersSurvive(t *testing.T) {
	const tree = "route: {receiver: team, group_wait: 30s, group_interval: 5m}"
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tree)
		r.send(t, forever, "a")
		r.until(2 * time.Minute) // told at 30s, due at 5m30s
		r.stop()
		again := newRig(t, "")
		again.shared.Log.Restore(time.Now(), r.shared.Log.All())
		again.Restore(Restored{SavedAt: time.Now(), Alerts: r.store.All(), Groups: r.groups.all()})
		again.reload(t, tree)
		again.send(t, forever, "b")
		again.until(5 * time.Minute)
		expect(t, again.team.take(), "3m30s a b (new alerts added)")
	})
}

// Reload and the end of groups leave nothing behind in the journal.
func TestJournalOfGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m}")
		r.send(t, forever, "a")
		r.send(t, time.Minute, "b")
		r.until(2 * time.Minute)
		if got := len(r.groups.all()); got != 2 {
			t.Errorf("got %d groups, want 2", got)
		}
		r.reload(t, "route: {receiver: other, group_wait: 30s, group_interval: 5m}")
		synctest.Wait()
		if got := r.groups.all(); len(got) != 1 || got[0].Group != (GroupID{Key: "{}:{}", Receiver: "other", RouteID: "{}"}) {
			t.Errorf("got %v, want the one group of the new tree", got)
		}
		r.until(10 * time.Minute)
		if got := r.groups.all(); len(got) != 1 || got[0].Flushes != 2 || !got[0].Next.Equal(r.begin.Add(12*time.Minute)) {
			t.Errorf("got %v, want its third flush at 12m", got)
		}
	})
}
