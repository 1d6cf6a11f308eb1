package prometheus_test

import (
	"fmt"
	"strings"

	"github.com/cresset-metrics/cresset/prometheus"
)

// What another part of the program counts anyway is not counted twice.
func ExampleCounterFunc() {
	reg := prometheus.NewRegistry()
	pigeons := struct{ sent int }{}
	var flights prometheus.CounterFunc = prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "pigeon_flights_total",
		Help: "Flights of the pigeons.",
	}, func() float64 { return float64(pigeons.sent) })
	reg.MustRegister(flights)

	pigeons.sent = 7
	show(reg)
	// Output:
	// pigeon_flights_total 7
}

// Whether the old machine's dial ever goes back, nobody knows.
func ExampleUntypedFunc() {
	reg := prometheus.NewRegistry()
	var dial prometheus.UntypedFunc = prometheus.NewUntypedFunc(prometheus.UntypedOpts{
		Name: "franking_machine_dial",
		Help: "What the dial of the franking machine shows.",
	}, func() float64 { return 1204 })
	reg.MustRegister(dial)
	show(reg)
	// Output:
	// franking_machine_dial 1204
}

// A name is put together of up to three parts. Constant labels tell apart what
// is made several times in one process.
func ExampleOpts() {
	reg := prometheus.NewRegistry()
	for _, town := range []string{"Oslo", "Bergen"} {
		reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace:   "post",
			Subsystem:   "office",
			Name:        "counters_open",
			Help:        "Counters that are open.",
			ConstLabels: prometheus.Labels{"town": town},
		}))
	}
	show(reg)
	// Output:
	// post_office_counters_open{town="Bergen"} 0
	// post_office_counters_open{town="Oslo"} 0
}

func ExampleLabels() {
	letters := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "post_letters_total",
		Help: "Letters that were posted, by country and kind.",
	}, []string{"country", "kind"})

	letters.With(prometheus.Labels{"kind": "express", "country": "Norway"}).Inc()

	_, err := letters.GetMetricWith(prometheus.Labels{"kind": "express"})
	fmt.Println(err)
	// Output:
	// inconsistent label cardinality: expected 2 label values but got 1 in prometheus.Labels{"kind":"express"}
}

func ExampleHistogramVec() {
	reg := prometheus.NewRegistry()
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "delivery_days",
		Help:    "Days from posting to delivery, by kind of letter.",
		Buckets: []float64{1, 3},
	}, []string{"kind"})
	reg.MustRegister(durations)

	durations.WithLabelValues("express").Observe(1)
	durations.WithLabelValues("express").Observe(2)
	show(reg)
	// Output:
	// delivery_days_bucket{kind="express",le="1"} 1
	// delivery_days_bucket{kind="express",le="3"} 2
	// delivery_days_bucket{kind="express",le="+Inf"} 2
	// delivery_days_sum{kind="express"} 3
	// delivery_days_count{kind="express"} 2
}

// Buckets suit where the values lie: side by side, or over some orders of
// magnitude.
func ExampleExponentialBucketsRange() {
	fmt.Println(prometheus.LinearBuckets(10, 5, 4))
	fmt.Println(prometheus.ExponentialBuckets(1, 4, 5))
	for _, bound := range prometheus.ExponentialBucketsRange(1, 1000, 4) {
		fmt.Printf("%.0f ", bound)
	}
	// Output:
	// [10 15 20 25]
	// [1 4 16 64 256]
	// 1 10 100 1000
}

// A function that measures needs not know whether a histogram, a summary or
// nothing at all takes what it measures.
func ExampleObserver() {
	weigh := func(letter string, grams prometheus.Observer) { grams.Observe(float64(5 + len(letter))) }

	reg := prometheus.NewRegistry()
	weights := prometheus.NewSummary(prometheus.SummaryOpts{Name: "letter_grams", Help: "Weights of letters."})
	reg.MustRegister(weights)
	weigh("Dear Ada, ...", weights)
	weigh("Dear Charles, ...", weights)
	show(reg)
	// Output:
	// letter_grams_sum 40
	// letter_grams_count 2
}

// A gauge keeps the last weight.
func ExampleObserverFunc() {
	reg := prometheus.NewRegistry()
	last := prometheus.NewGauge(prometheus.GaugeOpts{Name: "last_letter_grams", Help: "Weight of the last letter."})
	reg.MustRegister(last)

	var weights prometheus.Observer = prometheus.ObserverFunc(last.Set)
	weights.Observe(20)
	weights.Observe(35)
	show(reg)
	// Output:
	// last_letter_grams 35
}

// A part of a program is given a vector whose first label is set.
func ExampleObserverVec() {
	reg := prometheus.NewRegistry()
	durations := prometheus.NewSummaryVec(prometheus.SummaryOpts{
		Name: "delivery_days",
		Help: "Days from posting to delivery.",
	}, []string{"country", "kind"})
	reg.MustRegister(durations)

	deliver := func(days prometheus.ObserverVec) {
		days.WithLabelValues("express").Observe(1)
		days.WithLabelValues("ordinary").Observe(4)
	}
	deliver(durations.MustCurryWith(prometheus.Labels{"country": "Chad"}))
	show(reg)
	// Output:
	// delivery_days_sum{country="Chad",kind="express"} 1
	// delivery_days_count{country="Chad",kind="express"} 1
	// delivery_days_sum{country="Chad",kind="ordinary"} 4
	// delivery_days_count{country="Chad",kind="ordinary"} 1
}

// Without objectives a summary is a count and a sum, from which the average
// over any time can be had.
func ExampleSummary() {
	reg := prometheus.NewRegistry()
	stamps := prometheus.NewSummary(prometheus.SummaryOpts{Name: "letter_stamps", Help: "Stamps on a letter."})
	reg.MustRegister(stamps)

	for _, n := range []float64{1, 1, 3} {
		stamps.Observe(n)
	}
	show(reg)
	// Output:
	// letter_stamps_sum 5
	// letter_stamps_count 3
}

func ExampleSummaryVec() {
	reg := prometheus.NewRegistry()
	stamps := prometheus.NewSummaryVec(prometheus.SummaryOpts{
		Name: "letter_stamps",
		Help: "Stamps on a letter, by kind.",
	}, []string{"kind"})
	reg.MustRegister(stamps)

	stamps.WithLabelValues("express").Observe(4)
	show(reg)
	// Output:
	// letter_stamps_sum{kind="express"} 4
	// letter_stamps_count{kind="express"} 1
}

// Whatever people write on their letters, the label has four values.
func ExampleConstrainedLabels() {
	reg := prometheus.NewRegistry()
	letters := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts: prometheus.CounterOpts{
			Name: "post_letters_total",
			Help: "Letters that were posted, by kind.",
		},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "kind", Constraint: func(kind string) string {
			switch kind := strings.ToLower(kind); kind {
			case "express", "ordinary", "parcel":
				return kind
			}
			return "other"
		}}},
	})
	reg.MustRegister(letters)

	for _, kind := range []string{"Express", "express", "scroll", "papyrus"} {
		letters.WithLabelValues(kind).Inc()
	}
	show(reg)
	// Output:
	// post_letters_total{kind="express"} 2
	// post_letters_total{kind="other"} 2
}

// An exemplar leads from a counter to one of the things that were counted.
func ExampleExemplarAdder() {
	reg := prometheus.NewRegistry()
	lost := prometheus.NewCounter(prometheus.CounterOpts{Name: "letters_lost_total", Help: "Letters that were lost."})
	reg.MustRegister(lost)

	lost.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"registered_no": "RR473"})

	counter := reg.MustGather()[0].Metric[0].Counter
	label := counter.Exemplar.Label[0]
	fmt.Printf("%g lost, among them %s %s\n", counter.GetValue(), label.GetName(), label.GetValue())
	// Output:
	// 1 lost, among them registered_no RR473
}
