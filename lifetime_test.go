package cresset_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
)

func TestSeriesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = time.Minute
		reg := cresset.NewRegistry()
		steps := cresset.NewCounterVec[call](reg, "steps_total", "", cresset.TTL(ttl))
		clone, build := call{"clone", 0}, call{"build", 0}
		held := steps.With(clone)
		held.Add(2)
		steps.With(build).Inc()
		time.Sleep(ttl / 2)
		steps.With(build).Inc()
		steps.With(clone) // which is no update
		time.Sleep(ttl / 2)
		wantPage(t, reg, "steps_total{code=\"0\",method=\"build\"} 2\n")
		if _, found := steps.Lookup(clone); found {
			t.Error("found what has expired")
		}

		held.Inc() // back from zero
		if got := keys(steps); !slices.Equal(got, []call{build, clone}) {
			t.Errorf("the labels are %v", got)
		}
		steps.With(clone).Inc()
		again := steps.With(clone)
		held.Inc()
		wantPage(t, reg, "steps_total{code=\"0\",method=\"build\"} 2\nsteps_total{code=\"0\",method=\"clone\"} 3\n")

		time.Sleep(2 * ttl)
		wantPage(t, reg, "")
		steps.With(clone).Inc() // a new life by lookup, that all handles share
		held.Inc()
		again.Inc()
		wantPage(t, reg, "steps_total{code=\"0\",method=\"clone\"} 3\n")

		steps.Delete(clone)
		held.Inc() // an orphan
		wantPage(t, reg, "")
		time.Sleep(2 * ttl)
		held.Inc()
		wantPage(t, reg, "")
	})
}

// TestEveryKindExpires has a series of each kind that is made, expires, and comes
// back by its handle.
func TestEveryKindExpires(t *testing.T) {
	const ttl = time.Minute
	for _, tt := range []struct {
		name string
		make func(reg *cresset.Registry) (update func())
		want string
	}{
		{"counter", func(reg *cresset.Registry) func() {
			return cresset.NewCounter(reg, "a", "", cresset.TTL(ttl)).Inc
		}, "a 1\n"},
		{"gauge", func(reg *cresset.Registry) func() {
			return cresset.NewGauge(reg, "a", "", cresset.TTL(ttl)).Inc
		}, "a 1\n"},
		{"histogram", func(reg *cresset.Registry) func() {
			h := cresset.NewHistogram(reg, "a", "", cresset.TTL(ttl), cresset.Buckets(1))
			return func() { h.Observe(2) }
		}, "a_bucket{le=\"1\"} 0\na_bucket{le=\"+Inf\"} 1\na_sum 2\na_count 1\n"},
		{"native histogram", func(reg *cresset.Registry) func() {
			h := cresset.NewHistogram(reg, "a", "", cresset.TTL(ttl), cresset.NativeBuckets(2))
			return func() { h.Observe(2) }
		}, "a_bucket{le=\"+Inf\"} 1\na_sum 2\na_count 1\n"},
		{"summary", func(reg *cresset.Registry) func() {
			s := cresset.NewSummary(reg, "a", "", cresset.TTL(ttl))
			return func() { s.Observe(2) }
		}, "a_sum 2\na_count 1\n"},
		{"summary with objectives", func(reg *cresset.Registry) func() {
			s := cresset.NewSummary(reg, "a", "", cresset.TTL(ttl), cresset.Objectives(map[float64]float64{1: 0}))
			return func() { s.Observe(2) }
		}, "a{quantile=\"1\"} 2\na_sum 2\na_count 1\n"},
		{"local counter", func(reg *cresset.Registry) func() {
			l := cresset.NewCounter(reg, "a", "", cresset.TTL(ttl)).Local()
			return func() { l.Inc(); l.Flush() }
		}, "a 1\n"},
		{"local histogram", func(reg *cresset.Registry) func() {
			l := cresset.NewHistogram(reg, "a", "", cresset.TTL(ttl), cresset.Buckets(1)).Local()
			return func() { l.Observe(2); l.Flush() }
		}, "a_bucket{le=\"1\"} 0\na_bucket{le=\"+Inf\"} 1\na_sum 2\na_count 1\n"},
		{"timer", func(reg *cresset.Registry) func() {
			h := cresset.NewHistogram(reg, "a", "", cresset.TTL(ttl), cresset.Buckets(1))
			return func() { h.Start().Observe() }
		}, "a_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 0\na_count 1\n"},
		{"vector", func(reg *cresset.Registry) func() {
			g := cresset.NewGaugeVec[call](reg, "a", "", cresset.TTL(ttl)).With(call{"x", 1})
			return g.Inc
		}, "a{code=\"1\",method=\"x\"} 1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := cresset.NewRegistry()
				update := tt.make(reg)
				for range 3 {
					update()
					time.Sleep(ttl - 1)
					wantPage(t, reg, tt.want)
					time.Sleep(time.Nanosecond)
					wantPage(t, reg, "")
				}
			})
		})
	}
}

// TestExpiredBeforeItWasDeleted: what was not there was not deleted, so its handle
// brings it back.
func TestExpiredBeforeItWasDeleted(t *testing.T) {
	for name, remove := range map[string]func(calls *cresset.CounterVec[call]){
		"Delete":     func(calls *cresset.CounterVec[call]) { calls.Delete(call{"GET", 200}) },
		"DeleteFunc": func(calls *cresset.CounterVec[call]) { calls.DeleteFunc(func(call) bool { return true }) },
		"Reset":      func(calls *cresset.CounterVec[call]) { calls.Reset() },
		"Replace":    func(calls *cresset.CounterVec[call]) { calls.Replace(func(*cresset.CounterVec[call]) {}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := cresset.NewRegistry()
				calls := cresset.NewCounterVec[call](reg, "calls_total", "", cresset.TTL(time.Minute))
				held := calls.With(call{"GET", 200})
				held.Add(5)
				time.Sleep(time.Minute)
				remove(calls)
				held.Inc()
				wantPage(t, reg, "calls_total{code=\"200\",method=\"GET\"} 1\n")
				remove(calls)
				held.Inc()
				wantPage(t, reg, "")
			})
		})
	}
}

func TestPinnedSeriesStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		calls := cresset.NewCounterVec[call](reg, "calls_total", "", cresset.TTL(time.Minute))
		if calls.Pin(call{"GET", 200}) != calls.With(call{"GET", 200}) {
			t.Error("what is pinned is another one")
		}
		calls.With(call{"GET", 500})
		calls.Replace(func(next *cresset.CounterVec[call]) {
			next.With(call{"GET", 200})
			next.Pin(call{"PUT", 200})
			next.With(call{"PUT", 500})
		})
		time.Sleep(time.Hour)
		wantPage(t, reg, "calls_total{code=\"200\",method=\"GET\"} 0\ncalls_total{code=\"200\",method=\"PUT\"} 0\n")
		calls.Reset()
		wantPage(t, reg, "")
	})
}

func TestReplaceAmongExpiringSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		g := cresset.NewGaugeVec[call](reg, "g", "", cresset.TTL(time.Minute))
		held := g.With(call{"x", 1})
		held.Inc()
		g.Replace(func(next *cresset.GaugeVec[call]) {
			next.With(call{"x", 1}).Inc()
			time.Sleep(time.Hour) // in which it expires
		})
		held.Inc()
		if got := keys(g); !slices.Equal(got, []call{{"x", 1}}) {
			t.Errorf("the labels are %v", got)
		}
		wantPage(t, reg, "g{code=\"1\",method=\"x\"} 1\n")
	})
}

// TestNoUpdateIsLostToExpiry has goroutines update series that they hold, with
// pauses in which series expire, and counts what each life of a series had.
func TestNoUpdateIsLostToExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl, holders, rounds = time.Second, 8, 50
		reg := cresset.NewRegistry()
		calls := cresset.NewCounterVec[call](reg, "calls_total", "", cresset.TTL(ttl))
		var wg sync.WaitGroup
		for i := range holders {
			wg.Go(func() {
				held := calls.With(call{"GET", i % 2})
				for round := range rounds {
					held.Inc()
					calls.With(call{"GET", i % 2}).Inc()
					if round%5 == 4 {
						time.Sleep(ttl) // all of them, so that both series expire
					} else {
						time.Sleep(ttl / 3)
					}
				}
			})
		}
		total := 0
		for range rounds / 5 {
			time.Sleep(ttl/3*4 + ttl - 1) // just before both go
			synctest.Wait()
			for line := range strings.Lines(page(t, reg)) {
				var code, n int
				if _, err := fmt.Sscanf(line, "calls_total{code=\"%d\",method=\"GET\"} %d", &code, &n); err != nil {
					t.Fatal(err)
				}
				total += n
			}
			time.Sleep(time.Nanosecond)
		}
		wg.Wait()
		if want := 2 * holders * rounds; total != want {
			t.Errorf("all lives together had %d updates, want %d", total, want)
		}
	})
}

// TestChurnGivesMemoryBack makes ever new series, of which few live at a time.
func TestChurnGivesMemoryBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		calls := cresset.NewCounterVec[call](reg, "calls_total", "", cresset.TTL(time.Second))
		held := calls.With(call{"held", 0})
		churn := func(from int) {
			for i := range 20_000 {
				calls.With(call{"a label value that takes some memory", from + i}).Inc()
				if i%100 == 0 {
					time.Sleep(time.Second / 10)
					held.Inc()
				}
			}
		}
		churn(0)
		before := heap()
		for round := range 4 {
			churn((round + 1) * 20_000)
		}
		if grown := int64(heap()) - int64(before); grown > 512<<10 {
			t.Errorf("the heap has grown by %d kB", grown>>10)
		}
		time.Sleep(time.Minute)
		if got := keys(calls); len(got) != 0 {
			t.Errorf("the labels are %v, want none", got)
		}
		runtime.KeepAlive(reg)
	})
}

func TestDeletingGivesMemoryBack(t *testing.T) {
	calls := cresset.NewCounterVec[call](cresset.NewRegistry(), "calls_total", "")
	before := heap()
	for i := range 20_000 {
		calls.With(call{"a label value that takes some memory", i}).Inc()
		if i >= 10 {
			calls.Delete(call{"a label value that takes some memory", i - 10})
		}
	}
	if grown := int64(heap()) - int64(before); grown > 256<<10 {
		t.Errorf("the heap has grown by %d kB", grown>>10)
	}
	for i := range 20_000 {
		calls.With(call{"a label value that takes some memory", i}).Inc()
	}
	calls.Reset()
	if grown := int64(heap()) - int64(before); grown > 256<<10 {
		t.Errorf("the heap has grown by %d kB", grown>>10)
	}
	runtime.KeepAlive(calls)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
