//go:build !race

// The race detector allocates on its own account.

package prometheus_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestLookupsAllocateNothing(t *testing.T) {
	long := "a value that is longer than sixteen bytes"
	for name, ttl := range map[string]time.Duration{"for ever": 0, "with a TTL": time.Hour} {
		opts := prometheus.Opts{Name: "requests_total", TTL: ttl}
		vec := prometheus.NewCounterVec(prometheus.CounterOpts(opts), []string{"method", "code"})
		curried := vec.MustCurryWith(prometheus.Labels{"method": "GET"})
		for _, values := range [][]string{{"GET", "200"}, {long, "200"}, {"\"quoted\"", "200"}} {
			for what, look := range map[string]func(){
				"by values": func() { vec.WithLabelValues(values[0], values[1]).Inc() },
				"by map":    func() { vec.With(prometheus.Labels{"method": values[0], "code": values[1]}).Inc() },
				"curried":   func() { curried.WithLabelValues(values[1]).Inc() },
				"curried, by map": func() {
					curried.With(prometheus.Labels{"code": values[1]}).Inc()
				},
				"with an error": func() {
					if c, err := vec.GetMetricWithLabelValues(values[0], values[1]); err == nil {
						c.Inc()
					}
				},
				"if it exists": func() { vec.Lookup(values[0], values[1]) },
			} {
				look()
				if got := testing.AllocsPerRun(100, look); got != 0 {
					t.Errorf("%s, %s, %q: got %v allocations, want none", name, what, values[0], got)
				}
			}
		}
	}
}

// A counter that is new costs itself and its text, apart from what grows with all of
// them.
func TestANewChildIsTwoObjects(t *testing.T) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"method", "code", "path"})
	paths := make([]string, 3000)
	for i := range paths {
		paths[i] = "/orders/" + strconv.Itoa(i)
	}
	next := 0
	got := testing.AllocsPerRun(len(paths)-1, func() {
		vec.WithLabelValues("GET", "200", paths[next])
		next++
	})
	if got != 2 { // AllocsPerRun rounds down
		t.Errorf("got %v allocations for a new child, want 2", got)
	}
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestMemoryOfCounters(t *testing.T) {
	const n = 100_000
	reg := prometheus.NewRegistry()
	before := heap()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"method", "code", "path"})
	reg.MustRegister(vec)
	for i := range n {
		vec.WithLabelValues("GET", "200", fmt.Sprintf("/orders/%d", i)).Inc()
	}
	gatherOnce(t, reg)
	if got := (heap() - before) / n; got > 200 {
		t.Errorf("got %d bytes for each counter, want no more than 200", got)
	} else {
		t.Logf("%d bytes for each counter", got)
	}
	runtime.KeepAlive(vec)
}

func gatherOnce(t *testing.T, reg *prometheus.Registry) {
	if err := prometheus.WriteToTextfile(t.TempDir()+"/page", reg); err != nil {
		t.Fatal(err)
	}
}

// A million series that were created and deleted leave the heap where it was, whether
// or not they were scraped meanwhile.
func TestAMillionSeriesComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const n = 1_000_000
	for _, scraped := range []bool{false, true} {
		reg := prometheus.NewRegistry()
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"path"})
		reg.MustRegister(vec)
		gatherOnce(t, reg)
		before := heap()
		for i := range n {
			vec.WithLabelValues(strconv.Itoa(i)).Inc()
		}
		if scraped {
			gatherOnce(t, reg)
		}
		full := heap() - before
		for i := range n {
			vec.DeleteLabelValues(strconv.Itoa(i))
		}
		if left := heap() - before; left > full/1000 {
			t.Errorf("scraped %t: got %d bytes left of %d, want next to nothing", scraped, left, full)
		}
		runtime.KeepAlive(vec)
	}
}

// What is kept of wrapped series for the next gather does not outlive them, whether or
// not there is one.
func TestMemoryOfWrappedSeriesComesBack(t *testing.T) {
	const n = 20_000
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"path"})
	depth := prometheus.NewDesc("depth", "", []string{"queue"}, nil)
	store := prometheus.NewObjectStore[int](depth)
	for name, c := range map[string]struct {
		collector prometheus.Collector
		fill      func()
		empty     func()
	}{
		"vector": {
			vec,
			func() {
				for i := range n {
					vec.WithLabelValues(strconv.Itoa(i)).Inc()
				}
			},
			vec.Reset,
		},
		"store": {
			store,
			func() {
				for i := range n {
					if err := store.Set(i, prometheus.MustNewConstMetric(depth, prometheus.GaugeValue, 1, strconv.Itoa(i))); err != nil {
						t.Fatal(err)
					}
				}
			},
			func() {
				for i := range n {
					store.Delete(i)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			prometheus.WrapRegistererWith(prometheus.Labels{"zone": "a"}, reg).MustRegister(c.collector)
			before := heap()
			c.fill()
			if _, err := reg.Page(); err != nil {
				t.Fatal(err)
			}
			families, err := reg.Gather()
			if err != nil || len(families) != 1 || len(families[0].Metric) != n || len(families[0].Metric[n/2].Label) != 2 {
				t.Fatalf("got %d families and the error %v, want one of %d series with two labels", len(families), err, n)
			}
			families = nil
			full := heap() - before
			c.empty()
			if left := heap() - before; left > full/20 {
				t.Errorf("got %d bytes left of %d after all series have gone, want next to none", left, full)
			}
			runtime.KeepAlive(reg)
		})
	}
}
