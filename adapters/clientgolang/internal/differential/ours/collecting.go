package ours

import (
	"errors"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// foreign is a metric that writes a message somebody made.
type foreign struct {
	desc    *prometheus.Desc
	message *dto.Metric
	err     error
}

func (f foreign) Desc() *prometheus.Desc { return f.desc }

func (f foreign) Write(out *dto.Metric) error {
	proto.Merge(out, f.message)
	return f.err
}

func gaugeWith(pairs ...string) *dto.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(1)}}
	for i := 0; i < len(pairs); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(pairs[i]), Value: proto.String(pairs[i+1])})
	}
	return m
}

// collected shows what a collector makes of a registry: one that knows its
// descs, one that does not, and one that insists on them.
func collected(t *script.Trace, descs []*prometheus.Desc, metrics ...prometheus.Metric) {
	for _, s := range []sender{{descs, metrics}, {nil, metrics}} {
		for _, r := range []*prometheus.Registry{prometheus.NewRegistry(), prometheus.NewPedanticRegistry()} {
			register(t, r, "sender", s)
			glance(t, r)
		}
	}
}

var (
	plainDesc    = desc("a", "h", nil, nil)
	labelledDesc = desc("a", "h", []string{"x", "b"}, nil)
	both         = []*prometheus.Desc{labelledDesc}
)

var collecting = []script.Scenario{
	{Name: "collector of good metrics", Run: func(t *script.Trace) {
		collected(t, both,
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 3, "2", "1"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 2, "1", "2"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 1, "1", "1"))
	}},
	{Name: "collector of duplicates", Run: func(t *script.Trace) {
		collected(t, both,
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 1, "1", "1"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 2, "2", "1"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 3, "1", "1"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 4, "1", "1"))
	}},
	{Name: "collector of two helps", Run: func(t *script.Trace) {
		other := desc("a", "other", []string{"x", "b"}, nil)
		collected(t, both,
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 1, "1", "1"),
			prometheus.MustNewConstMetric(other, prometheus.GaugeValue, 2, "2", "1"),
			prometheus.MustNewConstMetric(labelledDesc, prometheus.GaugeValue, 3, "3", "1"))
	}},
	{Name: "collector of two types", Run: func(t *script.Trace) {
		for _, first := range []prometheus.ValueType{prometheus.CounterValue, prometheus.GaugeValue, prometheus.UntypedValue} {
			for _, second := range []prometheus.ValueType{prometheus.CounterValue, prometheus.GaugeValue, prometheus.UntypedValue} {
				collected(t, both,
					prometheus.MustNewConstMetric(labelledDesc, first, 1, "1", "1"),
					prometheus.MustNewConstMetric(labelledDesc, second, 2, "2", "1"))
			}
		}
		collected(t, both,
			prometheus.MustNewConstHistogram(labelledDesc, 1, 1, nil, "1", "1"),
			prometheus.MustNewConstSummary(labelledDesc, 1, 1, nil, "2", "1"))
		collected(t, both,
			prometheus.MustNewConstSummary(labelledDesc, 1, 1, nil, "1", "1"),
			prometheus.MustNewConstHistogram(labelledDesc, 1, 1, nil, "2", "1"))
	}},
	{Name: "collector of colliding suffixes", Run: func(t *script.Trace) {
		for _, suffix := range []string{"_count", "_sum", "_bucket", "_total", ""} {
			a, b := desc("a", "h", nil, nil), desc("a"+suffix, "h", []string{"l"}, nil)
			for _, one := range []prometheus.Metric{
				prometheus.MustNewConstHistogram(a, 1, 1, nil), prometheus.MustNewConstSummary(a, 1, 1, nil), prometheus.MustNewConstMetric(a, prometheus.GaugeValue, 1),
			} {
				x, y := prometheus.MustNewConstMetric(b, prometheus.CounterValue, 1, "x"), prometheus.MustNewConstMetric(b, prometheus.CounterValue, 1, "y")
				collected(t, []*prometheus.Desc{a}, one, x, y)
				collected(t, []*prometheus.Desc{a, b}, one, x, y)
				collected(t, []*prometheus.Desc{a, b}, x, one, y)
			}
		}
	}},
	{Name: "the name of a metric that is left out", Run: func(t *script.Trace) {
		a, count := desc("a", "h", nil, nil), desc("a_count", "h", nil, nil)
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(sender{[]*prometheus.Desc{a}, []prometheus.Metric{
			prometheus.MustNewConstMetric(count, prometheus.GaugeValue, 1), prometheus.MustNewConstHistogram(a, 1, 1, nil),
		}})
		show(t, r)
	}},
	{Name: "collector of what it did not describe", Run: func(t *script.Trace) {
		known, unknown := desc("a", "h", nil, nil), desc("b", "h", nil, nil)
		collected(t, []*prometheus.Desc{known},
			prometheus.MustNewConstMetric(known, prometheus.GaugeValue, 1),
			prometheus.MustNewConstMetric(unknown, prometheus.GaugeValue, 2),
			prometheus.MustNewConstMetric(desc("a", "h", nil, prometheus.Labels{"c": "d"}), prometheus.GaugeValue, 3))
	}},
	{Name: "foreign metrics", Run: func(t *script.Trace) {
		for _, m := range []*dto.Metric{
			gaugeWith("b", "1", "x", "2"),
			gaugeWith("x", "2", "b", "1"),
			gaugeWith("b", "1"),
			gaugeWith(),
			gaugeWith("b", "1", "c", "2", "x", "3"),
			gaugeWith("b", "1", "y", "2"),
			gaugeWith("b", "1", "b", "1"),
			gaugeWith("b", "1", "__x", "2"),
			gaugeWith("b", "1", "", "2"),
			gaugeWith("b", "1", "\xff", "2"),
			gaugeWith("b", "1", "x", "\xff"),
			gaugeWith("b", "1", "quantile", "2"),
			gaugeWith("b", "1", "le", "2"),
			{},
			{Label: gaugeWith("b", "1", "x", "2").Label, Counter: &dto.Counter{Value: proto.Float64(2)}},
			{Label: gaugeWith("b", "1", "x", "2").Label, Untyped: &dto.Untyped{Value: proto.Float64(2)}, TimestampMs: proto.Int64(-5)},
			{Label: gaugeWith("b", "1", "quantile", "2").Label, Summary: &dto.Summary{SampleCount: proto.Uint64(2)}},
			{Label: gaugeWith("b", "1", "x", "2").Label, Summary: &dto.Summary{Quantile: []*dto.Quantile{{Quantile: proto.Float64(0.9), Value: proto.Float64(1)}, {Quantile: proto.Float64(0.5)}}}},
			{Label: gaugeWith("b", "1", "x", "2").Label, Histogram: &dto.Histogram{SampleCount: proto.Uint64(3), Bucket: []*dto.Bucket{{UpperBound: proto.Float64(2), CumulativeCount: proto.Uint64(1)}}}},
		} {
			collected(t, both, foreign{desc: labelledDesc, message: m})
			collected(t, both, foreign{desc: labelledDesc, message: m, err: errors.New("cannot write")})
			collected(t, both, prometheus.NewMetricWithTimestamp(time.UnixMilli(7), foreign{desc: labelledDesc, message: m}))
		}
		collected(t, both, foreign{desc: labelledDesc, message: gaugeWith("x", "1", "b", "2")}, foreign{desc: labelledDesc, message: gaugeWith("b", "2", "x", "1")})
	}},
	{Name: "labels that stand apart and are the same", Run: func(t *script.Trace) {
		collected(t, both, foreign{desc: labelledDesc, message: gaugeWith("b", "1", "x", "2", "b", "1")})
	}},
	{Name: "metrics of different labels", Run: func(t *script.Trace) {
		d := desc("a", "h", nil, nil)
		collected(t, nil,
			foreign{desc: d, message: gaugeWith("z", "1")},
			foreign{desc: d, message: gaugeWith("a", "1", "b", "0")},
			foreign{desc: d, message: gaugeWith("a", "0")},
			foreign{desc: d, message: gaugeWith()},
			foreign{desc: d, message: gaugeWith("a", "1", "c", "1")})
	}},
	{Name: "metrics of ours in a collector", Run: func(t *script.Trace) {
		counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_u", Help: "h", Unit: "u"})
		gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "h"})
		histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h"})
		summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "h"})
		function := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f", Help: "h"}, func() float64 { return 5 })
		counter.Inc()
		histogram.Observe(1)
		summary.Observe(1)
		descs := []*prometheus.Desc{counter.Desc(), gauge.Desc(), histogram.Desc(), summary.Desc(), function.Desc()}
		collected(t, descs, summary, counter, histogram, gauge, function)
		collected(t, descs, counter, counter)
		collected(t, descs[1:], counter)
	}},
	{Name: "a metric that is wrong in two ways", Run: func(t *script.Trace) {
		d := desc("a", "h", []string{"quantile"}, nil)
		collected(t, nil, prometheus.MustNewConstMetric(d, prometheus.CounterValue, 1, "x"), prometheus.MustNewConstSummary(d, 1, 1, nil, "y"))
	}},
	{Name: "a collector that panics", Run: func(t *script.Trace) {
		d := desc("a", "h", nil, nil)
		r := prometheus.NewRegistry()
		r.MustRegister(panicking{d})
		families, err := r.Gather()
		t.Gathered(families)
		var several prometheus.MultiError
		t.Note("several errors", errors.As(err, &several))
	}},
	{Name: "a function that panics", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { panic("no value") }))
		t.Try("gather", func() {
			families, err := r.Gather()
			t.Gathered(families)
			t.Note("errors", err != nil)
		})
	}},
	{Name: "a nil metric", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		r.MustRegister(sender{[]*prometheus.Desc{plainDesc}, []prometheus.Metric{nil}})
		t.Try("gather", func() {
			families, err := r.Gather()
			t.Gathered(families)
			t.Note("errors", err != nil)
		})
	}},
}

type panicking struct{ desc *prometheus.Desc }

func (p panicking) Describe(ch chan<- *prometheus.Desc) { ch <- p.desc }

func (p panicking) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, 1)
	panic("on purpose")
}
