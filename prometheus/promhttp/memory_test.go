//go:build !race

// The race detector allocates on its own account.

package promhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// TestInstrumentationAllocatesWhatItMust: a response that is watched, and
// nothing for labels.
func TestInstrumentationAllocatesWhatItMust(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	transport := promhttp.RoundTripperFunc(func() func(*http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: 200}
		return func(*http.Request) (*http.Response, error) { return resp, nil }
	}())
	opts := []promhttp.Option{promhttp.WithLabelFromRequest("region", region), promhttp.WithExtraMethods("PROPFIND")}
	counter, histogram := newCounterVec("code", "region", "method"), newHistogramVec("method", "code", "region")
	curried := histogram.MustCurryWith(prometheus.Labels{"code": "200"})
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"})

	handlers := map[string]struct {
		h    http.Handler
		want float64
	}{
		"InFlight":          {promhttp.InstrumentHandlerInFlight(inFlight, next), 0},
		"Counter":           {promhttp.InstrumentHandlerCounter(counter, next, opts...), 1},
		"Duration":          {promhttp.InstrumentHandlerDuration(histogram, next, opts...), 1},
		"without code":      {promhttp.InstrumentHandlerDuration(curried, next, opts...), 0},
		"RequestSize":       {promhttp.InstrumentHandlerRequestSize(histogram, next, opts...), 1},
		"ResponseSize":      {promhttp.InstrumentHandlerResponseSize(histogram, next, opts...), 1},
		"TimeToWriteHeader": {promhttp.InstrumentHandlerTimeToWriteHeader(histogram, next, opts...), 2}, // and what it is to do then
		"several": {promhttp.InstrumentHandlerCounter(counter, promhttp.InstrumentHandlerDuration(histogram,
			promhttp.InstrumentHandlerRequestSize(histogram, promhttp.InstrumentHandlerResponseSize(histogram, next, opts...), opts...), opts...), opts...), 1},
	}
	for name, test := range handlers {
		w, r := httptest.NewRecorder(), httptest.NewRequest("PROPFIND", "/some/path?with=query", nil)
		if got := testing.AllocsPerRun(100, func() { test.h.ServeHTTP(w, r) }); got != test.want {
			t.Errorf("%s: got %v allocations, want %v", name, got, test.want)
		}
	}
	for name, rt := range map[string]http.RoundTripper{
		"InFlight": promhttp.InstrumentRoundTripperInFlight(inFlight, transport),
		"Counter":  promhttp.InstrumentRoundTripperCounter(counter, transport, opts...),
		"Duration": promhttp.InstrumentRoundTripperDuration(histogram, transport, opts...),
	} {
		r := httptest.NewRequest(http.MethodGet, "/some/path", nil)
		trip := func() {
			if _, err := rt.RoundTrip(r); err != nil {
				t.Error(err)
			}
		}
		if got := testing.AllocsPerRun(100, trip); got != 0 {
			t.Errorf("RoundTripper%s: got %v allocations, want none", name, got)
		}
	}
}
