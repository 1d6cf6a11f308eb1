//go:build !race

// The race detector allocates on its own account, and has pools forget.

package promhttp_test

import (
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// sink is a client that throws away what it is sent.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) WriteHeader(int)             {}
func (s sink) Write(p []byte) (int, error) { return len(p), nil }

// TestAPageAllocatesNothingPerSeries: a page of many series takes as many allocations
// as one of few.
func TestAPageAllocatesNothingPerSeries(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it empties pools
	families := map[string]func(reg prometheus.Registerer) func(label string){
		"counters": func(reg prometheus.Registerer) func(string) {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counters_total"}, []string{"code", "l"})
			reg.MustRegister(vec)
			return func(l string) { vec.WithLabelValues("200", l).Add(1.5) }
		},
		"gauges, wrapped": func(reg prometheus.Registerer) func(string) {
			vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gauges"}, []string{"code", "l"})
			prometheus.WrapRegistererWith(prometheus.Labels{"zone": "a"}, reg).MustRegister(vec)
			return func(l string) { vec.WithLabelValues("200", l).Set(-1e9) }
		},
		"histograms": func(reg prometheus.Registerer) func(string) {
			vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "histograms"}, []string{"code", "l"})
			reg.MustRegister(vec)
			return func(l string) { vec.WithLabelValues("200", l).Observe(1.5) }
		},
		"summaries": func(reg prometheus.Registerer) func(string) {
			vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "summaries", Objectives: map[float64]float64{0.5: 0.05}}, []string{"code", "l"})
			reg.MustRegister(vec)
			return func(l string) { vec.WithLabelValues("200", l).Observe(1.5) }
		},
	}
	forms := map[string]struct {
		accept, encoding string
		most             float64 // allocations of a page, nearly all of them for the request
	}{
		"text":        {"text/plain;version=0.0.4", "identity", 50},
		"openmetrics": {"application/openmetrics-text;version=1.0.0", "identity", 55},
		"protobuf":    {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "identity", 50},
		"gzip":        {"text/plain;version=0.0.4", "gzip", 50},
	}
	for family, register := range families {
		reg := prometheus.NewRegistry()
		add := register(reg)
		handlers := map[string]http.Handler{
			"HandlerFor":              promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}),
			"HandlerForTransactional": promhttp.HandlerForTransactional(prometheus.ToTransactionalGatherer(reg), promhttp.HandlerOpts{EnableOpenMetrics: true}),
		}
		few := map[string]float64{}
		for i, n := range []int{100, 300} {
			for k := range n {
				add(strconv.Itoa(k))
			}
			for form, as := range forms {
				for by, h := range handlers {
					r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
					r.Header.Set("Accept", as.accept)
					r.Header.Set("Accept-Encoding", as.encoding)
					page := func() { h.ServeHTTP(sink{http.Header{}}, r) }
					page() // which may put what is new in order
					got := testing.AllocsPerRun(10, page)
					if got > as.most {
						t.Errorf("%s, %s, %s: got %v allocations for %d series, want no more than %v", family, form, by, got, n, as.most)
					}
					if i == 0 {
						few[form+by] = got
					} else if got != few[form+by] {
						t.Errorf("%s, %s, %s: got %v allocations for %d series and %v for 100, want as many", family, form, by, got, n, few[form+by])
					}
				}
			}
		}
	}
}
