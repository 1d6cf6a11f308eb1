package alertmanager

import (
	"net/http"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

type metrics struct {
	inFlight      prometheus.Gauge
	limitExceeded prometheus.Counter
	duration      *prometheus.HistogramVec
	size          *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name:        "alertmanager_http_requests_in_flight",
			Help:        "Current number of HTTP requests being processed.",
			ConstLabels: prometheus.Labels{"method": "get"},
		}),
		limitExceeded: prometheus.NewCounter(prometheus.CounterOpts{
			Name:        "alertmanager_http_concurrency_limit_exceeded_total",
			Help:        "Total number of times an HTTP request failed because the concurrency limit was reached.",
			ConstLabels: prometheus.Labels{"method": "get"},
		}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "alertmanager_http_request_duration_seconds",
			Help:                            "Histogram of latencies for HTTP requests.",
			Buckets:                         prometheus.DefBuckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"handler", "method", "code"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "alertmanager_http_response_size_bytes",
			Help:    "Histogram of response size for HTTP requests.",
			Buckets: prometheus.ExponentialBuckets(100, 10, 7),
		}, []string{"handler", "method"}),
	}
	if r != nil {
		r.MustRegister(m.inFlight, m.limitExceeded, m.duration, m.size)
	}
	return m
}

// Instrument measures how long a handler takes and how much it answers, under
// the handler's name. The API's own paths are measured already.
func (api *API) Instrument(name string, next http.Handler) http.Handler {
	label := prometheus.Labels{"handler": name}
	return promhttp.InstrumentHandlerDuration(api.metrics.duration.MustCurryWith(label),
		promhttp.InstrumentHandlerResponseSize(api.metrics.size.MustCurryWith(label), next))
}

// unknownPath is the name under which requests for paths that the API does not
// have are measured: what clients make up must not become series.
const unknownPath = "/api/v2/"

// timed measures how long the API's own paths take, each under its name.
func (api *API) timed(next http.Handler) http.Handler {
	handlers := make(map[string]http.Handler, len(api.paths)+1)
	add := func(name string) {
		handlers[name] = promhttp.InstrumentHandlerDuration(api.metrics.duration.MustCurryWith(prometheus.Labels{"handler": name}), next)
	}
	add(unknownPath)
	for name := range api.paths {
		add(name)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := unknownPath
		if e := api.find(r.URL); e != nil {
			name = e.name
		}
		handlers[name].ServeHTTP(w, r)
	})
}
