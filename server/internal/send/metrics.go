package send

import (
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// metrics are what a Sender says of itself, under the names that dashboards and
// alerts for Prometheus know. All but the first two carry the label
// alertmanager, which is a URL.
type metrics struct {
	queueCapacity prometheus.Gauge
	alertmanagers prometheus.GaugeFunc

	latency     *prometheus.HistogramVec
	quantiles   *prometheus.SummaryVec // of the same
	errors      *prometheus.CounterVec
	sent        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	replaced    *prometheus.CounterVec
	queueLength *prometheus.GaugeVec

	mu    sync.Mutex     // guards users
	users map[string]int // queues by URL: the last one of a URL takes its metrics along
}

// newMetrics makes the metrics and registers them, unless there is nowhere to.
func newMetrics(r prometheus.Registerer, alertmanagers func() float64) *metrics {
	label := []string{"alertmanager"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "prometheus_notifications_" + name, Help: help}, label)
	}
	m := &metrics{
		users: make(map[string]int),
		queueCapacity: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "prometheus_notifications_queue_capacity",
			Help: "The capacity of the alert notifications queue.",
		}),
		alertmanagers: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "prometheus_notifications_alertmanagers_discovered",
			Help: "The number of alertmanagers discovered and active.",
		}, alertmanagers),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "prometheus_notifications_latency_histogram_seconds",
			Help:                            "Latency histogram for sending alert notifications.",
			Buckets:                         []float64{.01, .1, 1, 10},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, label),
		quantiles: prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Name:       "prometheus_notifications_latency_seconds",
			Help:       "Latency quantiles for sending alert notifications.",
			Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001},
		}, label),
		errors:  counter("errors_total", "Total number of sent alerts affected by errors."),
		sent:    counter("sent_total", "Total number of alerts sent."),
		dropped: counter("dropped_total", "Total number of alerts dropped due to errors when sending to Alertmanager."),
		replaced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cresset_notifications_replaced_total",
			Help: "Total number of alerts that were replaced by news of the same alert before they were sent.",
		}, label),
		queueLength: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "prometheus_notifications_queue_length",
			Help: "The number of alert notifications in the queue.",
		}, label),
	}
	if r != nil {
		r.MustRegister(m.queueCapacity, m.alertmanagers, m.latency, m.quantiles, m.errors, m.sent, m.dropped, m.replaced, m.queueLength)
	}
	return m
}

// queueMetrics are the metrics of one URL.
type queueMetrics struct {
	all *metrics
	url string

	errors, sent, dropped, replaced prometheus.Counter
	queueLength                     prometheus.Gauge
}

// acquire returns the metrics of a URL, to be released.
func (m *metrics) acquire(url string) *queueMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[url]++
	return &queueMetrics{
		all:         m,
		url:         url,
		errors:      m.errors.WithLabelValues(url),
		sent:        m.sent.WithLabelValues(url),
		dropped:     m.dropped.WithLabelValues(url),
		replaced:    m.replaced.WithLabelValues(url),
		queueLength: m.queueLength.WithLabelValues(url),
	}
}

// release gives the metrics back. They go when nobody uses them any more.
func (q *queueMetrics) release() {
	m := q.all
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users[q.url]--; m.users[q.url] > 0 {
		return
	}
	delete(m.users, q.url)
	for _, v := range []interface{ DeleteLabelValues(...string) bool }{m.latency, m.quantiles, m.errors, m.sent, m.dropped, m.replaced, m.queueLength} {
		v.DeleteLabelValues(q.url)
	}
}

// delivered counts alerts that an Alertmanager has taken. The latencies of a URL
// are not shown before the first.
func (q *queueMetrics) delivered(n int, took time.Duration) {
	q.sent.Add(float64(n))
	q.all.latency.WithLabelValues(q.url).Observe(took.Seconds())
	q.all.quantiles.WithLabelValues(q.url).Observe(took.Seconds())
}
