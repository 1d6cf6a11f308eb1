package prometheus_test

import (
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// A herd is a vector with many series, and how to be rid of them.
type herd struct {
	grow   func(reg *prometheus.Registry) (create func(i int)) // makes and registers the vector
	remove func(n int)
}

// herds are all the ways in which series go.
func herds() map[string]herd {
	var counters *prometheus.CounterVec
	var own *cresset.CounterVec[place]
	dropIn := func(ttl time.Duration) func(*prometheus.Registry) func(int) {
		return func(reg *prometheus.Registry) func(int) {
			counters = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "herd_total", TTL: ttl}, []string{"n", "tenth", "all"})
			reg.MustRegister(counters)
			return func(i int) { counters.WithLabelValues(strconv.Itoa(i), strconv.Itoa(i%10), "all").Inc() }
		}
	}
	native := func(ttl time.Duration) func(*prometheus.Registry) func(int) {
		return func(reg *prometheus.Registry) func(int) {
			var options []cresset.CounterVecOption
			if ttl > 0 {
				options = append(options, cresset.TTL(ttl))
			}
			own = cresset.NewCounterVec[place](reg.Native(), "herd_total", "", options...)
			return func(i int) { own.With(place{"all", i}).Inc() }
		}
	}
	expire := func(int) {
		time.Sleep(2 * ttl) // in a bubble
		synctest.Wait()
	}
	return map[string]herd{
		"deleted": {dropIn(0), func(n int) {
			for i := range n {
				counters.DeleteLabelValues(strconv.Itoa(i), strconv.Itoa(i%10), "all")
			}
		}},
		"deleted by labels": {dropIn(0), func(n int) {
			for i := range n {
				counters.Delete(prometheus.Labels{"n": strconv.Itoa(i), "tenth": strconv.Itoa(i % 10), "all": "all"})
			}
		}},
		"deleted by one label": {dropIn(0), func(int) {
			for i := range 10 {
				counters.DeletePartialMatch(prometheus.Labels{"tenth": strconv.Itoa(i)})
			}
		}},
		"reset":           {dropIn(0), func(int) { counters.Reset() }},
		"replaced":        {dropIn(0), func(int) { counters.Replace(func(*prometheus.CounterVec) {}) }},
		"expired":         {dropIn(ttl), expire},
		"could expire":    {dropIn(ttl), func(int) { counters.Reset() }},
		"native, deleted": {native(0), func(n int) { own.DeleteFunc(func(place) bool { return true }) }},
		"native, reset":   {native(0), func(int) { own.Reset() }},
		"native, expired": {native(ttl), expire},
	}
}

// Series that have gone give back the memory that they had, however they went, and
// whether or not anybody scrapes.
func TestPromiseMemoryOfSeriesComesBack(t *testing.T) {
	n := min(50_000**promises, 1_000_000)
	if raceDetector {
		n /= 10
	}
	for name, herd := range herds() {
		for _, scraped := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", scraped"}[scraped], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { comeBack(t, herd, n, scraped) })
			})
		}
	}
}

func comeBack(t *testing.T, herd herd, n int, scraped bool) {
	reg := prometheus.NewRegistry()
	create := herd.grow(reg)
	handlers := []http.Handler{promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}), reg.Native().Handler()}
	scrape := func() {
		for _, h := range handlers {
			for _, format := range formats {
				if scraped {
					h.ServeHTTP(&pipeResponse{io.Discard, http.Header{}}, format.request())
				}
			}
		}
	}
	create(0) // what is made once
	scrape()
	empty := heapInUse()
	for i := range n {
		create(i)
		if i == n/2 {
			scrape()
		}
	}
	scrape()
	full := heapInUse()
	herd.remove(n)
	left := int64(heapInUse()) - int64(empty)
	if most := int64(full-empty)/50 + 64<<10; left > most {
		t.Errorf("%d bytes are left of %d that %d series had, want no more than %d", left, full-empty, n, most)
	}
	p, err := formats[0].ask(handlers[0])
	if err != nil || len(p.rows) != 0 {
		t.Errorf("in the end the page has %d series and error %v, want none", len(p.rows), err)
	}
	runtime.KeepAlive(reg)
}

// A million series that come and go, a few thousand at a time, need no more memory
// than those that are there together.
func TestPromiseAMillionSeriesComeAndGo(t *testing.T) {
	n, alive := 500_000**promises, 5_000 // of each API
	if raceDetector {
		n /= 10
	}
	reg := prometheus.NewRegistry()
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "herd_total"}, []string{"n", "all"})
	own := cresset.NewCounterVec[place](reg.Native(), "own_total", "")
	reg.MustRegister(counters)
	churn := func(from, to int) {
		for i := from; i < to; i++ {
			counters.WithLabelValues(strconv.Itoa(i), "all").Inc()
			own.With(place{"all", i}).Inc()
			counters.DeleteLabelValues(strconv.Itoa(i-alive), "all")
			own.Delete(place{"all", i - alive})
			if i%(n/20) == 0 {
				if _, err := reg.Gather(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	churn(0, 4*alive)
	before := int64(heapInUse())
	churn(4*alive, n)
	if grown := int64(heapInUse()) - before; grown > before/2+256<<10 {
		t.Errorf("memory has grown by %d bytes from %d while %d series came and went", grown, before, n)
	}
	runtime.KeepAlive(reg)
}

// Distributions that were hammered by many goroutines on many processors are of
// bounded size, and give all of it back.
func TestPromiseMemoryOfWhatWasHammeredComesBack(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	const series, goroutines, most = 32, 16, 512 << 10
	each := 500
	if raceDetector {
		each = 50
	}
	objectives := map[float64]float64{0.5: 0.05, 0.99: 0.001}
	label := []string{"n"}
	tests := map[string]interface {
		prometheus.ObserverVec
		Reset()
	}{
		"histograms":          prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f"}, label),
		"native histograms":   prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160}, label),
		"both":                prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f", NativeHistogramBucketFactor: 1.1, Buckets: prometheus.DefBuckets}, label),
		"expiring histograms": prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f", TTL: time.Hour}, label),
		"summaries":           prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "f"}, label),
		"quantiles":           prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "f", Objectives: objectives}, label),
	}
	for name, vec := range tests {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			reg.MustRegister(vec)
			vec.WithLabelValues("first").Observe(1)
			vec.Reset()
			empty := int64(heapInUse())
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for i := range series {
						o := vec.WithLabelValues(strconv.Itoa(i))
						for j := range each {
							o.Observe(float64(1 + j%7))
						}
					}
				})
			}
			wg.Wait()
			full := int64(heapInUse()) - empty
			t.Logf("%d bytes each", full/series)
			if full > series*most {
				t.Errorf("each has %d bytes, want no more than %d", full/series, most)
			}
			if families, err := reg.Gather(); err != nil || len(families[0].GetMetric()) != series {
				t.Errorf("got %v and error %v, want %d series", families, err, series)
			}
			vec.Reset()
			if left := int64(heapInUse()) - empty; left > full/50+64<<10 {
				t.Errorf("%d bytes are left of %d", left, full)
			}
			runtime.KeepAlive(vec)
		})
	}
}
