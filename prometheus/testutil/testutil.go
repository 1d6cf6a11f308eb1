// Package testutil helps to test what a program or a Collector exposes.
//
// The functions that begin with Collect look at one Collector, which they
// register with a pedantic registry of its own; those that begin with Gather look
// at what a Gatherer has; ScrapeAndCompare asks an HTTP server. Each comes in
// several kinds:
//
//   - ...AndCompare compares with a text in the Prometheus text format, and
//     returns the difference as an error. It suits Collectors and whole
//     exporters, where the exposition is the result that matters.
//   - ...AndCount counts series, which is often enough to see that a vector has
//     no more and no less than it should.
//   - ...AndFormat returns the exposition itself, for tests that look for
//     something in it.
//   - ...AndLint looks for names, types and help texts against good practice.
//
// All of them take the names of the families that matter; without names, all
// matter.
//
// ToFloat64 reads one number, say the counter of errors after the call that
// should have failed.
//
// Those that compare find equal what the text format shows equal: they do not see
// native buckets, exemplars, units and created timestamps.
package testutil

import (
	"fmt"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// ToFloat64 returns the value of the one metric that the Collector has, which
// must be a counter, a gauge or of no type. It panics if there are none or
// several, if the metric is of another type, or if it has an error to report.
//
// It is far too slow for anything but tests. A program that needs a number
// itself keeps the number, and exposes it by a GaugeFunc.
func ToFloat64(c prometheus.Collector) float64 {
	metrics := collect(c)
	if len(metrics) != 1 {
		panic(fmt.Errorf("collected %d metrics instead of exactly 1", len(metrics)))
	}
	out := &dto.Metric{}
	if err := metrics[0].Write(out); err != nil {
		panic(fmt.Errorf("error happened while collecting metrics: %w", err))
	}
	switch {
	case out.Gauge != nil:
		return out.Gauge.GetValue()
	case out.Counter != nil:
		return out.Counter.GetValue()
	case out.Untyped != nil:
		return out.Untyped.GetValue()
	default:
		panic(fmt.Errorf("collected a non-gauge/counter/untyped metric: %s", out))
	}
}

// collect returns all that the Collector sends. The Collector runs on the
// caller's goroutine, where a panic of it is the caller's to handle.
func collect(c prometheus.Collector) []prometheus.Metric {
	ch := make(chan prometheus.Metric)
	received := make(chan []prometheus.Metric, 1)
	go func() {
		var metrics []prometheus.Metric
		for m := range ch {
			metrics = append(metrics, m)
		}
		received <- metrics
	}()
	func() {
		defer close(ch)
		c.Collect(ch)
	}()
	return <-received
}

// CollectAndCount returns how many series the Collector has in the families of
// these names, or in all if there are no names. Unlike the other functions it
// panics where something goes wrong.
func CollectAndCount(c prometheus.Collector, metricNames ...string) int {
	reg, err := registryOf(c)
	if err != nil {
		panic(err)
	}
	n, err := GatherAndCount(reg, metricNames...)
	if err != nil {
		panic(err)
	}
	return n
}

// GatherAndCount returns how many series the Gatherer has in the families of
// these names, or in all if there are no names. A histogram counts as one.
func GatherAndCount(g prometheus.Gatherer, metricNames ...string) (int, error) {
	families, err := gather(g, metricNames)
	n := 0
	for _, mf := range families {
		n += len(mf.GetMetric())
	}
	return n, err
}

// registryOf returns a registry that has this Collector only, and finds fault
// with metrics that the Collector did not describe.
func registryOf(c prometheus.Collector) (*prometheus.Registry, error) {
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(c); err != nil {
		return nil, fmt.Errorf("registering collector failed: %w", err)
	}
	return reg, nil
}

// gather returns the families of these names, and none after an error.
func gather(g prometheus.Gatherer, names []string) ([]*dto.MetricFamily, error) {
	families, err := g.Gather()
	if err != nil {
		return nil, fmt.Errorf("gathering metrics failed: %w", err)
	}
	return named(families, names), nil
}

// named returns the families that have one of these names, and all families if
// there are no names.
func named(families []*dto.MetricFamily, names []string) []*dto.MetricFamily {
	if len(names) == 0 {
		return families
	}
	var found []*dto.MetricFamily
	for _, mf := range families {
		if slices.Contains(names, mf.GetName()) {
			found = append(found, mf)
		}
	}
	return found
}
