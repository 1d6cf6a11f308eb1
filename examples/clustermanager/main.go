// Clustermanager exposes what two cluster managers know of their hosts. They
// were not written to be measured, so a Collector asks them at each scrape.
//
//	go run ./examples/clustermanager
//	curl http://127.0.0.1:8080/metrics
package main

import (
	"context"
	"flag"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"

	"github.com/cresset-metrics/cresset/examples/internal/serve"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// manager looks after the hosts of a zone.
type manager struct {
	zone  string
	hosts func() map[string]host // by name; what is known now
}

type host struct {
	crashes     int
	memoryBytes float64
}

// collector asks a manager. Its descriptions carry the zone as a constant label,
// which is all that two collectors differ by, and what lets both be registered.
type collector struct {
	manager     manager
	crashes     *prometheus.Desc
	memoryBytes *prometheus.Desc
}

func newCollector(m manager) *collector {
	zone := prometheus.Labels{"zone": m.zone}
	return &collector{
		manager: m,
		crashes: prometheus.NewDesc("clustermanager_host_crashes_total",
			"Crashes of a host since the cluster manager knows it.", []string{"host"}, zone),
		memoryBytes: prometheus.NewDesc("clustermanager_host_memory_bytes",
			"Memory that the cluster manager uses for a host.", []string{"host"}, zone),
	}
}

// Describe tells a registry what Collect will send, whether there are hosts yet
// or not.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.crashes
	ch <- c.memoryBytes
}

// Collect sends what the manager knows now.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for name, h := range c.manager.hosts() {
		ch <- prometheus.MustNewConstMetric(c.crashes, prometheus.CounterValue, float64(h.crashes), name)
		ch <- prometheus.MustNewConstMetric(c.memoryBytes, prometheus.GaugeValue, h.memoryBytes, name)
	}
}

// handler serves the managers' metrics alone: not those of the Go runtime and
// the process, which only the default registry has.
func handler(managers ...manager) http.Handler {
	// A pedantic registry also checks that collectors send what they
	// describe.
	reg := prometheus.NewPedanticRegistry()
	for _, m := range managers {
		reg.MustRegister(newCollector(m))
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	return mux
}

// invented returns what a manager might know.
func invented(hosts ...string) func() map[string]host {
	return func() map[string]host {
		known := make(map[string]host)
		for _, name := range hosts {
			known[name] = host{crashes: len(name), memoryBytes: 1e6 + rand.Float64()*1e6}
		}
		return known
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve /metrics on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	h := handler(
		manager{zone: "db", hosts: invented("db-1", "db-2")},
		manager{zone: "web", hosts: invented("web-1", "web-2", "web-3")},
	)
	if err := serve.Until(ctx, *listen, h); err != nil {
		log.Fatal(err)
	}
}
