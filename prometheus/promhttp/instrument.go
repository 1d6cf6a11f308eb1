package promhttp

import (
	"errors"
	"net/http"
	"strconv"

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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := &statusWriter{ResponseWriter: w}
		serveInFlight(inFlight, handler, status, r)
		requests.WithLabelValues(status.code()).Inc()
	})
}

func serveInFlight(inFlight prometheus.Gauge, handler http.Handler, w http.ResponseWriter, r *http.Request) {
	inFlight.Inc()
	defer inFlight.Dec()
	handler.ServeHTTP(w, r)
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

// statusWriter remembers the status code of a response.
type statusWriter struct {
	http.ResponseWriter
	status int // 0 until it is known
}

// WriteHeader implements http.ResponseWriter. Informational codes are followed
// by another one.
func (w *statusWriter) WriteHeader(status int) {
	if w.status < 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status < 200 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController what is below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// code returns the status code as the label value; a handler that says nothing
// has said 200.
func (w *statusWriter) code() string {
	switch {
	case w.status == 0:
		return "200"
	case w.status >= 100 && w.status <= 599:
		return strconv.Itoa(w.status)
	default:
		return "unknown"
	}
}
