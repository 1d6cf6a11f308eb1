package promhttp

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// slow is a gatherer that waits until it is released.
func slow() (g prometheus.Gatherer, release chan struct{}) {
	release = make(chan struct{})
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		<-release
		return []*dto.MetricFamily{family("up", gaugeOf(1))}, nil
	}), release
}

const (
	slowPage   = "# TYPE up gauge\nup 1\n"
	overLimit  = "Limit of concurrent requests reached (2), try again later.\n"
	overTime   = "Exceeded configured timeout of 10s.\n"
	twoAtATime = 2
)

// ask sends a request that is answered some time later.
func ask(h http.Handler) <-chan *httptest.ResponseRecorder {
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() { answer <- get(h, "/") }()
	return answer
}

func expect(t *testing.T, what string, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("%s: got status %d and body %q, want %d and %q", what, w.Code, w.Body, status, body)
	}
}

func TestMaxRequestsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := slow()
		h := HandlerFor(g, HandlerOpts{MaxRequestsInFlight: twoAtATime})
		first, second := ask(h), ask(h)
		synctest.Wait()
		expect(t, "third", get(h, "/"), http.StatusServiceUnavailable, overLimit)
		release <- struct{}{}
		release <- struct{}{}
		expect(t, "first", <-first, http.StatusOK, slowPage)
		expect(t, "second", <-second, http.StatusOK, slowPage)
		close(release)
		expect(t, "fourth", get(h, "/"), http.StatusOK, slowPage)
	})
}

func TestNoLimit(t *testing.T) {
	for _, limit := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			g, release := slow()
			h := HandlerFor(g, HandlerOpts{MaxRequestsInFlight: limit, Timeout: time.Duration(limit)})
			var answers []<-chan *httptest.ResponseRecorder
			for range 10 {
				answers = append(answers, ask(h))
			}
			synctest.Wait()
			close(release)
			for _, answer := range answers {
				expect(t, "one of ten", <-answer, http.StatusOK, slowPage)
			}
		})
	}
}

func TestSlotIsFreeAfterPanic(t *testing.T) {
	h := HandlerFor(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { panic("broken") }), HandlerOpts{MaxRequestsInFlight: 1})
	for range 3 {
		if _, panicked := getPanicking(h); panicked != "broken" {
			t.Fatalf("got panic %v, want the gatherer's", panicked)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := slow()
		h := HandlerFor(g, HandlerOpts{Timeout: 10 * time.Second})
		begun := time.Now()
		expect(t, "slow", get(h, "/"), http.StatusServiceUnavailable, overTime)
		if got := time.Since(begun); got != 10*time.Second {
			t.Errorf("answered after %v, want 10s", got)
		}
		close(release)
		w := get(h, "/", "Accept-Encoding: gzip")
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" || gunzip(t, w.Body) != slowPage {
			t.Errorf("in time: got status %d, header %v", w.Code, w.Header())
		}
	})
}

// TestTimedOutGatherKeepsItsSlot: a gather that nobody waits for any more still
// costs what one costs, so it counts.
func TestTimedOutGatherKeepsItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := slow()
		h := HandlerFor(g, HandlerOpts{MaxRequestsInFlight: twoAtATime, Timeout: 10 * time.Second})
		first, second := ask(h), ask(h)
		expect(t, "first", <-first, http.StatusServiceUnavailable, overTime)
		expect(t, "second", <-second, http.StatusServiceUnavailable, overTime)
		expect(t, "third", get(h, "/"), http.StatusServiceUnavailable, overLimit)
		close(release)
		synctest.Wait()
		expect(t, "fourth", get(h, "/"), http.StatusOK, slowPage)
	})
}
