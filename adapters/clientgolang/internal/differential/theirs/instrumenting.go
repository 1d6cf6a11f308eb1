package theirs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// instruments are vectors of some labels.
type instruments struct {
	requests                              *prometheus.CounterVec
	took, untilHeader, received, answered *prometheus.HistogramVec
	inFlight                              prometheus.Gauge
}

func newInstruments(constant prometheus.Labels, labels ...string) instruments {
	histogram := func(name string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: "h", Buckets: buckets, ConstLabels: constant}, labels)
	}
	return instruments{
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "h", ConstLabels: constant}, labels),
		histogram("took_seconds", 1, 2, 5), histogram("until_header_seconds", 1, 2, 5), histogram("received_bytes", 10, 100, 1000), histogram("answered_bytes", 1, 10, 100),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight", Help: "h"}),
	}
}

func (i instruments) show(t *script.Trace) {
	glancing(t, i.requests, i.took, i.untilHeader, i.received, i.answered, i.inFlight)
}

func (i instruments) around(next http.Handler, opts ...promhttp.Option) http.Handler {
	next = promhttp.InstrumentHandlerTimeToWriteHeader(i.untilHeader, next, opts...)
	next = promhttp.InstrumentHandlerRequestSize(i.received, next, opts...)
	next = promhttp.InstrumentHandlerResponseSize(i.answered, next, opts...)
	next = promhttp.InstrumentHandlerDuration(i.took, next, opts...)
	next = promhttp.InstrumentHandlerCounter(i.requests, next, opts...)
	return promhttp.InstrumentHandlerInFlight(i.inFlight, next)
}

// behaviours are what handlers do.
var behaviours = map[string]http.HandlerFunc{
	"nothing": func(http.ResponseWriter, *http.Request) {},
	"write": func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(1500 * time.Millisecond)
		_, _ = io.WriteString(w, "hello, ")
		time.Sleep(time.Second)
		_, _ = io.WriteString(w, "world")
	},
	"status": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "a teapot")
	},
	"read from": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader("copied")) },
	"flush":     func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
	"strange":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(999) },
	"panic": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "x")
		panic("on purpose")
	},
}

func behaviourNames() []string {
	return []string{"nothing", "write", "status", "read from", "flush", "strange", "panic"}
}

type contextKey struct{}

// requestOptions are the options by which instruments get labels and exemplars.
func requestOptions() map[string][]promhttp.Option {
	return map[string][]promhttp.Option{
		"none":    nil,
		"methods": {promhttp.WithExtraMethods("BREW", "when")},
		"exemplar of the request": {promhttp.WithExemplarFromRequest(func(r *http.Request) prometheus.Labels {
			return prometheus.Labels{"path": r.URL.Path}
		})},
		"exemplar of the context": {promhttp.WithExemplarFromContext(func(ctx context.Context) prometheus.Labels {
			if ctx.Value(contextKey{}) == nil {
				return nil
			}
			return prometheus.Labels{"id": ctx.Value(contextKey{}).(string)}
		})},
	}
}

func instrumentedRequests() []*http.Request {
	var all []*http.Request
	for _, method := range []string{"GET", "get", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "NOTIFY", "BREW", "when", ""} {
		r := httptest.NewRequest(http.MethodGet, "http://host/path?q=1", strings.NewReader("body"))
		r.Method = method
		r.Header.Set("X-Own", "value")
		all = append(all, r, r.WithContext(context.WithValue(r.Context(), contextKey{}, "7")))
	}
	return all
}

var instrumenting = []script.Scenario{
	{Name: "instrumented handlers", Run: func(t *script.Trace) {
		for _, labels := range [][]string{nil, {"code"}, {"method"}, {"method", "code"}} {
			for _, name := range []string{"none", "methods", "exemplar of the request", "exemplar of the context"} {
				i := newInstruments(prometheus.Labels{"const": "c"}, labels...)
				for _, behaviour := range behaviourNames() {
					handler := i.around(behaviours[behaviour], requestOptions()[name]...)
					for _, r := range instrumentedRequests() {
						t.Try(behaviour, func() { handler.ServeHTTP(httptest.NewRecorder(), r) })
					}
				}
				i.show(t)
			}
		}
	}},
	{Name: "a handler that writes two headers", Run: func(t *script.Trace) {
		i := newInstruments(nil, "code")
		i.around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK)
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		i.show(t)
	}},
	{Name: "labels of one's own for handlers", Run: func(t *script.Trace) {
		ofContext := promhttp.WithLabelFromCtx("id", func(ctx context.Context) string {
			id, _ := ctx.Value(contextKey{}).(string)
			return id
		})
		ofRequest := promhttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path })
		i := newInstruments(nil, "path", "code", "id", "method")
		handler := i.around(behaviours["write"], ofContext, ofRequest)
		for _, r := range instrumentedRequests() {
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		i.show(t)
	}},
	{Name: "instruments with labels that nobody gives", Run: func(t *script.Trace) {
		given := promhttp.WithLabelFromCtx("given", func(context.Context) string { return "g" })
		for _, labels := range [][]string{{"x"}, {"code", "x"}, {"code", "method", "x"}, {"given"}, {"given", "code", "x"}, {"Code"}, {"code", "method", "given"}} {
			for _, opts := range [][]promhttp.Option{nil, {given}, {promhttp.WithLabelFromCtx("code", func(context.Context) string { return "c" })}} {
				i := newInstruments(nil, labels...)
				none := http.NotFoundHandler()
				try := func(what string, handler func() http.Handler) {
					t.Try(what, func() { handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) })
				}
				try("counter", func() http.Handler { return promhttp.InstrumentHandlerCounter(i.requests, none, opts...) })
				try("duration", func() http.Handler { return promhttp.InstrumentHandlerDuration(i.took, none, opts...) })
				try("header", func() http.Handler { return promhttp.InstrumentHandlerTimeToWriteHeader(i.took, none, opts...) })
				try("request", func() http.Handler { return promhttp.InstrumentHandlerRequestSize(i.took, none, opts...) })
				try("response", func() http.Handler { return promhttp.InstrumentHandlerResponseSize(i.took, none, opts...) })
				t.Try("curried", func() {
					promhttp.InstrumentHandlerCounter(i.requests.MustCurryWith(prometheus.Labels{labels[0]: "1"}), none, opts...).
						ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
				})
				glancing(t, i.requests, i.took)
			}
		}
		i := newInstruments(prometheus.Labels{"code": "c"}, "method")
		t.Try("constant code", func() { promhttp.InstrumentHandlerCounter(i.requests, http.NotFoundHandler()) })
	}},
	{Name: "instrumented clients", Run: func(t *script.Trace) {
		for _, labels := range [][]string{nil, {"code"}, {"method", "code"}} {
			for _, name := range []string{"none", "methods", "exemplar of the request", "exemplar of the context"} {
				i := newInstruments(nil, labels...)
				opts := requestOptions()[name]
				send := promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
					time.Sleep(1500 * time.Millisecond)
					if r.Method == http.MethodDelete {
						return nil, errors.New("cannot")
					}
					w := httptest.NewRecorder()
					w.WriteHeader(http.StatusAccepted)
					response := w.Result()
					response.Request = r
					return response, nil
				})
				client := promhttp.InstrumentRoundTripperInFlight(i.inFlight,
					promhttp.InstrumentRoundTripperCounter(i.requests, promhttp.InstrumentRoundTripperDuration(i.took, send, opts...), opts...))
				for _, r := range instrumentedRequests() {
					response, err := client.RoundTrip(r)
					t.Note("answer", response != nil, err)
				}
				i.show(t)
			}
		}
		for _, labels := range [][]string{{"x"}, {"code", "x"}} {
			i := newInstruments(nil, labels...)
			t.Try("counter", func() { promhttp.InstrumentRoundTripperCounter(i.requests, http.DefaultTransport) })
			t.Try("duration", func() { promhttp.InstrumentRoundTripperDuration(i.took, http.DefaultTransport) })
		}
	}},
	{Name: "what happens while a client asks", Run: func(t *script.Trace) {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		events := make(chan string, 100)
		note := func(name string) func(float64) { return func(float64) { events <- name } }
		trace := &promhttp.InstrumentTrace{
			GotConn: note("got a connection"), GotFirstResponseByte: note("first byte"), WroteHeaders: note("wrote headers"), WroteRequest: note("wrote the request"),
			ConnectStart: note("connecting"), ConnectDone: note("connected"), TLSHandshakeStart: note("handshake"), TLSHandshakeDone: note("shaken"),
		}
		client := &http.Client{Transport: promhttp.InstrumentRoundTripperTrace(trace, server.Client().Transport)}
		for range 2 {
			response, err := client.Get(server.URL)
			t.Note("answer", err)
			if err == nil {
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}
		close(events)
		var seen []string // in no order: two goroutines tell
		for event := range events {
			seen = append(seen, event)
		}
		slices.Sort(seen)
		t.Note("events", seen)
	}},
}
