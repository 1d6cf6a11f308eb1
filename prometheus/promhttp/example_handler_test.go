package promhttp_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// A page with a unit, for a client that prefers OpenMetrics.
func ExampleHandlerOpts() {
	reg := prometheus.NewRegistry()
	steps := prometheus.NewCounter(prometheus.CounterOpts{Name: "walked_meters_total", Help: "Way that was walked.", Unit: "meters"})
	reg.MustRegister(steps)
	steps.Add(800)
	handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})

	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output:
	// # HELP walked_meters Way that was walked.
	// # TYPE walked_meters counter
	// # UNIT walked_meters meters
	// walked_meters_total 800.0
	// # EOF
}

// forecast is what a weather service said last. It has one message, which it
// changes in place, and so must know who is reading it.
type forecast struct {
	mu       sync.RWMutex // held for reading until a reader is done
	families []*dto.MetricFamily
}

func (f *forecast) Gather() ([]*dto.MetricFamily, func(), error) {
	f.mu.RLock()
	return f.families, f.mu.RUnlock, nil
}

func (f *forecast) set(celsius float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*f.families[0].Metric[0].Gauge.Value = celsius
}

// Families that live on after a scrape and are changed before the next one.
func ExampleHandlerForTransactional() {
	tomorrow := &forecast{families: []*dto.MetricFamily{{
		Name:   proto.String("forecast_celsius"),
		Type:   dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: proto.Float64(0)}}},
	}}}
	handler := promhttp.HandlerForTransactional(tomorrow, promhttp.HandlerOpts{})
	for _, celsius := range []float64{21, 19.5} {
		tomorrow.set(celsius)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		fmt.Print(w.Body)
	}
	// Output:
	// # TYPE forecast_celsius gauge
	// forecast_celsius 21
	// # TYPE forecast_celsius gauge
	// forecast_celsius 19.5
}

// warnings is a Logger that writes to a structured log.
type warnings struct{ *slog.Logger }

func (w warnings) Println(v ...any) { w.Warn(strings.TrimSpace(fmt.Sprintln(v...))) }

// A device that cannot be asked costs its own metrics, and a line in the log.
func ExampleLogger() {
	pumps := prometheus.NewRegistry()
	pumps.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "pumps_running", Help: "Pumps that run."}))
	tank := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errors.New("the float is stuck") })
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	handler := promhttp.HandlerFor(prometheus.Gatherers{pumps, tank}, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: warnings{log},
	})

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Print(w.Body)
	// Output:
	// level=WARN msg="error gathering metrics: [from Gatherer #2] the float is stuck"
	// # HELP pumps_running Pumps that run.
	// # TYPE pumps_running gauge
	// pumps_running 0
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// Who takes anything gets it compressed.
func ExampleCompression() {
	handler := promhttp.HandlerFor(prometheus.NewRegistry(), promhttp.HandlerOpts{
		OfferedCompressions: []promhttp.Compression{promhttp.Gzip, promhttp.Identity},
	})
	for _, accept := range []string{"*", "identity", "br"} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%s: %q\n", accept, w.Header().Get("Content-Encoding"))
	}
	// Output:
	// *: "gzip"
	// identity: ""
	// br: ""
}

// A Collector that hangs is left out after a while that depends on how long the
// scraper waits, and the page says so.
func ExampleHandlerFor_quarantine() {
	pumps := prometheus.NewRegistry()
	asked := make(chan struct{})
	pumps.MustRegister(
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "pumps_running", Help: "Pumps that run."}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tank_litres", Help: "Water in the tank."}, func() float64 {
			<-asked // the float is stuck
			return 40
		}),
	)
	defer close(asked)
	handler := promhttp.HandlerFor(pumps, promhttp.HandlerOpts{ErrorHandling: promhttp.QuarantineOnError})

	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "0.1") // as Prometheus does
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output:
	// # HELP cresset_quarantined_series_total Series that were left out of a page, by their family and the reason.
	// # TYPE cresset_quarantined_series_total counter
	// cresset_quarantined_series_total{family="tank_litres",reason="timeout"} 1
	// # HELP pumps_running Pumps that run.
	// # TYPE pumps_running gauge
	// pumps_running 0
}

// What a client sees of an error.
func ExampleHandlerErrorHandling() {
	broken := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errors.New("the door is locked") })
	handler := promhttp.HandlerFor(broken, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Printf("%d\n%s", w.Code, w.Body)
	// Output:
	// 500
	// An error has occurred while serving metrics:
	//
	// the door is locked
}
