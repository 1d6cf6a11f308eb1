package graphite_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/graphite"
)

// A weather station has a Graphite server, which here prints the paths and
// values that it gets first.
func ExampleBridge() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	registry := prometheus.NewRegistry()
	temperature := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "temperature_celsius"}, []string{"mast"})
	registry.MustRegister(temperature)
	temperature.WithLabelValues("north").Set(-3.5)
	temperature.WithLabelValues("summit 2").Set(-11)

	bridge, err := graphite.NewBridge(&graphite.Config{
		URL:      server.Addr().String(),
		Prefix:   "weather",
		Gatherer: registry,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := bridge.Push(); err != nil { // Run does this again and again
		fmt.Println(err)
		return
	}

	conn, err := server.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Println(strings.Fields(lines.Text())[:2]) // without the time
	}
	// Output:
	// [weather.temperature_celsius.mast.north -3.5]
	// [weather.temperature_celsius.mast.summit.2 -11]
}

// printing stands for a log; a *log.Logger is one.
type printing struct{}

func (printing) Println(v ...any) { fmt.Println(v...) }

// A station whose mast is out of reach goes on with what can be had, and says so
// in its log. Labels are sent as tags.
func ExampleConfig() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	wind := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "wind_speed_kmh"}, []string{"mast"})
	wind.WithLabelValues("north").Set(41)
	far := prometheus.NewDesc("temperature_celsius", "", nil, nil)
	registry := prometheus.NewRegistry()
	registry.MustRegister(wind, prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.NewInvalidMetric(far, errors.New("no answer from the mast"))
	}))

	bridge, err := graphite.NewBridge(&graphite.Config{
		URL:           server.Addr().String(),
		Gatherer:      registry,
		UseTags:       true,
		Timeout:       5 * time.Second,
		Logger:        printing{},
		ErrorHandling: graphite.ContinueOnError,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := bridge.Push(); err != nil {
		fmt.Println(err)
		return
	}

	conn, err := server.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Println(strings.Fields(lines.Text())[:2]) // without the time
	}
	// Output:
	// continue on error: error collecting metric Desc{fqName: "temperature_celsius", help: "", unit: "", constLabels: {}, variableLabels: {}}: no answer from the mast
	// [wind_speed_kmh;mast=north 41]
}
