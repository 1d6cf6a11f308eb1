// Package prometheus instruments Go code: counters, gauges and histograms, with
// or without labels, registries that bring them together, and collectors for
// values that are only known when somebody asks.
//
// It is a drop-in for the package of the same name in
// github.com/prometheus/client_golang: the import path changes, the code does
// not. The names, signatures and behaviour that users rely on are the same; what
// is behind them is not, and docs/differences.md lists where that can be seen.
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
// is registered.
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
// first time that it is asked for until it is deleted.
//
// # Performance
//
// An update takes no lock and allocates nothing. Finding the metric of a
// combination of label values that exists takes no lock and allocates nothing
// either, but costs more than the update does: code in a hot loop keeps the
// metric at hand. Label values are copied once, when their series is made.
//
// A page is written straight from the metrics. Gather, which makes protobuf
// messages out of them, is there for those who want the messages.
package prometheus
