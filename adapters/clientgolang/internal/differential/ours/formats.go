package ours

import (
	"math"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

var formats = []script.Scenario{
	{Name: "a unit that the name does not end in", Run: func(t *script.Trace) {
		showing(t, prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Unit: "seconds"}))
	}},
	{Name: "help that is not UTF-8", Run: func(t *script.Trace) {
		showing(t, prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "a\xffb"}))
	}},
	{Name: "names with colons", Run: func(t *script.Trace) {
		showing(t, prometheus.NewCounter(prometheus.CounterOpts{Name: "a:b_total", ConstLabels: prometheus.Labels{"c": "x:y"}}))
	}},
	{Name: "the name of a label with a colon", Run: func(t *script.Trace) {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "a:b", Help: "h"}, []string{"a:b", "é:c"})
		g.WithLabelValues("1", "2").Set(1)
		showing(t, g)
	}},
	{Name: "numbers", Run: func(t *script.Trace) {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", Help: "h"}, []string{"n"})
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{-1e7, -0.001, 0, 1, 10, 1e5, 123456, 1e6, 1e20, 1e21, 1e100}})
		for i, v := range []float64{
			0, math.Copysign(0, -1), 1, -1, 10, 0.1, 1.5, 1e-5, 1e5, 99999, 100000, 999999, 1e6, 1234567, 1e15, 1e20, 1e21, 1e22, 123456789.125, 1 << 53, math.MaxFloat64, -math.MaxFloat64,
			math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxInt32, math.MinInt32 - 1,
		} {
			g.WithLabelValues(string(rune('A' + i))).Set(v)
			h.Observe(v)
		}
		showing(t, g, h)
	}},
	{Name: "help and values that need escaping", Run: func(t *script.Trace) {
		for _, text := range []string{"\\", "\n", "\"", "\\n", "a\\b\"c\nd", "\t\r", "\x00", "\u2028", "😀", " ", "# EOF"} {
			showing(t, prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: text, ConstLabels: prometheus.Labels{"l": text}}))
		}
	}},
	{Name: "families whose names end as lines do", Run: func(t *script.Trace) {
		for _, opts := range []prometheus.Opts{
			{Name: "x_total"}, {Name: "x_total_total"}, {Name: "_total"}, {Name: "x_created"}, {Name: "x_bucket"}, {Name: "x_count"}, {Name: "x_sum"}, {Name: "x_info"},
			{Name: "x.total"}, {Name: "größe_total"}, {Name: "seconds"}, {Name: "x_seconds", Unit: "seconds"}, {Name: "x_seconds_total", Unit: "seconds"},
		} {
			c := prometheus.NewCounter(prometheus.CounterOpts(opts))
			c.Inc()
			showing(t, c)
			if opts.Name == "x_seconds_total" {
				continue // whose unit only a counter has
			}
			showing(t, prometheus.NewGauge(prometheus.GaugeOpts(opts)))
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: opts.Name, Unit: opts.Unit, Buckets: []float64{1}})
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(0.5, prometheus.Labels{"id": "1"})
			showing(t, h)
			s := prometheus.NewSummary(prometheus.SummaryOpts{Name: opts.Name, Unit: opts.Unit, Objectives: map[float64]float64{0.5: 0.1}})
			s.Observe(2)
			showing(t, s)
		}
	}},
	{Name: "gauge histograms", Run: func(t *script.Trace) {
		exemplar := &dto.Exemplar{Label: gaugeWith("id", "1").Label, Value: proto.Float64(1.5)}
		show(t, given(nil, family("gh", "h", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Label: gaugeWith("a", "1").Label, Histogram: &dto.Histogram{
			SampleCount: proto.Uint64(3), SampleSum: proto.Float64(4),
			Bucket: []*dto.Bucket{{UpperBound: proto.Float64(2), CumulativeCount: proto.Uint64(1), Exemplar: exemplar}},
		}})))
	}},
	{Name: "a histogram whose counts are not whole", Run: func(t *script.Trace) {
		show(t, given(nil, family("h", "h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCountFloat: proto.Float64(1.5), SampleSum: proto.Float64(2),
			Bucket: []*dto.Bucket{{UpperBound: proto.Float64(2), CumulativeCountFloat: proto.Float64(0.5)}},
		}})))
	}},
	{Name: "a family with a metric of another type", Run: func(t *script.Trace) {
		wrong := &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}}
		showIn(t, given(nil, family("wrong", "h", dto.MetricType_GAUGE, gaugeWith(), wrong)), script.Format{MediaType: script.Text, Escaping: "allow-utf-8"})
	}},
	{Name: "families that no page can have", Run: func(t *script.Trace) {
		wrong := &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}}
		for _, mf := range []*dto.MetricFamily{
			family("", "h", dto.MetricType_GAUGE, gaugeWith()),
			family("empty", "h", dto.MetricType_GAUGE),
			family("unknown", "h", dto.MetricType(17), gaugeWith()),
			{Name: proto.String("untold"), Metric: []*dto.Metric{wrong}},
		} {
			showIn(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith()), mf, family("z", "h", dto.MetricType_GAUGE, gaugeWith())), script.Format{MediaType: script.Text, Escaping: "allow-utf-8"})
		}
	}},
}
