package rule

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// metrics are what the engine says of itself, under the names that dashboards
// and alerts for Prometheus know. Those of a group carry the label rule_group.
type metrics struct {
	ruleDuration  durations
	groupDuration durations

	iterations       *prometheus.CounterVec
	iterationsMissed *prometheus.CounterVec
	evaluations      *prometheus.CounterVec
	failures         *prometheus.CounterVec

	interval        *prometheus.GaugeVec
	lastEvaluation  *prometheus.GaugeVec
	lastDuration    *prometheus.GaugeVec
	lastDurationSum *prometheus.GaugeVec
	rules           *prometheus.GaugeVec
	lastSamples     *prometheus.GaugeVec
	lastRestore     *prometheus.GaugeVec

	limitExceeded *prometheus.CounterVec
	notLoaded     *prometheus.GaugeVec
}

// durations keeps durations in both forms that dashboards know.
type durations struct {
	summary   prometheus.Summary
	histogram prometheus.Histogram
}

func (d durations) observe(took time.Duration) {
	d.summary.Observe(took.Seconds())
	d.histogram.Observe(took.Seconds())
}

// newMetrics makes the metrics and registers them, unless there is nowhere to.
func newMetrics(r prometheus.Registerer) *metrics {
	var all []prometheus.Collector
	measured := func(what, help string, objectives map[float64]float64) durations {
		d := durations{
			summary: prometheus.NewSummary(prometheus.SummaryOpts{
				Name: "prometheus_rule_" + what + "_duration_seconds", Help: help, Objectives: objectives,
			}),
			histogram: prometheus.NewHistogram(prometheus.HistogramOpts{
				Name:                            "prometheus_rule_" + what + "_duration_histogram_seconds",
				Help:                            help,
				Buckets:                         []float64{.01, .1, 1, 10},
				NativeHistogramBucketFactor:     1.1,
				NativeHistogramMaxBucketNumber:  100,
				NativeHistogramMinResetDuration: time.Hour,
			}),
		}
		all = append(all, d.summary, d.histogram)
		return d
	}
	counter := func(name, help string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "prometheus_rule_" + name, Help: help}, []string{"rule_group"})
		all = append(all, v)
		return v
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "prometheus_rule_" + name, Help: help}, []string{"rule_group"})
		all = append(all, v)
		return v
	}
	m := &metrics{
		ruleDuration:     measured("evaluation", "The duration for a rule to execute.", map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}),
		groupDuration:    measured("group", "The duration of rule group evaluations.", map[float64]float64{0.01: 0.001, 0.05: 0.005, 0.5: 0.05, 0.9: 0.01, 0.99: 0.001}),
		iterations:       counter("group_iterations_total", "The total number of scheduled rule group evaluations, whether executed or missed."),
		iterationsMissed: counter("group_iterations_missed_total", "The total number of rule group evaluations missed due to slow rule group evaluation."),
		evaluations:      counter("evaluations_total", "The total number of rule evaluations."),
		failures:         counter("evaluation_failures_total", "The total number of rule evaluation failures."),
		interval:         gauge("group_interval_seconds", "The interval of a rule group."),
		lastEvaluation:   gauge("group_last_evaluation_timestamp_seconds", "The timestamp of the last rule group evaluation in seconds."),
		lastDuration:     gauge("group_last_duration_seconds", "The duration of the last rule group evaluation."),
		lastDurationSum:  gauge("group_last_rule_duration_sum_seconds", "The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency. This should be higher than the group duration if rules are evaluated concurrently."),
		rules:            gauge("group_rules", "The number of rules."),
		lastSamples:      gauge("group_last_evaluation_samples", "The number of samples returned during the last rule group evaluation."),
	}
	m.lastRestore = gauge("group_last_restore_duration_seconds", "The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.")
	m.limitExceeded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cresset_rule_limit_exceeded_total",
		Help: "Rule evaluations whose result was dropped because it had more series or alerts than the limit of the group allows.",
	}, []string{"rule_group"})
	m.notLoaded = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "cresset_rules_not_loaded",
		Help: "Rules and groups of a file, or the file itself, that are bad and therefore not in force as the file has them. Only files with any are listed.",
	}, []string{"file"})
	all = append(all, m.limitExceeded, m.notLoaded)
	if r != nil {
		r.MustRegister(all...)
	}
	return m
}

// groupMetrics are the metrics of one group, found once.
type groupMetrics struct {
	all *metrics

	iterations, iterationsMissed, evaluations, failures, limitExceeded prometheus.Counter
	lastEvaluation, lastDuration, lastDurationSum, lastSamples         prometheus.Gauge
}

// group returns the metrics of a group. The group that takes the place of
// another gets the same ones, and goes on counting.
func (m *metrics) group(g *group) groupMetrics {
	key := g.key()
	m.interval.WithLabelValues(key).Set(g.Interval.Seconds())
	m.rules.WithLabelValues(key).Set(float64(len(g.rules)))
	return groupMetrics{
		all:              m,
		iterations:       m.iterations.WithLabelValues(key),
		iterationsMissed: m.iterationsMissed.WithLabelValues(key),
		evaluations:      m.evaluations.WithLabelValues(key),
		failures:         m.failures.WithLabelValues(key),
		lastEvaluation:   m.lastEvaluation.WithLabelValues(key),
		lastDuration:     m.lastDuration.WithLabelValues(key),
		lastDurationSum:  m.lastDurationSum.WithLabelValues(key),
		lastSamples:      m.lastSamples.WithLabelValues(key),
		limitExceeded:    m.limitExceeded.WithLabelValues(key),
	}
}

// loaded tells what of the files of a configuration is bad.
func (m *metrics) loaded(files []*definition.File) {
	m.notLoaded.Reset()
	for _, f := range files {
		bad := len(f.Bad)
		if f.Broken != nil {
			bad++
		}
		for _, g := range f.Groups {
			bad += len(g.Bad)
		}
		if bad > 0 {
			m.notLoaded.WithLabelValues(f.Path).Set(float64(bad))
		}
	}
}

// restored tells how long it took to restore the alerts of a group, which happens
// once after the start.
func (m *metrics) restored(g *group, took time.Duration) {
	m.lastRestore.WithLabelValues(g.key()).Set(took.Seconds())
}

// forget removes the metrics of a group that is gone.
func (m *metrics) forget(g *group) {
	key := g.key()
	for _, v := range []interface{ DeleteLabelValues(...string) bool }{
		m.iterations, m.iterationsMissed, m.evaluations, m.failures,
		m.interval, m.lastEvaluation, m.lastDuration, m.lastDurationSum, m.rules, m.lastSamples, m.lastRestore, m.limitExceeded,
	} {
		v.DeleteLabelValues(key)
	}
}

func (m *groupMetrics) iteration(missed int) {
	m.iterations.Add(float64(1 + missed))
	m.iterationsMissed.Add(float64(missed))
}

// ruleEvaluated tells how the evaluation of one rule went. It is counted when it
// begins.
func (m *groupMetrics) ruleEvaluated(took time.Duration, failed bool) {
	m.all.ruleDuration.observe(took)
	if failed {
		m.failures.Inc()
	}
}

// evaluated counts an evaluation of the group, whether it came to the end or not.
func (m *groupMetrics) evaluated(start time.Time, took, inRules time.Duration) {
	m.all.groupDuration.observe(took)
	m.lastEvaluation.Set(float64(start.UnixNano()) / 1e9)
	m.lastDuration.Set(took.Seconds())
	m.lastDurationSum.Set(inRules.Seconds())
}
