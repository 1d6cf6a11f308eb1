package alert

import (
	"github.com/cresset-metrics/cresset/prometheus"
)

type metrics struct {
	firing, resolved, invalid prometheus.Counter
	handedOver                *prometheus.CounterVec // by subscriber
	limited                   *prometheus.CounterVec // by alertname, if byName
	byName                    bool
}

func newMetrics(o Options, s *Store) *metrics {
	received := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "alertmanager_alerts_received_total",
		Help:        "The total number of received alerts.",
		ConstLabels: prometheus.Labels{"version": "v2"},
	}, []string{"status"})
	m := &metrics{
		firing:   received.WithLabelValues("firing"),
		resolved: received.WithLabelValues("resolved"),
		invalid: prometheus.NewCounter(prometheus.CounterOpts{
			Name:        "alertmanager_alerts_invalid_total",
			Help:        "The total number of received alerts that were invalid.",
			ConstLabels: prometheus.Labels{"version": "v2"},
		}),
		handedOver: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "alertmanager_alerts_subscriber_channel_writes_total",
			Help: "Number of times alerts were written to subscriber channels",
		}, []string{"subscriber"}),
		byName: o.AlertNamesInMetrics,
	}
	var names []string
	if m.byName {
		names = []string{"alertname"}
	}
	m.limited = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "alertmanager_alerts_limited_total",
		Help: "Total number of alerts that were dropped due to per alert name limit",
	}, names)
	limit := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "alertmanager_alerts_per_alert_limit",
		Help: "Current limit on number of alerts per alert name",
	})
	limit.Set(float64(o.PerNameLimit))
	pending := &pendingCollector{store: s, desc: prometheus.NewDesc(
		"cresset_alert_subscription_pending",
		"Alerts whose latest change a subscriber has not taken yet; at most one per alert.",
		[]string{"subscriber"}, nil,
	)}
	if o.Registerer != nil {
		o.Registerer.MustRegister(received, m.invalid, m.handedOver, m.limited, limit, pending)
	}
	return m
}

func (m *metrics) countLimited(name string) {
	if m.byName {
		m.limited.WithLabelValues(name).Inc()
	} else {
		m.limited.WithLabelValues().Inc()
	}
}

func (m *metrics) countReceived(resolved bool) {
	if resolved {
		m.resolved.Inc()
	} else {
		m.firing.Inc()
	}
}

// pendingCollector says at each scrape how much each subscriber has to catch up.
type pendingCollector struct {
	store *Store
	desc  *prometheus.Desc
}

func (c *pendingCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *pendingCollector) Collect(ch chan<- prometheus.Metric) {
	for name, n := range c.store.pending() {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), name)
	}
}

func (s *Store) pending() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pending := make(map[string]int, len(s.subs))
	for sub := range s.subs {
		pending[sub.name] += len(sub.order)
	}
	return pending
}
