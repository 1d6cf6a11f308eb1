package notify

import (
	"iter"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	amnotify "github.com/prometheus/alertmanager/notify"
)

// Metrics are the notification metrics, under the names that dashboards know.
type Metrics struct {
	byReceiver                              bool
	notifications, requests, requestsFailed *prometheus.CounterVec // by integration, and receiver if byReceiver
	failures                                *prometheus.CounterVec // and reason
	latency                                 *prometheus.HistogramVec
	suppressed                              *prometheus.CounterVec // by reason
	templateErrors                          *prometheus.CounterVec // by integration
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

// NewMetrics returns the metrics, registered unless r is nil. With byReceiver, each
// is told apart by the receiver's name too.
func NewMetrics(r prometheus.Registerer, byReceiver bool) *Metrics {
	labels := []string{"integration"}
	if byReceiver {
		labels = append(labels, "receiver_name")
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "alertmanager", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		byReceiver:     byReceiver,
		notifications:  counter("notifications_total", "The total number of attempted notifications.", labels...),
		failures:       counter("notifications_failed_total", "The total number of failed notifications.", slices.Concat(labels, []string{"reason"})...),
		requests:       counter("notification_requests_total", "The total number of attempted notification requests.", labels...),
		requestsFailed: counter("notification_requests_failed_total", "The total number of failed notification requests.", labels...),
		suppressed: counter("notifications_suppressed_total",
			"The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.",
			"reason"),
		templateErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cresset_notification_template_errors_total",
			Help: "The total number of templates that could not be expanded for a notification attempt.",
		}, []string{"integration"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace:                       "alertmanager",
			Name:                            "notification_latency_seconds",
			Help:                            "The latency of notifications in seconds.",
			Buckets:                         []float64{1, 5, 10, 15, 20},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, labels),
	}
	for _, name := range integrationNames {
		m.TemplateErrors(name, 0)
		if !byReceiver {
			m.show("", name)
		}
	}
	if r != nil {
		r.MustRegister(m.notifications, m.failures, m.requests, m.requestsFailed, m.suppressed, m.latency, m.templateErrors)
	}
	return m
}

// ShowOnly makes the metrics show the integrations of these receivers, with zeros,
// and no others, if they are told apart by receiver: the names are others after a
// configuration was loaded. All kinds of integrations are shown otherwise.
func (m *Metrics) ShowOnly(receivers iter.Seq[*Receiver]) {
	if !m.byReceiver {
		return
	}
	for _, vec := range []interface{ Reset() }{m.notifications, m.failures, m.requests, m.requestsFailed, m.latency} {
		vec.Reset()
	}
	for r := range receivers {
		for _, in := range r.integrations {
			m.show(r.name, in.Name())
		}
	}
}

// show makes the metrics of an integration exist.
func (m *Metrics) show(receiver, integration string) {
	im := m.of(receiver, integration)
	for _, reason := range failureReasons {
		m.failures.WithLabelValues(slices.Concat(im.labels, []string{reason.String()})...)
	}
}

// Suppressed counts alerts that nobody is told about, by reason.
func (m *Metrics) Suppressed(reason string, alerts int) {
	m.suppressed.WithLabelValues(reason).Add(float64(alerts))
}

// TemplateErrors counts templates that could not be expanded, by integration.
func (m *Metrics) TemplateErrors(integration string, templates int) {
	m.templateErrors.WithLabelValues(integration).Add(float64(templates))
}

// integrationMetrics are those of one kind of integration, or of that of a receiver.
type integrationMetrics struct {
	m             *Metrics
	labels        []string
	notifications prometheus.Counter
}

func (m *Metrics) of(receiver, integration string) *integrationMetrics {
	labels := []string{integration}
	if m.byReceiver {
		labels = append(labels, receiver)
	}
	m.requests.WithLabelValues(labels...)
	m.requestsFailed.WithLabelValues(labels...)
	m.latency.WithLabelValues(labels...)
	return &integrationMetrics{m: m, labels: labels, notifications: m.notifications.WithLabelValues(labels...)}
}

func (im *integrationMetrics) failed(reason string) {
	im.m.failures.WithLabelValues(slices.Concat(im.labels, []string{reason})...).Inc()
}

func (im *integrationMetrics) request(took time.Duration, err error) {
	im.m.requests.WithLabelValues(im.labels...).Inc()
	im.m.latency.WithLabelValues(im.labels...).Observe(took.Seconds())
	if err != nil {
		im.m.requestsFailed.WithLabelValues(im.labels...).Inc()
	}
}
