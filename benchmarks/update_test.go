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
