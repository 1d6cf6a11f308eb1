package collectors

import (
	"database/sql"

	"github.com/cresset-metrics/cresset/prometheus"
)

// NewDBStatsCollector returns a collector of the statistics of a database
// handle: connections in use and idle, waiting for one, and why they were
// closed. All metrics have the label db_name with the given value, by which
// several handles are told apart.
func NewDBStatsCollector(db *sql.DB, dbName string) prometheus.Collector {
	c := dbStatsCollector{db: db}
	for _, stat := range dbStats {
		c.descs = append(c.descs, prometheus.NewDesc("go_sql_"+stat.name, stat.help, nil, prometheus.Labels{"db_name": dbName}))
	}
	return c
}

// dbStats are the metrics and how each is had from the statistics.
var dbStats = []struct {
	name, help string
	typ        prometheus.ValueType
	value      func(sql.DBStats) float64
}{
	{
		"max_open_connections", "Maximum number of open connections to the database.",
		prometheus.GaugeValue, func(s sql.DBStats) float64 { return float64(s.MaxOpenConnections) },
	},
	{
		"open_connections", "The number of established connections both in use and idle.",
		prometheus.GaugeValue, func(s sql.DBStats) float64 { return float64(s.OpenConnections) },
	},
	{
		"in_use_connections", "The number of connections currently in use.",
		prometheus.GaugeValue, func(s sql.DBStats) float64 { return float64(s.InUse) },
	},
	{
		"idle_connections", "The number of idle connections.",
		prometheus.GaugeValue, func(s sql.DBStats) float64 { return float64(s.Idle) },
	},
	{
		"wait_count_total", "The total number of connections waited for.",
		prometheus.CounterValue, func(s sql.DBStats) float64 { return float64(s.WaitCount) },
	},
	{
		"wait_duration_seconds_total", "The total time blocked waiting for a new connection.",
		prometheus.CounterValue, func(s sql.DBStats) float64 { return s.WaitDuration.Seconds() },
	},
	{
		"max_idle_closed_total", "The total number of connections closed due to SetMaxIdleConns.",
		prometheus.CounterValue, func(s sql.DBStats) float64 { return float64(s.MaxIdleClosed) },
	},
	{
		"max_idle_time_closed_total", "The total number of connections closed due to SetConnMaxIdleTime.",
		prometheus.CounterValue, func(s sql.DBStats) float64 { return float64(s.MaxIdleTimeClosed) },
	},
	{
		"max_lifetime_closed_total", "The total number of connections closed due to SetConnMaxLifetime.",
		prometheus.CounterValue, func(s sql.DBStats) float64 { return float64(s.MaxLifetimeClosed) },
	},
}

type dbStatsCollector struct {
	db    *sql.DB
	descs []*prometheus.Desc // of dbStats, in their order
}

// Describe implements prometheus.Collector.
func (c dbStatsCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		ch <- desc
	}
}

// Collect implements prometheus.Collector. All values are those of one moment.
func (c dbStatsCollector) Collect(ch chan<- prometheus.Metric) {
	stats := c.db.Stats()
	for i, stat := range dbStats {
		ch <- prometheus.MustNewConstMetric(c.descs[i], stat.typ, stat.value(stats))
	}
}
