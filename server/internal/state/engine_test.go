package state

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// nowhere is a store that takes everything.
type nowhere struct{}

func (nowhere) AppenderV2(context.Context) storage.AppenderV2 { return nowhere{} }
func (nowhere) Commit() error                                 { return nil }
func (nowhere) Rollback() error                               { return nil }
func (nowhere) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AppendV2Options) (storage.SeriesRef, error) {
	return 1, nil
}

// process is a server of rules only: an engine whose journal a keeper saves.
type process struct {
	t      *testing.T
	keeper *Keeper
	engine *rule.Engine
	kill   func() // ends it without another save

	mu   sync.Mutex        // guards what follows
	true map[string]bool   // which expressions have a result
	sent map[string]string // what was sent last, by alertname
}

// begin starts a process with the state in a folder.
func begin(t *testing.T, dir, rules string, results ...string) *process {
	t.Helper()
	file, _, err := definition.Parse("r.yml", []byte(rules), definition.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, true: map[string]bool{}, sent: map[string]string{}}
	p.set(results...)
	journal := NewJournal()
	p.keeper = newKeeper(dir, &fake{}, journal)
	p.engine = rule.New(rule.Options{Query: p.query, Appendable: nowhere{}, Send: p.send, Journal: journal, MaxConcurrentEvals: 3})
	p.keeper.Restore(time.Now())
	if err := p.engine.Apply(rule.Config{Interval: time.Minute, Files: []*definition.File{file}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.engine.Run(ctx) })
	running.Go(func() { _ = p.keeper.Run(ctx) })
	p.kill = func() {
		cancel()
		running.Wait()
	}
	return p
}

// end ends a process in order.
func (p *process) end() {
	p.t.Helper()
	p.kill()
	if err := p.keeper.Save(time.Now()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) set(results ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.true)
	for _, expr := range results {
		p.true[expr] = true
	}
}

func (p *process) query(_ context.Context, expr string, _ time.Time) (promql.Vector, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.true[expr] {
		return promql.Vector{{F: 1}}, nil
	}
	return nil, nil
}

func (p *process) send(_ context.Context, alerts []rule.Alert) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range alerts {
		what := "fires"
		if !a.EndsAt.After(time.Now()) {
			what = "ended"
		}
		p.sent[a.Labels.Get("alertname")] = fmt.Sprintf("%s since %s", what, a.StartsAt.Format(time.TimeOnly))
	}
}

// told returns what was sent last of an alert.
func (p *process) told(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent[name]
}

// alert returns an active alert, and whether it is there.
func (p *process) alert(name string) (rule.ActiveAlert, bool) {
	for _, g := range p.engine.Groups() {
		for _, r := range g.Rules {
			for _, a := range r.Alerts {
				if r.Name == name {
					return a, true
				}
			}
		}
	}
	return rule.ActiveAlert{}, false
}

const engineRules = `
groups:
- name: g
  rules:
  - {alert: Fires, expr: fires}
  - {alert: Held, expr: held, keep_firing_for: 30m}
  - {alert: Ends, expr: ends}
`

// An engine goes on where another one was, whether that ended in order or not.
func TestEngineGoesOnAfterTheEndOfTheProcess(t *testing.T) {
	for name, end := range map[string]func(*process){"in order": (*process).end, "crash": func(p *process) { p.kill() }} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, dir, engineRules, "fires", "held", "ends")
				time.Sleep(time.Hour)
				p.set("fires", "ends")
				time.Sleep(5 * time.Minute)
				before, _ := p.alert("Held")
				fired, ended := p.told("Fires"), p.told("Ends")
				if before.KeepFiringSince.IsZero() || fired == "" || ended == "" {
					t.Fatalf("before the end: Held is %+v, Fires %s, Ends %s", before, fired, ended)
				}
				end(p)

				time.Sleep(time.Minute)
				p = begin(t, dir, engineRules, "fires")
				time.Sleep(4 * time.Minute)
				if got := p.told("Fires"); got != fired {
					t.Errorf("Fires: got %s, want %s", got, fired)
				}
				if got, want := p.told("Ends"), "ended"+ended[len("fires"):]; got != want {
					t.Errorf("Ends: got %s, want %s", got, want)
				}
				got, ok := p.alert("Held")
				if !ok || !got.ActiveAt.Equal(before.ActiveAt) || !got.KeepFiringSince.Equal(before.KeepFiringSince) {
					t.Errorf("Held: got %+v, want %+v", got, before)
				}
				time.Sleep(30 * time.Minute)
				if _, ok := p.alert("Held"); ok {
					t.Error("Held is held up for more than half an hour")
				}
				p.end()
				if left := len(p.keeper.o.Journals.Rules.snapshot()); left != 2 { // Fires, and Held, which is told resolved
					t.Errorf("%d alerts are left in the journal, want 2", left)
				}
			})
		})
	}
}

// A crash loses what happened since the last save, which was ten seconds ago at
// most.
func TestACrashLosesWhatWasNotSaved(t *testing.T) {
	for name, test := range map[string]struct {
		wait time.Duration
		kept bool
	}{"at once": {0, false}, "after a save": {SaveEvery, true}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, dir, engineRules)
				time.Sleep(10 * time.Minute)
				p.set("fires")
				for p.told("Fires") == "" {
					time.Sleep(time.Millisecond)
				}
				before, _ := p.alert("Fires")
				time.Sleep(test.wait)
				p.kill()
				p = begin(t, dir, engineRules, "fires")
				time.Sleep(3 * time.Minute)
				got, ok := p.alert("Fires")
				if !ok || got.ActiveAt.Equal(before.ActiveAt) != test.kept {
					t.Errorf("active since %v, before the crash since %v; want that this is kept: %v", got.ActiveAt, before.ActiveAt, test.kept)
				}
				p.kill()
			})
		})
	}
}
