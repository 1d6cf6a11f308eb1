package clientgolang_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	recorder "github.com/slok/go-http-metrics/metrics/prometheus"
	"github.com/slok/go-http-metrics/middleware"
	"github.com/slok/go-http-metrics/middleware/std"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// Middleware that is compiled against client_golang measures a server whose
// metrics are ours, and both stand on one page.
func TestMiddlewareOnOurPage(t *testing.T) {
	reg := ours.NewRegistry()
	orders := ours.NewCounter(ours.CounterOpts{Name: "orders_total", Help: "Orders taken."})
	reg.MustRegister(orders)
	measured := middleware.New(middleware.Config{
		Recorder: recorder.NewRecorder(recorder.Config{Registry: clientgolang.ToRegisterer(reg), Prefix: "shop"}),
	})
	server := httptest.NewServer(std.Handler("", measured, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		orders.Inc()
		w.WriteHeader(http.StatusAccepted)
	})))
	defer server.Close()
	page := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				res, err := server.Client().Post(server.URL+"/orders", "text/plain", strings.NewReader("tea"))
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
				w := httptest.NewRecorder()
				if page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil)); w.Code != http.StatusOK {
					t.Errorf("the page answers %d: %s", w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	server.Close() // what follows a handler has been done

	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		"orders_total 100\n",
		`shop_http_request_duration_seconds_count{code="202",handler="/orders",method="POST",service=""} 100` + "\n",
		`shop_http_response_size_bytes_count{code="202",handler="/orders",method="POST",service=""} 100` + "\n",
		`shop_http_requests_inflight{handler="/orders",service=""} 0` + "\n",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page has no line %s", want)
		}
	}
	if t.Failed() {
		fmt.Println(w.Body)
	}
}
