package rule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// However the clock jumps, groups go on within two intervals, no slot is evaluated
// twice unless time itself comes again, and what is sent of an alert makes sense.
func TestTheClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{
		-5 * time.Second, -time.Minute, -61 * time.Second, -5 * time.Minute, -24 * time.Hour,
		5 * time.Second, time.Minute, 24 * time.Hour, 20 * 365 * 24 * time.Hour,
	} {
		t.Run(jump.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				apply(t, w.e, parse(t, "r.yml", `
groups:
- {name: g, rules: [{record: r, expr: a}, {alert: Now, expr: b}, {alert: Later, expr: c, for: 5m}]}
`))
				defer running(t, w.e)()
				time.Sleep(10*time.Minute + 20*time.Second)
				before := w.calls.of("a")
				w.change(func(tr *trouble) { tr.shift = jump })
				w.mu.Lock()
				w.sent = nil
				w.mu.Unlock()

				for range 20 {
					evaluated := len(w.calls.of("a"))
					time.Sleep(2 * time.Minute)
					if n := len(w.calls.of("a")) - evaluated; n < 1 || n > 3 {
						t.Fatalf("%d evaluations in two minutes", n)
					}
				}
				after := w.calls.of("a")[len(before):]
				for i, at := range after {
					if jump >= -time.Minute && !at.After(before[len(before)-1]) {
						t.Errorf("slot %v was evaluated again", at)
					}
					if i > 0 && !at.After(after[i-1]) {
						t.Errorf("slot %v came after %v", at, after[i-1])
					}
				}
				now := time.Now().Add(jump)
				if last := after[len(after)-1]; last.After(now) || now.Sub(last) > 2*time.Minute {
					t.Errorf("the last evaluation was for %v, and it is %v", last, now)
				}
				for _, name := range []string{"Now", "Later"} {
					r := w.rule(name)
					if len(r.Alerts) != 1 || r.Alerts[0].State != StateFiring || r.Alerts[0].ActiveAt.After(now) {
						t.Errorf("%s: got alerts %+v, want one that fires, and not since the future", name, r.Alerts)
					}
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				sent := make(map[string]int)
				for _, a := range w.sent {
					sent[a.Labels.Get("alertname")]++
					if a.StartsAt.After(now) || !a.EndsAt.After(a.StartsAt) || a.EndsAt.After(now.Add(4*time.Minute)) {
						t.Errorf("sent %s from %v until %v, and it is %v", a.Labels, a.StartsAt, a.EndsAt, now)
					}
				}
				if sent["Now"] < 15 || sent["Later"] < 13 {
					t.Errorf("sent %v times in 40 minutes", sent)
				}
			})
		})
	}
}

// However often the rules are changed while evaluations are slow: in the end they
// are the last ones, no rule was ever evaluated twice at the same time, and no
// series went back.
func TestReloadStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var evaluating sync.Map // *atomic.Int32 by expression
		w.trouble.query = func(ctx context.Context, expr string) (promql.Vector, error) {
			n, _ := evaluating.LoadOrStore(expr, new(atomic.Int32))
			if n.(*atomic.Int32).Add(1) > 1 {
				t.Errorf("%s is evaluated twice at the same time", expr)
			}
			defer n.(*atomic.Int32).Add(-1)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(10 * time.Second):
				return promql.Vector{{F: 1}}, nil
			}
		}
		random := rand.New(rand.NewPCG(1, 2))
		file := func(i int) *definition.File {
			var b strings.Builder
			b.WriteString("groups:\n")
			for g := range 5 {
				if random.IntN(4) == 0 {
					continue
				}
				fmt.Fprintf(&b, "- {name: g%d, interval: %ds, rules: [", g, 20+10*random.IntN(3))
				for r := range 4 {
					if random.IntN(4) > 0 {
						fmt.Fprintf(&b, "{record: r%d%d, expr: e%d%d}, {alert: a%d%d, expr: f%d%d, labels: {v: \"%d\"}}, ", g, r, g, r, g, r, g, r, random.IntN(3))
					}
				}
				b.WriteString("]}\n")
			}
			fmt.Fprintf(&b, "- {name: last%d, rules: []}\n", i)
			return parse(t, "r.yml", b.String())
		}
		stop := running(t, w.e)
		for i := range 100 {
			f := file(i)
			start := time.Now()
			apply(t, w.e, f)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("Apply took %v, more than one rule", d)
			}
			time.Sleep(time.Duration(random.IntN(30)) * time.Second)
		}
		if groups := w.e.Groups(); !slices.ContainsFunc(groups, func(g GroupStatus) bool { return g.Name == "last99" }) {
			t.Errorf("the last configuration is not in force: %d groups", len(groups))
		}
		time.Sleep(5 * time.Minute)
		stop()
		if w.now().faulty {
			t.Error("a sample was older than the one before")
		}
	})
}

// Reloads by several at the same time, while groups are evaluated all the time, leave
// the configuration of one of them, whole.
func TestConcurrentReloads(t *testing.T) {
	e := New(Options{
		Query:      func(context.Context, string, time.Time) (promql.Vector, error) { return promql.Vector{{F: 1}}, nil },
		Appendable: nowhere{},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 25 {
				apply(t, e, parse(t, "r.yml", fmt.Sprintf(`
groups:
- {name: a, interval: 1ms, rules: [{record: r%[1]d, expr: a}, {alert: A, expr: b, labels: {i: "%[1]d"}}]}
- {name: b%[2]d, interval: 1ms, rules: [{record: s%[1]d, expr: a}]}
`, i, j%3)))
				e.Groups()
			}
		})
	}
	all.Wait()
	groups := e.Groups()
	if len(groups) != 2 || groups[0].Rules[0].Name[1:] != groups[1].Rules[0].Name[1:] {
		t.Errorf("got %+v, want the two groups of one configuration", groups)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A thousand groups are a thousand goroutines, spread over their interval, and all
// of them are evaluated each time.
func TestAThousandGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const groups = 1000
		w := newWorld(t)
		var b strings.Builder
		b.WriteString("groups:\n")
		for i := range groups {
			fmt.Fprintf(&b, "- {name: g%d, rules: [{record: r%d, expr: e%d}]}\n", i, i, i)
		}
		apply(t, w.e, parse(t, "r.yml", b.String()))
		idle := runtime.NumGoroutine()
		start := time.Now()
		stop := running(t, w.e)
		if n := runtime.NumGoroutine() - idle; n < groups || n > groups+5 {
			t.Errorf("%d goroutines for %d groups", n, groups)
		}
		time.Sleep(5 * time.Minute)
		tenths := make(map[int64]int) // of the interval
		for i := range groups {
			w.wantEvaluations(fmt.Sprintf("e%d", i), start, 5)
			at := w.calls.of(fmt.Sprintf("e%d", i))
			tenths[at[0].UnixMilli()%60_000/6_000]++
		}
		for tenth, n := range tenths {
			if n < groups/20 || n > groups/5 {
				t.Errorf("%d groups are evaluated in tenth %d of the interval", n, tenth)
			}
		}
		apply(t, w.e)
		if n := runtime.NumGoroutine() - idle; n > 5+groups { // those that will mark series stale
			t.Errorf("%d goroutines after all groups are gone", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := runtime.NumGoroutine() - idle; n > 5 {
			t.Errorf("%d goroutines after all series are stale", n)
		}
		stop()
	})
}

// vast is a result of n series.
func vast(n int) promql.Vector {
	v := make(promql.Vector, n)
	for i := range v {
		v[i] = promql.Sample{F: 1, Metric: labels.FromStrings("__name__", "m", "instance", fmt.Sprintf("host-%07d.example:9100", i), "job", "node")}
	}
	return v
}

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A rule over very many series costs memory for each of them, and no more at each
// further evaluation; with a limit, it costs nothing that stays.
func TestVastResults(t *testing.T) {
	const n = 20_000
	result := vast(n)
	for _, test := range []struct {
		rule      string
		limit     int
		perSeries int64 // bytes that may stay
	}{
		{"{record: r, expr: m}", 0, 450},
		{"{record: r, expr: m}", 1000, 1},
		{"{alert: A, expr: m}", 0, 2000},
		{"{alert: A, expr: m}", 1000, 1},
	} {
		t.Run(fmt.Sprint(test.rule, test.limit), func(t *testing.T) {
			e := New(Options{
				Query:      func(context.Context, string, time.Time) (promql.Vector, error) { return result, nil },
				Appendable: nowhere{},
			})
			apply(t, e, parse(t, "r.yml", fmt.Sprintf("groups: [{name: g, limit: %d, rules: [%s]}]", test.limit, test.rule)))
			evaluate := func(minute int) {
				if err := e.EvaluateGroup(context.Background(), "r.yml", "g", t0.Add(time.Duration(minute)*time.Minute)); err != nil {
					t.Fatal(err)
				}
			}
			before := heap()
			evaluate(0)
			first := heap() - before
			for minute := 1; minute < 4; minute++ {
				evaluate(minute)
			}
			later := heap() - before
			t.Logf("%d bytes per series stay after the first evaluation, %d after the fourth", first/n, later/n)
			if later > test.perSeries*n+1<<20 {
				t.Errorf("%d bytes per series stay, want at most %d", later/n, test.perSeries)
			}
			if later > first+first/5+1<<20 {
				t.Errorf("%d bytes stay after the first evaluation, and %d after the fourth", first, later)
			}
			r := e.Groups()[0].Rules[0]
			if want := test.limit > 0; want != strings.Contains(r.LastError, "exceeded limit of 1000 with 20000") || want != (r.Health == HealthBad) {
				t.Errorf("got health %q and error %q", r.Health, r.LastError)
			}
			runtime.KeepAlive(e)
		})
	}
}

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) AppenderV2(context.Context) storage.AppenderV2 { return nowhere{} }
func (nowhere) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AppendV2Options) (storage.SeriesRef, error) {
	return 1, nil
}
func (nowhere) Commit() error   { return nil }
func (nowhere) Rollback() error { return nil }
