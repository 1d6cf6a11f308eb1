package ours

import (
	"errors"
	"math"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// made notes what a function that makes a metric returned.
func made(t *script.Trace, what string, m prometheus.Metric, err error) prometheus.Metric {
	t.Note(what, m == nil, err)
	if err == nil {
		t.Note("desc", m.Desc())
		write(t, what, m)
	}
	return m
}

// sender sends what it is given, and describes it before.
type sender struct {
	descs   []*prometheus.Desc
	metrics []prometheus.Metric
}

func (s sender) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range s.descs {
		ch <- d
	}
}

func (s sender) Collect(ch chan<- prometheus.Metric) {
	for _, m := range s.metrics {
		ch <- m
	}
}

var (
	descs = []*prometheus.Desc{
		prometheus.NewDesc("d", "h", nil, nil),
		prometheus.NewDesc("d", "h", []string{"b", "a"}, prometheus.Labels{"c": "x"}),
		prometheus.NewDesc("d", "h", nil, prometheus.Labels{"c": "x", "b": "\xff"}),
		prometheus.NewDesc("", "h", []string{"a"}, nil),
		prometheus.NewInvalidDesc(errors.New("no good")),
	}
	created = time.Unix(1000, 5)
)

var constants = []script.Scenario{
	{Name: "constant values", Run: func(t *script.Trace) {
		for _, desc := range descs {
			for _, typ := range []prometheus.ValueType{prometheus.CounterValue, prometheus.GaugeValue, prometheus.UntypedValue, 0, 7} {
				for _, values := range [][]string{nil, {"1", "2"}, {"1"}, {"\xff", "1"}} {
					m, err := prometheus.NewConstMetric(desc, typ, 1.5, values...)
					if made(t, "const", m, err) != nil {
						glancing(t, sender{[]*prometheus.Desc{desc}, []prometheus.Metric{m}})
					}
					t.Try("must", func() { prometheus.MustNewConstMetric(desc, typ, 1.5, values...) })
					m, err = prometheus.NewConstMetricWithCreatedTimestamp(desc, typ, 1.5, created, values...)
					made(t, "const with created timestamp", m, err)
					t.Try("must", func() { prometheus.MustNewConstMetricWithCreatedTimestamp(desc, typ, 1.5, created, values...) })
				}
			}
		}
	}},
	{Name: "constant histograms", Run: func(t *script.Trace) {
		for _, desc := range descs {
			for _, values := range [][]string{nil, {"1", "2"}, {"1"}, {"\xff", "1"}} {
				for _, buckets := range []map[float64]uint64{nil, {}, {1: 2}, {10: 5, -1: 1, 0.5: 3}, {1: 2, math.Inf(1): 7}, {1: 9}} {
					m, err := prometheus.NewConstHistogram(desc, 7, 2.5, buckets, values...)
					if made(t, "const", m, err) != nil {
						glancing(t, sender{[]*prometheus.Desc{desc}, []prometheus.Metric{m}})
					}
					t.Try("must", func() { prometheus.MustNewConstHistogram(desc, 7, 2.5, buckets, values...) })
					m, err = prometheus.NewConstHistogramWithCreatedTimestamp(desc, 7, 2.5, buckets, created, values...)
					made(t, "const with created timestamp", m, err)
					t.Try("must", func() {
						prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, 7, 2.5, buckets, created, values...)
					})
				}
			}
		}
	}},
	{Name: "constant summaries", Run: func(t *script.Trace) {
		for _, desc := range descs {
			for _, values := range [][]string{nil, {"1", "2"}, {"1"}, {"\xff", "1"}} {
				for _, quantiles := range []map[float64]float64{nil, {}, {0.5: math.NaN()}, {1: 5, 0: -1, 0.99: math.Inf(1)}} {
					m, err := prometheus.NewConstSummary(desc, 7, 2.5, quantiles, values...)
					if made(t, "const", m, err) != nil {
						glancing(t, sender{[]*prometheus.Desc{desc}, []prometheus.Metric{m}})
					}
					t.Try("must", func() { prometheus.MustNewConstSummary(desc, 7, 2.5, quantiles, values...) })
					m, err = prometheus.NewConstSummaryWithCreatedTimestamp(desc, 7, 2.5, quantiles, created, values...)
					made(t, "const with created timestamp", m, err)
					t.Try("must", func() {
						prometheus.MustNewConstSummaryWithCreatedTimestamp(desc, 7, 2.5, quantiles, created, values...)
					})
				}
			}
		}
	}},
	{Name: "constant metrics of labels that histograms and summaries need", Run: func(t *script.Trace) {
		le, quantile := prometheus.NewDesc("h", "h", []string{"le"}, nil), prometheus.NewDesc("s", "h", []string{"quantile"}, nil)
		glancing(t, sender{[]*prometheus.Desc{le}, []prometheus.Metric{prometheus.MustNewConstHistogram(le, 1, 1, nil, "x")}})
		glancing(t, sender{[]*prometheus.Desc{quantile}, []prometheus.Metric{prometheus.MustNewConstSummary(quantile, 1, 1, nil, "x")}})
	}},
	{Name: "maps that are changed later", Run: func(t *script.Trace) {
		buckets := map[float64]uint64{1: 1}
		m := prometheus.MustNewConstHistogram(descs[0], 1, 1, buckets)
		buckets[2] = 2
		write(t, "histogram", m)
	}},
	{Name: "timestamps", Run: func(t *script.Trace) {
		for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 999_999_999), time.Unix(-1, 1_999_999), time.UnixMilli(1_700_000_000_123), {}} {
			for _, m := range []prometheus.Metric{
				prometheus.MustNewConstMetric(descs[0], prometheus.GaugeValue, 1),
				prometheus.MustNewConstHistogram(descs[0], 1, 1, map[float64]uint64{1: 1}),
				prometheus.NewCounter(prometheus.CounterOpts{Name: "d", Help: "h"}),
			} {
				stamped := prometheus.NewMetricWithTimestamp(at, m)
				write(t, "stamped", stamped)
				glancing(t, sender{descs[:1], []prometheus.Metric{stamped, prometheus.NewMetricWithTimestamp(at.Add(time.Second), m), m}})
				glancing(t, sender{descs[:1], []prometheus.Metric{stamped, m, stamped}})
			}
		}
		t.Note("desc", prometheus.NewMetricWithTimestamp(created, prometheus.MustNewConstMetric(descs[0], prometheus.GaugeValue, 1)).Desc())
	}},
	{Name: "invalid metrics", Run: func(t *script.Trace) {
		for _, desc := range descs {
			m := prometheus.NewInvalidMetric(desc, errors.New("could not be had"))
			write(t, "invalid", m)
			glancing(t, sender{descs[:1], []prometheus.Metric{m, prometheus.MustNewConstMetric(descs[0], prometheus.GaugeValue, 1)}})
			write(t, "stamped", prometheus.NewMetricWithTimestamp(created, m))
		}
	}},
	{Name: "label pairs", Run: func(t *script.Trace) {
		for _, desc := range descs[:2] {
			for _, values := range [][]string{nil, {"1", "2"}, {"1"}, {"1", "2", "3"}} {
				t.Try("MakeLabelPairs", func() { t.Note("pairs", prometheus.MakeLabelPairs(desc, values)) })
			}
		}
	}},
	{Name: "descs", Run: func(t *script.Trace) {
		for _, name := range []string{"", "a", "a\xff", "a.b"} {
			for _, variable := range [][]string{nil, {"b", "a"}, {"a", "a"}, {"__a"}, {""}, {"\xff"}} {
				for _, constant := range []prometheus.Labels{nil, {"c": "1", "b2": "\n"}, {"a": "1"}, {"__c": "1"}, {"": "1"}, {"c": "\xff"}, {"\xff": "1"}} {
					d := prometheus.NewDesc(name, "h", variable, constant)
					t.Note("desc", d, d.Err())
				}
			}
		}
		t.Note("invalid", descs[4], descs[4].Err())
	}},
}
