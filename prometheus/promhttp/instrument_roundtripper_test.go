package promhttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// outgoing instruments what clients send, by code, method and path.
type outgoing struct {
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newOutgoing() outgoing {
	return outgoing{
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"}),
		newCounterVec("path", "code", "method"), newHistogramVec("method", "path", "code"),
	}
}

func (o outgoing) around(rt http.RoundTripper) http.RoundTripper {
	path := promhttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path })
	rt = promhttp.InstrumentRoundTripperDuration(o.duration, rt, path)
	rt = promhttp.InstrumentRoundTripperCounter(o.requests, rt, path)
	return promhttp.InstrumentRoundTripperInFlight(o.inFlight, rt)
}

// want compares the requests that were counted, one line each, with those that
// were observed, too.
func (o outgoing) want(t *testing.T, want string) {
	t.Helper()
	wantLines(t, "in_flight 0\n"+want, o.inFlight, o.requests)
	var observed strings.Builder
	for line := range strings.Lines(lines(o.duration)) {
		if rest, ok := strings.CutPrefix(line, "histogram_count"); ok {
			observed.WriteString("requests_total" + rest)
		}
	}
	if got := observed.String(); got != want {
		t.Errorf("observed:\n%s\nwant:\n%s", got, want)
	}
}

func TestClientTraffic(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/old", http.RedirectHandler("/new", http.StatusFound))
	mux.HandleFunc("/new", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusConflict)
	})
	mux.HandleFunc("/aborted", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	tests := []struct {
		path, want string
		err        bool
	}{
		{path: "/new", want: `requests_total{code="200",method="get",path="/new"} 1` + "\n"},
		{path: "/old", want: `requests_total{code="200",method="get",path="/new"} 1` + "\n" + `requests_total{code="302",method="get",path="/old"} 1` + "\n"},
		{path: "/none", want: `requests_total{code="404",method="get",path="/none"} 1` + "\n"},
		{path: "/hints", want: `requests_total{code="409",method="get",path="/hints"} 1` + "\n"},
		{path: "/aborted", err: true},
		{path: "/silent", err: true}, // until the test cancels it
	}
	for protocolName, protocol := range protocols {
		for _, test := range tests {
			t.Run(strings.TrimPrefix(test.path, "/")+"/"+protocolName, func(t *testing.T) {
				arrived := make(chan struct{}, 10)
				s := startServer(t, protocol, func(w http.ResponseWriter, r *http.Request) {
					arrived <- struct{}{}
					mux.ServeHTTP(w, r)
				})
				o := newOutgoing()
				client := http.Client{Transport: o.around(s.Client().Transport), Timeout: deadline}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.path == "/silent" {
					go func() { <-arrived; cancel() }()
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+test.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err == nil {
					resp.Body.Close()
				}
				if (err != nil) != test.err {
					t.Errorf("got error %v, want one: %t", err, test.err)
				}
				o.want(t, test.want)
			})
		}
	}
}

func TestRequestsThatReachNobody(t *testing.T) {
	s := httptest.NewServer(answer(200))
	s.Close()
	o := newOutgoing()
	client := http.Client{Transport: o.around(s.Client().Transport), Timeout: deadline}
	if resp, err := client.Get(s.URL); err == nil {
		resp.Body.Close()
		t.Error("got a response of a server that is closed")
	}
	o.want(t, "")
}

// TestRoundTrippersOfAllKinds: people write RoundTrippers of their own.
func TestRoundTrippersOfAllKinds(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name  string
		trip  promhttp.RoundTripperFunc
		want  string
		err   error
		panic any
	}{
		{
			name: "no request in the response",
			trip: func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 201}, nil },
			want: `requests_total{code="201",method="get",path="/asked"} 1` + "\n",
		},
		{
			name: "another request in the response",
			trip: func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 201, Request: httptest.NewRequest(http.MethodPost, "/other", nil)}, nil
			},
			want: `requests_total{code="201",method="get",path="/other"} 1` + "\n",
		},
		{
			name: "no code",
			trip: func(*http.Request) (*http.Response, error) { return &http.Response{}, nil },
			want: `requests_total{code="200",method="get",path="/asked"} 1` + "\n",
		},
		{name: "neither a response nor an error", trip: func(*http.Request) (*http.Response, error) { return nil, nil }},
		{name: "error", trip: func(*http.Request) (*http.Response, error) { return nil, broken }, err: broken},
		{
			name: "response and error",
			trip: func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, broken }, err: broken,
		},
		{name: "panic", trip: func(*http.Request) (*http.Response, error) { panic(broken) }, panic: broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOutgoing()
			var err error
			panicked := panicOf(func() { _, err = o.around(test.trip).RoundTrip(httptest.NewRequest(http.MethodGet, "/asked", nil)) })
			if err != test.err || panicked != test.panic {
				t.Errorf("got error %v, panic %v, want %v, %v", err, panicked, test.err, test.panic)
			}
			o.want(t, test.want)
		})
	}
}

func TestDurationOfRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		histogram := newHistogramVec()
		serve(sending(promhttp.InstrumentRoundTripperDuration(histogram, promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) {
			time.Sleep(1500 * time.Millisecond)
			return &http.Response{}, nil
		}))), nil)
		wantLines(t, "histogram_sum 1.5\nhistogram_count 1\n", histogram)
	})
}
