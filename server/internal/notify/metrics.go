package notify

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	amnotify "github.com/prometheus/alertmanager/notify"
)

// Metrics are the notification metrics, under the names that dashboards know.
type Metrics struct {
	notifications, requests, requestsFailed *prometheus.CounterVec // by integration
	failures                                *prometheus.CounterVec // by integration, reason
	latency                                 *prometheus.HistogramVec
	suppressed                              *prometheus.CounterVec // by reason
}

// integrations and reasons are shown from the beginning, with zeros, so that an
// increase from nothing can be seen.
var (
	integrationNames = []string{
		"discord", "email", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie", "pagerduty",
		"pushover", "rocketchat", "slack", "sns", "telegram", "victorops", "webex", "webhook", "wechat",
	}
	failureReasons = []amnotify.Reason{
		amnotify.DefaultReason, amnotify.ClientErrorReason, amnotify.ServerErrorReason, amnotify.ContextCanceledReason,
		amnotify.ContextDeadlineExceededReason, amnotify.AuthErrorReason, amnotify.RateLimitedReason,
	}
)

// NewMetrics returns the metrics, registered unless r is nil, with the number of
// entries in the notification log.
func NewMetrics(r prometheus.Registerer, log *Log) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "alertmanager", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		notifications:  counter("notifications_total", "The total number of attempted notifications.", "integration"),
		failures:       counter("notifications_failed_total", "The total number of failed notifications.", "integration", "reason"),
		requests:       counter("notification_requests_total", "The total number of attempted notification requests.", "integration"),
		requestsFailed: counter("notification_requests_failed_total", "The total number of failed notification requests.", "integration"),
		suppressed: counter("notifications_suppressed_total",
			"The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.",
			"reason"),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "alertmanager",
			Name:      "notification_latency_seconds",
			Help:      "The latency of notifications in seconds.",
			Buckets:   []float64{1, 5, 10, 15, 20},
		}, []string{"integration"}),
	}
	for _, name := range integrationNames {
		m.of(name)
		for _, reason := range failureReasons {
			m.failures.WithLabelValues(name, reason.String())
		}
	}
	if r != nil {
		r.MustRegister(m.notifications, m.failures, m.requests, m.requestsFailed, m.suppressed, m.latency,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "cresset_notification_log_entries",
				Help: "Entries in the notification log: one per group and integration that was told about it.",
			}, func() float64 { return float64(log.Len()) }))
	}
	return m
}

// Suppressed counts alerts that nobody is told about, by reason.
func (m *Metrics) Suppressed(reason string, alerts int) {
	m.suppressed.WithLabelValues(reason).Add(float64(alerts))
}

// integrationMetrics are those of one kind of integration.
type integrationMetrics struct {
	m             *Metrics
	name          string
	notifications prometheus.Counter
}

func (m *Metrics) of(integration string) *integrationMetrics {
	m.requests.WithLabelValues(integration)
	m.requestsFailed.WithLabelValues(integration)
	m.latency.WithLabelValues(integration)
	return &integrationMetrics{m: m, name: integration, notifications: m.notifications.WithLabelValues(integration)}
}

func (im *integrationMetrics) failed(reason string) {
	im.m.failures.WithLabelValues(im.name, reason).Inc()
}

func (im *integrationMetrics) request(took time.Duration, err error) {
	im.m.requests.WithLabelValues(im.name).Inc()
	im.m.latency.WithLabelValues(im.name).Observe(took.Seconds())
	if err != nil {
		im.m.requestsFailed.WithLabelValues(im.name).Inc()
	}
}
