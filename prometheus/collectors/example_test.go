package collectors_test

import (
	"fmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors"
)

// A registry of one's own is empty at first. This one gets what the default
// registry has, and more about garbage collection.
func Example() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsGC)),
	)
	for _, family := range reg.MustGather() {
		if family.GetName() == "go_goroutines" || family.GetName() == "go_gc_heap_live_bytes" {
			fmt.Println(family.GetName())
		}
	}
	// Output:
	// go_gc_heap_live_bytes
	// go_goroutines
}
