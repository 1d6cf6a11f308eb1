package promhttp_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// deadline is how long a test waits for what must happen.
const deadline = 10 * time.Second

// server serves an instrumented handler to real clients.
type server struct {
	*httptest.Server
	*instruments
	served chan struct{} // one for each request, when everything is recorded
}

// startServer starts one for HTTP/1.1 in clear, or for HTTP/2 with TLS.
func startServer(t *testing.T, protocol int, h http.HandlerFunc) server {
	s := server{instruments: newInstruments(), served: make(chan struct{}, 100)}
	instrumented := s.around(h)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { s.served <- struct{}{} }()
		instrumented.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if protocol == 2 {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	s.Client().Timeout = deadline
	return s
}

// wait waits for requests to be recorded.
func (s server) wait(t *testing.T, requests int) {
	t.Helper()
	for range requests {
		select {
		case <-s.served:
		case <-time.After(deadline):
			t.Fatal("a request is still being served")
		}
	}
}

// want waits for one request and compares what was recorded of it; the histogram
// of times to write the header has it, too, if header is true.
func (s server) want(t *testing.T, code, size int, header bool) {
	t.Helper()
	s.wait(t, 1)
	labels := fmt.Sprintf("{code=\"%d\",method=\"get\"}", code)
	wantLines(t, fmt.Sprintf("in_flight 0\nrequests_total%s 1\nresponse_size_sum%s %d\nresponse_size_count%s 1\n", labels, labels, size, labels),
		s.inFlight, s.requests, s.responseSize)
	times := []*prometheus.HistogramVec{s.duration, s.requestSize}
	if header {
		times = append(times, s.header)
	} else {
		wantLines(t, "", s.header)
	}
	for _, histogram := range times {
		if got, want := lines(histogram), "_count"+labels+" 1\n"; !strings.HasSuffix(got, want) || strings.Count(got, "_count") != 1 {
			t.Errorf("got:\n%s\nwant one line that ends with %s", got, want)
		}
	}
}

// get returns the whole body of a response, and its trailers in it.
func (s server) get(t *testing.T) (*http.Response, string) {
	t.Helper()
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

var protocols = map[string]int{"HTTP1": 1, "HTTP2": 2}
