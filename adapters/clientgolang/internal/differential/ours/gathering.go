package ours

import (
	"errors"
	"fmt"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// given is a gatherer of families that somebody made.
func given(err error, families ...*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
}

func family(name, help string, typ dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Help: proto.String(help), Type: typ.Enum(), Metric: metrics}
}

func gatherAll(t *script.Trace, gatherers ...prometheus.Gatherer) {
	families, err := prometheus.Gatherers(gatherers).Gather()
	t.Gathered(families, each(err)...)
}

var gathering = []script.Scenario{
	{Name: "empty registry", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		families, err := r.Gather()
		t.Note("gather", families == nil, err)
		show(t, r)
		r.MustRegister(newVec())
		show(t, r)
		t.Note("must", len(r.MustGather()))
	}},
	{Name: "must gather", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		r.MustRegister(sender{nil, []prometheus.Metric{prometheus.NewInvalidMetric(plainDesc, errors.New("no"))}})
		t.Try("MustGather", func() { r.MustGather() })
	}},
	{Name: "gatherers", Run: func(t *script.Trace) {
		a, b := prometheus.NewRegistry(), prometheus.NewRegistry()
		for i, r := range []*prometheus.Registry{a, b} {
			g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "shared", Help: "h"}, []string{"l"})
			r.MustRegister(g, prometheus.NewCounter(prometheus.CounterOpts{Name: fmt.Sprint("own_", i), Help: "h"}))
			g.WithLabelValues("same").Set(float64(i))
			g.WithLabelValues(fmt.Sprint("z", i)).Set(float64(i))
			g.WithLabelValues(fmt.Sprint("a", 1-i)).Set(float64(i))
		}
		gatherAll(t)
		gatherAll(t, a)
		gatherAll(t, a, b)
		gatherAll(t, b, a)
		gatherAll(t, a, a)
		gatherAll(t, prometheus.Gatherers{a, b}, given(errors.New("broken")), given(prometheus.MultiError{errors.New("one"), errors.New("two")}))
	}},
	{Name: "gatherers that contradict each other", Run: func(t *script.Trace) {
		counter := &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}}
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith("l", "1"))), given(nil, family("a", "other", dto.MetricType_GAUGE, gaugeWith("l", "2"), gaugeWith("l", "3"))))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith("l", "1"))), given(nil, family("a", "h", dto.MetricType_COUNTER, counter)))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith(), counter)))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, &dto.Metric{})))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith("l", "1"))), given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith("l", "1"))))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE, gaugeWith("__l", "1"), gaugeWith("l", "\xff"), gaugeWith("l", "1", "l", "2"), gaugeWith("z", "1", "a", "2"))))
		gatherAll(t, given(nil, family("a", "h", dto.MetricType_GAUGE)))
		gatherAll(t, given(nil, &dto.MetricFamily{Name: proto.String("nohelp"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gaugeWith()}}), given(nil, family("nohelp", "", dto.MetricType_GAUGE, gaugeWith("l", "1"))))
		gatherAll(t, given(nil, family("b", "h", dto.MetricType_GAUGE, gaugeWith()), family("a", "h", dto.MetricType_GAUGE, gaugeWith())))
	}},
	{Name: "gatherers whose suffixes collide", Run: func(t *script.Trace) {
		histogram := family("a", "h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(1)}})
		summary := family("a", "h", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleCount: proto.Uint64(1)}})
		for _, suffix := range []string{"_count", "_sum", "_bucket", "_total"} {
			gauges := family("a"+suffix, "h", dto.MetricType_GAUGE, gaugeWith("l", "1"), gaugeWith("l", "2"), gaugeWith("l", "3"))
			for _, one := range []*dto.MetricFamily{histogram, summary} {
				gatherAll(t, given(nil, one), given(nil, gauges))
				gatherAll(t, given(nil, gauges), given(nil, one))
			}
		}
	}},
	{Name: "units in gatherers", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "a", Unit: "seconds"}))
		gatherAll(t, r)
	}},
	{Name: "several errors", Run: func(t *script.Trace) {
		var errs prometheus.MultiError
		t.Note("none", errs.MaybeUnwrap(), "'"+errs.Error()+"'")
		errs.Append(nil)
		t.Note("nil", len(errs))
		errs.Append(errors.New("one"))
		t.Note("one", errs.MaybeUnwrap(), errs.Error())
		errs.Append(errors.New("two\nlines"))
		t.Note("two", errs.MaybeUnwrap(), errs.Error())
	}},
	{Name: "many families", Run: func(t *script.Trace) {
		r := prometheus.NewPedanticRegistry()
		for i := range 30 {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: fmt.Sprintf("c%d_total", i*7%30), Help: fmt.Sprint(i)}, []string{"a", "b"})
			r.MustRegister(vec)
			for j := range i {
				vec.WithLabelValues(fmt.Sprint(j*3%10), fmt.Sprint(j)).Add(float64(j))
			}
		}
		show(t, r)
	}},
}

// families is what a Gatherer returns.
type families = []*dto.MetricFamily
