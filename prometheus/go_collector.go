package prometheus

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus/internal/goruntime"
)

// NewGoCollector returns a collector of the state of the Go runtime:
// goroutines, threads, garbage collection and memory. The options are made by
// the functions of package collectors, whose NewGoCollector is the same.
func NewGoCollector(opts ...func(o *goruntime.Options)) Collector {
	options := goruntime.Default()
	for _, set := range opts {
		set(&options)
	}
	c := &goCollector{
		goroutines: NewDesc("go_goroutines", "Number of goroutines that currently exist.", nil, nil),
		threads:    NewDesc("go_threads", "Number of OS threads created.", nil, nil),
		pauses: NewDesc("go_gc_duration_seconds",
			"A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.", nil, nil),
		lastGC: NewDesc("go_memstats_last_gc_time_seconds", "Number of seconds since 1970 of last garbage collection.", nil, nil),
		info: MustNewConstMetric(NewDesc("go_info", "Information about the Go environment.", nil,
			Labels{"version": runtime.Version()}), GaugeValue, 1),
	}
	places := make(map[string]int)
	if !options.WithoutMemStats {
		for _, m := range memStats {
			c.sums = append(c.sums, sumOfSamples{
				desc: NewDesc(m.name, m.help, nil, nil),
				typ:  m.typ,
				from: c.places(places, m.sources...),
			})
		}
	}
	for _, m := range options.Chosen() {
		desc := newDesc(m.Name, m.Help, m.Unit, nil, nil)
		from := c.places(places, m.Source)
		switch m.Type {
		case exposition.Counter:
			c.sums = append(c.sums, sumOfSamples{desc: desc, typ: CounterValue, from: from})
		case exposition.Gauge:
			c.sums = append(c.sums, sumOfSamples{desc: desc, typ: GaugeValue, from: from})
		case exposition.Histogram:
			h := sampledHistogram{desc: desc, unit: m.Unit, from: from[0]}
			if m.SumSource != "" {
				h.sumFrom = c.places(places, m.SumSource)
			}
			c.histograms = append(c.histograms, h)
		}
	}
	return c
}

type goCollector struct {
	goroutines, threads, pauses, lastGC *Desc

	info       Metric
	sums       []sumOfSamples
	histograms []sampledHistogram

	mu      sync.Mutex       // guards the values of samples
	samples []metrics.Sample // kept, so that their memory is used again
}

// sumOfSamples is a metric that is one of the runtime's, or the sum of some.
type sumOfSamples struct {
	desc *Desc
	typ  ValueType
	from []int // places in samples
}

// sampledHistogram is a metric that is a histogram of the runtime's.
type sampledHistogram struct {
	desc    *Desc
	unit    string
	from    int   // place in samples
	sumFrom []int // place of its sum; empty if that has to be estimated
}

// places returns where in samples the metrics of these names are, and adds
// those that are new.
func (c *goCollector) places(known map[string]int, names ...string) []int {
	var places []int
	for _, name := range names {
		place, ok := known[name]
		if !ok {
			place = len(c.samples)
			known[name] = place
			c.samples = append(c.samples, metrics.Sample{Name: name})
		}
		places = append(places, place)
	}
	return places
}

// Describe implements Collector.
func (c *goCollector) Describe(ch chan<- *Desc) {
	for _, desc := range [...]*Desc{c.goroutines, c.threads, c.pauses, c.lastGC, c.info.Desc()} {
		ch <- desc
	}
	for _, m := range c.sums {
		ch <- m.desc
	}
	for _, m := range c.histograms {
		ch <- m.desc
	}
}

// Collect implements Collector.
func (c *goCollector) Collect(ch chan<- Metric) {
	ch <- MustNewConstMetric(c.goroutines, GaugeValue, float64(runtime.NumGoroutine()))
	threads, _ := runtime.ThreadCreateProfile(nil)
	ch <- MustNewConstMetric(c.threads, GaugeValue, float64(threads))
	ch <- c.info

	gc := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)}
	debug.ReadGCStats(&gc)
	quantiles := make(map[float64]float64, len(gc.PauseQuantiles))
	for i, pause := range gc.PauseQuantiles {
		quantiles[float64(i)/float64(len(gc.PauseQuantiles)-1)] = pause.Seconds()
	}
	ch <- MustNewConstSummary(c.pauses, uint64(gc.NumGC), gc.PauseTotal.Seconds(), quantiles)
	ch <- MustNewConstMetric(c.lastGC, GaugeValue, float64(gc.LastGC.UnixNano())/1e9)

	for _, m := range c.sampled() {
		ch <- m
	}
}

// sampled returns the metrics that come from the runtime's, all read at one
// time.
func (c *goCollector) sampled() []Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	metrics.Read(c.samples)
	all := make([]Metric, 0, len(c.sums)+len(c.histograms))
	for _, m := range c.sums {
		all = append(all, MustNewConstMetric(m.desc, m.typ, c.sum(m.from)))
	}
	for _, m := range c.histograms {
		value := c.samples[m.from].Value
		if value.Kind() != metrics.KindFloat64Histogram {
			continue
		}
		d := goruntime.Distribution(value.Float64Histogram(), m.unit)
		if len(m.sumFrom) > 0 {
			d.Sum = c.sum(m.sumFrom)
		}
		h := mustNewConst(m.desc, exposition.Histogram)
		h.series.Dist = d
		all = append(all, h)
	}
	return all
}

func (c *goCollector) sum(places []int) float64 {
	sum := 0.0
	for _, place := range places {
		sum += goruntime.Number(c.samples[place].Value)
	}
	return sum
}

func mustNewConst(desc *Desc, typ exposition.Type) *constMetric {
	m, err := newConst(desc, typ, nil)
	if err != nil {
		panic(err)
	}
	return m
}
