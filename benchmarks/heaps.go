package main

import (
	vm "github.com/VictoriaMetrics/metrics"
	theirs "github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cresset-metrics/cresset"
	ours "github.com/cresset-metrics/cresset/prometheus"
)

// observationsHeld is how much a summary has seen before its heap is measured.
const observationsHeld = 5_000

// route has three labels, as the other vectors here do.
type route struct {
	Method string `label:"method"`
	Code   string `label:"code"`
	Path   string `label:"path"`
}

// heaps are rows of what stays in memory.
func heaps(s sizes, peer *rustPeer) group {
	small := []target{alone(0.32), {of: heapBytes, goroutines: 1, limit: 200, below: true}}
	return group{
		name: "Memory",
		note: "Bytes that are reachable after the first page and two collections, divided by the things that hold them. " +
			"Texts of labels that differ are part of it, whoever keeps them.",
		rows: []row{
			{
				name: "heap per counter child with three labels", what: memory, goroutines: single, n: 1,
				targets: small,
				sides: []side{
					{cressetName, func() subject { return heap{s.series, func() any { return ourChildrenHeld(s.series) }} }},
					{theirsName, func() subject { return heap{s.series, func() any { return theirChildrenHeld(s.series) }} }},
					{victoria, func() subject { return heap{s.series, func() any { return vmChildrenHeld(s.series) }} }},
					{otel, func() subject { return heap{s.series, func() any { return otelChildrenHeld(s.series) }} }},
					peer.heap(s.series),
				},
			},
			{
				name: "heap per counter child with three labels, native API", what: memory, goroutines: single, n: 1,
				targets: small,
				why:     `beside the index by text there is one by struct, with a copy of the struct in each series, so that a lookup needs no text.`,
				sides: []side{
					{cressetName, func() subject { return heap{s.series, func() any { return nativeChildrenHeld(s.series) }} }},
					{theirsName, func() subject { return heap{s.series, func() any { return theirChildrenHeld(s.series) }} }},
				},
			},
			{
				name: "heap per summary after 5,000 observations, three objectives", what: memory, goroutines: single, n: 1,
				targets: []target{alone(0.27)},
				sides: []side{
					{cressetName, func() subject { return heap{s.summaries, func() any { return ourSummariesHeld(s.summaries) }} }},
					{theirsName, func() subject { return heap{s.summaries, func() any { return theirSummariesHeld(s.summaries) }} }},
				},
			},
		},
	}
}

func ourChildrenHeld(n int) any {
	vec := newOurVec("method", "code", "path")
	for i := range n {
		vec.WithLabelValues(values(i)).Inc()
	}
	handler := ourHandler(vec)
	text.asked(handler)()
	return handler
}

func theirChildrenHeld(n int) any {
	vec := newTheirVec("method", "code", "path")
	for i := range n {
		vec.WithLabelValues(values(i)).Inc()
	}
	handler := theirHandler(vec)
	text.asked(handler)()
	return handler
}

func nativeChildrenHeld(n int) any {
	reg := cresset.NewRegistry()
	vec := cresset.NewCounterVec[route](reg, "requests_total", "Requests.")
	for i := range n {
		method, code, path := values(i)
		vec.With(route{method, code, path}).Inc()
	}
	text.asked(reg.Handler())()
	return vec
}

func vmChildrenHeld(n int) any {
	set := vm.NewSet()
	for i := range n {
		set.NewCounter(vmName(values(i))).Inc()
	}
	set.WritePrometheus(&discard{})
	return set
}

func otelChildrenHeld(n int) any {
	meter, reader := newReader()
	counter := must(meter.Int64Counter("requests"))
	for i := range n {
		counter.Add(background, 1, otelLabels(values(i)))
	}
	must(0, reader.Collect(background, &metricdata.ResourceMetrics{}))
	return []any{counter, reader}
}

func ourSummariesHeld(n int) any {
	vec := ours.NewSummaryVec(ours.SummaryOpts{Name: "s", Objectives: objectives}, []string{"path"})
	for i := range n {
		_, _, path := values(i)
		observeMany(vec.WithLabelValues(path))
	}
	handler := ourHandler(vec)
	text.asked(handler)()
	return handler
}

func theirSummariesHeld(n int) any {
	vec := theirs.NewSummaryVec(theirs.SummaryOpts{Name: "s", Objectives: objectives}, []string{"path"})
	for i := range n {
		_, _, path := values(i)
		observeMany(vec.WithLabelValues(path))
	}
	handler := theirHandler(vec)
	text.asked(handler)()
	return handler
}

func observeMany(o observer) {
	x := uint64(1)
	for range observationsHeld {
		o.Observe(random(&x))
	}
}
