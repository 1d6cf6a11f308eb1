package prometheus

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
)

// collectAlive sends a metric that is a Collector of itself, unless it has
// expired.
func collectAlive(m interface {
	Metric
	Alive() bool
}, ch chan<- Metric) {
	if m.Alive() {
		ch <- m
	}
}

type expiringCounter struct {
	member
	metric.ExpiringCounter
}

func (m *expiringCounter) Add(v float64) {
	if v >= 0 {
		m.ExpiringCounter.Add(v)
	} else {
		m.refuse(v)
	}
}

func (m *expiringCounter) AddWithExemplar(v float64, exemplar Labels) {
	m.Add(v)
	if !(v < 0) {
		m.keepExemplar(m, v, exemplar)
	}
}

func (m *expiringCounter) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringCounter) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringCounter) seriesType() exposition.Type { return exposition.Counter }
func (m *expiringCounter) fill(s *exposition.Series)   { m.Fill(s) }

type expiringGauge struct {
	member
	metric.ExpiringGauge
}

func (m *expiringGauge) Inc()              { m.Add(1) }
func (m *expiringGauge) Dec()              { m.Add(-1) }
func (m *expiringGauge) Sub(v float64)     { m.Add(-v) }
func (m *expiringGauge) SetToCurrentTime() { m.Set(unixSeconds()) }

func (m *expiringGauge) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringGauge) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringGauge) seriesType() exposition.Type { return exposition.Gauge }
func (m *expiringGauge) fill(s *exposition.Series)   { m.Fill(s) }

type expiringHistogram struct {
	member
	metric.ExpiringHistogram
}

func (m *expiringHistogram) ObserveWithExemplar(v float64, exemplar Labels) {
	m.Observe(v)
	m.keepExemplar(m, v, exemplar)
}

func (m *expiringHistogram) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringHistogram) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringHistogram) seriesType() exposition.Type { return exposition.Histogram }
func (m *expiringHistogram) fill(s *exposition.Series)   { m.Fill(s) }

type expiringNativeHistogram struct {
	member
	metric.ExpiringNativeHistogram
}

func (m *expiringNativeHistogram) ObserveWithExemplar(v float64, exemplar Labels) {
	m.Observe(v)
	m.keepExemplar(m, v, exemplar)
}

func (m *expiringNativeHistogram) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringNativeHistogram) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringNativeHistogram) seriesType() exposition.Type { return exposition.Histogram }
func (m *expiringNativeHistogram) fill(s *exposition.Series)   { m.Fill(s) }

type expiringSummary struct {
	member
	metric.ExpiringSummary
}

func (m *expiringSummary) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringSummary) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringSummary) seriesType() exposition.Type { return exposition.Summary }
func (m *expiringSummary) fill(s *exposition.Series)   { m.Fill(s) }

type expiringQuantileSummary struct {
	member
	metric.ExpiringQuantileSummary
}

func (m *expiringQuantileSummary) Collect(ch chan<- Metric)    { collectAlive(m, ch) }
func (m *expiringQuantileSummary) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *expiringQuantileSummary) seriesType() exposition.Type { return exposition.Summary }
func (m *expiringQuantileSummary) fill(s *exposition.Series)   { m.Fill(s) }
