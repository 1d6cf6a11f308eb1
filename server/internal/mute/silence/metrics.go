package silence

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// metrics are those of silences, under the names that dashboards know.
type metrics struct {
	gcDuration, snapshotDuration                  prometheus.Summary
	gcErrors                                      prometheus.Counter
	snapshotSize                                  prometheus.Gauge
	maintenance, maintenanceErrors                prometheus.Counter
	indexErrors, loadErrors                       prometheus.Counter
	queries, scanned, skipped                     prometheus.Counter
	queryDuration                                 prometheus.Histogram
	propagated                                    prometheus.Counter
	stateSize, matcherIndexSize, versionIndexSize prometheus.Gauge
}

func newMetrics(r prometheus.Registerer, s *Store) *metrics {
	var all []prometheus.Collector
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "alertmanager", Subsystem: "silences", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
		all = append(all, c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts(opts(name, help)))
		all = append(all, g)
		return g
	}
	summary := func(name, help string) prometheus.Summary {
		o := opts(name, help)
		c := prometheus.NewSummary(prometheus.SummaryOpts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help})
		all = append(all, c)
		return c
	}

	compileErrors := prometheus.NewCounterVec(prometheus.CounterOpts(
		opts("matcher_compile_errors_total", "How many silence matcher compilations failed.")), []string{"stage"})
	all = append(all, compileErrors)
	m := &metrics{
		gcDuration:        summary("gc_duration_seconds", "Duration of the last silence garbage collection cycle."),
		gcErrors:          counter("gc_errors_total", "How many silence GC errors were encountered."),
		snapshotDuration:  summary("snapshot_duration_seconds", "Duration of the last silence snapshot."),
		snapshotSize:      gauge("snapshot_size_bytes", "Size of the last silence snapshot in bytes."),
		maintenance:       counter("maintenance_total", "How many maintenances were executed for silences."),
		maintenanceErrors: counter("maintenance_errors_total", "How many maintenances were executed for silences that failed."),
		indexErrors:       compileErrors.WithLabelValues("index"),
		loadErrors:        compileErrors.WithLabelValues("load_snapshot"),
		queries:           counter("queries_total", "How many silence queries were received."),
		scanned:           counter("query_silences_scanned_total", "How many silences were scanned during query evaluation."),
		skipped:           counter("query_silences_skipped_total", "How many silences were skipped during query evaluation using the version index."),
		propagated:        counter("gossip_messages_propagated_total", "Number of received gossip messages that have been further gossiped."),
		stateSize:         gauge("state_size", "The number of silences in the state map."),
		matcherIndexSize:  gauge("matcher_index_size", "The number of entries in the matcher cache index."),
		versionIndexSize:  gauge("version_index_size", "The number of entries in the version index."),
		queryDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "alertmanager_silences_query_duration_seconds",
			Help:                            "Duration of silence query evaluation.",
			Buckets:                         prometheus.DefBuckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	counter("query_errors_total", "How many silence received queries did not succeed.") // none can fail
	all = append(all, m.queryDuration, &stateCollector{store: s, desc: prometheus.NewDesc(
		"alertmanager_silences", "How many silences by state.", []string{"state"}, nil)})
	if r != nil {
		r.MustRegister(all...)
	}
	return m
}

// query counts a look at so many silences, which began at an instant.
func (m *metrics) query(begin time.Time, scanned int) {
	m.queries.Inc()
	m.scanned.Add(float64(scanned))
	m.queryDuration.Observe(time.Since(begin).Seconds())
}

func (m *metrics) sizes(silences int, ix *index) {
	m.stateSize.Set(float64(silences))
	m.matcherIndexSize.Set(float64(len(ix.last)))
	m.versionIndexSize.Set(float64(len(ix.added)))
}

// stateCollector counts the silences of each state at each scrape.
type stateCollector struct {
	store *Store
	desc  *prometheus.Desc
}

func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	count := map[State]int{Active: 0, Pending: 0, Expired: 0}
	for _, sil := range c.store.all() {
		count[sil.StateAt(now)]++
	}
	for state, n := range count {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), string(state))
	}
}
