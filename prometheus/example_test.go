package prometheus_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// show prints the samples that a scrape of the registry gets.
func show(reg *prometheus.Registry) {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			fmt.Print(line)
		}
	}
}

func ExampleCounter() {
	reg := prometheus.NewRegistry()
	letters := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "post_letters_total",
		Help: "Letters that were posted.",
	})
	reg.MustRegister(letters)

	letters.Inc()
	letters.Add(40)
	show(reg)
	// Output:
	// post_letters_total 41
}

func ExampleCounterVec() {
	reg := prometheus.NewRegistry()
	letters := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "post_letters_total",
		Help: "Letters that were posted, by country and kind.",
	}, []string{"country", "kind"})
	reg.MustRegister(letters)

	letters.WithLabelValues("Norway", "express").Inc()
	letters.With(prometheus.Labels{"kind": "ordinary", "country": "Norway"}).Add(12)
	ordinary := letters.WithLabelValues("Chad", "ordinary") // for a hot loop
	for range 3 {
		ordinary.Inc()
	}
	show(reg)
	// Output:
	// post_letters_total{country="Chad",kind="ordinary"} 3
	// post_letters_total{country="Norway",kind="express"} 1
	// post_letters_total{country="Norway",kind="ordinary"} 12
}

func ExampleCounterVec_CurryWith() {
	reg := prometheus.NewRegistry()
	letters := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "post_letters_total",
		Help: "Letters that were posted, by country and kind.",
	}, []string{"country", "kind"})
	reg.MustRegister(letters)

	// Whoever deals with one country need not know that there are others.
	toChad := letters.MustCurryWith(prometheus.Labels{"country": "Chad"})
	toChad.WithLabelValues("express").Inc()
	show(reg)
	// Output:
	// post_letters_total{country="Chad",kind="express"} 1
}

func ExampleGauge() {
	reg := prometheus.NewRegistry()
	queue := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "counter_queue_people",
		Help: "People that wait at the counter.",
	})
	reg.MustRegister(queue)

	queue.Set(5)
	queue.Dec()
	queue.Add(2)
	show(reg)
	// Output:
	// counter_queue_people 6
}

// Labels that are no longer true have to be deleted.
func ExampleGaugeVec() {
	reg := prometheus.NewRegistry()
	temperature := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "room_temperature_celsius",
		Help: "Temperature of each room.",
	}, []string{"floor", "room"})
	reg.MustRegister(temperature)

	temperature.WithLabelValues("1", "kitchen").Set(22)
	temperature.WithLabelValues("1", "bath").Set(24)
	temperature.WithLabelValues("2", "attic").Set(17.5)
	temperature.DeletePartialMatch(prometheus.Labels{"floor": "1"})
	show(reg)
	// Output:
	// room_temperature_celsius{floor="2",room="attic"} 17.5
}

// A family of functions is made of several that differ in a constant label.
func ExampleGaugeFunc() {
	reg := prometheus.NewRegistry()
	jobs := map[string][]string{"printing": {"a", "b"}, "mailing": nil}
	for queue := range jobs {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "queue_length",
			Help:        "Jobs that wait.",
			ConstLabels: prometheus.Labels{"queue": queue},
		}, func() float64 { return float64(len(jobs[queue])) }))
	}
	show(reg)
	// Output:
	// queue_length{queue="mailing"} 0
	// queue_length{queue="printing"} 2
}

func ExampleHistogram() {
	reg := prometheus.NewRegistry()
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "delivery_days",
		Help:    "Days from posting to delivery.",
		Buckets: prometheus.LinearBuckets(1, 2, 3),
	})
	reg.MustRegister(durations)

	for _, days := range []float64{1, 2, 2, 4, 9} {
		durations.Observe(days)
	}
	show(reg)
	// Output:
	// delivery_days_bucket{le="1"} 1
	// delivery_days_bucket{le="3"} 3
	// delivery_days_bucket{le="5"} 4
	// delivery_days_bucket{le="+Inf"} 5
	// delivery_days_sum 18
	// delivery_days_count 5
}

func ExampleTimer() {
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "sorting_seconds",
		Help: "Duration of sorting a bag of letters.",
	})
	sortBag := func() {
		defer prometheus.NewTimer(durations).ObserveDuration()
		// ...
	}
	sortBag()
}

// A gauge keeps the duration of the last run only.
func ExampleTimer_gauge() {
	last := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "backup_last_duration_seconds",
		Help: "Duration of the last backup.",
	})
	timer := prometheus.NewTimer(prometheus.ObserverFunc(last.Set))
	// ...
	timer.ObserveDuration()
}

// shelf is kept by somebody who does not count.
type shelf map[string]int

// shelfCollector exposes a shelf as it is at the time of each scrape.
type shelfCollector struct {
	shelf shelf
	books *prometheus.Desc
}

func (c shelfCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.books }

func (c shelfCollector) Collect(ch chan<- prometheus.Metric) {
	for author, books := range c.shelf {
		ch <- prometheus.MustNewConstMetric(c.books, prometheus.GaugeValue, float64(books), author)
	}
}

func ExampleCollector() {
	reg := prometheus.NewPedanticRegistry()
	s := shelf{"Woolf": 3, "Borges": 1}
	reg.MustRegister(shelfCollector{
		shelf: s,
		books: prometheus.NewDesc("shelf_books", "Books on the shelf.", []string{"author"}, nil),
	})
	show(reg)
	delete(s, "Borges")
	fmt.Println("later:")
	show(reg)
	// Output:
	// shelf_books{author="Borges"} 1
	// shelf_books{author="Woolf"} 3
	// later:
	// shelf_books{author="Woolf"} 3
}

// Numbers that another system has counted are handed on as they are.
func ExampleNewConstHistogram() {
	reg := prometheus.NewRegistry()
	desc := prometheus.NewDesc("disk_latency_seconds", "Latencies as the disk reports them.", []string{"disk"}, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstHistogram(desc, 100, 3.25, map[float64]uint64{0.01: 60, 0.1: 95}, "sda")
	}))
	show(reg)
	// Output:
	// disk_latency_seconds_bucket{disk="sda",le="0.01"} 60
	// disk_latency_seconds_bucket{disk="sda",le="0.1"} 95
	// disk_latency_seconds_bucket{disk="sda",le="+Inf"} 100
	// disk_latency_seconds_sum{disk="sda"} 3.25
	// disk_latency_seconds_count{disk="sda"} 100
}

// Whoever comes second shares the counter of whoever came first.
func ExampleAlreadyRegisteredError() {
	reg := prometheus.NewRegistry()
	shared := func() prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "visits_total", Help: "Visits."})
		err := reg.Register(c)
		var exists prometheus.AlreadyRegisteredError
		if errors.As(err, &exists) {
			return exists.ExistingCollector.(prometheus.Counter)
		}
		if err != nil {
			panic(err)
		}
		return c
	}
	shared().Inc()
	shared().Inc()
	show(reg)
	// Output:
	// visits_total 2
}

func ExampleRegistry() {
	reg := prometheus.NewRegistry()
	visits := prometheus.NewCounter(prometheus.CounterOpts{Name: "visits_total", Help: "Visits."})
	reg.MustRegister(visits)

	// A name stands for one thing only.
	err := reg.Register(prometheus.NewGauge(prometheus.GaugeOpts{Name: "visits_total", Help: "Present visitors."}))
	fmt.Println("registered:", err == nil)
	fmt.Println("removed:", reg.Unregister(visits))
	show(reg)
	// Output:
	// registered: false
	// removed: true
}

func ExampleGatherers() {
	kitchen, garden := prometheus.NewRegistry(), prometheus.NewRegistry()
	kitchen.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "pots", Help: "Pots."}))
	garden.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."}))
	families, err := prometheus.Gatherers{kitchen, garden}.Gather()
	if err != nil {
		panic(err)
	}
	for _, family := range families {
		fmt.Println(family.GetName())
	}
	// Output:
	// pots
	// trees
}
