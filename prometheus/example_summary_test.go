package prometheus_test

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

func ExampleSummaryOpts() {
	reg := prometheus.NewRegistry()
	delay := prometheus.NewSummary(prometheus.SummaryOpts{
		Name: "ferry_delay_minutes",
		Help: "Minutes that ferries left late.",
		// The median may be off by five percent of the ferries in either
		// direction, the 90th percentile by one.
		Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01},
		MaxAge:     24 * time.Hour,
	})
	reg.MustRegister(delay)

	for ferry := range 40 {
		delay.Observe(float64(ferry * ferry % 13))
	}
	show(reg)
	// Output:
	// ferry_delay_minutes{quantile="0.5"} 4
	// ferry_delay_minutes{quantile="0.9"} 12
	// ferry_delay_minutes_sum 234
	// ferry_delay_minutes_count 40
}

func ExampleSummaryVec_greatest() {
	reg := prometheus.NewRegistry()
	load := prometheus.NewSummaryVec(prometheus.SummaryOpts{
		Name:       "ferry_load_tons",
		Help:       "Weight of what a ferry carried, by the kind of load.",
		Objectives: map[float64]float64{1: 0}, // the heaviest of the last ten minutes
	}, []string{"kind"})
	reg.MustRegister(load)

	load.WithLabelValues("people").Observe(9)
	cars := load.WithLabelValues("cars")
	cars.Observe(62)
	cars.Observe(38.5)
	show(reg)
	// Output:
	// ferry_load_tons{kind="cars",quantile="1"} 62
	// ferry_load_tons_sum{kind="cars"} 100.5
	// ferry_load_tons_count{kind="cars"} 2
	// ferry_load_tons{kind="people",quantile="1"} 9
	// ferry_load_tons_sum{kind="people"} 9
	// ferry_load_tons_count{kind="people"} 1
}
