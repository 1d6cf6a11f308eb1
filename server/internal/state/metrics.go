package state

import "github.com/cresset-metrics/cresset/prometheus"

type metrics struct {
	failed   prometheus.Counter
	upToDate prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cresset_state_saves_failed_total",
			Help: "How often alerts and notifications could not be saved.",
		}),
		upToDate: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cresset_state_saved_timestamp_seconds",
			Help: "When what is on disk about alerts and notifications was last up to date; 0 before the first save.",
		}),
	}
	if r != nil {
		r.MustRegister(m.failed, m.upToDate)
	}
	return m
}
