package prometheus_test

import (
	"fmt"
	"maps"

	"github.com/cresset-metrics/cresset/prometheus"
)

// A harbour looks after ships. What it exposes about one comes and goes with the
// ship, and nobody has to remember under which labels it was.
func ExampleObjectStore() {
	var (
		moored = prometheus.NewDesc("harbour_ship_moored", "Where the ship lies.", []string{"ship", "quay"}, nil)
		draft  = prometheus.NewDesc("harbour_ship_draft_meters", "Depth of the ship.", []string{"ship"}, nil)
	)
	ships := prometheus.NewObjectStore[int](moored, draft)
	reg := prometheus.NewRegistry()
	reg.MustRegister(ships)

	about := func(name, quay string, meters float64) []prometheus.Metric {
		return []prometheus.Metric{
			prometheus.MustNewConstMetric(moored, prometheus.GaugeValue, 1, name, quay),
			prometheus.MustNewConstMetric(draft, prometheus.GaugeValue, meters, name),
		}
	}
	set := func(number int, metrics []prometheus.Metric) {
		if err := ships.Set(number, metrics...); err != nil {
			fmt.Println(err)
		}
	}
	set(9321483, about("Argo", "north", 7.5))
	set(9074729, about("Beagle", "south", 4))
	show(reg)

	fmt.Println("The Argo moves, and the Beagle leaves:")
	set(9321483, about("Argo", "south", 7.5))
	ships.Delete(9074729)
	show(reg)

	fmt.Println("Two ships cannot have the same series:")
	set(1, about("Argo", "west", 1))
	// Output:
	// harbour_ship_draft_meters{ship="Argo"} 7.5
	// harbour_ship_draft_meters{ship="Beagle"} 4
	// harbour_ship_moored{quay="north",ship="Argo"} 1
	// harbour_ship_moored{quay="south",ship="Beagle"} 1
	// The Argo moves, and the Beagle leaves:
	// harbour_ship_draft_meters{ship="Argo"} 7.5
	// harbour_ship_moored{quay="south",ship="Argo"} 1
	// Two ships cannot have the same series:
	// object 1: series harbour_ship_draft_meters{ship="Argo"} is one of object 9321483 already
}

// Who has the whole list replaces all that the store has, at once for every scrape.
func ExampleObjectStore_Replace() {
	state := prometheus.NewDesc("harbour_crane_working", "Whether the crane works.", []string{"crane"}, nil)
	cranes := prometheus.NewObjectStore[string](state)
	reg := prometheus.NewRegistry()
	reg.MustRegister(cranes)

	replace := func(working map[string]float64) {
		all := make(map[string][]prometheus.Metric)
		for crane, v := range working {
			all[crane] = []prometheus.Metric{prometheus.MustNewConstMetric(state, prometheus.GaugeValue, v, crane)}
		}
		if err := cranes.Replace(maps.All(all)); err != nil {
			fmt.Println(err)
		}
	}
	replace(map[string]float64{"big": 1, "small": 1, "old": 0})
	replace(map[string]float64{"big": 0, "small": 1, "new": 1})
	show(reg)
	fmt.Println(cranes.Len(), "cranes")
	// Output:
	// harbour_crane_working{crane="big"} 0
	// harbour_crane_working{crane="new"} 1
	// harbour_crane_working{crane="small"} 1
	// 3 cranes
}
