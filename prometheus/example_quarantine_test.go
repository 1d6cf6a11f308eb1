package prometheus_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// A registry in quarantine serves what it can, and tells on the same page what is
// missing.
func ExampleNewRegistryWith() {
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		Quarantine: &prometheus.QuarantineOpts{
			Logger: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTimeAndError})),
		},
	})
	reg.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tide_metres", Help: "Height of the tide."}, func() float64 {
			panic("the gauge is dry")
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wind_knots", Help: "Speed of the wind."}, func() float64 {
			return 12
		}),
	)
	for range 3 { // it is logged once
		show(reg)
	}
	// Output:
	// level=WARN msg="left out of the metrics" family=tide_metres reason=panic series=1
	// cresset_quarantined_series_total{family="tide_metres",reason="panic"} 1
	// wind_knots 12
	// cresset_quarantined_series_total{family="tide_metres",reason="panic"} 2
	// wind_knots 12
	// cresset_quarantined_series_total{family="tide_metres",reason="panic"} 3
	// wind_knots 12
}

func withoutTimeAndError(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "error" {
		return slog.Attr{}
	}
	return a
}

// buoy asks a buoy by radio, which may not answer.
type buoy struct{ height *prometheus.Desc }

func (b buoy) Describe(ch chan<- *prometheus.Desc) { ch <- b.height }

func (b buoy) Collect(ch chan<- prometheus.Metric) { b.CollectContext(context.Background(), ch) }

func (b buoy) CollectContext(ctx context.Context, ch chan<- prometheus.Metric) {
	select {
	case metres := <-b.answer():
		ch <- prometheus.MustNewConstMetric(b.height, prometheus.GaugeValue, metres)
	case <-ctx.Done(): // nobody waits any more
		ch <- prometheus.NewInvalidMetric(b.height, ctx.Err())
	}
}

func (buoy) answer() <-chan float64 { return nil }

// A Collector that can stop early does so when no scrape waits for it any longer.
func ExampleContextCollector() {
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		Quarantine: &prometheus.QuarantineOpts{Timeout: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)},
	})
	var c prometheus.ContextCollector = buoy{prometheus.NewDesc("wave_metres", "Height of the waves.", nil, nil)}
	reg.MustRegister(c)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics?name[]=cresset_collector_failures_total", nil))
	fmt.Print(w.Body)
	// Output:
	// # HELP cresset_collector_failures_total How often a collector was left out of a page, wholly or in part, because it failed.
	// # TYPE cresset_collector_failures_total counter
	// cresset_collector_failures_total{collector="prometheus_test.buoy",reason="timeout"} 1
}
