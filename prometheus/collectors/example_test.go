package collectors_test

import (
	"database/sql"
	"expvar"
	"fmt"
	"regexp"
	"strings"

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

// logins counts by how people prove who they are.
var logins = expvar.NewMap("logins")

// A program that counts its logins with package expvar exposes them as
// metrics, too.
func ExampleNewExpvarCollector() {
	logins.Init() // nobody yet
	logins.Add("password", 40)
	logins.Add("passkey", 2)

	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewExpvarCollector(map[string]*prometheus.Desc{
		"logins": prometheus.NewDesc("expvar_logins", "Logins by how.", []string{"method"}, nil),
	}))
	for _, family := range reg.MustGather() {
		for _, m := range family.GetMetric() {
			fmt.Println(family.GetName(), m.GetLabel()[0].GetValue(), m.GetUntyped().GetValue())
		}
	}
	// Output:
	// expvar_logins passkey 2
	// expvar_logins password 40
}

// Two handles of one program are told apart by their names.
func ExampleNewDBStatsCollector() {
	var orders, archive *sql.DB // as sql.Open returns them

	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewDBStatsCollector(orders, "orders"),
		collectors.NewDBStatsCollector(archive, "archive"),
	)
}

func ExampleNewBuildInfoCollector() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewBuildInfoCollector())
	for _, label := range reg.MustGather()[0].GetMetric()[0].GetLabel() {
		fmt.Println(label.GetName())
	}
	// Output:
	// checksum
	// path
	// version
}

// Metrics of the runtime can be chosen by their names there.
func ExampleGoRuntimeMetricsRule() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(
		collectors.WithGoCollectorMemStatsMetricsDisabled(),
		collectors.WithoutGoCollectorRuntimeMetrics(regexp.MustCompile(".*")),
		collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/sync/mutex/")}),
	))
	for _, family := range reg.MustGather() {
		if strings.HasPrefix(family.GetName(), "go_sync") {
			fmt.Println(family.GetName())
		}
	}
	// Output:
	// go_sync_mutex_wait_total_seconds_total
}
