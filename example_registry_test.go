package cresset_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/cresset-metrics/cresset"
)

type departure struct {
	Platform int  `label:"platform"`
	Delayed  bool `label:"delayed"`
}

func ExampleRegistry() {
	reg := cresset.NewRegistry()
	departures := cresset.NewCounterVec[departure](reg, "train_departures_total", "Trains that left.")
	departures.With(departure{Platform: 3}).Inc()
	departures.With(departure{Platform: 7, Delayed: true}).Add(2)

	if err := reg.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// # HELP train_departures_total Trains that left.
	// # TYPE train_departures_total counter
	// train_departures_total{delayed="false",platform="3"} 1
	// train_departures_total{delayed="true",platform="7"} 2
}

func ExampleRegistry_Handler() {
	reg := cresset.NewRegistry()
	cresset.NewGauge(reg, "trains_waiting", "Trains in front of the station.").Set(4)

	server := httptest.NewServer(reg.Handler(cresset.MaxInFlight(10)))
	defer server.Close()
	answer, err := http.Get(server.URL + "/metrics")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(page))
	// Output:
	// # HELP trains_waiting Trains in front of the station.
	// # TYPE trains_waiting gauge
	// trains_waiting 4
}

// What a plugin registers goes with the plugin.
func ExampleRegistry_Scope() {
	reg := cresset.NewRegistry()
	cresset.NewGauge(reg, "plugins", "Plugins that run.").Set(1)

	plugin := reg.Scope()
	cresset.NewCounter(plugin, "timetable_lookups_total", "Lookups in the timetable.").Inc()
	fmt.Println("with the plugin:")
	if err := reg.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}

	plugin.Unregister()
	fmt.Println("without it:")
	if err := reg.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// with the plugin:
	// # HELP plugins Plugins that run.
	// # TYPE plugins gauge
	// plugins 1
	// # HELP timetable_lookups_total Lookups in the timetable.
	// # TYPE timetable_lookups_total counter
	// timetable_lookups_total 1
	// without it:
	// # HELP plugins Plugins that run.
	// # TYPE plugins gauge
	// plugins 1
}

func ExampleRegistry_WriteTextfile() {
	folder, err := os.MkdirTemp("", "textfile")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	reg := cresset.NewRegistry()
	cresset.NewGauge(reg, "backup_rows", "Rows in the backup.").Set(1200)
	file := filepath.Join(folder, "backup.prom")
	if err := reg.WriteTextfile(file); err != nil {
		log.Fatal(err)
	}

	content, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output:
	// # HELP backup_rows Rows in the backup.
	// # TYPE backup_rows gauge
	// backup_rows 1200
}

func ExamplePusher() {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
	}))
	defer gateway.Close()

	reg := cresset.NewRegistry()
	cresset.NewGauge(reg, "backup_rows", "Rows in the backup.").Set(1200)
	pusher := cresset.Pusher{
		URL:      gateway.URL,
		Job:      "nightly_backup",
		Grouping: map[string]string{"database": "orders"},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := pusher.Push(ctx, reg); err != nil {
		log.Fatal(err)
	}
	// Output: PUT /metrics/job/nightly_backup/database/orders
}
