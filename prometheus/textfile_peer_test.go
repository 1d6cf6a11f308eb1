package prometheus_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// nodeExporterPage runs Debian's node exporter over a folder until it has
// served a page, which it returns.
func nodeExporterPage(t *testing.T, folder string) string {
	t.Helper()
	program, err := exec.LookPath("prometheus-node-exporter")
	if err != nil {
		t.Skip("peer not installed: prometheus-node-exporter (Debian package prometheus-node-exporter)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	var log bytes.Buffer
	cmd := exec.Command(program, "--web.listen-address="+address, "--collector.disable-defaults",
		"--collector.textfile", "--collector.textfile.directory="+folder)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is ended by a signal
		close(ended)
	}()
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		http.DefaultClient.CloseIdleConnections()
	}()

	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get("http://" + address + "/metrics")
		if err == nil {
			page, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			return string(page)
		}
		select {
		case <-ended:
			t.Fatalf("prometheus-node-exporter has ended:\n%s", log.String())
		case <-deadline:
			t.Fatalf("prometheus-node-exporter does not answer: %v", err)
		case <-tick.C:
		}
	}
}
