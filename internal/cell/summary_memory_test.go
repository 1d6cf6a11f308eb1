//go:build !race

// The race detector allocates on its own account.

package cell

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestSummaryUpdatesAllocateNothing(t *testing.T) {
	s := NewSummary(NewSummaryOptions(usual, time.Hour, 5, 500))
	r := rand.New(rand.NewPCG(1, 2))
	update := func() {
		for range 1000 {
			s.Observe(r.NormFloat64())
		}
	}
	for range 100 {
		update()
	}
	if got := testing.AllocsPerRun(100, update); got != 0 {
		t.Errorf("Observe: got %v allocations in 1,000, want none", got)
	}
	var state SummaryState
	s.Read(&state)
	if got := testing.AllocsPerRun(100, func() { s.Read(&state) }); got != 0 {
		t.Errorf("Read: got %v allocations, want none", got)
	}
}

// The memory of a summary has a bound for each processor, however many goroutines
// observe however often whatever.
func TestSummaryMemory(t *testing.T) {
	const summaries, n = 20, 40_000
	alone := crowd{1, runtime.GOMAXPROCS(0)}
	limit := func(c crowd) int64 {
		if c.goroutines == 1 {
			return 30_000
		}
		return 30_000 * int64(c.processors+2)
	}
	tests := []struct {
		name  string
		crowd crowd
		next  func(r *rand.Rand, i int) float64
	}{
		{"random", alone, func(r *rand.Rand, _ int) float64 { return r.NormFloat64() }},
		{"sorted", alone, func(_ *rand.Rand, i int) float64 { return float64(i) }},
		{"reversed", alone, func(_ *rand.Rand, i int) float64 { return -float64(i) }},
		{"flood of one value", alone, func(r *rand.Rand, i int) float64 { return math.Max(0, r.NormFloat64()-2) }},
		{"random", crowd{2, 2}, func(r *rand.Rand, _ int) float64 { return r.NormFloat64() }},
		{"random", crowd{64, 2}, func(r *rand.Rand, _ int) float64 { return r.NormFloat64() }},
		{"random", crowd{64, 8}, func(r *rand.Rand, _ int) float64 { return r.NormFloat64() }},
		{"flood of one value", crowd{64, 8}, func(*rand.Rand, int) float64 { return 1 }},
	}
	options := NewSummaryOptions(usual, time.Hour, 5, 500)
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s, %+v", test.name, test.crowd), func(t *testing.T) {
			all := make([]*Summary, summaries)
			before := heap()
			for i := range all {
				s := NewSummary(options)
				all[i] = s
				test.crowd.hammer(t, func(goroutine int) {
					r := rand.New(rand.NewPCG(uint64(i), uint64(goroutine)))
					for i := range n / test.crowd.goroutines {
						s.Observe(test.next(r, i))
					}
				}, func() {
					if test.crowd.goroutines > 1 {
						stateOf(s)
					}
				})
				stateOf(s)
			}
			each := (heap() - before) / summaries
			runtime.KeepAlive(all)
			if limit := limit(test.crowd); each > limit {
				t.Errorf("got %d bytes of heap for each summary, want at most %d", each, limit)
			}
		})
	}
}

// Memory goes back when there have been no observations for long.
func TestSummaryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const summaries, limit = 50, 1_500
		all := make([]*Summary, summaries)
		before := heap()
		for i := range all {
			all[i] = NewSummary(NewSummaryOptions(usual, time.Hour, 5, 500))
			for j := range 5_000 {
				all[i].Observe(float64(j * 7919 % 10007))
			}
		}
		for range 7 {
			time.Sleep(12 * time.Minute)
			for _, s := range all {
				stateOf(s)
			}
		}
		each := (heap() - before) / summaries
		runtime.KeepAlive(all)
		if each > limit {
			t.Errorf("got %d bytes of heap for each summary an hour later, want at most %d", each, limit)
		}
	})
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
