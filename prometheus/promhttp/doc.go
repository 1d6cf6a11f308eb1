// Package promhttp serves what registries gather over HTTP.
//
// Handler serves the default registry. HandlerFor serves any Gatherer, with
// options. Pages are in the Prometheus text format, version 0.0.4, compressed if
// the client asks for it:
//
//	http.Handle("/metrics", promhttp.Handler())
//
// A request may name the families that it wants, once or several times:
//
//	/metrics?name[]=requests_total&name[]=go_goroutines
package promhttp
