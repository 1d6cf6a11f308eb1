package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"
	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// methods and codes make the metrics that lookups go round.
var (
	methods = [4]string{"GET", "POST", "PUT", "DELETE"}
	codes   = [4]string{"200", "204", "404", "500"}
)

func newOurVec(names ...string) *ours.CounterVec {
	return ours.NewCounterVec(ours.CounterOpts{Name: "requests_total", Help: "Requests."}, names)
}

func newTheirVec(names ...string) *theirs.CounterVec {
	return theirs.NewCounterVec(theirs.CounterOpts{Name: "requests_total", Help: "Requests."}, names)
}

// lookups are rows that find a metric by its labels, or make it.
func lookups(s sizes, peer *rustPeer) group {
	return group{
		name: "Lookups by labels",
		note: "VictoriaMetrics finds a counter by the text of its whole name, which the caller made before, except for a new child. " +
			"The floor is a Go map of pairs of strings that nobody writes, and an atomic addition.",
		rows: []row{
			{
				name: "vec.WithLabelValues(two).Inc", what: wall, goroutines: crowds,
				targets: []target{alone(0.25), contended(0.2), noAllocation()},
				why: `half of it is hashing two values of different lengths and comparing them, whose branches a processor has to guess, and an eighth is the addition itself; a Go map of the two
values, without a lock around it, takes as long. With more goroutines, client_golang's lock makes the difference.`,
				sides: []side{
					{cressetName, func() subject { return loop(ourLabelValues) }},
					{theirsName, func() subject { return loop(theirLabelValues) }},
					{victoria, func() subject { return loop(vmNames) }},
					{otel, func() subject { return loop(otelAttributes) }},
					peer.loop("label_values"),
					{floor, func() subject { return loop(mapLookups) }},
				},
			},
			{
				name: "vec.With(Labels literal of two).Inc", what: wall, goroutines: crowds,
				targets: []target{alone(0.3), noAllocation()},
				sides: []side{
					{cressetName, func() subject { return loop(ourLabels) }},
					{theirsName, func() subject { return loop(theirLabels) }},
					peer.loop("labels"),
				},
			},
			{
				name: "a new child, three labels", what: wall, goroutines: single, n: s.children,
				targets: []target{alone(0.6)},
				sides: []side{
					{cressetName, func() subject { return newChildren(s.children, ourChildren) }},
					{theirsName, func() subject { return newChildren(s.children, theirChildren) }},
					{victoria, func() subject { return newChildren(s.children, vmChildren) }},
					{otel, func() subject { return newChildren(s.children, otelChildren) }},
					peer.loop("new_child"),
				},
			},
			{
				name: "an HTTP request counted and timed by code and method", what: wall, goroutines: crowds,
				sides: []side{
					{cressetName, func() subject { return loop(ourRequests) }},
					{theirsName, func() subject { return loop(theirRequests) }},
				},
			},
		},
	}
}

func ourLabelValues() work {
	vec := newOurVec("method", "code")
	return func(_, n int) {
		for i := range n {
			vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
		}
	}
}

func theirLabelValues() work {
	vec := newTheirVec("method", "code")
	return func(_, n int) {
		for i := range n {
			vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
		}
	}
}

func vmNames() work {
	set := vm.NewSet()
	var names [16]string
	for i := range names {
		names[i] = `requests_total{method="` + methods[i%4] + `",code="` + codes[i/4] + `"}`
	}
	return func(_, n int) {
		for i := range n {
			set.GetOrCreateCounter(names[i%16]).Inc()
		}
	}
}

func otelAttributes() work {
	counter := must(newMeter().Int64Counter("requests"))
	return func(_, n int) {
		for i := range n {
			counter.Add(background, 1, metric.WithAttributes(attribute.String("method", methods[i%4]), attribute.String("code", codes[i/4%4])))
		}
	}
}

func mapLookups() work {
	counters := make(map[[2]string]*atomic.Uint64)
	for i := range 16 {
		counters[[2]string{methods[i%4], codes[i/4]}] = new(atomic.Uint64)
	}
	return func(_, n int) {
		for i := range n {
			counters[[2]string{methods[i%4], codes[i/4%4]}].Add(1)
		}
	}
}

func ourLabels() work {
	vec := newOurVec("method", "code")
	return func(_, n int) {
		for i := range n {
			vec.With(ours.Labels{"method": methods[i%4], "code": codes[i/4%4]}).Inc()
		}
	}
}

func theirLabels() work {
	vec := newTheirVec("method", "code")
	return func(_, n int) {
		for i := range n {
			vec.With(theirs.Labels{"method": methods[i%4], "code": codes[i/4%4]}).Inc()
		}
	}
}

// newChildren gives what makes children label values that were never there.
func newChildren(children int, start func(paths []string) work) loop {
	paths := make([]string, children)
	for i := range paths {
		paths[i] = strconv.Itoa(i)
	}
	return func() work { return start(paths) }
}

func ourChildren(paths []string) work {
	vec := newOurVec("method", "code", "path")
	return func(_, n int) {
		for _, path := range paths[:n] {
			vec.WithLabelValues("GET", "200", path).Inc()
		}
	}
}

func theirChildren(paths []string) work {
	vec := newTheirVec("method", "code", "path")
	return func(_, n int) {
		for _, path := range paths[:n] {
			vec.WithLabelValues("GET", "200", path).Inc()
		}
	}
}

func vmChildren(paths []string) work {
	set := vm.NewSet()
	return func(_, n int) {
		for _, path := range paths[:n] {
			set.NewCounter(vmName("GET", "200", path)).Inc()
		}
	}
}

func vmName(method, code, path string) string {
	return `requests_total{method="` + method + `",code="` + code + `",path="` + path + `"}`
}

func otelChildren(paths []string) work {
	counter := must(newMeter().Int64Counter("requests"))
	return func(_, n int) {
		for _, path := range paths[:n] {
			counter.Add(background, 1, otelLabels("GET", "200", path))
		}
	}
}

func otelLabels(method, code, path string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("method", method), attribute.String("code", code), attribute.String("path", path))
}

// nothing is a handler that does hardly anything.
var nothing = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

func ourRequests() work {
	labels := []string{"code", "method"}
	counter := ours.NewCounterVec(ours.CounterOpts{Name: "c"}, labels)
	duration := ours.NewHistogramVec(ours.HistogramOpts{Name: "h"}, labels)
	return serve(ourhttp.InstrumentHandlerCounter(counter, ourhttp.InstrumentHandlerDuration(duration, nothing)))
}

func theirRequests() work {
	labels := []string{"code", "method"}
	counter := theirs.NewCounterVec(theirs.CounterOpts{Name: "c"}, labels)
	duration := theirs.NewHistogramVec(theirs.HistogramOpts{Name: "h"}, labels)
	return serve(theirhttp.InstrumentHandlerCounter(counter, theirhttp.InstrumentHandlerDuration(duration, nothing)))
}

func serve(handler http.Handler) work {
	return func(_, n int) {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		client := &discard{header: http.Header{}}
		for range n {
			handler.ServeHTTP(client, request)
		}
	}
}
