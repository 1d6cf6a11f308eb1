package alertmanager

import (
	"github.com/cresset-metrics/cresset/prometheus"
)

type metrics struct {
	inFlight      prometheus.Gauge
	limitExceeded prometheus.Counter
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
	}
	if r != nil {
		r.MustRegister(m.inFlight, m.limitExceeded)
	}
	return m
}
