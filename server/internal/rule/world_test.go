package rule

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/prometheus"
)

// trouble is what a world can be made to do to an engine.
type trouble struct {
	query  func(ctx context.Context, expr string) (promql.Vector, error) // nil answers one element
	store  string                                                        // what happens in it: "opens", "appends", "commits" or "rolls back"
	fault  func(ctx context.Context) error                               // there; nil is none
	send   func(ctx context.Context, alerts []Alert)                     // nil takes them
	shift  time.Duration                                                 // of the clock
	series map[string]int64                                              // last time of each series that was stored
	faulty bool                                                          // a series went back in time
}

// world is what an engine works with, in virtual time. Its trouble can change
// while the engine runs.
type world struct {
	t        *testing.T
	e        *Engine
	registry *prometheus.Registry
	calls    calls

	mu sync.Mutex // guards what follows
	trouble
	sent []Alert
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, registry: prometheus.NewRegistry()}
	w.series = make(map[string]int64)
	w.e = New(Options{
		Query: w.query, Appendable: w, Send: w.take, Registerer: w.registry,
		Now: func() time.Time { return time.Now().Add(w.now().shift) },
	})
	return w
}

// now is the present trouble.
func (w *world) now() trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// change changes the trouble.
func (w *world) change(f func(*trouble)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.trouble)
}

func (w *world) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	v, err := w.calls.query(ctx, expr, at)
	if f := w.now().query; f != nil {
		return f(ctx, expr)
	}
	return v, err
}

func (w *world) take(ctx context.Context, alerts []Alert) {
	if f := w.now().send; f != nil {
		f(ctx, alerts)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, alerts...)
}

// suffer lets happen in the store what is to happen there.
func (w *world) suffer(ctx context.Context, where string) error {
	if tr := w.now(); tr.fault != nil && tr.store == where {
		return tr.fault(ctx)
	}
	return nil
}

func (w *world) AppenderV2(ctx context.Context) storage.AppenderV2 {
	_ = w.suffer(ctx, "opens")
	return worldAppender{w, ctx}
}

type worldAppender struct {
	*world
	ctx context.Context
}

func (a worldAppender) Append(_ storage.SeriesRef, l labels.Labels, _, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if err := a.suffer(a.ctx, "appends"); err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.series[l.String()]; ok && t <= last {
		a.faulty = a.faulty || !value.IsStaleNaN(v) // a marker may come late
		return 0, storage.ErrOutOfOrderSample
	}
	a.series[l.String()] = t
	return 1, nil
}

func (a worldAppender) Commit() error   { return a.suffer(a.ctx, "commits") }
func (a worldAppender) Rollback() error { return a.suffer(a.ctx, "rolls back") }

// rule returns the status of a rule, which has to be there.
func (w *world) rule(name string) Status {
	w.t.Helper()
	for _, g := range w.e.Groups() {
		for _, r := range g.Rules {
			if r.Name == name {
				return r
			}
		}
	}
	w.t.Fatalf("there is no rule %q", name)
	return Status{}
}

func (w *world) wantHealth(name string, health Health, lastError string) {
	w.t.Helper()
	if got := w.rule(name); got.Health != health || !strings.Contains(got.LastError, lastError) || lastError == "" && got.LastError != "" {
		w.t.Errorf("%s: got health %q and error %q, want %q and %q", name, got.Health, got.LastError, health, lastError)
	}
}

// wantEvaluations checks that a rule was evaluated once for each minute.
func (w *world) wantEvaluations(expr string, since time.Time, minutes int) {
	w.t.Helper()
	at := slices.DeleteFunc(w.calls.of(expr), func(t time.Time) bool { return !t.After(since) })
	if len(at) != minutes {
		w.t.Errorf("%s: evaluated %d times in %d minutes", expr, len(at), minutes)
	}
}
