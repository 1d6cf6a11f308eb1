package prometheus_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

// weather returns a registry with some of everything, and its page.
func weather() (*prometheus.Registry, string) {
	registry := prometheus.NewRegistry()
	rain := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rain_millimetres_total", Help: "Rain\nor \\snow."}, []string{"mast"})
	heat := prometheus.NewGauge(prometheus.GaugeOpts{Name: "heat.celsius"})
	gusts := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "gusts", Help: "Gusts.", Buckets: []float64{10}})
	registry.MustRegister(rain, heat, gusts)
	rain.WithLabelValues(`the "north" one`).Add(0.25)
	rain.WithLabelValues("süd").Add(3)
	heat.Set(-3.5)
	gusts.Observe(12)
	return registry, `# HELP gusts Gusts.
# TYPE gusts histogram
gusts_bucket{le="10"} 0
gusts_bucket{le="+Inf"} 1
gusts_sum 12
gusts_count 1
# HELP "heat.celsius" 
# TYPE "heat.celsius" gauge
{"heat.celsius"} -3.5
# HELP rain_millimetres_total Rain\nor \\snow.
# TYPE rain_millimetres_total counter
rain_millimetres_total{mast="süd"} 3
rain_millimetres_total{mast="the \"north\" one"} 0.25
`
}

// filesIn returns the names of all that is in a folder.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if names := filesIn(t, filepath.Dir(path)); !slices.Equal(names, []string{filepath.Base(path)}) {
		t.Errorf("got files %q", names)
	}
}

func TestWriteToTextfile(t *testing.T) {
	registry, page := weather()
	gatherers := map[string]prometheus.Gatherer{
		"registry":      registry,
		"gatherer":      prometheus.GathererFunc(registry.Gather),
		"gatherers":     prometheus.Gatherers{registry},
		"empty":         prometheus.NewRegistry(),
		"empty foreign": prometheus.Gatherers{},
	}
	for name, gatherer := range gatherers {
		t.Run(name, func(t *testing.T) {
			want := page
			if strings.HasPrefix(name, "empty") {
				want = ""
			}
			path := filepath.Join(t.TempDir(), "weather.prom")
			for range 2 { // the second takes the place of the first
				if err := prometheus.WriteToTextfile(path, gatherer); err != nil {
					t.Fatal(err)
				}
				wantFile(t, path, want)
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if runtime.GOOS != "windows" && info.Mode() != 0o644 {
					t.Errorf("got mode %v, want 0644", info.Mode())
				}
			}
		})
	}
}

func TestWriteToTextfileInTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	registry, page := weather()
	if err := prometheus.WriteToTextfile("weather.prom", registry); err != nil {
		t.Fatal(err)
	}
	wantFile(t, "weather.prom", page)
}

// After an error the folder is as it was.
func TestWriteToTextfileErrors(t *testing.T) {
	broken := errors.New("no answer from the mast")
	some, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{metrics: []prometheus.Metric{prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(broken), broken)}})
	gathers := func(err error, families ...*dto.MetricFamily) prometheus.Gatherer {
		return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
	}
	gauge := dto.MetricType_GAUGE.Enum()
	tests := []struct {
		name     string
		gatherer prometheus.Gatherer
		want     string
	}{
		{"registry", registry, "no answer from the mast"},
		{"gatherer, with families", gathers(broken, some...), "no answer from the mast"},
		{"no name", gathers(nil, some[0], &dto.MetricFamily{Type: gauge, Metric: []*dto.Metric{{Gauge: &dto.Gauge{}}}}), "MetricFamily has no name"},
		{"no metrics", gathers(nil, some[0], &dto.MetricFamily{Name: proto.String("a"), Type: gauge}), "MetricFamily has no metrics"},
		{"wrong type", gathers(nil, some[0], &dto.MetricFamily{Name: proto.String("a"), Type: gauge, Metric: []*dto.Metric{{Counter: &dto.Counter{}}}}), "expected gauge in metric a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "weather.prom")
			if err := os.WriteFile(path, []byte("old 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := prometheus.WriteToTextfile(path, test.gatherer); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			wantFile(t, path, "old 1\n")
		})
	}
}

func TestWriteToTextfileWhereNoneCanBe(t *testing.T) {
	registry, _ := weather()
	folder := t.TempDir()
	if err := prometheus.WriteToTextfile(filepath.Join(folder, "none", "weather.prom"), registry); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got error %v, want %v", err, fs.ErrNotExist)
	}
	path := filepath.Join(folder, "weather.prom")
	if err := os.MkdirAll(filepath.Join(path, "a folder that has something"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := prometheus.WriteToTextfile(path, registry); err == nil {
		t.Error("a folder of that name: got no error")
	}
	if names := filesIn(t, folder); !slices.Equal(names, []string{"weather.prom"}) {
		t.Errorf("got files %q", names)
	}
}

// A panic of a foreign Gatherer leaves nothing behind either.
func TestWriteToTextfilePanic(t *testing.T) {
	folder := t.TempDir()
	cause := panicOf(func() {
		prometheus.WriteToTextfile(filepath.Join(folder, "weather.prom"),
			prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { panic("lightning") }))
	})
	if names := filesIn(t, folder); cause != "lightning" || len(names) > 0 {
		t.Errorf("got panic %v and files %q, want the panic and no files", cause, names)
	}
}
