package prometheus_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// objectives are quantiles with the rank errors that are promised of them.
var objectives = map[float64]float64{0: 0, 0.05: 0.005, 0.5: 0.05, 0.9: 0.01, 0.99: 0.001, 1: 0}

// streams are orders and distributions that observations come in; each makes the
// observation with a number.
var streams = map[string]func(r *rand.Rand, i int) float64{
	"random":   func(r *rand.Rand, _ int) float64 { return r.ExpFloat64() },
	"sorted":   func(_ *rand.Rand, i int) float64 { return float64(i) },
	"reversed": func(_ *rand.Rand, i int) float64 { return -float64(i) },
	"constant": func(*rand.Rand, int) float64 { return 1.5 },
	"bimodal":  func(r *rand.Rand, i int) float64 { return r.NormFloat64() + 1000*float64(r.IntN(2)) },
	"few":      func(r *rand.Rand, _ int) float64 { return float64(r.IntN(3)) },
	"a flood of one among others": func(r *rand.Rand, i int) float64 {
		if i%10 == 0 {
			return r.NormFloat64()
		}
		return 0
	},
	"saw":     func(_ *rand.Rand, i int) float64 { return float64(i * 7919 % 10007) },
	"growing": func(r *rand.Rand, i int) float64 { return r.Float64() * math.Pow(10, float64(i/700%9)) },
	// Each falls where the least is known.
	"into the middle": func(_ *rand.Rand, i int) float64 { return (1 - 2*float64(i%2)) / float64(i+1) },
	"next to the top": func(_ *rand.Rand, i int) float64 {
		if i%100 == 0 {
			return 1 / float64(i+1)
		}
		return -1 / float64(i+1)
	},
	"from both ends": func(_ *rand.Rand, i int) float64 { return (1 - 2*float64(i%2)) * (1e6 - float64(i)) },
}

// hostile are the streams made to cost much: they need memory that grows with the
// logarithm of their length, and time to walk through it.
var hostile = map[string]bool{"into the middle": true, "from both ends": true}

// Every quantile is within its rank error among the observations of the last MaxAge,
// which are forgotten in steps of MaxAge/AgeBuckets, whatever is observed in which
// order, and by however many goroutines.
func TestPromiseQuantilesAreWithinTheirErrors(t *testing.T) {
	for name, stream := range streams {
		for _, goroutines := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s, %d goroutines", name, goroutines), func(t *testing.T) {
				for seed := range uint64(*promises) {
					synctest.Test(t, func(t *testing.T) { watchQuantiles(t, stream, goroutines, seed) })
				}
			})
		}
	}
}

// watchQuantiles compares a summary with all observations while the window moves.
func watchQuantiles(t *testing.T, stream func(*rand.Rand, int) float64, goroutines int, seed uint64) {
	const ageBuckets, step = 3, time.Minute
	random := rand.New(rand.NewPCG(seed, uint64(goroutines)))
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: objectives, MaxAge: ageBuckets * step, AgeBuckets: ageBuckets})
	began := time.Now()
	var ages [][]float64 // what was observed in each step since the beginning
	made := 0
	for range 14 {
		time.Sleep([]time.Duration{0, 1, step / 3, step, 2 * step, 5 * step}[random.IntN(6)])
		now := int(max(time.Since(began)-1, 0) / step)
		for len(ages) <= now {
			ages = append(ages, nil)
		}
		for range random.IntN(12) {
			batch := make([]float64, 1+random.IntN(2*prometheus.DefBufCap))
			for i := range batch {
				batch[i] = stream(random, made+i)
			}
			made += len(batch)
			ages[now] = append(ages[now], batch...)
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					for i := g; i < len(batch); i += goroutines {
						s.Observe(batch[i])
					}
				})
			}
			wg.Wait()
		}
		window := slices.Concat(ages[max(0, len(ages)-ageBuckets):]...)
		slices.Sort(window)
		got := valueOf(t, s).GetSummary()
		if got.GetSampleCount() != uint64(made) {
			t.Errorf("got %d observations, want %d", got.GetSampleCount(), made)
		}
		for _, q := range got.GetQuantile() {
			if err := judgeQuantile(window, q.GetQuantile(), q.GetValue(), objectives[q.GetQuantile()]); err != nil {
				t.Fatalf("seed %d, after %v: quantile %v of %d observations: %v", seed, time.Since(began), q.GetQuantile(), len(window), err)
			}
		}
	}
}

// judgeQuantile tells what is wrong with a quantile of sorted observations, whose rank
// may be wrong by a part of their number.
func judgeQuantile(sorted []float64, rank, got, allowed float64) error {
	n := len(sorted)
	if n == 0 {
		if !math.IsNaN(got) {
			return fmt.Errorf("got %v, want NaN", got)
		}
		return nil
	}
	first, there := slices.BinarySearch(sorted, got)
	if !there {
		return fmt.Errorf("got %v, which was not observed", got)
	}
	last := first
	for last+1 < n && sorted[last+1] == got {
		last++
	}
	wanted := max(int(math.Ceil(float64(n)*rank))-1, 0)
	if miss, most := max(first-wanted, wanted-last), int(allowed*float64(n)+1e-6); miss > most {
		return fmt.Errorf("got %v, which is number %d to %d, %d away from %d, want at most %d", got, first, last, miss, wanted, most)
	}
	return nil
}

// Goroutines that do nothing but observe lose nothing and make nothing vague.
func TestPromiseQuantilesWhileHammered(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	const goroutines = 8
	each := 20_000 * *promises
	if raceDetector {
		each /= 10
	}
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: objectives})
	values := make([][]float64, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		random := rand.New(rand.NewPCG(uint64(g), 1))
		for range each {
			values[g] = append(values[g], random.Float64())
		}
		wg.Go(func() {
			for _, v := range values[g] {
				s.Observe(v)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(values...)
	slices.Sort(all)
	got := valueOf(t, s).GetSummary()
	if got.GetSampleCount() != uint64(len(all)) {
		t.Errorf("got %d observations, want %d", got.GetSampleCount(), len(all))
	}
	for _, q := range got.GetQuantile() {
		if err := judgeQuantile(all, q.GetQuantile(), q.GetValue(), objectives[q.GetQuantile()]); err != nil {
			t.Errorf("quantile %v: %v", q.GetQuantile(), err)
		}
	}
}

// Many equal values, or an order of its own kind, cost no more time than random
// numbers do.
func TestPromiseFloodsAreNotSlow(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes time of its own")
	}
	const n = 40_000
	fill := func(name string) time.Duration {
		s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: objectives})
		random := rand.New(rand.NewPCG(1, 1))
		values := make([]float64, n)
		for i := range values {
			values[i] = streams[name](random, i)
		}
		began := time.Now()
		for _, v := range values {
			s.Observe(v)
		}
		return time.Since(began)
	}
	for name := range streams {
		factor := time.Duration(3)
		if hostile[name] {
			factor = 12
		}
		// The least of some: what a slow moment adds belongs to no stream.
		usual, flood := fill("random"), fill(name)
		for tries := 0; flood > factor*usual && tries < 30; tries++ {
			usual, flood = min(usual, fill("random")), min(flood, fill(name))
		}
		t.Logf("%s: %.2f of the time of random numbers", name, float64(flood)/float64(usual))
		if flood > factor*usual {
			t.Errorf("%s: %d observations take %v, those of random numbers %v", name, n, flood, usual)
		}
	}
}

// Nor do they take more memory, and it does not grow as long as they go on.
func TestPromiseFloodsDoNotGrow(t *testing.T) {
	const summaries = 5
	n := 40_000
	if raceDetector {
		n /= 4
	}
	sizes := func(name string) (first, last uint64) {
		before := heapInUse()
		all := make([]prometheus.Summary, summaries)
		random := rand.New(rand.NewPCG(1, 1))
		for i := range all {
			all[i] = prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: objectives})
		}
		fill := func(from, to int) uint64 {
			for i := from; i < to; i++ {
				v := streams[name](random, i)
				for _, s := range all {
					s.Observe(v)
				}
			}
			valueOf(t, all[0])
			return (heapInUse() - before) / summaries
		}
		first = fill(0, n/4)
		last = fill(n/4, n)
		runtime.KeepAlive(all)
		return first, last
	}
	_, usual := sizes("random")
	for _, name := range slices.Sorted(maps.Keys(streams)) {
		first, last := sizes(name)
		t.Logf("%s: a summary has %d bytes after %d observations, %d after %d", name, first, n/4, last, n)
		factor := uint64(2)
		if hostile[name] {
			factor = 8
		}
		if last > factor*usual {
			t.Errorf("%s: a summary has %d bytes after %d observations, one of random numbers %d", name, last, n, usual)
		}
		if last > 2*first {
			t.Errorf("%s: a summary has %d bytes after %d observations, and %d after %d", name, first, n/4, last, n)
		}
	}
}

// heapInUse returns how much memory is in use.
func heapInUse() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // pools are empty after the second one
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
