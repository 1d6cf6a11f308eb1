//go:build !race

// The race detector allocates on its own account.

package prometheus_test

import (
	"io"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus"
)

func TestHitsAndUpdatesAllocateNothing(t *testing.T) {
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a", "b", "c"})
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g"}, []string{"a", "b", "c"})
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"a", "b", "c"})
	summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s"}, []string{"a", "b", "c"})
	curried := counters.MustCurryWith(prometheus.Labels{"b": "y"})
	c, h := counters.WithLabelValues("x", "y", "z"), histograms.WithLabelValues("x", "y", "z")
	held := prometheus.Labels{"a": "x", "b": "y", "c": "z"}
	for name, f := range map[string]func(){
		"Counter.Inc":             c.Inc,
		"Counter.Add":             func() { c.Add(0.5) },
		"Histogram.Observe":       func() { h.Observe(1) },
		"WithLabelValues":         func() { counters.WithLabelValues("x", "y", "z").Inc() },
		"With a literal":          func() { counters.With(prometheus.Labels{"a": "x", "b": "y", "c": "z"}).Inc() },
		"With a map that is held": func() { counters.With(held).Inc() },
		"curried WithLabelValues": func() { curried.WithLabelValues("x", "z").Inc() },
		"curried With":            func() { curried.With(prometheus.Labels{"a": "x", "c": "z"}).Inc() },
		"gauges":                  func() { gauges.WithLabelValues("x", "y", "z").Set(1) },
		"gauges With":             func() { gauges.With(prometheus.Labels{"a": "x", "b": "y", "c": "z"}).Set(1) },
		"histograms":              func() { histograms.WithLabelValues("x", "y", "z").Observe(1) },
		"histograms With":         func() { histograms.With(prometheus.Labels{"a": "x", "b": "y", "c": "z"}).Observe(1) },
		"summaries With":          func() { summaries.With(prometheus.Labels{"a": "x", "b": "y", "c": "z"}).Observe(1) },
		"GetMetricWith": func() {
			if _, err := counters.GetMetricWith(prometheus.Labels{"a": "x", "b": "y", "c": "z"}); err != nil {
				t.Error(err)
			}
		},
		"deleting what is not there": func() { counters.DeleteLabelValues("x", "y", "none") },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}

// A time to live changes none of that, nor does a limit.
func TestHitsAndUpdatesOfWhatExpiresAllocateNothing(t *testing.T) {
	label := []string{"a", "b"}
	for kind, s := range specimens(time.Hour) {
		held, err := s.vec.GetMetricWithLabelValues("x")
		if err != nil {
			t.Fatal(err)
		}
		s.update(held)
		if got := testing.AllocsPerRun(100, func() { s.update(held) }); got != 0 {
			t.Errorf("an update of a %s: got %v allocations, want none", kind, got)
		}
		if got := testing.AllocsPerRun(100, func() { s.vec.GetMetricWithLabelValues("x") }); got != 0 {
			t.Errorf("a lookup of a %s: got %v allocations, want none", kind, got)
		}
	}
	limited := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", TTL: time.Hour, MaxSeries: 1}, label)
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", TTL: time.Hour}, label)
	orphan := gauges.WithLabelValues("x", "y")
	gauges.Reset()
	for name, f := range map[string]func(){
		"WithLabelValues":   func() { limited.WithLabelValues("x", "y").Inc() },
		"With":              func() { limited.With(prometheus.Labels{"a": "x", "b": "y"}).Add(0.5) },
		"Lookup":            func() { limited.Lookup("x", "y") },
		"Lookup of nothing": func() { limited.Lookup("x", "z") },
		"Set":               func() { gauges.WithLabelValues("x", "y").Set(1) },
		"an orphan":         orphan.Inc,
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}

// A page costs memory for what it is made of, not for each of its series.
func TestPageAllocatesNothingPerSeries(t *testing.T) {
	allocations := func(series int) float64 {
		r := prometheus.NewRegistry()
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"n"})
		counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"n"})
		r.MustRegister(vec, counters)
		for i := range series {
			vec.WithLabelValues(string(rune(0x4e00 + i)))
			counters.WithLabelValues(string(rune(0x4e00 + i)))
		}
		return testing.AllocsPerRun(10, func() {
			page, err := r.Page()
			if err != nil {
				t.Error(err)
			}
			e := exposition.NewText(io.Discard, exposition.AllowUTF8)
			page.Write(e)
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := allocations(10), allocations(2000); many > few+10 {
		t.Errorf("got %v allocations for 10 series of each kind and %v for 2000, want about the same", few, many)
	}
}

// A Collector may send metrics of many Descs in turn, object by object.
func TestCollectingDescsInTurnCostsNoMore(t *testing.T) {
	bytes := func(inTurn bool) uint64 {
		const descs, objects = 30, 200
		c := collector{metrics: make([]prometheus.Metric, descs*objects)}
		for d := range descs {
			desc := prometheus.NewDesc("n"+strconv.Itoa(d), "h", []string{"l"}, nil)
			for o := range objects {
				at := d*objects + o
				if inTurn {
					at = o*descs + d
				}
				c.metrics[at] = prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, strconv.Itoa(o))
			}
		}
		r := prometheus.NewRegistry()
		r.MustRegister(c)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := r.Page(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if together, inTurn := bytes(false), bytes(true); inTurn > 3*together/2 {
		t.Errorf("got %d bytes for metrics of many descs in turn, %d for one desc after the other, want no more", inTurn, together)
	}
}
