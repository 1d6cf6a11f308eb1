package main

import (
	"time"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// The libraries of the rows of lifetimes: ours, twice.
const (
	withTTL    = "with a TTL"
	withoutTTL = "without"
)

// lifetimes are rows of what it costs that series can expire.
func lifetimes() group {
	both := func(start func(ttl time.Duration) loop) []side {
		return []side{
			{withTTL, func() subject { return start(10 * time.Minute) }},
			{withoutTTL, func() subject { return start(0) }},
		}
	}
	return group{
		name: "Series that can expire",
		note: "Both sides are cresset. What removing expired series takes shows `go test -run '^$' -bench Sweep ./internal/series`.",
		rows: []row{
			{name: "Counter.Inc, TTL", what: wall, goroutines: crowds, sides: both(expiringCounter)},
			{name: "Gauge.Set, TTL", what: wall, goroutines: crowds, sides: both(expiringGauge)},
			{name: "Histogram.Observe, default buckets, TTL", what: wall, goroutines: crowds, sides: both(expiringHistogram)},
			{name: "vec.WithLabelValues(two).Inc, TTL", what: wall, goroutines: crowds, targets: []target{noAllocation()}, sides: both(expiringLookup)},
		},
	}
}

var twoLabels = []string{"method", "code"}

func expiringCounter(ttl time.Duration) loop {
	return func() work {
		c := ours.NewCounterVec(ours.CounterOpts{Name: "c", TTL: ttl}, twoLabels).WithLabelValues("GET", "200")
		return func(_, n int) {
			for range n {
				c.Inc()
			}
		}
	}
}

func expiringGauge(ttl time.Duration) loop {
	return func() work {
		g := ours.NewGaugeVec(ours.GaugeOpts{Name: "g", TTL: ttl}, twoLabels).WithLabelValues("GET", "200")
		return func(_, n int) {
			for i := range n {
				g.Set(float64(i))
			}
		}
	}
}

func expiringHistogram(ttl time.Duration) loop {
	return func() work {
		h := ours.NewHistogramVec(ours.HistogramOpts{Name: "h", TTL: ttl}, twoLabels).WithLabelValues("GET", "200")
		return func(_, n int) {
			for i := range n {
				h.Observe(observations[i%len(observations)])
			}
		}
	}
}

func expiringLookup(ttl time.Duration) loop {
	return func() work {
		vec := ours.NewCounterVec(ours.CounterOpts{Name: "c", TTL: ttl}, twoLabels)
		return func(_, n int) {
			for i := range n {
				vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
			}
		}
	}
}
