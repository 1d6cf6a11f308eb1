package testutil_test

import (
	"errors"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

var errRusty = errors.New("rusty")

var desc = prometheus.NewDesc("lamps", "Lamps.", nil, nil)

// sending is a Collector that sends these metrics.
func sending(metrics ...prometheus.Metric) prometheus.Collector {
	return prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		for _, m := range metrics {
			ch <- m
		}
	})
}

// broken is a Gatherer that cannot gather.
var broken = prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errRusty })

// invalid is a Collector that cannot be registered.
var invalid = prometheus.NewGauge(prometheus.GaugeOpts{})

var invalidError = "registering collector failed: descriptor " + invalid.Desc().String() + ` is invalid: "" is not a valid metric name`

// books is a vector with two series.
func books() *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "shelf_books", Help: "Books on the shelf."}, []string{"author"})
	v.WithLabelValues("Woolf").Set(3)
	v.WithLabelValues("Borges").Set(1)
	return v
}

func TestToFloat64(t *testing.T) {
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "c", Help: "C."})
	counter.Add(2.5)
	single := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v", Help: "V."}, []string{"l"})
	single.WithLabelValues("x").Set(-7)
	for _, tt := range []struct {
		name string
		c    prometheus.Collector
		want float64
	}{
		{"counter", counter, 2.5},
		{"gauge", prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "G."}), 0},
		{"function of no type", prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "u", Help: "U."}, func() float64 { return 4 }), 4},
		{"vector with one series", single, -7},
		{"const metric", sending(prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 9)), 9},
		{"metric that could not be registered", invalid, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := testutil.ToFloat64(tt.c); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestToFloat64Panics(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    prometheus.Collector
		want string
	}{
		{"no series", prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", Help: "C."}, nil), "collected 0 metrics instead of exactly 1"},
		{"two series", books(), "collected 2 metrics instead of exactly 1"},
		{
			"histogram", sending(prometheus.MustNewConstHistogram(desc, 1, 2, nil)),
			"collected a non-gauge/counter/untyped metric: " + (&dto.Metric{Histogram: &dto.Histogram{SampleCount: new(uint64(1)), SampleSum: new(2.0)}}).String(),
		},
		{"invalid metric", sending(prometheus.NewInvalidMetric(desc, errRusty)), "error happened while collecting metrics: rusty"},
		{"panic in Collect", prometheus.CollectorFunc(func(chan<- prometheus.Metric) { panic(errRusty) }), "rusty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := panicOf(func() { testutil.ToFloat64(tt.c) }); got != tt.want {
				t.Errorf("got panic %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "H."})
	for _, tt := range []struct {
		name  string
		c     prometheus.Collector
		names []string
		want  int
	}{
		{"all", books(), nil, 2},
		{"no names", books(), []string{}, 2},
		{"its name among others", books(), []string{"other", "shelf_books"}, 2},
		{"another name", books(), []string{"other"}, 0},
		{"a prefix of its name", books(), []string{"shelf"}, 0},
		{"a histogram is one", histogram, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := testutil.CollectAndCount(tt.c, tt.names...); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCountErrors(t *testing.T) {
	if got := panicOf(func() { testutil.CollectAndCount(invalid) }); got != invalidError {
		t.Errorf("got panic %q, want %q", got, invalidError)
	}
	want := "gathering metrics failed: error collecting metric " + desc.String() + ": rusty"
	if got := panicOf(func() { testutil.CollectAndCount(sending(prometheus.NewInvalidMetric(desc, errRusty))) }); got != want {
		t.Errorf("got panic %q, want %q", got, want)
	}
	n, err := testutil.GatherAndCount(broken)
	wantError(t, "GatherAndCount", err, "gathering metrics failed: rusty")
	if n != 0 || !errors.Is(err, errRusty) {
		t.Errorf("got %d and %v, want 0 and an error that wraps the cause", n, err)
	}
}
