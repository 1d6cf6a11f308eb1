package main

import (
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"

	"github.com/cresset-metrics/cresset"
)

// call is what requests are told apart by: a text and a number.
type call struct {
	Method string `label:"method"`
	Code   int    `label:"code"`
}

var calls = func() (all [16]call) {
	for i := range all {
		all[i] = call{methods[i%4], [4]int{200, 204, 404, 500}[i/4]}
	}
	return all
}()

// natives are rows of package cresset, beside the nearest that client_golang has.
func natives() group {
	return group{
		name: "The native API",
		note: "A lookup by a struct of a string and a number stands beside one by two label values, and counting for one goroutine (LocalCounter) beside Counter.Inc.",
		rows: []row{
			{
				name: "vec.With(struct of two).Inc", what: wall, goroutines: crowds,
				targets: []target{noAllocation()},
				sides: []side{
					{cressetName, func() subject { return typed() }},
					{theirsName, func() subject { return loop(theirLabelValues) }},
				},
			},
			{
				name: "vec.With(struct of two).Inc, TTL", what: wall, goroutines: crowds,
				targets: []target{noAllocation()},
				sides: []side{
					{cressetName, func() subject { return typed(cresset.TTL(10 * time.Minute)) }},
					{theirsName, func() subject { return loop(theirLabelValues) }},
				},
			},
			{
				name: "LocalCounter.Inc", what: wall, goroutines: single,
				sides: []side{
					{cressetName, func() subject { return loop(localCounter) }},
					incs(theirsName, func() incer { return theirs.NewCounter(theirs.CounterOpts{Name: "c"}) }),
				},
			},
		},
	}
}

func typed(options ...cresset.CounterVecOption) loop {
	return func() work {
		vec := cresset.NewCounterVec[call](cresset.NewRegistry(), "requests_total", "", options...)
		return func(_, n int) {
			for i := range n {
				vec.With(calls[i%16]).Inc()
			}
		}
	}
}

func localCounter() work {
	local := cresset.NewCounter(cresset.NewRegistry(), "c_total", "").Local()
	return func(_, n int) {
		for range n {
			local.Inc()
		}
		local.Flush()
	}
}
