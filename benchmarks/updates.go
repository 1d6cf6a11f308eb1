package main

import (
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/metric"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// What is updated is called through one method, as callers of client_golang's
// interfaces do.
type (
	incer    interface{ Inc() }
	adder    interface{ Add(float64) }
	setter   interface{ Set(float64) }
	observer interface{ Observe(float64) }
)

// updates are rows of metrics that the caller holds.
func updates(s sizes, peer *rustPeer) group {
	return group{
		name: "Updates of a metric that is held",
		note: "OpenTelemetry has no metrics to hold: its instruments are updated without attributes. VictoriaMetrics' histogram is one of many narrow buckets, " +
			"so it stands beside native ones; its summary keeps a sample of the observations, without a promised error. " +
			"The floor is one atomic operation, or a load and a compare-and-swap where fractions are added.",
		rows: []row{
			{
				name: "Counter.Inc", what: wall, goroutines: crowds,
				targets: []target{alone(1), contended(1), {of: floorRatio, goroutines: 1, limit: 1.15}, {of: floorRatio, goroutines: 2, limit: 1.15}},
				sides: []side{
					incs(cressetName, func() incer { return ours.NewCounter(ours.CounterOpts{Name: "c"}) }),
					incs(theirsName, func() incer { return theirs.NewCounter(theirs.CounterOpts{Name: "c"}) }),
					incs(victoria, func() incer { return vm.NewSet().NewCounter("c") }),
					incs(otel, func() incer { return otelCounter{must(newMeter().Int64Counter("c"))} }),
					peer.loop("counter_inc"),
					{floor, func() subject { return loop(atomicAdds) }},
				},
			},
			{
				name: "Counter.Add of a fraction", what: wall, goroutines: crowds,
				targets: []target{contended(0.5)},
				sides: []side{
					adds(cressetName, func() adder { return ours.NewCounter(ours.CounterOpts{Name: "c"}) }),
					adds(theirsName, func() adder { return theirs.NewCounter(theirs.CounterOpts{Name: "c"}) }),
					adds(victoria, func() adder { return vmAdder{vm.NewSet().NewFloatCounter("c")} }),
					adds(otel, func() adder { return otelAdder{must(newMeter().Float64Counter("c"))} }),
					peer.loop("counter_add"),
					{floor, func() subject { return loop(swaps) }},
				},
			},
			{
				name: "Gauge.Set", what: wall, goroutines: crowds,
				targets: []target{alone(1), contended(1)},
				sides: []side{
					sets(cressetName, func() setter { return ours.NewGauge(ours.GaugeOpts{Name: "g"}) }),
					sets(theirsName, func() setter { return theirs.NewGauge(theirs.GaugeOpts{Name: "g"}) }),
					sets(victoria, func() setter { return vm.NewSet().NewGauge("g", nil) }),
					sets(otel, func() setter { return otelSetter{must(newMeter().Float64Gauge("g"))} }),
					peer.loop("gauge_set"),
					{floor, func() subject { return loop(stores) }},
				},
			},
			{
				name: "Gauge.Add", what: wall, goroutines: crowds,
				targets: []target{contended(0.5)},
				why: `a gauge is one float, and all processors that add to it write to one line of memory. Parts, as counters have for fractions, would let a page see the end of
something without its beginning, and show a value that never was; to wait after a collision is time that a request waits, and gained little.`,
				sides: []side{
					adds(cressetName, func() adder { return ours.NewGauge(ours.GaugeOpts{Name: "g"}) }),
					adds(theirsName, func() adder { return theirs.NewGauge(theirs.GaugeOpts{Name: "g"}) }),
					adds(victoria, func() adder { return vm.NewSet().NewGauge("g", nil) }),
					adds(otel, func() adder { return otelAdder{must(newMeter().Float64UpDownCounter("g"))} }),
					peer.loop("gauge_add"),
					{floor, func() subject { return loop(swaps) }},
				},
			},
			{
				name: "Histogram.Observe, default buckets", what: wall, goroutines: crowds,
				targets: []target{alone(0.6), contended(0.1)},
				sides: []side{
					observes(cressetName, func() observer { return ours.NewHistogram(ours.HistogramOpts{Name: "h"}) }),
					observes(theirsName, func() observer { return theirs.NewHistogram(theirs.HistogramOpts{Name: "h"}) }),
					observes(otel, func() observer {
						return otelObserver{must(newMeter().Float64Histogram("h", metric.WithExplicitBucketBoundaries(theirs.DefBuckets...)))}
					}),
					peer.loop("histogram_observe"),
				},
			},
			{
				name: "native Histogram.Observe, factor 1.1", what: wall, goroutines: crowds,
				targets: []target{alone(0.2), contended(0.12)},
				why: `taking and giving the part, two locked instructions, is most of an observation, and the rest of it overlaps with that as far as a processor can; contended, finding the
processor's part comes to that, while client_golang's figure varies by a third.`,
				sides: []side{
					observes(cressetName, func() observer {
						return ours.NewHistogram(ours.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
					}),
					observes(theirsName, func() observer {
						return theirs.NewHistogram(theirs.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
					}),
					observes(victoria, func() observer { return vmHistogram{vm.NewSet().NewHistogram("h")} }),
					observes(otel, func() observer { return otelObserver{must(newMeter(exponential).Float64Histogram("h"))} }),
				},
			},
			{
				name: "Summary.Observe, no objectives", what: wall, goroutines: crowds,
				sides: []side{
					observes(cressetName, func() observer { return ours.NewSummary(ours.SummaryOpts{Name: "s"}) }),
					observes(theirsName, func() observer { return theirs.NewSummary(theirs.SummaryOpts{Name: "s"}) }),
				},
			},
			{
				name: "Summary.Observe, objectives 0.5±0.05, 0.9±0.01, 0.99±0.001", what: cpu, goroutines: crowds, n: s.observations,
				targets: []target{alone(0.06), contended(0.06)},
				sides: []side{
					quantiles(cressetName, func() observer { return ours.NewSummary(ours.SummaryOpts{Name: "s", Objectives: objectives}) }),
					quantiles(theirsName, func() observer {
						return theirs.NewSummary(theirs.SummaryOpts{Name: "s", Objectives: objectives})
					}),
					quantiles(victoria, func() observer {
						return vmSummary{vm.NewSet().NewSummaryExt("s", 10*time.Minute, []float64{0.5, 0.9, 0.99})}
					}),
				},
			},
		},
	}
}

func incs(library string, newCounter func() incer) side {
	return side{library, func() subject {
		return loop(func() work {
			c := newCounter()
			return func(_, n int) {
				for range n {
					c.Inc()
				}
			}
		})
	}}
}

func adds(library string, newNumber func() adder) side {
	return side{library, func() subject {
		return loop(func() work {
			a := newNumber()
			return func(_, n int) {
				for range n {
					a.Add(1.5)
				}
			}
		})
	}}
}

func sets(library string, newGauge func() setter) side {
	return side{library, func() subject {
		return loop(func() work {
			g := newGauge()
			return func(_, n int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		})
	}}
}

// observations fall into all of the default buckets.
var observations = [16]float64{.001, .005, .007, .02, .03, .07, .2, .3, .7, 2, 3, 7, 11, .0125, .06, .9}

func observes(library string, newObserver func() observer) side {
	return side{library, func() subject {
		return loop(func() work {
			o := newObserver()
			return func(_, n int) {
				for i := range n {
					o.Observe(observations[i%len(observations)])
				}
			}
		})
	}}
}

var objectives = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

// quantiles observes numbers without order. Each goroutine reads the summary at
// the end, so that what other goroutines still have to do for it counts.
func quantiles(library string, newObserver func() observer) side {
	return side{library, func() subject {
		return loop(func() work {
			o := newObserver()
			return func(worker, n int) {
				x := uint64(worker + 1)
				for range n {
					o.Observe(random(&x))
				}
				if m, ok := o.(interface{ Write(*dto.Metric) error }); ok {
					if err := m.Write(&dto.Metric{}); err != nil {
						panic(err) // a summary can always be read
					}
				}
			}
		})
	}}
}

// random returns the next of a sequence of numbers from 0 to 1 that costs hardly
// anything.
func random(x *uint64) float64 {
	*x ^= *x << 13
	*x ^= *x >> 7
	*x ^= *x << 17
	return float64(*x>>11) / (1 << 53)
}

// The floor.

func atomicAdds() work {
	number := new(atomic.Uint64)
	return func(_, n int) {
		for range n {
			number.Add(1)
		}
	}
}

func stores() work {
	number := new(atomic.Uint64)
	return func(_, n int) {
		for i := range n {
			number.Store(uint64(i))
		}
	}
}

func swaps() work {
	number := new(atomic.Uint64)
	return func(_, n int) {
		for range n {
			for {
				old := number.Load()
				if number.CompareAndSwap(old, old+3) {
					break
				}
			}
		}
	}
}
