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

// newMetrics registers the pipeline's metrics. With byGroup, alerts are counted by
// the key of their group too.
func newMetrics(r prometheus.Registerer, p *Pipeline, byGroup bool) *metrics {
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
			newStateCollector(p, byGroup),
			// Nothing here limits groups, and one goroutine makes them.
			never("alertmanager_dispatcher_aggregation_group_limit_reached_total", "Number of times when dispatcher failed to create new aggregation group due to limit."),
			never("alertmanager_dispatcher_aggregation_group_creation_retries_total", "Number of CAS retries while creating aggregation groups under contention."),
			never("alertmanager_dispatcher_aggregation_group_creation_given_up_total", "Number of alerts dropped because aggregation group creation exceeded the retry limit."),
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

// never is a counter of something that does not happen, for dashboards that ask.
func never(name, help string) prometheus.Collector {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// stateCollector counts, at each scrape, the alerts that fire: those in groups that
// have not been flushed yet (unprocessed), and of the others those that are inhibited
// or silenced (suppressed) and those that are not (active). An alert is counted once,
// or, by group, once in each.
type stateCollector struct {
	p       *Pipeline
	byGroup bool
	desc    *prometheus.Desc
}

func newStateCollector(p *Pipeline, byGroup bool) *stateCollector {
	labels := []string{"state"}
	if byGroup {
		labels = append(labels, "group_key")
	}
	return &stateCollector{p: p, byGroup: byGroup, desc: prometheus.NewDesc("alertmanager_alerts", "How many alerts by state.", labels, nil)}
}

func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	at := clock()
	for key, alerts := range c.p.firing(at, c.byGroup) {
		var active, suppressed, unprocessed int
		for _, f := range alerts {
			switch {
			case !f.flushed:
				unprocessed++
			case c.p.suppresses(f.alert.Labels, at):
				suppressed++
			default:
				active++
			}
		}
		emit := func(state string, n int) {
			values := []string{state}
			if c.byGroup {
				values = append(values, key)
			}
			ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), values...)
		}
		emit("active", active)
		emit("suppressed", suppressed)
		emit("unprocessed", unprocessed)
	}
}

// suppresses says whether an alert with these labels is inhibited or silenced.
func (p *Pipeline) suppresses(ls model.LabelSet, at time.Time) bool {
	if _, inhibited := p.InhibitedBy(ls, at); inhibited {
		return true
	}
	return len(p.SilencedBy(ls, at)) > 0
}

type firing struct {
	alert   *alert.Alert
	flushed bool // at least one of its groups has been flushed
}

// firing returns the alerts that fire, by the key of their group, or all under one key.
func (p *Pipeline) firing(at time.Time, byGroup bool) map[string]map[model.Fingerprint]firing {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]map[model.Fingerprint]firing)
	if !byGroup {
		all[""] = make(map[model.Fingerprint]firing)
	}
	if p.dispatcher == nil {
		return all
	}
	for _, g := range p.dispatcher.groups {
		key := ""
		if byGroup {
			key = g.key
		}
		if all[key] == nil {
			all[key] = make(map[model.Fingerprint]firing)
		}
		for fp, a := range g.alerts {
			if !a.ResolvedAt(at) {
				all[key][fp] = firing{alert: a, flushed: all[key][fp].flushed || g.flushes > 0}
			}
		}
	}
	return all
}
