package benchmarks

import (
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

func BenchmarkCounterInc(b *testing.B) {
	contended(b,
		func() loop {
			c := ours.NewCounter(ours.CounterOpts{Name: "c"})
			return func(_, n int) {
				for range n {
					c.Inc()
				}
			}
		},
		func() loop {
			c := theirs.NewCounter(theirs.CounterOpts{Name: "c"})
			return func(_, n int) {
				for range n {
					c.Inc()
				}
			}
		})
}

func BenchmarkCounterAddFraction(b *testing.B) {
	contended(b,
		func() loop {
			c := ours.NewCounter(ours.CounterOpts{Name: "c"})
			return func(_, n int) {
				for range n {
					c.Add(1.5)
				}
			}
		},
		func() loop {
			c := theirs.NewCounter(theirs.CounterOpts{Name: "c"})
			return func(_, n int) {
				for range n {
					c.Add(1.5)
				}
			}
		})
}

func BenchmarkGaugeSet(b *testing.B) {
	contended(b,
		func() loop {
			g := ours.NewGauge(ours.GaugeOpts{Name: "g"})
			return func(_, n int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		},
		func() loop {
			g := theirs.NewGauge(theirs.GaugeOpts{Name: "g"})
			return func(_, n int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		})
}

func BenchmarkGaugeAdd(b *testing.B) {
	contended(b,
		func() loop {
			g := ours.NewGauge(ours.GaugeOpts{Name: "g"})
			return func(_, n int) {
				for range n {
					g.Add(1)
				}
			}
		},
		func() loop {
			g := theirs.NewGauge(theirs.GaugeOpts{Name: "g"})
			return func(_, n int) {
				for range n {
					g.Add(1)
				}
			}
		})
}

// observations fall into all of the default buckets.
var observations = [16]float64{.001, .005, .007, .02, .03, .07, .2, .3, .7, 2, 3, 7, 11, .0125, .06, .9}

func BenchmarkHistogramObserve(b *testing.B) {
	contended(b,
		func() loop {
			h := ours.NewHistogram(ours.HistogramOpts{Name: "h"})
			return func(_, n int) {
				for i := range n {
					h.Observe(observations[i%len(observations)])
				}
			}
		},
		func() loop {
			h := theirs.NewHistogram(theirs.HistogramOpts{Name: "h"})
			return func(_, n int) {
				for i := range n {
					h.Observe(observations[i%len(observations)])
				}
			}
		})
}

func BenchmarkSummaryObserve(b *testing.B) {
	contended(b,
		func() loop {
			s := ours.NewSummary(ours.SummaryOpts{Name: "s"})
			return func(_, n int) {
				for i := range n {
					s.Observe(observations[i%len(observations)])
				}
			}
		},
		func() loop {
			s := theirs.NewSummary(theirs.SummaryOpts{Name: "s"})
			return func(_, n int) {
				for i := range n {
					s.Observe(observations[i%len(observations)])
				}
			}
		})
}

func BenchmarkNativeHistogramObserve(b *testing.B) {
	contended(b,
		func() loop {
			h := ours.NewHistogram(ours.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
			return func(_, n int) {
				for i := range n {
					h.Observe(observations[i%len(observations)])
				}
			}
		},
		func() loop {
			h := theirs.NewHistogram(theirs.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
			return func(_, n int) {
				for i := range n {
					h.Observe(observations[i%len(observations)])
				}
			}
		})
}

var objectives = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

// BenchmarkQuantilesObserve observes with three objectives. client_golang does
// part of the work on goroutines of its own, which wall time alone does not show
// where a core is free.
func BenchmarkQuantilesObserve(b *testing.B) {
	contended(b,
		func() loop {
			s := ours.NewSummary(ours.SummaryOpts{Name: "s", Objectives: objectives})
			return func(_, n int) {
				x := uint64(1)
				for range n {
					s.Observe(random(&x))
				}
			}
		},
		func() loop {
			s := theirs.NewSummary(theirs.SummaryOpts{Name: "s", Objectives: objectives})
			return func(_, n int) {
				x := uint64(1)
				for range n {
					s.Observe(random(&x))
				}
			}
		})
}

// random returns the next of a sequence of numbers from 0 to 1 that costs hardly
// anything.
func random(x *uint64) float64 {
	*x ^= *x << 13
	*x ^= *x >> 7
	*x ^= *x << 17
	return float64(*x>>11) / (1 << 53)
}
