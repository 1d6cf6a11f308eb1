package promhttp

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Handler serves the DefaultGatherer that client_golang's package prometheus has
// when it is called, with the options that HandlerFor has by default, instrumented
// by InstrumentMetricHandler with the DefaultRegisterer.
func Handler() http.Handler {
	return InstrumentMetricHandler(prometheus.DefaultRegisterer,
		HandlerFor(prometheus.DefaultGatherer, HandlerOpts{}))
}
