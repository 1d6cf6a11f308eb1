package prometheus_test

import (
	"bytes"
	"fmt"
	"log/slog"

	"github.com/cresset-metrics/cresset/prometheus"
)

// A plugin that is loaded again goes on with the counter of the first time.
func ExampleGetOrRegister() {
	reg := prometheus.NewRegistry()
	load := func() prometheus.Counter {
		doors, err := prometheus.GetOrRegister(reg, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "doors_opened_total",
			Help: "Doors that were opened.",
		}))
		if err != nil {
			fmt.Println(err) // and the counter can still be used
		}
		return doors
	}
	load().Add(3)
	load().Inc()
	show(reg)

	_, err := prometheus.GetOrRegister(reg, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "doors_opened_total",
		Help: "Doors that were opened.",
	}))
	fmt.Println(err)
	// Output:
	// doors_opened_total 4
	// duplicate metrics collector registration attempted: the existing one is a Counter, the new one a Gauge
}

// What is measured depends on a configuration that changes while the program
// runs. No scrape sees both vectors, nor none.
func ExampleReplace() {
	reg := prometheus.NewRegistry()
	configure := func(help string, labels ...string) *prometheus.GaugeVec {
		lamps := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lamps", Help: help}, labels)
		if _, err := prometheus.Replace(reg, lamps); err != nil {
			fmt.Println(err) // and what was there is there still
		}
		return lamps
	}
	configure("Lamps that are lit.", "floor").WithLabelValues("2").Set(7)
	show(reg)
	configure("Lamps that are lit, by room.", "floor", "room").WithLabelValues("2", "hall").Set(4)
	show(reg)
	// Output:
	// lamps{floor="2"} 7
	// lamps{floor="2",room="hall"} 4
}

// A guest leaves nothing behind: the name may mean something else afterwards.
func ExampleRegisterWith() {
	reg := prometheus.NewRegistry()
	guest := prometheus.WrapRegistererWithPrefix("hotel_", reg)
	registration, err := prometheus.RegisterWith(guest, prometheus.NewGauge(prometheus.GaugeOpts{Name: "suitcases", Help: "Suitcases carried in."}))
	if err != nil {
		fmt.Println(err)
	}
	show(reg)
	fmt.Println("removed:", registration.Unregister())

	guest.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "suitcases", Help: "Suitcases in the cellar."}))
	show(reg)
	// Output:
	// hotel_suitcases 0
	// removed: true
	// hotel_suitcases 0
}

// Constant labels are part of what tells Collectors apart. Whoever holds the
// Registration can change them too.
func ExampleRegistration_Replace() {
	reg := prometheus.NewRegistry()
	info := func(version string) prometheus.Collector {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "model_info", ConstLabels: prometheus.Labels{"version": version}})
		g.Set(1)
		return g
	}
	model, err := prometheus.RegisterWith(reg, info("1"))
	if err != nil {
		fmt.Println(err)
	}
	if err := model.Replace(info("2")); err != nil {
		fmt.Println(err)
	}
	show(reg)
	// Output:
	// model_info{version="2"} 1
}

// A mistake in a code path that is seldom taken costs a series, not the process.
func ExampleRegistryOpts() {
	var log bytes.Buffer
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		CountMisuse:  true,
		MisuseLogger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	trains := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "trains_total"}, []string{"line", "direction"})
	reg.MustRegister(trains)

	trains.WithLabelValues("U1", "north").Inc()
	for range 3 {
		trains.WithLabelValues("U1").Inc() // a value is missing
	}
	show(reg)
	fmt.Println("lines in the log:", bytes.Count(log.Bytes(), []byte("\n")))
	// Output:
	// cresset_misuse_total{metric="trains_total",reason="label_count"} 3
	// trains_total{direction="north",line="U1"} 1
	// lines in the log: 1
}
