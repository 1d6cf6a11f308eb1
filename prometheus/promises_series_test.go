package prometheus_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// A place is the labels of a vector of the native API.
type place struct {
	Z string `label:"z"`
	A int    `label:"a"`
}

// A snapshot is one part of what a Replace says.
type snapshot struct {
	Generation int `label:"generation"`
	Part       int `label:"part"`
}

const parts = 5 // of a snapshot

// changing are vectors whose series are created and deleted in every way there is.
type changing struct {
	counters, reset, expiring *prometheus.CounterVec
	histograms                *prometheus.HistogramVec
	summaries                 *prometheus.SummaryVec
	replaced                  *prometheus.GaugeVec
	own, ownExpiring          *cresset.CounterVec[place]
	ownReplaced               *cresset.GaugeVec[snapshot]
}

func newChanging(reg *prometheus.Registry) *changing {
	labels := []string{"z", "a"}
	c := &changing{
		counters:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counters_total"}, labels),
		reset:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reset_total"}, labels),
		expiring:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "expiring_total", TTL: 2 * time.Millisecond}, labels),
		histograms: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "histograms", Buckets: []float64{1}, NativeHistogramBucketFactor: 1.1}, labels),
		summaries:  prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "summaries", TTL: 2 * time.Millisecond, Objectives: map[float64]float64{0.5: 0.05}}, labels),
		replaced:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "replaced"}, []string{"generation", "part"}),

		own:         cresset.NewCounterVec[place](reg.Native(), "own_total", ""),
		ownExpiring: cresset.NewCounterVec[place](reg.Native(), "own_expiring_total", "", cresset.TTL(2*time.Millisecond)),
		ownReplaced: cresset.NewGaugeVec[snapshot](reg.Native(), "own_replaced", ""),
	}
	reg.MustRegister(c.counters, c.reset, c.expiring, c.histograms, c.summaries, c.replaced)
	c.replace(0)
	c.change(rand.New(rand.NewPCG(0, 0)), 1)
	return c
}

// staying are the families that have a series that stays, with z="stays", and how it
// is updated.
func (c *changing) staying() map[string]func() {
	c.counters.Pin("stays", "-")
	c.histograms.Pin("stays", "-")
	c.own.Pin(place{"stays", -1})
	c.expiring.Pin("stays", "-")
	c.summaries.Pin("stays", "-")
	c.ownExpiring.Pin(place{"stays", -1})
	held := c.expiring.WithLabelValues("stays", "-")
	return map[string]func(){
		"counters_total":     func() { c.counters.WithLabelValues("stays", "-").Inc() },
		"expiring_total":     func() { held.Inc() },
		"histograms_count":   func() { c.histograms.With(prometheus.Labels{"z": "stays", "a": "0"}).Observe(same) },
		"summaries_count":    func() { c.summaries.WithLabelValues("stays", "-").Observe(same) },
		"own_total":          func() { c.own.With(place{"stays", -1}).Inc() },
		"own_expiring_total": func() { c.ownExpiring.With(place{"stays", -1}).Inc() },
	}
}

// change creates, updates and deletes series other than those that stay.
func (c *changing) change(random *rand.Rand, worker int) {
	number := random.IntN(200)
	z, a, w := strconv.Itoa(number), strconv.Itoa(number%7), strconv.Itoa(worker)
	c.counters.WithLabelValues(z, a).Add(0.5)
	c.counters.MustCurryWith(prometheus.Labels{"a": w}).WithLabelValues(z).Inc()
	c.reset.With(prometheus.Labels{"z": z, "a": a}).Inc()
	c.expiring.WithLabelValues(z, a).Inc()
	c.histograms.WithLabelValues(z, w).Observe(same)
	c.summaries.WithLabelValues(z, w).Observe(same)
	c.own.With(place{z, worker}).Inc()
	c.ownExpiring.With(place{z, number % 7}).Inc()
	switch random.IntN(16) {
	case 0:
		c.counters.DeletePartialMatch(prometheus.Labels{"a": w})
	case 1:
		c.counters.Delete(prometheus.Labels{"z": z, "a": a})
	case 2:
		c.reset.Reset()
	case 3:
		c.expiring.DeleteLabelValues(z, a)
	case 4:
		c.histograms.DeletePartialMatch(prometheus.Labels{"z": z})
	case 5:
		c.own.Delete(place{z, worker})
	case 6:
		c.own.DeleteFunc(func(p place) bool { return p.Z != "stays" && p.A == worker })
	case 7:
		c.ownExpiring.Delete(place{z, number % 7})
	}
}

// replace says that all there is is the snapshot of a generation.
func (c *changing) replace(generation int) {
	c.replaced.Replace(func(next *prometheus.GaugeVec) {
		for part := range parts {
			next.WithLabelValues(strconv.Itoa(generation), strconv.Itoa(part)).Set(float64(generation))
		}
	})
	c.ownReplaced.Replace(func(next *cresset.GaugeVec[snapshot]) {
		for part := range parts {
			next.With(snapshot{generation, part}).Set(float64(generation))
		}
	})
}

// Whatever is created, deleted, replaced and expires meanwhile, each scrape in each
// format is in order, has no series twice, has all series that stay with all that they
// have counted, and of what is replaced all of one generation.
func TestPromiseScrapesWhileSeriesComeAndGo(t *testing.T) {
	for _, processors := range []int{1, 2, 8} {
		t.Run(fmt.Sprintf("%d processors", processors), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			comeAndGo(t)
		})
	}
}

func comeAndGo(t *testing.T) {
	const workers, scrapers = 4, 3
	reg := prometheus.NewPedanticRegistry()
	vecs := newChanging(reg)
	staying := vecs.staying()
	views := viewsOf(reg)
	var begun, ended [workers]atomic.Int64 // updates of all that stays
	sum := func(all *[workers]atomic.Int64) (total float64) {
		for i := range all {
			total += float64(all[i].Load())
		}
		return total
	}
	check := func(v view) {
		atLeast := sum(&ended)
		p, err := v.read()
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			return
		}
		atMost := sum(&begun)
		checkOrder(t, p)
		for name := range staying {
			got, there := p.withLabel(name, "z")["stays"]
			exact := name != "summaries_count" && name != "histograms_count" // see the promise of whole ones
			if !there || got > atMost || exact && got < atLeast && !v.shared {
				t.Errorf("%s: %s of what stays is %v (there: %t), want between %v and %v", v.name, name, got, there, atLeast, atMost)
			}
		}
		checkReplaced(t, v, p)
	}

	var scraping, working sync.WaitGroup
	var enough atomic.Bool
	working.Go(func() {
		for generation := 1; !enough.Load(); generation++ {
			vecs.replace(generation)
			runtime.Gosched()
		}
	})
	for w := range workers {
		working.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 2))
			for round := 0; round < 50 || !enough.Load(); round++ {
				begun[w].Add(1)
				for _, update := range staying {
					update()
				}
				ended[w].Add(1)
				vecs.change(random, w)
				runtime.Gosched()
			}
		})
	}
	for s := range scrapers {
		scraping.Go(func() {
			for i := range len(views) * *promises {
				check(views[(s*3+i)%len(views)])
				runtime.Gosched()
			}
		})
	}
	scraping.Wait()
	enough.Store(true)
	working.Wait()

	for _, v := range views {
		check(v)
		p, err := v.read()
		if err != nil {
			t.Fatal(err)
		}
		for name := range staying {
			if got := p.withLabel(name, "z")["stays"]; got != sum(&ended) {
				t.Errorf("%s: in the end, %s of what stays is %v, want %v", v.name, name, got, sum(&ended))
			}
		}
	}
}

// checkReplaced fails unless a page shows all of one snapshot, and nothing else.
func checkReplaced(t *testing.T, v view, p page) {
	t.Helper()
	for _, name := range []string{"replaced", "own_replaced"} {
		generations, there := p.withLabel(name, "generation"), p.withLabel(name, "part")
		if len(generations) != 1 || len(there) != parts {
			t.Errorf("%s: %s shows generations %v and parts %v, want %d parts of one generation", v.name, name,
				slices.Collect(maps.Keys(generations)), slices.Collect(maps.Keys(there)), parts)
		}
		for generation, value := range generations {
			if strconv.FormatFloat(value, 'f', -1, 64) != generation {
				t.Errorf("%s: %s of generation %s is %v", v.name, name, generation, value)
			}
		}
	}
}

// A Replace is one step, also for those who do nothing but look.
func TestPromiseReplaceIsOneStep(t *testing.T) {
	const size = 100
	reg := prometheus.NewPedanticRegistry()
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "replaced"}, []string{"generation", "part"})
	own := cresset.NewGaugeVec[snapshot](reg.Native(), "own_replaced", "")
	reg.MustRegister(vec)
	replace := func(generation int) {
		vec.Replace(func(next *prometheus.GaugeVec) {
			for part := range size {
				next.WithLabelValues(strconv.Itoa(generation), strconv.Itoa(part)).Set(float64(generation))
			}
		})
		own.Replace(func(next *cresset.GaugeVec[snapshot]) {
			for part := range size {
				next.With(snapshot{generation, part}).Set(float64(generation))
			}
		})
	}
	replace(0)

	// Each tells of which generation what it sees is, and of how much it is.
	look := map[string]func() (generations map[string]int){
		"All": func() map[string]int {
			seen := map[string]int{}
			for values := range vec.All() {
				seen[values[0]]++
			}
			return seen
		},
		"Collect": func() map[string]int {
			seen := map[string]int{}
			metrics := make(chan prometheus.Metric, 2*size)
			vec.Collect(metrics)
			close(metrics)
			for m := range metrics {
				seen[valueOf(t, m).GetLabel()[0].GetValue()]++
			}
			return seen
		},
		"All, native": func() map[string]int {
			seen := map[string]int{}
			for labels := range own.All() {
				seen[strconv.Itoa(labels.Generation)]++
			}
			return seen
		},
	}
	var looking, replacing sync.WaitGroup
	var enough atomic.Bool
	replacing.Go(func() {
		for generation := 1; generation < 50 || !enough.Load(); generation++ {
			replace(generation)
		}
	})
	for name, look := range look {
		looking.Go(func() {
			for range 500 * *promises {
				if seen := look(); len(seen) != 1 || slices.Max(slices.Collect(maps.Values(seen))) != size {
					t.Errorf("%s: got so many of each generation: %v, want %d of one", name, seen, size)
				}
				runtime.Gosched()
			}
		})
	}
	looking.Wait()
	enough.Store(true)
	replacing.Wait()
}
