package benchmarks

import (
	"net/http"
	"net/http/httptest"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// BenchmarkInstrumentedHandler is what counting and timing a request costs, by
// code and method, beside a handler that does nothing.
func BenchmarkInstrumentedHandler(b *testing.B) {
	labels := []string{"code", "method"}
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	serve := func(b *testing.B, handler http.Handler) {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		client := &discard{header: http.Header{}}
		b.ReportAllocs()
		for b.Loop() {
			handler.ServeHTTP(client, request)
		}
	}
	b.Run("cresset", func(b *testing.B) {
		counter := ours.NewCounterVec(ours.CounterOpts{Name: "c"}, labels)
		duration := ours.NewHistogramVec(ours.HistogramOpts{Name: "h"}, labels)
		serve(b, ourhttp.InstrumentHandlerCounter(counter, ourhttp.InstrumentHandlerDuration(duration, nothing)))
	})
	b.Run("client_golang", func(b *testing.B) {
		counter := theirs.NewCounterVec(theirs.CounterOpts{Name: "c"}, labels)
		duration := theirs.NewHistogramVec(theirs.HistogramOpts{Name: "h"}, labels)
		serve(b, theirhttp.InstrumentHandlerCounter(counter, theirhttp.InstrumentHandlerDuration(duration, nothing)))
	})
}
