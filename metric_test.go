package cresset_test

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset"
)

// page returns what a registry exposes, without the lines about families.
func page(t testing.TB, reg *cresset.Registry) string {
	t.Helper()
	var text strings.Builder
	if err := reg.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func wantPage(t testing.TB, reg *cresset.Registry, want string) {
	t.Helper()
	if got := page(t, reg); got != want {
		t.Errorf("the page is\n%swant\n%s", got, want)
	}
}

// quiet has a registry log nothing.
func quiet() cresset.RegistryOption { return cresset.Log(slog.New(slog.DiscardHandler)) }

func TestCounter(t *testing.T) {
	reg := cresset.NewRegistry(quiet())
	c := cresset.NewCounter(reg, "requests_total", "Requests served.", cresset.ConstLabels(map[string]string{"region": "eu"}))
	c.Inc()
	c.Add(2.5)
	c.Add(0)
	c.Add(-1)
	c.Add(math.NaN())
	c.Add(math.Inf(-1))
	c.AddContext(t.Context(), -1)
	wantPage(t, reg, `cresset_misuse_total{metric="requests_total",reason="negative_add"} 3
requests_total{region="eu"} 3.5
`)
}

func TestGauge(t *testing.T) {
	reg := cresset.NewRegistry()
	g := cresset.NewGauge(reg, "temperature", "Degrees.")
	wantPage(t, reg, "temperature 0\n")
	g.Set(20)
	g.Add(2.5)
	g.Sub(1)
	g.Inc()
	g.Inc()
	g.Dec()
	wantPage(t, reg, "temperature 22.5\n")
	g.SetTime(time.Unix(1, 500_000_000))
	wantPage(t, reg, "temperature 1.5\n")
	g.SetTime(time.Time{}) // further from the epoch than nanoseconds can tell
	wantPage(t, reg, "temperature -6.21355968e+10\n")
}

func TestHistogram(t *testing.T) {
	reg := cresset.NewRegistry()
	h := cresset.NewHistogram(reg, "size_bytes", "Sizes.", cresset.Buckets(1, 10, math.Inf(1)))
	h.Observe(1)
	h.Observe(5)
	h.Observe(50)
	h.ObserveDuration(2 * time.Second)
	wantPage(t, reg, `size_bytes_bucket{le="1"} 1
size_bytes_bucket{le="10"} 3
size_bytes_bucket{le="+Inf"} 4
size_bytes_sum 58
size_bytes_count 4
`)
}

func TestSummary(t *testing.T) {
	reg := cresset.NewRegistry()
	plain := cresset.NewSummary(reg, "a_seconds", "Plain.")
	s := cresset.NewSummary(reg, "b_seconds", "With quantiles.",
		cresset.Objectives(map[float64]float64{0.5: 0.05, 1: 0}), cresset.Window(time.Minute, 2))
	for i := range 5 {
		plain.Observe(float64(i))
		s.ObserveDuration(time.Duration(i) * time.Second)
	}
	wantPage(t, reg, `a_seconds_sum 10
a_seconds_count 5
b_seconds{quantile="0.5"} 2
b_seconds{quantile="1"} 4
b_seconds_sum 10
b_seconds_count 5
`)
}

func TestFuncs(t *testing.T) {
	reg := cresset.NewRegistry()
	value := 1.0
	cresset.NewCounterFunc(reg, "ticks_total", "Ticks.", func() float64 { return 7 })
	cresset.NewGaugeFunc(reg, "queue_length", "Jobs that wait.", func() float64 { return value })
	wantPage(t, reg, "queue_length 1\nticks_total 7\n")
	value = 2
	wantPage(t, reg, "queue_length 2\nticks_total 7\n")
}

func TestInfo(t *testing.T) {
	type build struct {
		Version string `label:"version"`
		CGO     bool   `label:"cgo"`
	}
	reg := cresset.NewRegistry()
	i := cresset.NewInfo(reg, "app_build", "The build.", build{"1.0", true})
	cresset.NewInfo(reg, "other_info", "Named already.", build{})
	wantPage(t, reg, "app_build_info{cgo=\"true\",version=\"1.0\"} 1\nother_info{cgo=\"false\",version=\"\"} 1\n")
	i.Set(build{"1.1", false})
	wantPage(t, reg, "app_build_info{cgo=\"false\",version=\"1.1\"} 1\nother_info{cgo=\"false\",version=\"\"} 1\n")
}

func TestStateSet(t *testing.T) {
	type phase string
	reg := cresset.NewRegistry()
	s := cresset.NewStateSet(reg, "phase", "What it is doing.", []phase{"running", "idle", "stopping"})
	wantPage(t, reg, "phase{phase=\"idle\"} 0\nphase{phase=\"running\"} 0\nphase{phase=\"stopping\"} 0\n")
	s.Set("idle")
	s.Enable("stopping", "unheard of")
	wantPage(t, reg, "phase{phase=\"idle\"} 1\nphase{phase=\"running\"} 0\nphase{phase=\"stopping\"} 1\n")
	s.Set("running", "stopping")
	s.Disable("stopping")
	wantPage(t, reg, "phase{phase=\"idle\"} 0\nphase{phase=\"running\"} 1\nphase{phase=\"stopping\"} 0\n")
}

// TestStatesChangeInOneStep moves a state set about while it is scraped: exactly
// one state is on in every page.
func TestStatesChangeInOneStep(t *testing.T) {
	reg := cresset.NewRegistry()
	states := []string{"a", "b", "c"}
	s := cresset.NewStateSet(reg, "state", "One of three.", states)
	s.Set("a")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 3000 {
			s.Set(states[i%3])
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if on := strings.Count(page(t, reg), "} 1\n"); on != 1 {
			t.Fatalf("%d states are on, want one", on)
		}
	}
}

func TestBuckets(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want []float64
	}{
		{"linear", cresset.LinearBuckets(1, 2, 3), []float64{1, 3, 5}},
		{"exponential", cresset.ExponentialBuckets(1, 100, 3), []float64{1, 10, 100}},
		{"one", cresset.ExponentialBuckets(3, 100, 1), []float64{3}},
		{"none", cresset.LinearBuckets(1, 2, 0), []float64{}},
		{"fewer than none", cresset.ExponentialBuckets(1, 2, -1), []float64{}},
	} {
		if len(tt.got) != len(tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
			continue
		}
		for i := range tt.got {
			if math.Abs(tt.got[i]-tt.want[i]) > 1e-9 {
				t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
			}
		}
	}
}
