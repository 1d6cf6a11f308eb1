package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	amnotify "github.com/prometheus/alertmanager/notify"
	matcher "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// Hours of alerts that come and go, are silenced and inhibited, while the receiver
// fails now and then and the process is killed and started again: what is told is what
// would have been told by one that lives for ever, but for the time.

const restartsConfig = `
route: {receiver: team, group_by: [group], group_wait: 30s, group_interval: 5m, repeat_interval: 24h}
receivers: [{name: team}]
inhibit_rules: [{source_matchers: [alertname=source], target_matchers: [alertname=target]}]`

// groupOf has the alerts of the programs, and which group each is in.
var groupOf = map[string]string{"a": "1", "b": "1", "source": "2", "target": "2"}

// span is a time from its first instant up to, but not including, its second.
type span struct{ from, to time.Duration }

// spans do not overlap, and are sorted.
type spans []span

func (ss spans) contain(at time.Duration) bool { return ss.touch(at, at) }

// touch says whether one of them has an instant from one to another.
func (ss spans) touch(from, to time.Duration) bool {
	return slices.ContainsFunc(ss, func(s span) bool { return s.from <= to && from < s.to })
}

// cover says whether one of them has every instant from one to another.
func (ss spans) cover(from, to time.Duration) bool {
	return slices.ContainsFunc(ss, func(s span) bool { return s.from <= from && to < s.to })
}

// restarts is a program: what happens, in multiples of ten seconds after the beginning.
type restarts struct {
	fires, silenced map[string]spans // by alert
	down, failing   spans            // the process and the receiver
	reloads         []time.Duration
}

// someSpans returns up to so many spans of so many minutes each.
func someSpans(r *rand.Rand, most, shortest, longest int) spans {
	var all spans
	for range r.IntN(most + 1) {
		from := r.IntN(120 * 6)
		length := 6*shortest + r.IntN(6*(longest-shortest))
		all = append(all, span{time.Duration(from) * 10 * time.Second, time.Duration(from+length) * 10 * time.Second})
	}
	slices.SortFunc(all, func(a, b span) int { return int(a.from - b.from) })
	var apart spans
	for _, s := range all {
		if len(apart) == 0 || s.from > apart[len(apart)-1].to+time.Minute {
			apart = append(apart, s)
		}
	}
	return apart
}

// drawRestarts draws all of a program at once: rapid prefers small numbers, and what
// is hard to get right happens between two things that go on for long.
func drawRestarts(t *rapid.T) *restarts {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	p := &restarts{fires: make(map[string]spans), silenced: make(map[string]spans)}
	for _, name := range []string{"a", "b", "source", "target"} {
		p.fires[name] = someSpans(r, 3, 1, 60)
		p.silenced[name] = someSpans(r, 2, 1, 60)
	}
	p.down = someSpans(r, 8, 0, 6)
	p.failing = someSpans(r, 1, 1, 15)
	for range r.IntN(3) {
		p.reloads = append(p.reloads, time.Duration(r.IntN(720))*10*time.Second)
	}
	return p
}

// told is one notification.
type told struct {
	at               time.Duration
	group            string
	firing, resolved []string
}

// world is what outlives a process: time, the receiver, the disk.
type world struct {
	*restarts
	begin time.Time
	dir   string
	alive atomic.Pointer[alerting]

	mu   sync.Mutex // guards told
	told []told
}

func (w *world) now() time.Duration { return time.Since(w.begin).Truncate(time.Second) }

// alerting is one process, in which everything is real but the integration.
type alerting struct {
	w        *world
	store    *alert.Store
	silences *silence.Store
	pipeline *dispatch.Pipeline
	keeper   *Keeper
	stop     func()
}

func (a *alerting) SendResolved() bool { return true }

func (a *alerting) Notify(ctx context.Context, alerts ...*alert.Alert) (bool, error) {
	if a.w.alive.Load() != a || a.w.failing.contain(a.w.now()) {
		return true, errors.New("down")
	}
	labels, _ := amnotify.GroupLabels(ctx)
	n := told{at: a.w.now(), group: string(labels["group"])}
	for _, alert := range alerts {
		if name := alert.Name(); alert.EndsAt.IsZero() {
			n.firing = append(n.firing, name)
		} else {
			n.resolved = append(n.resolved, name)
		}
	}
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	a.w.told = append(a.w.told, n)
	return false, nil
}

func (w *world) start(t *testing.T, c *config.Config) {
	j := NewJournals()
	a := &alerting{w: w, store: alert.NewStore(alert.Options{Journal: j.Alerts()})}
	a.silences = silence.New(silence.Options{Retention: time.Hour, Journal: j.Silences()})
	log := notify.NewLog(notify.LogOptions{Journal: j.Notified()})
	a.pipeline = dispatch.New(dispatch.Options{
		Store: a.store, Log: log, Silences: a.silences, Journal: j.Groups(), ResolvedWhileMuted: true,
		Integrations: func(rc config.Receiver) ([]amnotify.Integration, error) {
			return []amnotify.Integration{amnotify.NewIntegration(a, a, "webhook", 0, rc.Name)}, nil
		},
	})
	a.keeper = New(Options{Dir: w.dir, AlertmanagerDir: w.dir, Journals: j, Pipeline: a.pipeline, Silences: a.silences, Log: log})
	a.keeper.Restore(time.Now())
	if err := a.pipeline.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.pipeline.Run(ctx) }()
	a.stop = func() { cancel(); <-done }
	w.alive.Store(a)
}

// kill ends the process with what is on disk as of this instant.
func (w *world) kill(t *testing.T) {
	a := w.alive.Swap(nil)
	if err := a.keeper.Save(time.Now()); err != nil {
		t.Fatal(err)
	}
	a.stop()
}

// made is a silence that was made.
type made struct {
	name string
	span span
}

// clients send every minute what fires, and for a while what has ended, and make the
// silences that are due.
func (w *world) clients(t *testing.T, silenced map[made]bool) {
	now, a := w.now(), w.alive.Load()
	for name, all := range w.silenced {
		for _, s := range all {
			if now < s.from || now >= s.to || silenced[made{name, s}] {
				continue
			}
			silenced[made{name, s}] = true
			m := &matcher.Matcher{Type: matcher.MatchEqual, Name: "alertname", Value: name}
			if _, err := a.silences.Set(t.Context(), time.Now(), &silence.Silence{Matchers: []matcher.Matchers{{m}}, EndsAt: w.begin.Add(s.to)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if now%time.Minute != 0 {
		return
	}
	for name, all := range w.fires {
		begun := slices.DeleteFunc(slices.Clone(all), func(s span) bool { return s.from > now })
		if len(begun) == 0 || now >= begun[len(begun)-1].to+15*time.Minute {
			continue
		}
		last := begun[len(begun)-1]
		ends := last.to
		if now < ends {
			ends = now + 4*time.Minute
		}
		one := &alert.Alert{Alert: model.Alert{
			Labels:   model.LabelSet{"alertname": model.LabelValue(name), "group": model.LabelValue(groupOf[name])},
			StartsAt: w.begin.Add(last.from), EndsAt: w.begin.Add(ends),
		}}
		if err := a.store.Receive(t.Context(), time.Now(), []*alert.Alert{one}); err != nil {
			t.Fatal(err)
		}
	}
}

// run carries a program out, and two hours more in which nothing fires.
func (w *world) run(t *testing.T) {
	c, err := config.Load(restartsConfig)
	if err != nil {
		t.Fatal(err)
	}
	silenced := make(map[made]bool)
	w.start(t, c)
	for at := 10 * time.Second; at <= 5*time.Hour; at += 10 * time.Second {
		time.Sleep(time.Until(w.begin.Add(at)))
		synctest.Wait()
		switch down := w.down.contain(at); {
		case down && w.alive.Load() != nil:
			w.kill(t)
		case !down && w.alive.Load() == nil:
			w.start(t, c)
		}
		if a := w.alive.Load(); a != nil {
			if slices.Contains(w.reloads, at) {
				if err := a.pipeline.Apply(c); err != nil {
					t.Fatal(err)
				}
			}
			w.clients(t, silenced)
		}
	}
	w.kill(t)
}

// problems are what must not have been told, or should have been. What a notification
// says is as of its flush, which may have tried for five minutes; ends are told with
// the next flush, and an end that comes by itself is later by the resolve timeout, and
// by the time that the process was away.
func (w *world) problems() (all []string) {
	problem := func(n told, text string, args ...any) {
		all = append(all, fmt.Sprintf("%v %+v: ", n.at, n)+fmt.Sprintf(text, args...))
	}
	last, open := make(map[string]told), make(map[string]told)
	for _, n := range w.told {
		before := last[n.group]
		news := slices.ContainsFunc(n.firing, func(name string) bool { return !slices.Contains(before.firing, name) }) ||
			slices.ContainsFunc(n.resolved, func(name string) bool { return !slices.Contains(before.resolved, name) })
		if !news {
			problem(n, "told twice")
		}
		for _, name := range n.firing {
			open[name] = n
			if !w.fires[name].touch(n.at-30*time.Minute, n.at) {
				problem(n, "%s is long over", name)
			}
			if w.silenced[name].cover(n.at-20*time.Minute, n.at) {
				problem(n, "%s is silenced", name)
			}
		}
		for _, name := range n.resolved {
			delete(open, name)
			if w.fires[name].cover(n.at-11*time.Minute, n.at) {
				problem(n, "%s fires", name)
			}
		}
		if slices.Contains(n.firing, "target") && w.fires["source"].cover(n.at-20*time.Minute, n.at) {
			problem(n, "target is inhibited")
		}
		last[n.group] = n
	}
	for name, n := range open {
		problem(n, "the end of %s was never told", name)
	}
	return all
}

func TestProgramsWithRestarts(t *testing.T) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{restarts: drawRestarts(rt), dir: t.TempDir()}
		synctest.Test(t, func(t *testing.T) {
			w.begin = time.Now()
			w.run(t)
		})
		if problems := w.problems(); len(problems) > 0 {
			rt.Fatalf("%s\n%+v\ntold: %+v", strings.Join(problems, "\n"), *w.restarts, w.told)
		}
	})
}
