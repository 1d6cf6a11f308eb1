package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cresset-metrics/cresset/prometheus"
)

func get(h http.Handler, path string) string {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

func TestRequestsAreMeasuredInThreeWays(t *testing.T) {
	h := handler(prometheus.NewRegistry())
	var page string
	synctest.Test(t, func(*testing.T) {
		for range 100 {
			get(h, "/")
		}
		page = get(h, "/metrics")
	})
	for _, want := range []string{
		`http_request_duration_seconds_bucket{code="200",le="0.4"} 100`,
		`http_request_duration_seconds_count{code="200"} 100`,
		`http_request_native_duration_seconds_count{code="200"} 100`,
		`http_request_recent_duration_seconds{code="200",quantile="0.99"} 0.`,
		`# {request_id="`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
}
