package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// recorder is a receiver that writes down when it was told what.
type recorder struct {
	name  string
	begin time.Time
	// answer says what becomes of a notification; nil means that it works.
	answer func(ctx context.Context) error

	mu     sync.Mutex // guards what follows
	told   []string
	toldAt []time.Duration // all of them, after the beginning
}

func (r *recorder) SendResolved() bool { return true }

func (r *recorder) Notify(ctx context.Context, alerts ...*alert.Alert) (bool, error) {
	reason, _ := amnotify.NotificationReason(ctx)
	r.mu.Lock()
	r.toldAt = append(r.toldAt, time.Since(r.begin))
	r.told = append(r.told, fmt.Sprintf("%v%s (%s)", time.Since(r.begin), alertNames(alerts), reason))
	r.mu.Unlock()
	if r.answer == nil {
		return false, nil
	}
	return true, r.answer(ctx)
}

// take returns what was told since the last call, and forgets it.
func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := strings.Join(r.told, "; ")
	r.told = nil
	return s
}

// times returns when anything was told.
func (r *recorder) times() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.toldAt)
}

// rig is a pipeline that runs in a bubble of its own time, with recorders for
// the receivers team and other.
type rig struct {
	*Pipeline
	store       *alert.Store
	begin       time.Time
	groups      *groupJournal
	team, other *recorder
	stop        func()
}

// groupJournal has the last change of each group.
type groupJournal struct {
	mu   sync.Mutex // guards last
	last map[GroupID]GroupChange
}

func (j *groupJournal) Append(changes []GroupChange) func(context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range changes {
		if c.Gone {
			delete(j.last, c.Group)
		} else {
			j.last[c.Group] = c
		}
	}
	return func(context.Context) error { return nil }
}

func (j *groupJournal) all() []GroupChange {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Values(j.last))
}

// newRig returns a rig whose pipeline was made with these changes of its options.
func newRig(t *testing.T, yaml string, change ...func(*Options)) *rig {
	t.Helper()
	store := alert.NewStore(alert.Options{})
	r := &rig{store: store, begin: time.Now(), groups: &groupJournal{last: make(map[GroupID]GroupChange)}}
	r.team, r.other = &recorder{name: "team", begin: r.begin}, &recorder{name: "other", begin: r.begin}
	o := Options{Store: store, Journal: r.groups}
	for _, c := range change {
		c(&o)
	}
	r.Pipeline = New(o)
	if yaml != "" {
		r.reload(t, yaml)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	r.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(r.stop)
	return r
}

// reload does what Apply does, with the recorders in the receivers' place.
func (r *rig) reload(t *testing.T, yaml string) {
	t.Helper()
	gen, err := newGeneration(loadConfig(t, yaml), r.o, r.shared)
	if err != nil {
		t.Fatal(err)
	}
	for name := range maps.Keys(gen.receivers) {
		rec := r.team
		if name == "other" {
			rec = r.other
		}
		in := amnotify.NewIntegration(rec, rec, "webhook", 0, name)
		gen.receivers[name] = notify.NewReceiver(name, []notify.Integration{&in}, r.shared)
	}
	r.apply(gen, time.Now())
	r.wake()
}

// send posts alerts that start now and end after the given time.
func (r *rig) send(t *testing.T, lasts time.Duration, specs ...string) {
	t.Helper()
	var alerts []*alert.Alert
	for _, spec := range specs {
		alerts = append(alerts, &alert.Alert{Alert: model.Alert{Labels: newAlert(spec, 0, 0).Labels, StartsAt: time.Now().Add(min(0, lasts)), EndsAt: time.Now().Add(lasts)}})
	}
	if err := r.store.Receive(t.Context(), time.Now(), alerts); err != nil {
		t.Fatal(err)
	}
}

// until lets the time pass up to so long after the beginning.
func (r *rig) until(d time.Duration) {
	time.Sleep(d - time.Since(r.begin))
	synctest.Wait()
}

const forever = 1000 * time.Hour

// One alert over a day: told first after group_wait, again when repeat_interval
// has passed, and once when it is over.
func TestDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}")
		r.send(t, forever, "a")
		r.until(20 * time.Hour)
		r.send(t, -time.Second, "a")
		r.until(48 * time.Hour)
		expect(t, r.team.take(), "30s a (first notification); 12h5m30s a (repeat interval elapsed); 20h0m30s -a (all alerts resolved)")
		if n := r.groupCount(); n != 0 {
			t.Errorf("%d groups are left, want none", n)
		}
		if n := len(r.store.All()); n != 0 {
			t.Errorf("%d alerts are left in the store, want none", n)
		}
		r.shared.Log.Expire(time.Now())
		if n := r.shared.Log.Len(); n != 0 {
			t.Errorf("%d entries are left in the notification log, want none", n)
		}
	})
}

// Section 2.5: inhibition takes alerts out, one by one; it ends with its source.
func TestInhibition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, `
route: {receiver: team, group_wait: 30s, group_interval: 5m}
inhibit_rules: [{source_matchers: [alertname=down], target_matchers: [alertname=slow], equal: [host]}]`)
		r.send(t, forever, "slow host=a", "slow host=b")
		r.until(10 * time.Second)
		r.send(t, forever, "down host=a") // before the group's first flush
		r.until(6 * time.Minute)
		expect(t, r.team.take(), "30s down slow (first notification)")
		r.send(t, -time.Second, "down host=a")
		r.until(11 * time.Minute)
		expect(t, r.team.take(), "10m30s -down slow slow (new alerts added)")
	})
}

// Section 2.5: a route tells nobody outside its active and inside its mute time
// intervals. What was resolved meanwhile is not made up for.
func TestTimeIntervals(t *testing.T) {
	for _, tc := range []struct{ name, intervals, want string }{
		{"mute", "mute_time_intervals: [early]", "1h0m30s a (first notification)"},
		{"active", "active_time_intervals: [early]", "30s a b (first notification); 5m30s a -b (some alerts resolved)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight UTC
				r := newRig(t, `
route: {receiver: other, routes: [{receiver: team, group_wait: 30s, group_interval: 5m, `+tc.intervals+`}]}
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '01:00'}]}]}]`)
				r.send(t, forever, "a")
				r.send(t, 2*time.Minute, "b")
				r.until(90 * time.Minute)
				expect(t, r.team.take(), tc.want)
			})
		})
	}
}

// A receiver that hangs delays neither other groups nor other receivers, and its
// own group only until the deadline.
func TestHangingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, routes: [{matchers: [alertname=hang], receiver: other}]}")
		r.other.answer = func(ctx context.Context) error {
			if time.Since(r.begin) > 8*time.Minute {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		r.send(t, forever, "a", "hang")
		r.until(time.Minute)
		r.send(t, forever, "b")
		r.until(8 * time.Minute)
		expect(t, r.team.take(), "30s a (first notification); 1m30s b (first notification)")
		expect(t, r.other.take(), "30s hang (first notification); 5m30s hang (first notification)")
		r.until(20 * time.Minute)
		expect(t, r.other.take(), "10m30s hang (first notification)")
	})
}

// A reload lets the notification that is under way finish, and what it told is
// known afterwards.
func TestReloadDuringNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const yaml = "route: {receiver: team, group_wait: 30s, group_interval: 5m}"
		r := newRig(t, yaml)
		r.team.answer = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
				return nil
			}
		}
		r.send(t, forever, "a")
		r.until(45 * time.Second)
		r.reload(t, yaml)
		r.until(30 * time.Minute)
		expect(t, r.team.take(), "30s a (first notification)")
	})
}

// What comes before the first configuration is not lost.
func TestAlertsBeforeApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "")
		r.send(t, forever, "a")
		r.until(time.Minute)
		r.reload(t, "route: {receiver: team, group_wait: 2m, group_interval: 5m}")
		r.until(5 * time.Minute)
		expect(t, r.team.take(), "3m0s a (first notification)")
	})
}

// A stop lets notifications that are under way finish, within the grace.
func TestShutdown(t *testing.T) {
	for _, tc := range []struct {
		name            string
		takes, wantTime time.Duration
		remembered      int
	}{
		{"nothing under way", 0, 0, 1},
		{"done in time", 33 * time.Second, 3 * time.Second, 1},
		{"cut off", time.Hour, DefaultShutdownGrace, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, "route: {receiver: team, group_wait: 0s, group_interval: 5m}")
				r.team.answer = func(ctx context.Context) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(tc.takes):
						return nil
					}
				}
				r.send(t, forever, "a")
				r.until(30 * time.Second)
				begin := time.Now()
				r.stop()
				if took := time.Since(begin); took != tc.wantTime {
					t.Errorf("the stop took %v, want %v", took, tc.wantTime)
				}
				if n := r.shared.Log.Len(); n != tc.remembered {
					t.Errorf("%d notifications are remembered, want %d", n, tc.remembered)
				}
			})
		})
	}
}

// A configuration of which anything is wrong is refused, and the old one runs on.
func TestApplyRefuses(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.tmpl")
	if err := os.WriteFile(broken, []byte("{{ define \"x\" }}\n{{ nonsense }}"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := "route: {receiver: team}"
	p := New(Options{Store: alert.NewStore(alert.Options{})})
	if p.Config() != nil {
		t.Error("there is a configuration before the first Apply")
	}
	if err := p.Apply(loadConfig(t, good)); err != nil {
		t.Fatal(err)
	}
	before := p.Config()

	noSuchInterval := loadConfig(t, good)
	noSuchInterval.Route.MuteTimeIntervals = []string{"never"}
	noSuchReceiver := loadConfig(t, good)
	noSuchReceiver.Route.Receiver = "nobody"
	badTemplate := loadConfig(t, good+"\ntemplates: ["+broken+"]")
	for want, err := range map[string]error{
		`time interval "never" is not defined`: p.Apply(noSuchInterval),
		`receiver "nobody" is not defined`:     p.Apply(noSuchReceiver),
		`broken.tmpl:2: function "nonsense"`:   p.Apply(badTemplate),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if p.Config() != before {
		t.Error("a refused configuration is in force")
	}
}

// Failures are retried within the flush; when its time is over the next flush
// tries again.
func TestFailingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, group_wait: 0s, group_interval: 5m}")
		r.team.answer = func(context.Context) error {
			if time.Since(r.begin) < 7*time.Minute {
				return errors.New("not today")
			}
			return nil
		}
		r.send(t, forever, "a")
		r.until(20 * time.Minute)
		told := strings.Split(r.team.take(), "; ")
		if len(told) < 10 {
			t.Errorf("got %d attempts, want many more", len(told))
		}
		at, err := time.ParseDuration(strings.Fields(told[len(told)-1])[0])
		if err != nil || at < 7*time.Minute || at > 10*time.Minute {
			t.Errorf("the last attempt was at %v (%v), want the first one after 7m", at, err)
		}
		if n := r.shared.Log.Len(); n != 1 {
			t.Errorf("%d notifications are remembered, want 1", n)
		}
	})
}

// A flush that had to wait for the one before it is muted by the time at which it was
// due, like one that did not have to.
func TestMutedByWhenItWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "route: {receiver: team, routes: [{receiver: team, group_wait: 0s, group_interval: 20s, mute_time_intervals: [minute]}]}\n"+
			"time_intervals: [{name: minute, time_intervals: [{times: [{start_time: '00:01', end_time: '00:02'}]}]}]")
		r.until(55 * time.Second) // bubbles begin at midnight; the next flush is due at 1m15s
		r.team.answer = func(ctx context.Context) error {
			if time.Since(r.begin) < time.Minute {
				<-time.After(70 * time.Second)
			}
			return nil
		}
		r.send(t, forever, "a")
		r.until(time.Minute)
		r.send(t, forever, "b")
		r.until(2*time.Minute + 10*time.Second)
		expect(t, r.team.take(), "55s a (first notification)")
		r.until(3 * time.Minute)
		expect(t, r.team.take(), "2m25s a b (new alerts added)")
	})
}
