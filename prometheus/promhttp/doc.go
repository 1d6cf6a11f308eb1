// Package promhttp serves what registries gather over HTTP.
//
// Handler serves the default registry. HandlerFor serves any Gatherer, with
// options, and HandlerForTransactional one that wants to know when its page has
// been written:
//
//	http.Handle("/metrics", promhttp.Handler())
//
// The client's Accept header chooses the format: the Prometheus text format,
// version 0.0.4, which those get who ask for nothing else; protobuf, which alone
// has native histograms; or, if the options enable it, OpenMetrics. Pages are
// compressed if the client asks for it, by gzip, or, in a program that imports
// promhttp/zstd, by zstd.
//
// A request may name the families that it wants, once or several times:
//
//	/metrics?name[]=requests_total&name[]=go_goroutines
//
// # Instrumenting a program's own handlers and clients
//
// InstrumentHandlerCounter, InstrumentHandlerDuration and their like wrap an
// http.Handler so that its requests are counted or measured, by status code,
// method, and labels of one's own; InstrumentRoundTripperCounter and its like do
// the same to the transport of an http.Client. Wrap once for each metric. Handlers
// can flush, hijack, push and so on as before, and what a panic cuts off is not
// recorded.
//
// What a request costs is a lookup for each metric and one small object, which
// handlers that are wrapped several times share. Every combination of label values is a series of
// its own: partition what is cheap, such as a counter, and leave a histogram with
// as few labels as answer your questions.
package promhttp
