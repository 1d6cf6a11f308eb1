package promhttp

import (
	"errors"
	"net/http"

	"github.com/cresset-metrics/cresset/prometheus"
)

// InstrumentMetricHandler counts the requests to a handler that serves metrics
// by their status code in promhttp_metric_handler_requests_total, and shows how
// many are being served in promhttp_metric_handler_requests_in_flight, where a
// scrape sees itself. Both are registered with the Registerer, or shared if they
// are there already; it panics if they cannot be registered. A request whose
// handler panics is not counted.
func InstrumentMetricHandler(reg prometheus.Registerer, handler http.Handler) http.Handler {
	requests := registered(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promhttp_metric_handler_requests_total",
		Help: "Total number of scrapes by HTTP status code.",
	}, []string{"code"}))
	for _, code := range [...]string{"200", "500", "503"} { // so that they begin at zero
		requests.WithLabelValues(code)
	}
	inFlight := registered(reg, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "promhttp_metric_handler_requests_in_flight",
		Help: "Current number of scrapes being served.",
	}))
	return InstrumentHandlerCounter(requests, InstrumentHandlerInFlight(inFlight, handler))
}

// newErrorCounter returns the counter that HandlerOpts.Registry is for.
func newErrorCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promhttp_metric_handler_errors_total",
		Help: "Total number of internal errors encountered by the promhttp metric handler.",
	}, []string{"cause"})
	if reg != nil {
		counter = registered(reg, counter)
		for _, cause := range [...]string{"gathering", "encoding"} { // so that they begin at zero
			counter.WithLabelValues(cause)
		}
	}
	return counter
}

// registered registers a collector and returns it, or the one that is there
// already.
func registered[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	err := reg.Register(c)
	var exists prometheus.AlreadyRegisteredError
	switch {
	case err == nil:
		return c
	case errors.As(err, &exists):
		return exists.ExistingCollector.(C)
	default:
		panic(err)
	}
}
