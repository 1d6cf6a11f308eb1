package notify

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// logMetrics are those of a notification log, under the names that dashboards know.
type logMetrics struct {
	gcDuration, snapshotDuration   prometheus.Summary
	snapshotSize                   prometheus.Gauge
	maintenance, maintenanceErrors prometheus.Counter
	queries, queryErrors           prometheus.Counter
	queryDuration                  prometheus.Histogram
	propagated                     prometheus.Counter
}

func newLogMetrics(r prometheus.Registerer, log *Log) *logMetrics {
	summary := func(name, help string) prometheus.Summary {
		return prometheus.NewSummary(prometheus.SummaryOpts{Namespace: "alertmanager", Subsystem: "nflog", Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "alertmanager", Subsystem: "nflog", Name: name, Help: help})
	}
	m := &logMetrics{
		gcDuration:       summary("gc_duration_seconds", "Duration of the last notification log garbage collection cycle."),
		snapshotDuration: summary("snapshot_duration_seconds", "Duration of the last notification log snapshot."),
		snapshotSize: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "alertmanager_nflog_snapshot_size_bytes",
			Help: "Size of the last notification log snapshot in bytes.",
		}),
		maintenance:       counter("maintenance_total", "How many maintenances were executed for the notification log."),
		maintenanceErrors: counter("maintenance_errors_total", "How many maintenances were executed for the notification log that failed."),
		queries:           counter("queries_total", "Number of notification log queries were received."),
		queryErrors:       counter("query_errors_total", "Number notification log received queries that failed."),
		queryDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "alertmanager_nflog_query_duration_seconds",
			Help:                            "Duration of notification log query evaluation.",
			Buckets:                         prometheus.DefBuckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		propagated: counter("gossip_messages_propagated_total", "Number of received gossip messages that have been further gossiped."),
	}
	if r != nil {
		r.MustRegister(m.gcDuration, m.snapshotDuration, m.snapshotSize, m.maintenance, m.maintenanceErrors, m.queries, m.queryErrors, m.queryDuration, m.propagated,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "cresset_notification_log_entries",
				Help: "Entries in the notification log: one per group and integration that was told about it.",
			}, func() float64 { return float64(log.Len()) }))
	}
	return m
}

func (m *logMetrics) gc(begin time.Time) { m.gcDuration.Observe(time.Since(begin).Seconds()) }
func (m *logMetrics) snapshot(begin time.Time) {
	m.snapshotDuration.Observe(time.Since(begin).Seconds())
}

func (m *logMetrics) query(begin time.Time) {
	m.queries.Inc()
	m.queryDuration.Observe(time.Since(begin).Seconds())
}
