package prometheus_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cresset-metrics/cresset/prometheus"
)

// A nightly job leaves its result where a node exporter on the same machine
// finds it.
func ExampleWriteToTextfile() {
	folder, err := os.MkdirTemp("", "textfile") // that of --collector.textfile.directory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	registry := prometheus.NewRegistry()
	swept := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cleanup_removed_files", Help: "Files removed last night."})
	registry.MustRegister(swept)
	swept.Set(214)

	file := filepath.Join(folder, "cleanup.prom")
	if err := prometheus.WriteToTextfile(file, registry); err != nil {
		fmt.Println(err)
		return
	}
	content, err := os.ReadFile(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", content)
	// Output:
	// # HELP cleanup_removed_files Files removed last night.
	// # TYPE cleanup_removed_files gauge
	// cleanup_removed_files 214
}
