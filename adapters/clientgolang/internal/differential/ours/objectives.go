package ours

import (
	"fmt"
	"math"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

var objectives = []script.Scenario{
	{Name: "summaries with objectives", Run: func(t *script.Trace) {
		for _, objectives := range []map[float64]float64{
			{}, {0.5: 0.05}, {0.5: 0.05, 0.9: 0.01, 0.99: 0.001}, {0: 0, 1: 0}, {0.25: 0.1}, {0.99: 0.001, 0.01: 0.001, 0.5: 0.2},
		} {
			s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "h", Objectives: objectives})
			write(t, "new", s)
			showing(t, s)
			for i, v := range []float64{3, -1, 3, 0.5, 1e9, 7, 7, 7, -1e-9, 2} {
				s.Observe(v)
				write(t, fmt.Sprint(i), s)
			}
			for i := range 300 {
				s.Observe(float64(i * 7919 % 300))
			}
			write(t, "many", s)
			showing(t, s)
		}
	}},
	{Name: "summaries of what is not a number", Run: func(t *script.Trace) {
		s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0: 0.1, 0.5: 0.05, 1: 0.1}})
		for _, v := range []float64{1, math.Inf(1), 2, math.Inf(-1), math.NaN(), 3, math.NaN()} {
			s.Observe(v)
			write(t, "observed", s)
		}
	}},
	{Name: "windows of summaries", Run: func(t *script.Trace) {
		for _, window := range []struct {
			age     time.Duration
			buckets uint32
		}{{0, 0}, {time.Minute, 0}, {time.Minute, 1}, {time.Minute, 2}, {10 * time.Second, 3}, {7 * time.Second, 7}, {time.Hour, 100}} {
			vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{
				Name: "s", Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01}, MaxAge: window.age, AgeBuckets: window.buckets, BufCap: 10,
			}, []string{"a"})
			s, other := vec.WithLabelValues("1").(prometheus.Summary), vec.WithLabelValues("2")
			for i := range 60 {
				s.Observe(float64(i))
				if i%20 < 10 {
					other.Observe(float64(-i))
				}
				script.Pause(time.Duration(i*i*37%4000) * time.Millisecond)
				write(t, fmt.Sprint(window, i), s)
			}
			showing(t, vec)
			for _, pause := range []time.Duration{time.Second, 9 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour} {
				script.Pause(pause)
				write(t, fmt.Sprint("after ", pause), s)
			}
			s.Observe(100)
			write(t, "again", s)
		}
	}},
	{Name: "the instants at which windows of summaries move", Run: func(t *script.Trace) {
		for _, moved := range []time.Duration{0, 1, 19 * time.Second, 20*time.Second - 1, 20 * time.Second, 20*time.Second + 1, 40 * time.Second, 60*time.Second - 1, 60 * time.Second, 60*time.Second + 1, 80 * time.Second} {
			for _, buckets := range []uint32{1, 3} {
				s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.05}, MaxAge: time.Minute, AgeBuckets: buckets})
				s.Observe(1)
				script.Pause(moved)
				s.Observe(2)
				write(t, fmt.Sprint(moved, buckets), s)
				for range 8 {
					script.Pause(10 * time.Second)
					write(t, "later", s)
				}
			}
		}
	}},
	{Name: "summary options that panic", Run: func(t *script.Trace) {
		t.Try("MaxAge", func() {
			prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", MaxAge: -time.Second, Objectives: map[float64]float64{0.5: 0.1}})
		})
		t.Try("MaxAge without objectives", func() { prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", MaxAge: -time.Second}) })
		t.Try("of a vector", func() {
			prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s", MaxAge: -1}, []string{"a"}).WithLabelValues("1")
		})
		t.Try("quantile", func() {
			prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", MaxAge: -1, ConstLabels: prometheus.Labels{"quantile": "1"}})
		})
	}},
}
