package prometheus_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// A registry of the native API also takes Collectors, and its handler serves them.
func ExampleFromNative() {
	reg := cresset.NewRegistry()
	disks := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "disk_free_bytes", Help: "Free space.",
	}, []string{"disk"})
	prometheus.FromNative(reg).MustRegister(disks)
	disks.WithLabelValues("sda").Set(4096)

	answer := httptest.NewRecorder()
	reg.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Print(answer.Body)
	// Output:
	// # HELP disk_free_bytes Free space.
	// # TYPE disk_free_bytes gauge
	// disk_free_bytes{disk="sda"} 4096
}

// A program that has a Registry can give it to code that uses the native API.
func ExampleRegistry_Native() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "queue_jobs", Help: "Jobs that wait.",
	}, func() float64 { return 7 }))

	var native *cresset.Registry = reg.Native()
	answer := httptest.NewRecorder()
	native.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Print(answer.Body)
	// Output:
	// # HELP queue_jobs Jobs that wait.
	// # TYPE queue_jobs gauge
	// queue_jobs 7
}
