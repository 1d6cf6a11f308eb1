//go:build !race

// The race detector takes time and memory of its own.

package prometheus_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// What many goroutines did to a metric at once costs a single one nothing once they
// are gone and two scrapes have passed: it is as fast as one that only ever had one.
func TestPromiseContentionCostsNothingLater(t *testing.T) {
	const goroutines, each = 8, 10_000
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(goroutines))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hammered, fresh := prometheus.NewRegistry(), prometheus.NewRegistry()
	contended, alone := subjectsOf(hammered), subjectsOf(fresh)
	counters := [2]*numbers{numbersOf(hammered), numbersOf(fresh)}
	contended = append(contended, subject{name: "counter", observe: counters[0].counter.Add, values: []float64{0.5}}, subject{name: "gauge", observe: counters[0].up.Add, values: []float64{1}})
	alone = append(alone, subject{name: "counter", observe: counters[1].counter.Add, values: []float64{0.5}}, subject{name: "gauge", observe: counters[1].up.Add, values: []float64{1}})
	byName := map[string]subject{}
	for _, s := range alone {
		byName[s.name] = s
	}

	for _, s := range contended {
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() { observeMany(s, each) })
		}
		wg.Wait()
		observeMany(byName[s.name], goroutines*each)
	}
	for range 2 {
		for _, reg := range []*prometheus.Registry{hammered, fresh} {
			if _, err := reg.Gather(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range contended {
		lone, once := least(byName[s.name]), least(s)
		for tries := 0; once > 2*lone && tries < 100; tries++ {
			lone, once = min(lone, least(byName[s.name])), min(once, least(s))
		}
		t.Logf("%s: %.2f of the time of one that was never contended", s.name, float64(once)/float64(lone))
		if once > 2*lone {
			t.Errorf("%s: an update takes %v for a thousand after it was contended, want no more than twice %v", s.name, once, lone)
		}
	}
}

func observeMany(s subject, n int) {
	for i := range n {
		s.observe(s.values[i%len(s.values)])
	}
}

// least returns the least time that a thousand observations took.
func least(s subject) time.Duration {
	best := time.Hour
	for range 20 {
		began := time.Now()
		observeMany(s, 1000)
		best = min(best, time.Since(began))
	}
	return best
}

// No update allocates anything once what it needs is there, nor does finding what
// there is.
func TestPromiseUpdatesAllocateNothing(t *testing.T) {
	reg := prometheus.NewRegistry()
	n := numbersOf(reg)
	updates := map[string]func(){
		"Counter.Inc":            n.counter.Inc,
		"Counter.Add of a whole": func() { n.counter.Add(2) },
		"Counter.Add":            func() { n.counter.Add(0.5) },
		"Gauge.Set":              func() { n.up.Set(0.5) },
		"Gauge.Inc":              n.up.Inc,
		"Gauge.Dec":              n.up.Dec,
		"Gauge.Add":              func() { n.up.Add(0.5) },
		"Gauge.Sub":              func() { n.up.Sub(0.5) },
		"Gauge.SetToCurrentTime": n.up.SetToCurrentTime,
		"Counter.Inc, native":    n.own.Inc,
		"Counter.Add, native":    func() { n.own.Add(0.5) },
		"Counter.AddContext":     func() { n.own.AddContext(context.Background(), 1) },
	}
	for _, s := range subjectsOf(reg) {
		if s.resets || s.name == "own_batched" {
			continue // it begins again and again; makes a batch each time
		}
		updates["Observe of "+s.name] = func() {
			for _, v := range s.values {
				s.observe(v)
			}
		}
	}
	for suffix, ttl := range map[string]time.Duration{"": 0, ", expiring": time.Hour} {
		counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", TTL: ttl}, []string{"a", "b"})
		gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", TTL: ttl}, []string{"a", "b"})
		histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", TTL: ttl}, []string{"a", "b"})
		natives := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "n", TTL: ttl, NativeHistogramBucketFactor: 1.1}, []string{"a", "b"})
		summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s", TTL: ttl}, []string{"a", "b"})
		quantiles := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "q", TTL: ttl, Objectives: map[float64]float64{0.5: 0.05}}, []string{"a", "b"})
		options := []cresset.CounterVecOption{}
		if ttl > 0 {
			options = append(options, cresset.TTL(ttl))
		}
		own := cresset.NewCounterVec[place](cresset.NewRegistry(), "own_total", "", options...)
		for name, f := range map[string]func(){
			"counters.WithLabelValues":   func() { counters.WithLabelValues("x", "y").Inc() },
			"counters.With":              func() { counters.With(prometheus.Labels{"a": "x", "b": "y"}).Add(0.5) },
			"gauges.WithLabelValues":     func() { gauges.WithLabelValues("x", "y").Set(1) },
			"gauges.With":                func() { gauges.With(prometheus.Labels{"a": "x", "b": "y"}).Sub(0.5) },
			"histograms.WithLabelValues": func() { histograms.WithLabelValues("x", "y").Observe(1) },
			"histograms.With":            func() { histograms.With(prometheus.Labels{"a": "x", "b": "y"}).Observe(1) },
			"natives.WithLabelValues":    func() { natives.WithLabelValues("x", "y").Observe(1) },
			"natives.With":               func() { natives.With(prometheus.Labels{"a": "x", "b": "y"}).Observe(1) },
			"summaries.WithLabelValues":  func() { summaries.WithLabelValues("x", "y").Observe(1) },
			"summaries.With":             func() { summaries.With(prometheus.Labels{"a": "x", "b": "y"}).Observe(1) },
			"quantiles.WithLabelValues":  func() { quantiles.WithLabelValues("x", "y").Observe(1) },
			"quantiles.With":             func() { quantiles.With(prometheus.Labels{"a": "x", "b": "y"}).Observe(1) },
			"own.With":                   func() { own.With(place{"x", 7}).Inc() },
		} {
			updates[name+suffix] = f
		}
	}
	for name, f := range updates {
		many := func() {
			for range 2000 { // of a summary more than are merged at a time
				f()
			}
		}
		if got := testing.AllocsPerRun(1, many); got != 0 { // once before it counts
			t.Errorf("%s: got %v allocations of 2,000 times, want none", name, got)
		}
	}
}

// A scrape of 100,000 series allocates what a page needs, and nothing for each of
// them.
func TestPromiseScrapesAllocateNextToNothing(t *testing.T) {
	const series, most = 100_000, 100
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it empties pools
	reg := prometheus.NewRegistry()
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"n", "method", "code"})
	reg.MustRegister(counters)
	for i := range series {
		counters.WithLabelValues(strconv.Itoa(i), "GET", "200").Add(float64(i))
	}
	for name, h := range map[string]http.Handler{
		"promhttp":       promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		"native handler": reg.Native().Handler(),
	} {
		for _, format := range formats {
			w, r := &pipeResponse{io.Discard, http.Header{}}, format.request()
			got := testing.AllocsPerRun(3, func() { h.ServeHTTP(w, r) })
			t.Logf("%s, %s: %v allocations", name, format.name, got)
			if got >= most {
				t.Errorf("%s, %s: got %v allocations a scrape of %d series, want fewer than %d", name, format.name, got, series, most)
			}
		}
	}
}
