package promhttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestRequestsAreCountedByCode(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		code    string // "" if it is not counted
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, "200"},
		{"body only", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }, "200"},
		{"status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, "418"},
		{"informational first", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		}, "404"},
		{"informational and body", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "hello")
		}, "200"},
		{"twice", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			w.WriteHeader(http.StatusOK)
		}, "400"},
		{"no HTTP code", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(999) }, "unknown"},
		{"error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) }, "500"},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("broken") }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			getPanicking(InstrumentMetricHandler(reg, test.handler))
			got := get(HandlerFor(reg, HandlerOpts{}), "/").Body.String()
			if want := fmt.Sprintf("promhttp_metric_handler_requests_total{code=%q} 1\n", test.code); test.code != "" && !strings.Contains(got, want) {
				t.Errorf("%q is missing from\n%s", want, got)
			}
			if n := strings.Count(got, "} 1\n"); test.code == "" && n > 0 {
				t.Errorf("counted:\n%s", got)
			}
			if want := "promhttp_metric_handler_requests_in_flight 0\n"; !strings.Contains(got, want) {
				t.Errorf("%q is missing from\n%s", want, got)
			}
		})
	}
}

func TestInstrumentedHandlersShareMetrics(t *testing.T) {
	reg := some()
	h := HandlerFor(reg, HandlerOpts{})
	for range 3 {
		get(InstrumentMetricHandler(reg, h), "/")
	}
	if got, want := get(h, "/").Body.String(), `promhttp_metric_handler_requests_total{code="200"} 3`; !strings.Contains(got, want) {
		t.Errorf("%q is missing from\n%s", want, got)
	}
}

func TestInstrumentMetricHandlerMustRegister(t *testing.T) {
	for _, name := range []string{"promhttp_metric_handler_requests_total", "promhttp_metric_handler_requests_in_flight"} {
		t.Run(name, func(t *testing.T) {
			reg := registryOf(prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "Mine."}))
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("got panic %v, want one that names the metric", err)
				}
			}()
			InstrumentMetricHandler(reg, http.NotFoundHandler())
		})
	}
}

// TestInstrumentedHandlerCanStillFlush: what is below stays in reach of
// http.ResponseController.
func TestInstrumentedHandlerCanStillFlush(t *testing.T) {
	var err error
	h := InstrumentMetricHandler(prometheus.NewRegistry(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		err = http.NewResponseController(w).Flush()
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if err != nil || errors.Is(err, http.ErrNotSupported) || !w.Flushed {
		t.Errorf("Flush: got %v, flushed %t", err, w.Flushed)
	}
}
