package promhttp_test

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// TestCompressedPagesAreSmall compares with what the standard library makes of the
// same page at its usual level.
func TestCompressedPagesAreSmall(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	methods, codes := []string{"GET", "PUT", "POST", "DELETE"}, []string{"200", "404", "500", "503"}
	names := []string{"method", "code", "path"}
	pages := map[string]func(reg prometheus.Registerer){
		"counters": func(reg prometheus.Registerer) {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, names)
			reg.MustRegister(vec)
			for i := range 10_000 {
				vec.WithLabelValues(methods[i%4], codes[i/4%4], strconv.Itoa(i)).Inc()
			}
		},
		"counters of many values": func(reg prometheus.Registerer) {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, names)
			reg.MustRegister(vec)
			for i := range 10_000 {
				vec.WithLabelValues(methods[i%4], codes[i/4%4], "/users/"+strconv.Itoa(i)+"/orders").Add(float64(random.IntN(100_000)))
			}
		},
		"fractions": func(reg prometheus.Registerer) {
			vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "seconds"}, names)
			reg.MustRegister(vec)
			for i := range 10_000 {
				vec.WithLabelValues(methods[i%4], codes[i/4%4], strconv.Itoa(i)).Set(random.ExpFloat64())
			}
		},
		"objects": func(reg prometheus.Registerer) {
			vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "object_phase"}, []string{"namespace", "object", "phase"})
			reg.MustRegister(vec)
			for i := range 10_000 {
				vec.WithLabelValues("default", "object-"+strconv.Itoa(i/5), "phase-"+strconv.Itoa(i%5)).Set(float64(i % 5))
			}
		},
		"histograms": func(reg prometheus.Registerer) {
			vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "request_duration_seconds"}, names)
			reg.MustRegister(vec)
			for i := range 700 {
				for range 50 {
					vec.WithLabelValues(methods[i%4], codes[i/4%4], strconv.Itoa(i)).Observe(random.ExpFloat64() / 10)
				}
			}
		},
	}
	for name, register := range pages {
		reg := prometheus.NewRegistry()
		register(reg)
		page := func(encoding string) *bytes.Buffer {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept-Encoding", encoding)
			promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, r)
			return w.Body
		}
		var want bytes.Buffer
		z := gzip.NewWriter(&want)
		if _, err := z.Write(page("identity").Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if got, most := page("gzip").Len(), want.Len()*11/10; got > most {
			t.Errorf("%s: got a page of %d bytes, want no more than %d", name, got, most)
		}
	}
}
