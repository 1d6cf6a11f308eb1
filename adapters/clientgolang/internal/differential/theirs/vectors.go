package theirs

import (
	"errors"
	"math"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
)

func newVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v_total", Help: "h", ConstLabels: prometheus.Labels{"m": "const"}}, []string{"z", "a", "k"})
}

var (
	valueLists = [][]string{nil, {}, {"1"}, {"1", "2"}, {"1", "2", "3"}, {"1", "2", "3", "4"}, {"", "", ""}, {"1", "\xff", "3"}, {"\xff"}, {"\xff", "2"}, {"\n", "\"", "\\"}}
	labelMaps  = []prometheus.Labels{
		nil, {}, {"z": "1"}, {"z": "1", "a": "2"}, {"z": "1", "a": "2", "k": "3"}, {"z": "1", "a": "2", "x": "3"}, {"z": "1", "a": "2", "k": "3", "x": "4"},
		{"z": "", "a": "", "k": ""}, {"z": "1", "a": "\xff", "k": "3"}, {"z": "\xff"}, {"a": "\xff", "k": "3"}, {"x": "1"}, {"m": "const"}, {"a": "2", "k": "3"}, {"z": "1", "k": "3"},
		{"m": "const", "a": "2", "k": "3"}, {"z": "1", "a": "2", "k": "\xff"}, {"x\xff": "1"},
	}
)

// shownVec is what all kinds of vectors have, by their values' own types.
type shownVec[M any] interface {
	prometheus.Collector
	GetMetricWithLabelValues(...string) (M, error)
	GetMetricWith(prometheus.Labels) (M, error)
	WithLabelValues(...string) M
	With(prometheus.Labels) M
}

// lookUp asks a vector for everything in every way.
func lookUp[M any](t *script.Trace, vec shownVec[M], update func(M)) {
	for _, values := range valueLists {
		m, err := vec.GetMetricWithLabelValues(values...)
		t.Note("values", len(values), err, any(m) == nil)
		if err == nil {
			update(m)
		}
		t.Try("WithLabelValues", func() { update(vec.WithLabelValues(values...)) })
	}
	for _, labels := range labelMaps {
		m, err := vec.GetMetricWith(labels)
		t.Note("labels", len(labels), err, any(m) == nil)
		if err == nil {
			update(m)
		}
		t.Try("With", func() { update(vec.With(labels)) })
	}
	showing(t, vec)
}

type deleting interface {
	Delete(prometheus.Labels) bool
	DeleteLabelValues(...string) bool
	DeletePartialMatch(prometheus.Labels) int
	Reset()
}

// fill makes some metrics of a vector of three labels.
func fill(vec *prometheus.CounterVec) {
	n := 0.0
	for _, z := range []string{"1", "2", ""} {
		for _, a := range []string{"1", "2", "\n"} {
			for _, k := range []string{"1", "3"} {
				n++
				vec.WithLabelValues(z, a, k).Add(n)
			}
		}
	}
}

var vectors = []script.Scenario{
	{Name: "counter vector", Run: func(t *script.Trace) {
		lookUp(t, newVec(), prometheus.Counter.Inc)
	}},
	{Name: "gauge vector", Run: func(t *script.Trace) {
		lookUp(t, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"z", "a", "k"}), prometheus.Gauge.Dec)
	}},
	{Name: "histogram vector", Run: func(t *script.Trace) {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "v", Buckets: []float64{1, 2}}, []string{"z", "a", "k"})
		lookUp(t, v, func(o prometheus.Observer) { o.Observe(1.5) })
	}},
	{Name: "summary vector", Run: func(t *script.Trace) {
		v := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "v"}, []string{"z", "a", "k"})
		lookUp(t, v, func(o prometheus.Observer) { o.Observe(1.5) })
	}},
	{Name: "vector without labels", Run: func(t *script.Trace) {
		lookUp(t, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v"}, nil), prometheus.Counter.Inc)
		lookUp(t, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v"}, []string{}), prometheus.Counter.Inc)
	}},
	{Name: "vector of an invalid desc", Run: func(t *script.Trace) {
		for _, names := range [][]string{{"a", "a"}, {"__a", "b"}, {"", "b"}, {"m", "b"}} {
			v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v", ConstLabels: prometheus.Labels{"m": "1"}}, names)
			v.WithLabelValues("1", "2").Inc()
			v.WithLabelValues("1", "2").Inc()
			v.WithLabelValues("1", "1").Inc()
			t.Note("twice the same", v.WithLabelValues("1", "2") == v.WithLabelValues("1", "2"), v.WithLabelValues("1", "2") == v.WithLabelValues("1", "1"))
			t.Try("With", func() { v.With(prometheus.Labels{"a": "1"}) })
			t.Note("delete", v.DeleteLabelValues("1", "2"), v.DeleteLabelValues("1", "2"))
			showing(t, v)
		}
	}},
	{Name: "currying", Run: func(t *script.Trace) {
		vec := newVec()
		for _, labels := range labelMaps {
			curried, err := vec.CurryWith(labels)
			t.Note("curry", len(labels), err, curried == nil)
			t.Try("MustCurryWith", func() { vec.MustCurryWith(labels) })
			for _, value := range labels {
				// What is not UTF-8 is a named difference.
				if value == "\xff" {
					curried = nil
				}
			}
			if curried == nil {
				continue
			}
			lookUp(t, curried, prometheus.Counter.Inc)
			for _, again := range labelMaps {
				twice, err := curried.CurryWith(again)
				t.Note("curry again", len(again), err, twice == nil)
			}
		}
		showing(t, vec)
		showing(t, vec, vec.MustCurryWith(prometheus.Labels{"z": "1"}))
	}},
	{Name: "currying observers", Run: func(t *script.Trace) {
		for _, vec := range []prometheus.ObserverVec{
			prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "v", Buckets: []float64{1}}, []string{"z", "a", "k"}),
			prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "v"}, []string{"z", "a", "k"}),
		} {
			for _, labels := range labelMaps {
				curried, err := vec.CurryWith(labels)
				t.Note("curry", len(labels), err, curried == nil)
				t.Try("MustCurryWith", func() { vec.MustCurryWith(labels) })
			}
			a := vec.MustCurryWith(prometheus.Labels{"a": "1"})
			a.WithLabelValues("1", "2").Observe(1)
			a.MustCurryWith(prometheus.Labels{"k": "2"}).With(prometheus.Labels{"z": "1"}).Observe(2)
			m, err := a.GetMetricWith(prometheus.Labels{"z": "1"})
			t.Note("too few", m == nil, err)
			m, err = a.GetMetricWithLabelValues("1", "2", "3")
			t.Note("too many", m == nil, err)
			showing(t, a)
		}
		gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"z", "a"})
		gauges.MustCurryWith(prometheus.Labels{"a": "1"}).WithLabelValues("2").Set(3)
		_, err := gauges.CurryWith(prometheus.Labels{"x": "1"})
		t.Note("unknown", err)
		t.Try("MustCurryWith", func() { gauges.MustCurryWith(prometheus.Labels{"x": "1"}) })
		showing(t, gauges)
	}},
	{Name: "curried value that is not UTF-8", Run: func(t *script.Trace) {
		curried := newVec().MustCurryWith(prometheus.Labels{"a": "\xff"})
		c, err := curried.GetMetricWithLabelValues("1", "3")
		t.Note("lookup", c == nil, err)
		showing(t, curried)
	}},
	{Name: "deleting", Run: func(t *script.Trace) {
		vec := newVec()
		fill(vec)
		curried := vec.MustCurryWith(prometheus.Labels{"a": "1"})
		twice := curried.MustCurryWith(prometheus.Labels{"z": "2"})
		for _, v := range []deleting{twice, curried, vec} {
			for _, values := range valueLists {
				t.Note("delete values", len(values), v.DeleteLabelValues(values...))
			}
			for _, labels := range labelMaps {
				t.Note("delete", len(labels), v.Delete(labels))
			}
			showing(t, vec)
			fill(vec)
		}
		for _, v := range []deleting{twice, curried, vec} {
			for _, labels := range labelMaps {
				if len(labels) > 0 {
					t.Note("delete partial match", len(labels), v.DeletePartialMatch(labels))
				}
			}
			for _, labels := range []prometheus.Labels{{"a": "1"}, {"k": "3", "a": "2"}, {"z": ""}, {"a": "\n"}, {"z": "2", "x": "1"}} {
				t.Note("delete partial match", len(labels), v.DeletePartialMatch(labels))
			}
			showing(t, vec)
			fill(vec)
			showing(t, vec)
		}
		for _, v := range []deleting{twice, curried, vec} {
			t.Note("all", v.DeletePartialMatch(nil), v.DeletePartialMatch(prometheus.Labels{}))
			fill(vec)
		}
		curried.Reset()
		showing(t, vec)
	}},
	{Name: "orphans", Run: func(t *script.Trace) {
		vec := newVec()
		old := vec.WithLabelValues("1", "2", "3")
		old.Add(5)
		vec.DeleteLabelValues("1", "2", "3")
		old.Inc()
		write(t, "orphan", old)
		showing(t, vec)
		vec.WithLabelValues("1", "2", "3").Inc()
		old.Inc()
		t.Note("same", vec.WithLabelValues("1", "2", "3") == old)
		showing(t, vec)
		vec.Reset()
		showing(t, vec)
	}},
	{Name: "le in a histogram vector", Run: func(t *script.Trace) {
		t.Try("with le", func() {
			prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"le"}).WithLabelValues("1")
		})
		t.Try("with wrong buckets", func() {
			prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: []float64{2, 1}}, nil).WithLabelValues()
		})
	}},
	{Name: "when a histogram vector with le panics", Run: func(t *script.Trace) {
		t.Try("making it", func() {
			prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"le"})
			t.Note("made")
		})
	}},
	{Name: "vector of one's own", Run: func(t *script.Trace) {
		desc := prometheus.NewDesc("own", "h", []string{"a", "b"}, prometheus.Labels{"c": "d"})
		calls := 0
		vec := prometheus.NewMetricVec(desc, func(lvs ...string) prometheus.Metric {
			calls++
			t.Note("make", lvs)
			return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(calls), lvs...)
		})
		for _, values := range valueLists {
			m, err := vec.GetMetricWithLabelValues(values...)
			t.Note("values", m == nil, err)
		}
		_, _ = vec.GetMetricWith(prometheus.Labels{"a": "2", "b": "1"})
		m, err := vec.GetMetricWith(prometheus.Labels{"a": "2", "x": "1"})
		t.Note("labels", m == nil, err)
		curried, err := vec.CurryWith(prometheus.Labels{"b": "9"})
		t.Note("curry", err)
		_, _ = curried.GetMetricWithLabelValues("8")
		showing(t, vec)
		t.Note("delete", vec.DeletePartialMatch(prometheus.Labels{"b": "1"}), vec.DeleteLabelValues("8", "9"))
		showing(t, vec)
	}},
	{Name: "our own metrics in a known vector", Run: func(t *script.Trace) {
		desc := prometheus.NewDesc("own", "h", []string{"a"}, nil)
		made := 0
		vec := &prometheus.CounterVec{MetricVec: prometheus.NewMetricVec(desc, func(lvs ...string) prometheus.Metric {
			made++
			return doubled{prometheus.NewCounterVec(prometheus.CounterOpts{Name: "own", Help: "h"}, []string{"a"}).WithLabelValues(lvs...)}
		})}
		vec.WithLabelValues("1").Inc()
		vec.With(prometheus.Labels{"a": "1"}).Add(2)
		m, err := vec.GetMetricWith(prometheus.Labels{"a": "2"})
		t.Note("get", m != nil, err, made)
		showing(t, vec)
	}},
	{Name: "vector that somebody embeds", Run: func(t *script.Trace) {
		vec := embedding{newVec()}
		vec.WithLabelValues("1", "2", "3").Inc()
		vec.WithLabelValues("2", "2", "3").Inc()
		showing(t, vec)
	}},
	{Name: "many labels", Run: func(t *script.Trace) {
		var names, values []string
		labels := prometheus.Labels{}
		for i := range 40 {
			names = append(names, "l"+string(rune('A'+i)))
			values = append(values, string(rune('a'+i)))
			labels[names[i]] = values[i]
		}
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "many"}, names)
		vec.WithLabelValues(values...).Inc()
		vec.With(labels).Inc()
		vec.MustCurryWith(prometheus.Labels{names[7]: values[7], names[30]: values[30]}).WithLabelValues(append(append(append([]string{}, values[:7]...), values[8:30]...), values[31:]...)...).Inc()
		showing(t, vec)
	}},
}

// doubled counts everything twice.
type doubled struct{ prometheus.Counter }

func (d doubled) Inc()          { d.Counter.Add(2) }
func (d doubled) Add(v float64) { d.Counter.Add(2 * v) }

// embedding collects something of its own besides.
type embedding struct{ *prometheus.CounterVec }

func (e embedding) Collect(ch chan<- prometheus.Metric) {
	e.CounterVec.Collect(ch)
	e.WithLabelValues("own", "", "").Add(math.Pi)
	m, err := e.GetMetricWithLabelValues("own", "", "")
	if err != nil {
		panic(errors.New("no metric"))
	}
	_ = m
}
