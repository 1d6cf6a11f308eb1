// Package prometheus instruments Go code: counters, gauges, histograms and
// summaries, with or without labels, registries that bring them together, and
// collectors for values that are only known when somebody asks.
//
// It is a drop-in for the package of the same name in
// github.com/prometheus/client_golang: the import path changes, the code does
// not. The names, signatures and behaviour that users rely on are the same; what
// is behind them is not, and docs/differences.md lists where that can be seen.
// What to measure, and with what, is the subject of docs/instrumenting.md.
//
// # A metric
//
// A metric is made from its options, registered, and then updated from any
// number of goroutines:
//
//	requests := prometheus.NewCounter(prometheus.CounterOpts{
//		Name: "requests_total",
//		Help: "Requests served.",
//	})
//	prometheus.MustRegister(requests)
//	requests.Inc()
//
// Package promauto does the first two steps in one. Package promhttp serves what
// is registered, and package push sends it away where nobody can come for it.
//
// # Four types
//
// A Counter only grows: things that happen. A Gauge goes up and down: how much
// there is. A Histogram counts observations in buckets, from which queries make
// quantiles over all instances; with NativeHistogramBucketFactor the buckets need
// not be chosen. A Summary tells quantiles of this process alone, or, without
// objectives, just the number and sum of its observations. CounterFunc, GaugeFunc
// and UntypedFunc have a function tell their value.
//
// Counters and histograms can keep an exemplar, which leads from the number to
// one of the things it counts: they are an ExemplarAdder and an
// ExemplarObserver.
//
// # Labels
//
// A vector is a family of metrics that differ in the values of their labels:
//
//	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
//		Name: "requests_total",
//		Help: "Requests served.",
//	}, []string{"method", "code"})
//	requests.WithLabelValues("GET", "200").Inc()
//
// Every combination of values is a series of its own, which exists from the
// first time that it is asked for until it is deleted. CurryWith sets some
// labels beforehand. The constructors of V2 take labels with constraints, which
// bound the values that there can be.
//
// # Registries and collectors
//
// A Registry holds Collectors, sees to it that they do not contradict each
// other, and gathers what they have. Every metric and every vector is a Collector.
// One of your own is for values that somebody else keeps: it makes metrics
// with NewConstMetric and its siblings each time it is asked. WrapRegistererWith
// and its siblings add labels or a prefix to all that is registered through them.
//
// There is a registry by default, which has collectors of the Go runtime and the
// process, and which the functions of this package without a registry use. A
// library takes a Registerer from its user instead.
//
// # Mistakes
//
// A name that is not valid, or two metrics that contradict each other, are errors
// of Register, since they are mistakes in the program; MustRegister panics with
// them. What goes wrong in one Collector while metrics are gathered costs what
// it could not tell, and is an error beside the rest. In a registry that is made
// with QuarantineOpts it is no error: it is left out, logged once and counted on
// the page, and a Collector that hangs holds nobody up.
//
// # Performance
//
// An update never waits for a lock, and allocates nothing but exemplars and room
// for what a native histogram or a summary has not seen before. Finding the
// metric of a combination of label values that exists takes no lock and allocates
// nothing, but costs more than the update does: code in a hot loop keeps the
// metric at hand. Label values are copied once, when their series is made.
//
// A page is written straight from the metrics, in every format. Gather, which
// makes protobuf messages out of them, is there for those who want the messages.
package prometheus
