package integration_test

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the whole pipeline, with a configuration that was loaded from a file.
type rig struct {
	store    *alert.Store
	registry *prometheus.Registry
	stop     func()
}

const external = "http://am.example:9093"

func newRig(t *testing.T, file string) *rig {
	t.Helper()
	c := load(t, file)
	u, err := url.Parse(external)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{store: alert.NewStore(alert.Options{}), registry: prometheus.NewRegistry()}
	p := dispatch.New(dispatch.Options{Store: r.store, ExternalURL: u, ShutdownGrace: time.Millisecond, Registerer: r.registry, Logger: logger(t)})
	if err := p.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	r.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(r.stop)
	return r
}

// value returns what a metric shows for an integration, and a reason if there are
// any: the sum over the rest.
func (r *rig) value(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			matching := 0
			for _, l := range m.GetLabel() {
				if slices.Contains(labels, l.GetValue()) {
					matching++
				}
			}
			if matching == len(labels) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// logger writes to the log of the test, until that is over.
func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// write writes a file into a folder of the test, and returns its name.
func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *rig) receive(t *testing.T, alerts ...model.Alert) {
	t.Helper()
	var all []*alert.Alert
	for _, a := range alerts {
		a.Labels, a.Annotations = a.Labels.Clone(), a.Annotations.Clone()
		all = append(all, &alert.Alert{Alert: a})
	}
	if err := r.store.Receive(context.Background(), time.Now(), all); err != nil {
		t.Fatal(err)
	}
}
