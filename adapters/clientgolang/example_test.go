package clientgolang_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	theirs "github.com/prometheus/client_golang/prometheus"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// fridge stands for middleware that is compiled against client_golang.
type fridge struct{ opened theirs.Counter }

func newFridge(reg theirs.Registerer) *fridge {
	f := &fridge{theirs.NewCounter(theirs.CounterOpts{Name: "fridge_opened_total", Help: "How often the fridge was opened."})}
	reg.MustRegister(f.opened)
	return f
}

// A program that uses ours gives middleware that wants a Registerer of
// client_golang its own.
func ExampleToRegisterer() {
	reg := ours.NewRegistry()
	lamp := ours.NewGauge(ours.GaugeOpts{Name: "lamp_on", Help: "Whether the lamp is on."})
	reg.MustRegister(lamp)
	f := newFridge(clientgolang.ToRegisterer(reg))

	lamp.Set(1)
	f.opened.Inc()
	printPage(reg)
	// Output:
	// # HELP fridge_opened_total How often the fridge was opened.
	// # TYPE fridge_opened_total counter
	// fridge_opened_total 1
	// # HELP lamp_on Whether the lamp is on.
	// # TYPE lamp_on gauge
	// lamp_on 1
}

// A Collector of a dependency stands in our registry.
func ExampleFromCollector() {
	oven := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "oven_celsius", Help: "Temperature."}, []string{"shelf"})
	oven.WithLabelValues("top").Set(180)

	reg := ours.NewRegistry()
	reg.MustRegister(clientgolang.FromCollector(oven))
	printPage(reg)
	// Output:
	// # HELP oven_celsius Temperature.
	// # TYPE oven_celsius gauge
	// oven_celsius{shelf="top"} 180
}

// A framework that keeps a registry of client_golang exposes a Collector of ours.
func ExampleToCollector() {
	kettle := ours.NewCounter(ours.CounterOpts{Name: "kettle_boiled_total", Help: "How often water was boiled."})
	kettle.Inc()

	framework := theirs.NewRegistry()
	framework.MustRegister(clientgolang.ToCollector(kettle))
	printPage(framework)
	// Output:
	// # HELP kettle_boiled_total How often water was boiled.
	// # TYPE kettle_boiled_total counter
	// kettle_boiled_total 1
}

// A function of ours registers with a registry of client_golang, and finds what it
// has registered before.
func ExampleFromRegisterer() {
	doorbell := func(reg ours.Registerer) ours.Counter {
		c := ours.NewCounter(ours.CounterOpts{Name: "doorbell_rung_total", Help: "How often somebody rang."})
		if exists, ok := errors.AsType[ours.AlreadyRegisteredError](reg.Register(c)); ok {
			return exists.ExistingCollector.(ours.Counter)
		}
		return c
	}
	framework := theirs.NewRegistry()
	front, back := doorbell(clientgolang.FromRegisterer(framework)), doorbell(clientgolang.FromRegisterer(framework))
	front.Inc()
	back.Inc()
	printPage(framework)
	// Output:
	// # HELP doorbell_rung_total How often somebody rang.
	// # TYPE doorbell_rung_total counter
	// doorbell_rung_total 2
}

// A dependency has registered with client_golang's default registry. What both
// have is served once.
func ExampleMerge() {
	us, them := ours.NewRegistry(), theirs.NewRegistry()
	us.MustRegister(ours.NewGaugeFunc(ours.GaugeOpts{Name: "people_home", Help: "Counted by us."}, func() float64 { return 2 }))
	them.MustRegister(
		theirs.NewGaugeFunc(theirs.GaugeOpts{Name: "people_home", Help: "Counted by them."}, func() float64 { return 3 }),
		theirs.NewGaugeFunc(theirs.GaugeOpts{Name: "cats_home", Help: "Counted by them."}, func() float64 { return 1 }),
	)
	printPage(clientgolang.Merge(us, them))
	// Output:
	// # HELP cats_home Counted by them.
	// # TYPE cats_home gauge
	// cats_home 1
	// # HELP people_home Counted by us.
	// # TYPE people_home gauge
	// people_home 2
}

func printPage(g ours.Gatherer) {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(g, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Print(w.Body)
}
