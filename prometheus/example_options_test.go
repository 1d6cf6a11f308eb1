package prometheus_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// A native histogram needs no buckets to be chosen. That of a service open to
// everybody should be limited.
func ExampleHistogramOpts() {
	waiting := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "ferry_waiting_seconds",
		Help: "Time that cars wait for the ferry.",

		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	})
	for minutes := range 60 {
		waiting.Observe(float64(minutes) * 60)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(waiting)

	h := reg.MustGather()[0].GetMetric()[0].GetHistogram()
	fmt.Println("schema", h.GetSchema(), "count", h.GetSampleCount(), "at zero", h.GetZeroCount(), "classic buckets", len(h.GetBucket()))
	// Output:
	// schema 3 count 60 at zero 1 classic buckets 0
}

// Whoever sees a slow crossing in the histogram finds it in the log.
func ExampleExemplarObserver() {
	crossing := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "ferry_crossing_seconds",
		Help:    "Time to cross the river.",
		Buckets: []float64{300, 600},
	})
	crossing.(prometheus.ExemplarObserver).ObserveWithExemplar(410, prometheus.Labels{"log_entry": "1138"})

	reg := prometheus.NewRegistry()
	reg.MustRegister(crossing)
	for _, bucket := range reg.MustGather()[0].GetMetric()[0].GetHistogram().GetBucket() {
		fmt.Println("at most", bucket.GetUpperBound(), "seconds:", bucket.GetCumulativeCount())
		for _, label := range bucket.GetExemplar().GetLabel() {
			fmt.Println("one of them,", bucket.GetExemplar().GetValue(), "seconds:", label.GetName(), label.GetValue())
		}
	}
	// Output:
	// at most 300 seconds: 0
	// at most 600 seconds: 1
	// one of them, 410 seconds: log_entry 1138
}

// One constraint may serve the labels of several vectors.
func ExampleLabelConstraint() {
	var lower prometheus.LabelConstraint = strings.ToLower
	pier := prometheus.ConstrainedLabel{Name: "pier", Constraint: lower}
	kind := prometheus.ConstrainedLabel{Name: "kind"} // any value
	tickets := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
		GaugeOpts:      prometheus.GaugeOpts{Name: "ferry_tickets_left", Help: "Tickets for today, by pier."},
		VariableLabels: prometheus.ConstrainedLabels{pier},
	})
	boarding := prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{
		HistogramOpts:  prometheus.HistogramOpts{Name: "ferry_boarding_seconds", Help: "Time to board.", Buckets: []float64{60}},
		VariableLabels: prometheus.ConstrainedLabels{pier, kind},
	})
	tickets.WithLabelValues("North").Set(12)
	tickets.WithLabelValues("NORTH").Dec()
	boarding.WithLabelValues("North", "car").Observe(40)

	reg := prometheus.NewRegistry()
	reg.MustRegister(tickets, boarding)
	show(reg)
	// Output:
	// ferry_boarding_seconds_bucket{kind="car",pier="north",le="60"} 1
	// ferry_boarding_seconds_bucket{kind="car",pier="north",le="+Inf"} 1
	// ferry_boarding_seconds_sum{kind="car",pier="north"} 40
	// ferry_boarding_seconds_count{kind="car",pier="north"} 1
	// ferry_tickets_left{pier="north"} 11
}

// What takes ConstrainableLabels takes names without constraints, too.
func ExampleUnconstrainedLabels() {
	loads := prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{
		SummaryOpts:    prometheus.SummaryOpts{Name: "ferry_load_ratio", Help: "How full the ferry is, by direction."},
		VariableLabels: prometheus.UnconstrainedLabels{"direction"},
	})
	loads.WithLabelValues("east").Observe(0.75)

	reg := prometheus.NewRegistry()
	reg.MustRegister(loads)
	show(reg)
	// Output:
	// ferry_load_ratio_sum{direction="east"} 0.75
	// ferry_load_ratio_count{direction="east"} 1
}

// A program that watches another one gives its pid, and has the names begin
// differently from its own.
func ExampleProcessCollectorOpts() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewProcessCollector(prometheus.ProcessCollectorOpts{
		PidFn:     prometheus.NewPidFileFn("/run/ferry.pid"),
		Namespace: "ferry",
	}))
	families, err := reg.Gather()
	fmt.Println(len(families), err) // nobody has started it yet
	// Output:
	// 0 <nil>
}
