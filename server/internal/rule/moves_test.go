package rule

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// bystander is all that sees what an engine does: the storage, which keeps the last
// sample of each series, and a receiver, which keeps what it was told last of each
// alert.
type bystander struct {
	mu     sync.Mutex // guards what follows
	active map[string]map[string]bool
	series map[string]lastSample
	told   map[string]Alert
	failed bool // the query
}

type lastSample struct {
	at   int64
	gone bool
}

func (b *bystander) query(_ context.Context, expr string, _ time.Time) (promql.Vector, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed {
		return nil, fmt.Errorf("no answer")
	}
	var v promql.Vector
	for _, i := range slices.Sorted(maps.Keys(b.active[expr])) {
		v = append(v, promql.Sample{Metric: labels.FromStrings("__name__", expr, "i", i), F: 1})
	}
	return v, nil
}

func (b *bystander) send(_ context.Context, alerts []Alert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range alerts {
		b.told[a.Labels.String()] = a
	}
}

func (b *bystander) AppenderV2(context.Context) storage.AppenderV2 { return b }

func (b *bystander) Append(_ storage.SeriesRef, l labels.Labels, _, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := l.String()
	switch last, ok := b.series[key]; {
	case ok && last.at > t:
		return 0, storage.ErrOutOfOrderSample
	case ok && last.at == t && last.gone != value.IsStaleNaN(v):
		return 0, storage.ErrDuplicateSampleForTimestamp
	}
	b.series[key] = lastSample{at: t, gone: value.IsStaleNaN(v)}
	return 0, nil
}

func (b *bystander) Commit() error   { return nil }
func (b *bystander) Rollback() error { return nil }

var moves = flag.Int("moves", 60, "how many random programs of reloads")

// Whatever becomes of rules, once nothing changes any more, receivers and storage
// have of the alerts what the rules have.
func TestNothingIsLeftBehind(t *testing.T) {
	for seed := range uint64(*moves) {
		synctest.Test(t, func(t *testing.T) { leaveNothingBehind(t, seed) })
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func leaveNothingBehind(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	upTo := func(most int) int { return random.IntN(most + 1) }
	b := &bystander{active: map[string]map[string]bool{"x": {}, "y": {}}, series: map[string]lastSample{}, told: map[string]Alert{}}
	l := &ledger{}
	o := Options{Query: b.query, Appendable: b, Send: b.send, Journal: l, MaxConcurrentEvals: upTo(2)}
	e := New(o)
	one := func(words ...string) string { return words[random.IntN(len(words))] }
	var files map[string]string
	drawn := func() {
		files = map[string]string{}
		n := 0
		for _, path := range []string{"a", "b"} {
			var groups []string
			for _, name := range []string{"g", "h"} {
				var rules []string
				for range upTo(3) {
					n++
					rules = append(rules, fmt.Sprintf("{alert: %s, expr: %s, for: %s, keep_firing_for: %s, labels: {%s}}",
						one("A", "B"), one("x", "y"), one("0s", "0s", "90s"), one("0s", "0s", "3m"), one("", "", "s: v", "s: w", "s: '{{ $labels.i }}'")))
				}
				if len(rules) > 0 {
					groups = append(groups, fmt.Sprintf("{name: %s, interval: %s, rules: [%s]}", name, one("30s", "1m", "2m"), strings.Join(rules, ", ")))
				}
			}
			files[path] = "groups: [" + strings.Join(groups, ", ") + "]"
		}
	}
	load := func() {
		cfg := Config{Interval: time.Minute}
		for _, path := range slices.Sorted(maps.Keys(files)) {
			f, _, err := definition.Parse(path, []byte(files[path]), definition.Options{})
			if err != nil {
				t.Fatal(err)
			}
			cfg.Files = append(cfg.Files, f)
		}
		if err := e.Apply(cfg); err != nil {
			t.Fatal(err)
		}
	}
	drawn()
	load()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	defer func() { cancel(); <-done }()

	for range 1 + upTo(11) {
		b.mu.Lock()
		switch one("result", "result", "fail", "new", "swap") {
		case "result":
			set, i := b.active[one("x", "y")], one("1", "2")
			if set[i] {
				delete(set, i)
			} else {
				set[i] = true
			}
		case "fail":
			b.failed = !b.failed
		case "new":
			drawn()
		case "swap":
			files["a"], files["b"] = files["b"], files["a"]
		}
		b.mu.Unlock()
		load()
		time.Sleep(time.Duration(upTo(200)) * time.Second)
	}
	b.mu.Lock()
	b.failed = false
	b.mu.Unlock()
	load()
	time.Sleep(time.Hour) // resolved alerts are told for a quarter of it
	synctest.Wait()

	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	firing, series := map[string]bool{}, map[string]bool{}
	for _, g := range e.Groups() {
		for _, r := range g.Rules {
			seen := map[string]bool{}
			for _, a := range r.Alerts {
				key := a.Labels.String()
				if seen[key] {
					t.Errorf("there twice: %s", key)
				}
				seen[key] = true
				firing[key] = firing[key] || a.State == StateFiring
				lb := labels.NewBuilder(a.Labels)
				series[lb.Set("__name__", alertsForStateName).Labels().String()] = true
				series[lb.Set("__name__", alertsName).Set(alertStateLabel, string(a.State)).Labels().String()] = true
			}
		}
	}
	for key, a := range b.told {
		if a.EndsAt.After(now) && !firing[key] {
			t.Errorf("left firing: %s, until %v", key, a.EndsAt)
		}
		if !a.EndsAt.After(now) && firing[key] {
			t.Errorf("told resolved, but fires: %s", key)
		}
	}
	for key, is := range firing {
		if _, told := b.told[key]; is && !told {
			t.Errorf("told nobody: %s", key)
		}
	}
	for key, s := range b.series {
		if !s.gone && !series[key] {
			t.Errorf("never ended: %s, last at %v, now %v", key, time.UnixMilli(s.at).UTC(), now)
		}
		if s.gone && series[key] {
			t.Errorf("ended: %s", key)
		}
	}
	for key := range series {
		if _, ok := b.series[key]; !ok {
			t.Errorf("never written: %s", key)
		}
	}
	if got, want := strings.Join(l.show(), "\n"), strings.Join(e.standings(), "\n"); got != want {
		t.Errorf("journal:\ngot\n%s\nwant\n%s", got, want)
	}
}

// Rules that only move, and change what does not matter, tell nobody anything new.
func TestMovesAreSilent(t *testing.T) {
	for seed := range uint64(*moves) {
		synctest.Test(t, func(t *testing.T) { moveSilently(t, seed) })
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func moveSilently(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	b := &bystander{active: map[string]map[string]bool{"x": {"1": true, "2": true}}, series: map[string]lastSample{}, told: map[string]Alert{}}
	l := &ledger{}
	o := Options{Query: b.query, Appendable: b, Send: func(_ context.Context, alerts []Alert) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, a := range alerts {
			key := a.Labels.String()
			if !a.EndsAt.After(time.Now()) {
				t.Errorf("told resolved: %s", key)
			}
			if before, ok := b.told[key]; ok && !before.StartsAt.Equal(a.StartsAt) {
				t.Errorf("another beginning: %s", key)
			}
			if before, ok := b.told[key]; ok && before.EndsAt.Before(time.Now()) {
				t.Errorf("expired: %s", key)
			}
			b.told[key] = a
		}
	}, Journal: l}
	e := New(o)
	load := func() {
		groups := map[string][]string{}
		for _, r := range random.Perm(6) {
			g := []string{"a;g", "a;h", "b;g", "b;h"}[random.IntN(4)]
			groups[g] = append(groups[g], fmt.Sprintf("{alert: A%d, expr: x, labels: {s: '%d'}, annotations: {a: '%d'}}", r/2, r, random.IntN(3)))
		}
		cfg := Config{Interval: time.Minute}
		for _, path := range []string{"a", "b"} {
			var all []string
			for _, name := range []string{"g", "h"} {
				all = append(all, fmt.Sprintf("{name: %s, interval: %s, rules: [%s]}", name, []string{"30s", "1m"}[random.IntN(2)], strings.Join(groups[path+";"+name], ", ")))
			}
			f, _, err := definition.Parse(path, []byte("groups: ["+strings.Join(all, ", ")+"]"), definition.Options{})
			if err != nil {
				t.Fatal(err)
			}
			cfg.Files = append(cfg.Files, f)
		}
		if err := e.Apply(cfg); err != nil {
			t.Fatal(err)
		}
	}
	load()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	defer func() { cancel(); <-done }()
	time.Sleep(2*time.Minute + time.Millisecond)
	for range 10 {
		load()
		time.Sleep(time.Duration(random.IntN(200)) * time.Second)
		b.mu.Lock()
		for key, s := range b.series {
			if s.gone {
				t.Errorf("ended: %s", key)
			}
		}
		if len(b.told) != 12 {
			t.Errorf("told %d alerts, want 12", len(b.told))
		}
		b.mu.Unlock()
	}
	synctest.Wait()
	if got, want := strings.Join(l.show(), "\n"), strings.Join(e.standings(), "\n"); got != want {
		t.Errorf("journal:\ngot\n%s\nwant\n%s", got, want)
	}
}
