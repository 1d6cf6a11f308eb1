package prometheus_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/prometheus"
)

// Debian's node exporter reads a file of ours.
func TestNodeExporterReadsOurTextfile(t *testing.T) {
	folder := t.TempDir()
	registry := prometheus.NewRegistry()
	rain := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rain_millimetres_total", Help: "Rain\nor \\snow."}, []string{"mast"})
	gusts := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "gusts", Help: "Gusts.", Buckets: []float64{10}})
	registry.MustRegister(rain, gusts)
	rain.WithLabelValues(`the "north" one`).Add(0.25)
	gusts.Observe(12)
	if err := prometheus.WriteToTextfile(filepath.Join(folder, "weather.prom"), registry); err != nil {
		t.Fatal(err)
	}
	page := nodeExporterPage(t, folder)
	for _, line := range []string{
		`# HELP rain_millimetres_total Rain\nor \\snow.`,
		`# TYPE rain_millimetres_total counter`,
		`rain_millimetres_total{mast="the \"north\" one"} 0.25`,
		`# TYPE gusts histogram`,
		`gusts_bucket{le="10"} 0`,
		`gusts_bucket{le="+Inf"} 1`,
		`gusts_sum 12`,
		`gusts_count 1`,
		`node_textfile_scrape_error 0`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("%s is missing from\n%s", line, page)
		}
	}
}

// nodeExporterPage returns what Debian's node exporter serves of a folder.
func nodeExporterPage(t *testing.T, folder string) string {
	t.Helper()
	server := peertest.Start(t, "prometheus-node-exporter", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--collector.disable-defaults",
			"--collector.textfile", "--collector.textfile.directory=" + folder}
	}, "/metrics")
	resp, err := http.Get(server + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
