package ours

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

var exemplarLabels = []prometheus.Labels{
	nil, {}, {"id": "1"}, {"id": "\n\"\\ö"}, {"": "1"}, {"__x": "1"}, {"id": "\xff"}, {"\xff": "1"},
	{"id": strings.Repeat("x", 126)}, {"id": strings.Repeat("x", 127)}, {"weite": strings.Repeat("ö", 123)}, {"weite": strings.Repeat("ö", 124)},
}

func at(seconds int64) time.Time { return time.Unix(seconds, 500) }

var exemplars = []script.Scenario{
	{Name: "exemplars of a counter", Run: func(t *script.Trace) {
		for _, labels := range exemplarLabels {
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "h"})
			c.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"first": "1"})
			t.Try("AddWithExemplar", func() { c.(prometheus.ExemplarAdder).AddWithExemplar(2.5, labels) })
			write(t, "counter", c)
			showing(t, c)
		}
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a"}).WithLabelValues("b")
		t.Try("negative", func() { c.(prometheus.ExemplarAdder).AddWithExemplar(-1, prometheus.Labels{"id": "1"}) })
		c.(prometheus.ExemplarAdder).AddWithExemplar(0, prometheus.Labels{"id": "1"})
		showing(t, c)
	}},
	{Name: "exemplars of a histogram", Run: func(t *script.Trace) {
		for _, labels := range exemplarLabels {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1, 2}})
			for _, v := range []float64{0.5, 1, 1.5, 3} {
				t.Try("ObserveWithExemplar", func() { h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, labels) })
			}
			write(t, "histogram", h)
			showing(t, h)
		}
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1, 2}})
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"id": "1"})
			write(t, "histogram", h)
		}
	}},
	{Name: "long exemplars", Run: func(t *script.Trace) {
		for n := range 4 {
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "h"})
			t.Try("AddWithExemplar", func() {
				c.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"größe": strings.Repeat("ö", 121+n)})
			})
			write(t, "counter", c)
		}
	}},
	{Name: "names of exemplar labels that need escaping", Run: func(t *script.Trace) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "h"})
		c.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"a.b": "1"})
		write(t, "counter", c)
		showing(t, c)
	}},
	{Name: "who takes exemplars", Run: func(t *script.Trace) {
		for _, m := range []any{
			prometheus.NewCounter(prometheus.CounterOpts{Name: "m"}), prometheus.NewGauge(prometheus.GaugeOpts{Name: "m"}), prometheus.NewHistogram(prometheus.HistogramOpts{Name: "m"}),
			prometheus.NewSummary(prometheus.SummaryOpts{Name: "m"}), prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "m"}, nil).WithLabelValues(),
			prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "m"}, nil).WithLabelValues(),
		} {
			_, adder := m.(prometheus.ExemplarAdder)
			_, observer := m.(prometheus.ExemplarObserver)
			t.Note("takes", adder, observer)
		}
	}},
	{Name: "timer with exemplars", Run: func(t *script.Trace) {
		for _, labels := range exemplarLabels[:4] {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{10}})
			s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s"})
			for _, o := range []prometheus.Observer{h, s, nil} {
				timer := prometheus.NewTimer(o)
				script.Pause(3 * time.Second)
				t.Note("duration", timer.ObserveDurationWithExemplar(labels))
			}
			write(t, "histogram", h)
			write(t, "summary", s)
		}
	}},
	{Name: "metrics with exemplars", Run: func(t *script.Trace) {
		d := prometheus.NewDesc("m", "h", nil, nil)
		metrics := func() map[string]prometheus.Metric {
			return map[string]prometheus.Metric{
				"counter":        prometheus.MustNewConstMetric(d, prometheus.CounterValue, 1),
				"gauge":          prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1),
				"untyped":        prometheus.MustNewConstMetric(d, prometheus.UntypedValue, 1),
				"summary":        prometheus.MustNewConstSummary(d, 1, 2, nil),
				"histogram":      prometheus.MustNewConstHistogram(d, 3, 2, map[float64]uint64{1: 1, 2: 2}),
				"infinite":       prometheus.MustNewConstHistogram(d, 3, 2, map[float64]uint64{1: 1, math.Inf(1): 2}),
				"without bucket": prometheus.MustNewConstHistogram(d, 3, 2, nil),
				"native":         prometheus.MustNewConstNativeHistogram(d, 3, 2, map[int]int64{1: 3}, nil, 0, 0, 0, at(1)),
				"empty native":   prometheus.MustNewConstNativeHistogram(d, 0, 0, nil, nil, 0, 0, 0, at(1)),
				"invalid":        prometheus.NewInvalidMetric(d, fmt.Errorf("no")),
			}
		}
		for _, name := range []string{"counter", "gauge", "untyped", "summary", "histogram", "infinite", "without bucket", "native", "empty native", "invalid"} {
			for _, given := range [][]prometheus.Exemplar{
				nil,
				{{Value: 1, Labels: prometheus.Labels{"id": "1"}, Timestamp: at(2)}},
				{{Value: 0.5, Timestamp: at(2)}, {Value: 1.5, Timestamp: at(2)}, {Value: 5, Timestamp: at(3)}, {Value: 0.7, Labels: prometheus.Labels{"id": "2"}, Timestamp: at(4)}},
				{{Value: math.NaN(), Timestamp: at(2)}},
				{{Value: 1, Labels: prometheus.Labels{"__id": "1"}}},
				{{Value: 1, Timestamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
				{{Value: 1, Timestamp: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}},
			} {
				m, err := prometheus.NewMetricWithExemplars(metrics()[name], given...)
				t.Note(name, err)
				t.Try("Must", func() { prometheus.MustNewMetricWithExemplars(metrics()[name], given...) })
				if err == nil {
					write(t, "metric", m)
					if !strings.Contains(name, "native") { // whose exemplars pile up in client_golang
						showing(t, sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{m}})
					}
				}
			}
		}
	}},
	{Name: "exemplars of a native histogram that is used again", Run: func(t *script.Trace) {
		d := prometheus.NewDesc("m", "h", nil, nil)
		m := prometheus.MustNewMetricWithExemplars(prometheus.MustNewConstNativeHistogram(d, 3, 2, map[int]int64{1: 3}, nil, 0, 0, 0, at(1)), prometheus.Exemplar{Value: 1, Timestamp: at(2)})
		write(t, "once", m)
		write(t, "twice", m)
	}},
	{Name: "a constant counter that is also used without exemplars", Run: func(t *script.Trace) {
		c := prometheus.MustNewConstMetric(prometheus.NewDesc("m", "h", nil, nil), prometheus.CounterValue, 1)
		write(t, "with", prometheus.MustNewMetricWithExemplars(c, prometheus.Exemplar{Value: 1, Timestamp: at(2)}))
		write(t, "without", c)
	}},
	{Name: "const native histograms", Run: func(t *script.Trace) {
		d := prometheus.NewDesc("n", "h", []string{"l"}, nil)
		for _, test := range []struct {
			count              uint64
			sum                float64
			positive, negative map[int]int64
			zero               uint64
			schema             int32
			threshold          float64
		}{
			{0, 0, nil, nil, 0, 0, 0},
			{0, 0, nil, nil, 0, 0, 1},
			{1, 0, nil, nil, 1, 8, 0},
			{6, 1.5, map[int]int64{1: 1, 2: 2}, map[int]int64{-3: 3}, 0, 3, 1e-9},
			{21, -4, map[int]int64{-5: 1, -4: 1, -2: 1, 1: 1, 5: 1, 7: 1, 1000: 5}, map[int]int64{0: 9}, 1, -4, 0},
			{5, 1, map[int]int64{1: 1}, nil, 0, 0, 0},
			{1, 1, map[int]int64{1: 2}, nil, 0, 0, 0},
			{5, math.NaN(), map[int]int64{1: 1}, nil, 0, 0, 0},
			{1, math.NaN(), map[int]int64{1: 2}, nil, 0, 0, 0},
			{1, 1, map[int]int64{1: 1}, nil, 0, 9, 0},
			{1, 1, map[int]int64{1: 1}, nil, 0, -5, 0},
			{1 << 60, 1, map[int]int64{1: 1<<60 - 1, 2: 1}, nil, 0, 0, 0},
			{0, 0, map[int]int64{1: 1, 2: -1}, nil, 0, 0, 0},
		} {
			create := func(lvs ...string) (prometheus.Metric, error) {
				return prometheus.NewConstNativeHistogram(d, test.count, test.sum, test.positive, test.negative, test.zero, test.schema, test.threshold, at(9), lvs...)
			}
			m, err := create("x")
			t.Note("made", err)
			t.Try("Must", func() {
				prometheus.MustNewConstNativeHistogram(d, test.count, test.sum, test.positive, test.negative, test.zero, test.schema, test.threshold, time.Time{}, "x")
			})
			if err == nil {
				write(t, "metric", m)
				showing(t, sender{descs: []*prometheus.Desc{d}, metrics: []prometheus.Metric{m}})
			}
			_, err = create()
			t.Note("too few", err)
			_, err = create("\xff")
			t.Note("no text", err)
		}
		_, err := prometheus.NewConstNativeHistogram(prometheus.NewInvalidDesc(fmt.Errorf("no")), 0, 0, nil, nil, 0, 0, 0, at(1))
		t.Note("invalid", err)
	}},
}
