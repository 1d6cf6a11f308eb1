package clientgolang_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// TestTextfilesAreTheSame compares the files that both write, and the errors.
func TestTextfilesAreTheSame(t *testing.T) {
	source := theirs.NewRegistry()
	requests := theirs.NewCounterVec(theirs.CounterOpts{Name: "requests_total", Help: "Requests,\nby \"path\"."}, []string{"path"})
	seconds := theirs.NewHistogram(theirs.HistogramOpts{Name: "seconds", Help: "Durations.", NativeHistogramBucketFactor: 1.1, Buckets: theirs.DefBuckets})
	sizes := theirs.NewSummary(theirs.SummaryOpts{Name: "sizes", Objectives: map[float64]float64{0.5: 0.1}})
	rooms := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "room.temperature"}, []string{"room.name", "floor"})
	source.MustRegister(requests, seconds, sizes, rooms)
	requests.WithLabelValues(`C:\"x"` + "\n").Inc()
	seconds.Observe(0.3)
	sizes.Observe(1e9)
	rooms.WithLabelValues("kitchen", "1").Set(-1.5)
	good, err := source.Gather()
	if err != nil {
		t.Fatal(err)
	}
	gauge := dto.MetricType_GAUGE.Enum()
	tests := []struct {
		name     string
		families []*dto.MetricFamily
		err      error
	}{
		{"good", good, nil},
		{"none", nil, nil},
		{"failing", good, errors.New("broken")},
		{"no name", []*dto.MetricFamily{{Type: gauge, Metric: []*dto.Metric{{Gauge: &dto.Gauge{}}}}}, nil},
		{"no metrics", []*dto.MetricFamily{{Name: proto.String("a"), Type: gauge}}, nil},
		{"wrong type", []*dto.MetricFamily{{Name: proto.String("a"), Type: gauge, Metric: []*dto.Metric{{Counter: &dto.Counter{}}}}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gather := func() ([]*dto.MetricFamily, error) { return test.families, test.err }
			got, gotErr := fileOf(t, func(path string) error { return ours.WriteToTextfile(path, ours.GathererFunc(gather)) })
			want, wantErr := fileOf(t, func(path string) error { return theirs.WriteToTextfile(path, theirs.GathererFunc(gather)) })
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("got error %v, want %v", gotErr, wantErr)
			}
		})
	}
}

// fileOf returns what is written to a file, with its mode, and the error.
func fileOf(t *testing.T, write func(path string) error) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.prom")
	err := write(path)
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%v\n%s", info.Mode(), content), nil
}
