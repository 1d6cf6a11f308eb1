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
// first time that it is asked for until it is deleted, or expires if the options
// say so. CurryWith sets some
// labels beforehand. The constructors of V2 take labels with constraints, which
// bound the values that there can be.
//
// # Series that come and go
//
// A series that is no longer true should leave the page. Where the program knows
// when that is, it deletes the series, or says with Replace what all of them are.
// Where it does not, TTL in the options has a series go that was not updated for so
// long, whether or not anybody scrapes, and its memory with it:
//
//	steps := prometheus.NewGaugeVec(prometheus.GaugeOpts{
//		Name: "pipeline_step_seconds",
//		Help: "How long the step took when it ran last.",
//		TTL:  time.Hour,
//	}, []string{"step"})
//
// It is updates that keep a series. Looking it up makes it if there is none, as
// always, but does not prolong its life. Metrics without labels that have a TTL
// leave the page and come back in the same way.
//
// A metric that code keeps at hand is a handle of its series. What an update of it
// does depends on what has become of the series meanwhile:
//
//	the series                     an update of a handle        a lookup then finds
//	----------------------------   --------------------------   -------------------
//	expired                        begins it again, from zero   the same series
//	was deleted: Delete,           goes nowhere, for ever       none, and makes a
//	DeleteLabelValues,                                          new one
//	DeletePartialMatch, Reset
//	was not touched by a Replace   goes nowhere, for ever       none, and makes a
//	                                                            new one
//	was touched by a Replace       goes on                      the same series
//	had expired when one of        begins it again, from zero   the same series
//	these would have deleted it
//	belongs to a vector that was   goes on, unseen              the same series
//	unregistered
//
// That is so for every type of metric, for curried and constrained vectors and
// whatever the vector is registered through. Beginning again means a new created
// timestamp, no exemplars, and for a gauge that Inc makes it 1. Handles that were
// got at different times, before and after the series expired, lead to one series;
// a handle that was not used since before then learns of a deletion that came
// later no more than of the return, and begins the series again.
//
// TTL is exact for updates that are more than a 512th of it apart. Others may be
// taken for that much older than they are; for 2 ms if TTL is less than a second,
// and for an eighth of it if it is less than 16 ms. While the program could not
// run, because its machine was suspended for instance, series do not grow older.
//
// The price is paid where TTL is set only: two loads and a comparison for an update,
// and a little more for the first one of a series in a thousandth of its TTL.
// Nothing runs in the background while no series can expire. Pin keeps single
// series from it, such as should be there from the beginning, until they are
// deleted, or a Replace does not touch them.
//
// MaxSeries bounds a vector. Beyond it, label values that have no series yet share
// one whose label values are all "__overflow__", which does not count itself;
// OnOverflow is told of them. Series that expire or are deleted make room, for those
// who look their series up from then on.
//
// Replace is for vectors that mirror something, the steps of the last run or the
// disks of the machine: what its function asks for is there afterwards, and nothing
// else, in one step for whoever scrapes. Lookup and All tell what there is without
// making any.
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
