package promhttp_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

func ExampleHandler() {
	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

// A registry of one's own, which also holds what is known of the scrapes.
func ExampleHandlerFor() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "doors_open", Help: "Doors that stand open."}))
	handler := promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		Registry:            reg,
		ErrorHandling:       promhttp.ContinueOnError,
		ErrorLog:            log.Default(),
		MaxRequestsInFlight: 10,
		Timeout:             10 * time.Second,
	}))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics?name[]=doors_open", nil))
	fmt.Print(w.Body)
	// Output:
	// # HELP doors_open Doors that stand open.
	// # TYPE doors_open gauge
	// doors_open 0
}
