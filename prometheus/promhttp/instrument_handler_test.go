package promhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// instruments are one of each kind, by code and method.
type instruments struct {
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration, header, requestSize,
	responseSize *prometheus.HistogramVec
}

func newInstruments() *instruments {
	histogram := func(name string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name}, []string{"code", "method"})
	}
	return &instruments{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"}), requests: newCounterVec("code", "method"),
		duration: histogram("duration"), header: histogram("header"), requestSize: histogram("request_size"), responseSize: histogram("response_size"),
	}
}

// around instruments a handler with all.
func (i *instruments) around(h http.Handler) http.Handler {
	h = promhttp.InstrumentHandlerResponseSize(i.responseSize, h)
	h = promhttp.InstrumentHandlerRequestSize(i.requestSize, h)
	h = promhttp.InstrumentHandlerTimeToWriteHeader(i.header, h)
	h = promhttp.InstrumentHandlerCounter(i.requests, h)
	h = promhttp.InstrumentHandlerDuration(i.duration, h)
	return promhttp.InstrumentHandlerInFlight(i.inFlight, h)
}

func (i *instruments) all() []prometheus.Collector {
	return []prometheus.Collector{i.inFlight, i.requests, i.duration, i.header, i.requestSize, i.responseSize}
}

func TestDurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInstruments()
		serve(i.around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			wantLines(t, "in_flight 1\n", i.inFlight)
			time.Sleep(time.Second)
			w.WriteHeader(http.StatusCreated)
			time.Sleep(2 * time.Second)
			io.WriteString(w, "created")
			time.Sleep(4 * time.Second)
		})), nil)
		wantLines(t, `duration_sum{code="201",method="get"} 7
duration_count{code="201",method="get"} 1
header_sum{code="201",method="get"} 1
header_count{code="201",method="get"} 1
in_flight 0
requests_total{code="201",method="get"} 1
response_size_sum{code="201",method="get"} 7
response_size_count{code="201",method="get"} 1
`, i.inFlight, i.duration, i.header, i.requests, i.responseSize)
	})
}

// TestTimeToWriteHeader looks for what writes a header.
func TestTimeToWriteHeader(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"WriteHeader", answer(http.StatusTeapot), "418"},
		{"Write", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("a")) }, "200"},
		{"WriteString", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a") }, "200"},
		{"Write of nothing", func(w http.ResponseWriter, _ *http.Request) { w.Write(nil) }, "200"},
		{"Flush", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, "200"},
		{"controller", func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() }, "200"},
		{"first of two", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400); w.WriteHeader(500) }, "400"},
		{"switching protocols", answer(http.StatusSwitchingProtocols), "101"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, ""},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("broken") }, ""},
		{"panic afterwards", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202); panic("broken") }, "202"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				histogram := newHistogramVec("code")
				h := promhttp.InstrumentHandlerTimeToWriteHeader(histogram, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(3 * time.Second)
					defer time.Sleep(5 * time.Second)
					test.handler(w, r)
				}))
				panicOf(func() { serve(h, nil) })
				want := ""
				if test.want != "" {
					want = `histogram_sum{code="` + test.want + `"} 3` + "\n" + `histogram_count{code="` + test.want + `"} 1` + "\n"
				}
				wantLines(t, want, histogram)
			})
		})
	}
}

func TestRequestSize(t *testing.T) {
	tests := []struct {
		name    string
		request func() *http.Request
		want    string
	}{
		{"plain", func() *http.Request { return httptest.NewRequest("GET", "/abc?d=e", nil) }, "30"}, // /abc?d=e GET HTTP/1.1 example.com
		{"escaped", func() *http.Request { return httptest.NewRequest("GET", "/%20b?d=%20", nil) }, "33"},
		{"whole URL", func() *http.Request { return httptest.NewRequest("GET", "http://example.com/", nil) }, "41"},
		{"body", func() *http.Request { return httptest.NewRequest("GET", "/", strings.NewReader("1234567")) }, "30"},
		{"body of unknown length", func() *http.Request {
			return httptest.NewRequest("GET", "/", iotest.OneByteReader(strings.NewReader("1234567")))
		}, "23"},
		{"header", func() *http.Request {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = http.Header{"Accept": {"a", "bc"}, "X-None": nil}
			return r
		}, "38"},
		{"made by hand", func() *http.Request { return new(http.Request) }, "0"},
	}
	for _, test := range tests {
		histogram := newHistogramVec()
		promhttp.InstrumentHandlerRequestSize(histogram, answer(200)).ServeHTTP(httptest.NewRecorder(), test.request())
		if got, want := lines(histogram), "histogram_sum "+test.want+"\nhistogram_count 1\n"; !strings.HasSuffix(got, want) {
			t.Errorf("%s: got:\n%s\nwant at the end:\n%s", test.name, got, want)
		}
	}
}

func TestNothingIsRecordedOfAPanic(t *testing.T) {
	for _, cause := range []any{"broken", http.ErrAbortHandler} {
		i := newInstruments()
		got := panicOf(func() {
			serve(i.around(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(cause) })), nil)
		})
		if got != cause {
			t.Errorf("got panic %v, want %v", got, cause)
		}
		wantLines(t, "in_flight 0\n", i.all()...)
	}
}

// TestUnwatchedResponses: where no label needs the code, a handler is given the
// very ResponseWriter of the request.
func TestUnwatchedResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counter, histogram := newCounterVec("method"), newHistogramVec()
		var got http.ResponseWriter
		h := promhttp.InstrumentHandlerCounter(counter, promhttp.InstrumentHandlerDuration(histogram,
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = w })))
		if want := serve(h, nil); got != want {
			t.Errorf("got a %T, want the ResponseWriter of the request", got)
		}
		wantLines(t, "histogram_sum 0\nhistogram_count 1\n"+`requests_total{method="get"} 1`+"\n", counter, histogram)
	})
}

// TestMiddlewareBetween: handlers around middleware, and inside it, record what
// passes through them and nothing else.
func TestMiddlewareBetween(t *testing.T) {
	const body = "inner"
	tests := []struct {
		name          string
		inner         http.HandlerFunc
		between       func(inner http.Handler, w http.ResponseWriter, r *http.Request)
		outer, within string
	}{
		{
			name:    "hands on",
			between: http.Handler.ServeHTTP,
			outer:   recorded(200, 5, true), within: recorded(200, 5, true),
		},
		{
			name: "with a ResponseWriter of its own",
			between: func(inner http.Handler, w http.ResponseWriter, r *http.Request) {
				inner.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
			},
			outer: recorded(200, 5, true), within: recorded(200, 5, true),
		},
		{
			name: "writes before",
			between: func(inner http.Handler, w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusAccepted)
				io.WriteString(w, "before")
				inner.ServeHTTP(w, r)
			},
			outer: recorded(202, 11, true), within: recorded(200, 5, true),
		},
		{
			name: "writes after",
			between: func(inner http.Handler, w http.ResponseWriter, r *http.Request) {
				inner.ServeHTTP(w, r)
				io.WriteString(w, "after")
			},
			outer: recorded(200, 10, true), within: recorded(200, 5, true),
		},
		{
			name:  "answers itself",
			inner: func(http.ResponseWriter, *http.Request) {},
			between: func(inner http.Handler, w http.ResponseWriter, r *http.Request) {
				inner.ServeHTTP(w, r)
				w.WriteHeader(http.StatusNotFound)
			},
			outer: recorded(404, 0, true), within: recorded(200, 0, false),
		},
		{
			name:  "recovers",
			inner: func(http.ResponseWriter, *http.Request) { panic("broken") },
			between: func(inner http.Handler, w http.ResponseWriter, r *http.Request) {
				if panicOf(func() { inner.ServeHTTP(w, r) }) != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			},
			outer: recorded(500, 0, true), within: "",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.inner == nil {
					test.inner = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
				}
				outer, inner := newInstruments(), newInstruments()
				wrapped := inner.around(test.inner)
				serve(outer.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.between(wrapped, w, r) })), nil)
				wantLines(t, test.outer, outer.requests, outer.responseSize, outer.header)
				wantLines(t, test.within, inner.requests, inner.responseSize, inner.header)
			})
		})
	}
}

// recorded is what instruments have to say of one request that took no time.
func recorded(code, size int, header bool) string {
	labels := fmt.Sprintf("{code=\"%d\",method=\"get\"}", code)
	all := fmt.Sprintf("requests_total%s 1\nresponse_size_sum%s %d\nresponse_size_count%s 1\n", labels, labels, size, labels)
	if header {
		all = fmt.Sprintf("header_sum%s 0\nheader_count%s 1\n", labels, labels) + all
	}
	return all
}

// exemplarVec is an ObserverVec that keeps only what exemplars it is given.
type exemplarVec struct {
	*prometheus.HistogramVec
	traces []string
}

func (v *exemplarVec) With(prometheus.Labels) prometheus.Observer { return exemplarObserver{v} }

type exemplarObserver struct{ vec *exemplarVec }

func (o exemplarObserver) Observe(float64) { o.vec.traces = append(o.vec.traces, "") }
func (o exemplarObserver) ObserveWithExemplar(_ float64, labels prometheus.Labels) {
	o.vec.traces = append(o.vec.traces, labels["trace_id"])
}

func TestExemplars(t *testing.T) {
	fromRequest := promhttp.WithExemplarFromRequest(func(r *http.Request) prometheus.Labels {
		return prometheus.Labels{"trace_id": r.Header.Get("Trace")}
	})
	inContext := promhttp.WithExemplarFromContext(func(ctx context.Context) prometheus.Labels {
		return prometheus.Labels{"trace_id": fromContext(ctx)}
	})
	tests := []struct {
		name string
		opts []promhttp.Option
		want string // "" if there is none
	}{
		{"none", nil, ""},
		{"request", []promhttp.Option{fromRequest}, "request"},
		{"context", []promhttp.Option{inContext}, "context"},
		{"the last", []promhttp.Option{inContext, fromRequest}, "request"},
		{"no function", []promhttp.Option{inContext, promhttp.WithExemplarFromRequest(nil)}, ""},
		{"no labels", []promhttp.Option{promhttp.WithExemplarFromRequest(func(*http.Request) prometheus.Labels { return nil })}, ""},
	}
	transport := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
	for _, test := range tests {
		counter, sent := newCounterVec("code"), newCounterVec("code")
		histogram := &exemplarVec{HistogramVec: newHistogramVec("code")}
		summary := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "summary"}, nil)

		out := promhttp.InstrumentRoundTripperDuration(histogram, transport, test.opts...)
		h := sending(promhttp.InstrumentRoundTripperCounter(sent, out, test.opts...))
		h = promhttp.InstrumentHandlerTimeToWriteHeader(histogram, thenAnswer(h), test.opts...)
		h = promhttp.InstrumentHandlerResponseSize(histogram, h, test.opts...)
		h = promhttp.InstrumentHandlerRequestSize(histogram, h, test.opts...)
		h = promhttp.InstrumentHandlerDuration(histogram, h, test.opts...)
		h = promhttp.InstrumentHandlerCounter(counter, h, test.opts...)
		h = promhttp.InstrumentHandlerDuration(summary, h, test.opts...) // takes none
		serve(h, func(r *http.Request) {
			withValue("context")(r)
			r.Header.Set("Trace", "request")
		})

		if got, want := histogram.traces, slices.Repeat([]string{test.want}, 5); !slices.Equal(got, want) {
			t.Errorf("%s: observers: got %q, want %q", test.name, got, want)
		}
		for name, counter := range map[string]prometheus.Counter{"received": counter.WithLabelValues("200"), "sent": sent.WithLabelValues("200")} {
			var out dto.Metric
			if err := counter.Write(&out); err != nil {
				t.Fatal(err)
			}
			if got := out.GetCounter().GetValue(); got != 1 {
				t.Errorf("%s: %s: got %v, want 1", test.name, name, got)
			}
			got := ""
			for _, label := range out.GetCounter().GetExemplar().GetLabel() {
				got += label.GetName() + "=" + label.GetValue()
			}
			if want := strings.TrimSuffix("trace_id="+test.want, "trace_id="); got != want {
				t.Errorf("%s: %s: got exemplar %q, want %q", test.name, name, got, want)
			}
		}
		if got := lines(summary); !strings.Contains(got, "summary_count 1\n") {
			t.Errorf("%s: got:\n%s\nwant one observation", test.name, got)
		}
	}
}

func TestExemplarsOfHistograms(t *testing.T) {
	opt := promhttp.WithExemplarFromContext(func(ctx context.Context) prometheus.Labels {
		return prometheus.Labels{"trace_id": fromContext(ctx)}
	})
	histogram := newHistogramVec("code")
	serve(promhttp.InstrumentHandlerResponseSize(histogram, answer(200), opt), withValue("context"))
	var out dto.Metric
	if err := histogram.WithLabelValues("200").(prometheus.Metric).Write(&out); err != nil {
		t.Fatal(err)
	}
	if got := out.GetHistogram().GetBucket()[0].GetExemplar().GetLabel(); len(got) != 1 || got[0].GetValue() != "context" {
		t.Errorf("got exemplar %v, want the one of the context", got)
	}
}

// thenAnswer writes a body when the handler is done.
func thenAnswer(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		io.WriteString(w, "done")
	})
}

func TestUnfitExemplarsPanic(t *testing.T) {
	opt := promhttp.WithExemplarFromRequest(func(*http.Request) prometheus.Labels { return prometheus.Labels{"": "x"} })
	if got := panicOf(func() { serve(promhttp.InstrumentHandlerCounter(newCounterVec(), answer(200), opt), nil) }); got == nil {
		t.Error("got no panic, want the one of AddWithExemplar")
	}
}
