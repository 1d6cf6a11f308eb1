package prometheus_test

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exposed returns the lines that a registry exposes, without HELP and TYPE, and
// the errors of the gather.
func exposed(t *testing.T, r *prometheus.Registry) (lines string, err error) {
	t.Helper()
	page, err := r.Page()
	var out bytes.Buffer
	e := exposition.NewText(&out, exposition.AllowUTF8)
	page.Write(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var samples strings.Builder
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			samples.WriteString(line)
		}
	}
	return samples.String(), err
}

// wantExposed checks what a registry of these collectors exposes.
func wantExposed(t *testing.T, want string, collectors ...prometheus.Collector) {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collectors...)
	got, err := exposed(t, r)
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// panicOf returns what a function panics with, nil if it does not.
func panicOf(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: got error %q, want %q", what, got, want)
	}
}

// collector is made of what it sends.
type collector struct {
	descs   []*prometheus.Desc
	metrics []prometheus.Metric
	panics  any // after sending, if not nil
}

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, m := range c.metrics {
		ch <- m
	}
	if c.panics != nil {
		panic(c.panics)
	}
}
