package dispatch

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

type metrics struct {
	processingDuration prometheus.Summary
}

func newMetrics(r prometheus.Registerer, p *Pipeline) *metrics {
	m := &metrics{processingDuration: prometheus.NewSummary(prometheus.SummaryOpts{
		Name: "alertmanager_dispatcher_alert_processing_duration_seconds",
		Help: "Summary of latencies for the processing of alerts.",
	})}
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	ofCurrent := func(value func(*generation) int) func() int {
		return func() int {
			if gen := p.current.Load(); gen != nil {
				return value(gen)
			}
			return 0
		}
	}
	if r != nil {
		r.MustRegister(
			m.processingDuration,
			gauge("alertmanager_dispatcher_aggregation_groups", "Number of active aggregation groups", p.groupCount),
			gauge("cresset_dispatcher_flushes_in_flight", "Groups whose receivers are being notified; at most one flush per group.",
				func() int { return int(p.flushing.Load()) }),
			gauge("alertmanager_receivers", "Number of configured receivers.", ofCurrent(func(g *generation) int { return len(g.receivers) })),
			gauge("alertmanager_integrations", "Number of configured integrations.", ofCurrent(func(g *generation) int { return g.integrations })),
			gauge("alertmanager_inhibition_rules", "Number of configured inhibition rules.", ofCurrent(func(g *generation) int { return len(g.config.InhibitRules) })),
			&stateCollector{p: p, desc: prometheus.NewDesc("alertmanager_alerts", "How many alerts by state.", []string{"state"}, nil)},
		)
	}
	return m
}

// processing starts a stopwatch; the function that it returns stops it.
func (m *metrics) processing() func() {
	begin := clock()
	return func() { m.processingDuration.Observe(clock().Sub(begin).Seconds()) }
}

func (p *Pipeline) groupCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dispatcher == nil {
		return 0
	}
	return len(p.dispatcher.groups)
}

// stateCollector counts, at each scrape, the alerts that fire, each once: those
// in groups that have not been flushed yet (unprocessed), and of the others those
// that are inhibited (suppressed) and those that are not (active).
type stateCollector struct {
	p    *Pipeline
	desc *prometheus.Desc
}

func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	var active, suppressed, unprocessed int
	at := clock()
	for _, s := range c.p.firing(at) {
		if !s.flushed {
			unprocessed++
		} else if _, inhibited := c.p.InhibitedBy(s.alert.Labels, at); inhibited {
			suppressed++
		} else {
			active++
		}
	}
	emit := func(state string, n int) {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
	emit("active", active)
	emit("suppressed", suppressed)
	emit("unprocessed", unprocessed)
}

type firing struct {
	alert   *alert.Alert
	flushed bool // at least one of its groups has been flushed
}

func (p *Pipeline) firing(at time.Time) map[model.Fingerprint]firing {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[model.Fingerprint]firing)
	if p.dispatcher == nil {
		return all
	}
	for _, g := range p.dispatcher.groups {
		for fp, a := range g.alerts {
			if !a.ResolvedAt(at) {
				all[fp] = firing{alert: a, flushed: all[fp].flushed || g.flushes > 0}
			}
		}
	}
	return all
}
