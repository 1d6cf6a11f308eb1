package prometheus_test

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// All sums of what the tests here observe are exact, whatever their order.
const same = 0.5

// different are the observations of distributions that take more than one. Each is
// the bound of a classic bucket of its own, which so tells how often it was made.
var different = []float64{-16, -8, -4, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 4, 8, 16}

// A subject is a kind of distribution that is hammered.
type subject struct {
	name    string
	observe func(v float64)
	values  []float64 // that are observed, in turn
	resets  bool      // from time to time it begins again
}

// subjectsOf makes and registers one distribution of each kind.
func subjectsOf(reg *prometheus.Registry) (subjects []subject) {
	ones, bounds := []float64{same}, []float64{0.25, 0.5, 1}
	objectives := map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}
	add := func(name string, c prometheus.Collector, o prometheus.Observer, values []float64) *subject {
		reg.MustRegister(c)
		subjects = append(subjects, subject{name: name, observe: o.Observe, values: values})
		return &subjects[len(subjects)-1]
	}
	for suffix, ttl := range map[string]time.Duration{"": 0, "_expiring": time.Hour} {
		histogram := func(name string, opts prometheus.HistogramOpts, values []float64) *subject {
			opts.Name, opts.TTL = name+suffix, ttl
			vec := prometheus.NewHistogramVec(opts, []string{"l"})
			return add(opts.Name, vec, vec.WithLabelValues("x"), values)
		}
		histogram("classic", prometheus.HistogramOpts{Buckets: bounds}, ones)
		histogram("classic_different", prometheus.HistogramOpts{Buckets: different}, different)
		histogram("classic_many", prometheus.HistogramOpts{Buckets: prometheus.LinearBuckets(-20, 0.25, 160)}, ones)
		histogram("native", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1}, ones)
		histogram("both", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1, Buckets: bounds}, ones)
		histogram("both_different", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1, Buckets: different}, different)
		histogram("limited", prometheus.HistogramOpts{
			NativeHistogramBucketFactor: 1.1, Buckets: different, NativeHistogramMaxBucketNumber: 6, NativeHistogramMaxZeroThreshold: 0.4,
		}, different)
		histogram("resetting", prometheus.HistogramOpts{
			NativeHistogramBucketFactor: 1.1, Buckets: different, NativeHistogramMaxBucketNumber: 6, NativeHistogramMinResetDuration: time.Nanosecond,
		}, different).resets = true

		summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "summary" + suffix, TTL: ttl}, []string{"l"})
		add("summary"+suffix, summaries, summaries.WithLabelValues("x"), ones)
		quantiles := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "quantiles" + suffix, TTL: ttl, Objectives: objectives}, []string{"l"})
		add("quantiles"+suffix, quantiles, quantiles.WithLabelValues("x"), ones)
	}

	native := reg.Native()
	own := func(name string, observe func(float64)) {
		subjects = append(subjects, subject{name: name, observe: observe, values: ones})
	}
	own("own_classic", cresset.NewHistogram(native, "own_classic", "").Observe)
	own("own_native", cresset.NewHistogram(native, "own_native", "", cresset.NativeBuckets(1.1), cresset.TTL(time.Hour)).Observe)
	own("own_summary", cresset.NewSummary(native, "own_summary", "").Observe)
	own("own_quantiles", cresset.NewSummary(native, "own_quantiles", "", cresset.Objectives(objectives)).Observe)
	batched := cresset.NewHistogram(native, "own_batched", "")
	own("own_batched", func(v float64) {
		local := batched.Local()
		local.Observe(v)
		local.Flush()
	})
	return subjects
}

// numbers are the metrics of one number that are hammered with the distributions.
type numbers struct {
	counter    prometheus.Counter
	own        cresset.Counter
	up, choice prometheus.Gauge
}

// choices are what the gauge choice is ever set to.
var choices = []float64{0.1, -7, 1e300, 5e-324, math.Inf(1)}

func numbersOf(reg *prometheus.Registry) *numbers {
	n := &numbers{
		counter: prometheus.NewCounter(prometheus.CounterOpts{Name: "counter_total"}),
		own:     cresset.NewCounter(reg.Native(), "own_counter_total", ""),
		up:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "up_and_down"}),
		choice:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "choice"}),
	}
	n.up.Set(1000)
	n.choice.Set(choices[0])
	reg.MustRegister(n.counter, n.up, n.choice)
	return n
}

// work is what one goroutine has done. The amount of what was begun and ended is in
// quarters, and added to both counters.
type work struct {
	begun, ended atomic.Int64
	observations []int // of each subject; read when the goroutine has ended
	_            [64]byte
}

// Whatever is hammered, by however many goroutines and on however many processors,
// each scrape in each format sees each distribution as it was at one moment, and no
// number that it never had; and in the end nothing is lost.
func TestPromiseScrapesAreWhole(t *testing.T) {
	for i, processors := range []int{1, 2, 8} {
		for j, writers := range []int{1, 2, 8, 64} {
			scrapers := (i+j)%4 + 1
			t.Run(fmt.Sprintf("%d writers, %d scrapers, %d processors", writers, scrapers, processors), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
				hammerAndScrape(t, writers, scrapers)
			})
		}
	}
}

// hammerAndScrape has each scraper look through each view, while all writers go on,
// and then once more.
func hammerAndScrape(t *testing.T, writers, scrapers int) {
	reg := prometheus.NewPedanticRegistry()
	subjects, numbers := subjectsOf(reg), numbersOf(reg)
	views := viewsOf(reg)
	works := make([]work, writers)
	var scraping, writing sync.WaitGroup
	var enough atomic.Bool
	for w := range works {
		writing.Go(func() { hammer(&works[w], w, subjects, numbers, &enough) })
	}
	for s := range scrapers {
		scraping.Go(func() {
			watch := watcher{t: t, subjects: subjects, works: works, last: map[string]float64{}}
			for i := range len(views) * *promises {
				watch.look(views[(s*3+i)%len(views)])
				runtime.Gosched()
			}
		})
	}
	scraping.Wait()
	enough.Store(true)
	writing.Wait()
	for _, v := range views {
		p, err := v.read()
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		checkTotals(t, v.name, p, subjects, works)
	}
}

// hammer updates everything in bursts, beginning with another kind than the next
// goroutine does, until it is enough.
func hammer(w *work, first int, subjects []subject, n *numbers, enough *atomic.Bool) {
	const burst = 30 // of observations, a multiple of the number of values
	w.observations = make([]int, len(subjects))
	for round := first; round < first+2*len(subjects) || !enough.Load(); round++ {
		at := round % len(subjects)
		s := &subjects[at]
		for i := range burst {
			s.observe(s.values[i%len(s.values)])
		}
		w.observations[at] += burst
		for range 5 {
			w.begun.Add(5)
			n.counter.Inc()
			n.own.Inc()
			n.counter.Add(0.25)
			n.own.Add(0.25)
			w.ended.Add(5)
		}
		n.up.Add(1.5)
		n.up.Inc()
		n.choice.Set(choices[round%len(choices)])
		n.up.Dec()
		n.up.Sub(1.5)
		runtime.Gosched() // the processor belongs to others too
	}
}

// A watcher compares the pages of one scraper with each other, and with what has been
// done.
type watcher struct {
	t        *testing.T
	subjects []subject
	works    []work
	last     map[string]float64
}

// look checks what a view shows while everything changes.
func (w *watcher) look(v view) {
	atLeast, atMost := 0.0, 0.0
	for i := range w.works {
		atLeast += float64(w.works[i].ended.Load()) / 4
	}
	p, err := v.read()
	if err != nil {
		w.t.Errorf("%s: %v", v.name, err)
		return
	}
	for i := range w.works {
		atMost += float64(w.works[i].begun.Load()) / 4
	}
	checkOrder(w.t, p)
	for _, name := range []string{"counter_total", "own_counter_total"} {
		got := plainValue(only(w.t, p, name))
		if got > atMost || got < atLeast && !v.shared {
			w.t.Errorf("%s: %s is %v, want between %v, what was added before, and %v, what had begun after", v.name, name, got, atLeast, atMost)
		}
		w.grows(v, name, got)
	}
	if got := plainValue(only(w.t, p, "choice")); !slices.Contains(choices, got) {
		w.t.Errorf("%s: a gauge is %v, which it was never set to", v.name, got)
	}
	if got := plainValue(only(w.t, p, "up_and_down")); got < 1000 || got > 1000+2.5*float64(len(w.works)) {
		w.t.Errorf("%s: a gauge is %v, want 1000 and at most 2.5 for each of %d goroutines", v.name, got, len(w.works))
	}
	for _, s := range w.subjects {
		count, err := s.whole(only(w.t, p, s.name))
		if err != nil {
			w.t.Errorf("%s: %s is torn: %v", v.name, s.name, err)
		}
		if !s.resets {
			w.grows(v, s.name, float64(count))
		}
	}
}

// grows checks that a number does not fall from one scrape to the next.
func (w *watcher) grows(v view, name string, got float64) {
	if v.shared {
		return
	}
	if got < w.last[name] {
		w.t.Errorf("%s: %s fell from %v to %v", v.name, name, w.last[name], got)
	}
	w.last[name] = got
}

// only returns the one metric of a family.
func only(t *testing.T, p page, name string) *dto.Metric {
	t.Helper()
	metrics := p.families[name].GetMetric()
	if len(metrics) != 1 {
		t.Errorf("got %d metrics of %s, want one; families: %v", len(metrics), name, slices.Sorted(maps.Keys(p.families)))
		return new(dto.Metric)
	}
	return metrics[0]
}

// whole returns the count of a distribution, and an error if its parts do not belong
// together.
func (s *subject) whole(m *dto.Metric) (count uint64, err error) {
	if m.Summary != nil {
		got := m.GetSummary()
		for _, q := range got.GetQuantile() {
			if v := q.GetValue(); v != same && (got.GetSampleCount() > 0 || !math.IsNaN(v)) {
				return 0, fmt.Errorf("the quantile %v is %v, though all observations are %v", q.GetQuantile(), v, same)
			}
		}
		return got.GetSampleCount(), wantSum(got.GetSampleSum(), same*float64(got.GetSampleCount()))
	}
	got := m.GetHistogram()
	count = got.GetSampleCount()
	if got.Schema != nil { // native, and in a format that has native buckets
		if n := nativeCount(got); n != count {
			return 0, fmt.Errorf("the native buckets have %d of %d observations", n, count)
		}
	}
	if len(s.values) == 1 {
		if err := wantSum(got.GetSampleSum(), same*float64(count)); err != nil {
			return 0, err
		}
	}
	return count, s.checkClassic(got)
}

func wantSum(got, want float64) error {
	if got != want {
		return fmt.Errorf("the sum is %v, want %v", got, want)
	}
	return nil
}

// checkClassic compares the classic buckets with count and sum.
func (s *subject) checkClassic(got *dto.Histogram) error {
	var below uint64
	var sum float64
	for i, b := range got.GetBucket() {
		n := b.GetCumulativeCount()
		if n < below || n > got.GetSampleCount() {
			return fmt.Errorf("%d observations up to %v, %d before it, %d in all", n, b.GetUpperBound(), below, got.GetSampleCount())
		}
		switch bound := b.GetUpperBound(); {
		case len(s.values) > 1 && i < len(different):
			sum += float64(n-below) * bound
		case len(s.values) == 1 && (bound < same && n != 0 || bound >= same && n != got.GetSampleCount()):
			return fmt.Errorf("%d observations up to %v, though all %d are %v", n, bound, got.GetSampleCount(), same)
		}
		below = n
	}
	if len(s.values) == 1 {
		return nil
	}
	if below != got.GetSampleCount() {
		return fmt.Errorf("the classic buckets have %d of %d observations", below, got.GetSampleCount())
	}
	return wantSum(got.GetSampleSum(), sum)
}

// nativeCount returns how many observations native buckets have.
func nativeCount(h *dto.Histogram) uint64 {
	total := int64(h.GetZeroCount())
	for _, deltas := range [][]int64{h.GetPositiveDelta(), h.GetNegativeDelta()} {
		var n int64
		for _, d := range deltas {
			n += d
			total += n
		}
	}
	return uint64(total)
}

// checkTotals checks that a page has all that was ever done.
func checkTotals(t *testing.T, view string, p page, subjects []subject, works []work) {
	t.Helper()
	var quarters int64
	observations := make([]int, len(subjects))
	for i := range works {
		quarters += works[i].ended.Load()
		for at, n := range works[i].observations {
			observations[at] += n
		}
	}
	wanted := map[string]float64{"counter_total": float64(quarters) / 4, "own_counter_total": float64(quarters) / 4, "up_and_down": 1000}
	for name, want := range wanted {
		if got := plainValue(only(t, p, name)); got != want {
			t.Errorf("%s: in the end, %s is %v, want %v", view, name, got, want)
		}
	}
	for at, s := range subjects {
		count, err := s.whole(only(t, p, s.name))
		if err != nil {
			t.Errorf("%s: in the end, %s is torn: %v", view, s.name, err)
		}
		if !s.resets && count != uint64(observations[at]) {
			t.Errorf("%s: in the end, %s has %d observations, want %d", view, s.name, count, observations[at])
		}
	}
}

// A gauge is only ever what it was set to, also for those who do nothing but look.
func TestPromiseGaugesAreWhatTheyWereSetTo(t *testing.T) {
	const writers, readers = 2, 2
	gauges := map[string]prometheus.Gauge{
		"gauge":    prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"}),
		"expiring": prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", TTL: time.Hour}),
	}
	for name, g := range gauges {
		g.Set(choices[0])
		var writing, reading sync.WaitGroup
		var enough atomic.Bool
		for w := range writers {
			writing.Go(func() {
				for i := w; !enough.Load(); i++ {
					g.Set(choices[i%len(choices)])
				}
			})
		}
		for range readers {
			reading.Go(func() {
				for range 20_000 * *promises {
					if got := plainValue(valueOf(t, g)); !slices.Contains(choices, got) {
						t.Errorf("%s: got %v, which it was never set to", name, got)
						return
					}
				}
			})
		}
		reading.Wait()
		enough.Store(true)
		writing.Wait()
	}
}
