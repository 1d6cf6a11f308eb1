package graphite_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"

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
