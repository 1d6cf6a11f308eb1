package promhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promauto"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// show prints what a registry exposes under a name.
func show(reg prometheus.Gatherer, name string) {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics?name[]="+name, nil))
	fmt.Print(w.Body)
}

// A library's catalogue, with everything that is worth knowing of its requests.
// The handler is wrapped once per metric; all but the time to write the header
// watch the response together.
func ExampleInstrumentHandlerDuration() {
	reg := prometheus.NewRegistry()
	auto := promauto.With(reg)
	inFlight := auto.NewGauge(prometheus.GaugeOpts{
		Name: "catalogue_requests_in_flight", Help: "Requests that are being served.",
	})
	requests := auto.NewCounterVec(prometheus.CounterOpts{
		Name: "catalogue_requests_total", Help: "Requests that were served.",
	}, []string{"code", "method"})
	duration := auto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "catalogue_request_duration_seconds", Help: "How long requests took.", Buckets: []float64{0.05, 0.2, 1},
	}, []string{"method"})
	size := auto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "catalogue_response_size_bytes", Help: "How big responses were.", Buckets: []float64{100, 10_000, 1_000_000},
	}, nil)

	books := map[string]string{"/moby-dick": "Call me Ishmael."}
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		opening, ok := books[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, opening)
	})
	handler = promhttp.InstrumentHandlerResponseSize(size, handler)
	handler = promhttp.InstrumentHandlerCounter(requests, handler)
	handler = promhttp.InstrumentHandlerDuration(duration, handler)
	handler = promhttp.InstrumentHandlerInFlight(inFlight, handler)

	for _, path := range []string{"/moby-dick", "/moby-dick", "/lost"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	show(reg, "catalogue_requests_total")
	show(reg, "catalogue_response_size_bytes")
	// Output:
	// # HELP catalogue_requests_total Requests that were served.
	// # TYPE catalogue_requests_total counter
	// catalogue_requests_total{code="200",method="get"} 2
	// catalogue_requests_total{code="404",method="get"} 1
	// # HELP catalogue_response_size_bytes How big responses were.
	// # TYPE catalogue_response_size_bytes histogram
	// catalogue_response_size_bytes_bucket{le="100"} 3
	// catalogue_response_size_bytes_bucket{le="10000"} 3
	// catalogue_response_size_bytes_bucket{le="1e+06"} 3
	// catalogue_response_size_bytes_bucket{le="+Inf"} 3
	// catalogue_response_size_bytes_sum 51
	// catalogue_response_size_bytes_count 3
}

// The pattern that a ServeMux found for a request is a good label: there are as
// many values as the program has routes, whatever paths clients think up.
func ExampleWithLabelFromRequest() {
	reg := prometheus.NewRegistry()
	loans := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "library_requests_total", Help: "Requests that were served, by route.",
	}, []string{"route", "code"})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /books/{title}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.PathValue("title")) })
	mux.HandleFunc("POST /loans", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	handler := promhttp.InstrumentHandlerCounter(loans, mux,
		promhttp.WithLabelFromRequest("route", func(r *http.Request) string { return r.Pattern }))

	for _, request := range [][2]string{{"GET", "/books/emma"}, {"GET", "/books/ulysses"}, {"POST", "/loans"}} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(request[0], request[1], nil))
	}
	show(reg, "library_requests_total")
	// Output:
	// # HELP library_requests_total Requests that were served, by route.
	// # TYPE library_requests_total counter
	// library_requests_total{code="200",route="GET /books/{title}"} 2
	// library_requests_total{code="201",route="POST /loans"} 1
}

type branchKey struct{}

// What an outer handler has put into the context can be a label.
func ExampleWithLabelFromCtx() {
	reg := prometheus.NewRegistry()
	visits := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "library_visits_total", Help: "Requests, by the branch that they are for.",
	}, []string{"branch"})
	handler := promhttp.InstrumentHandlerCounter(visits, http.NotFoundHandler(),
		promhttp.WithLabelFromCtx("branch", func(ctx context.Context) string {
			branch, _ := ctx.Value(branchKey{}).(string)
			return branch
		}))

	r := httptest.NewRequest("GET", "/", nil)
	handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), branchKey{}, "harbour")))
	show(reg, "library_visits_total")
	// Output:
	// # HELP library_visits_total Requests, by the branch that they are for.
	// # TYPE library_visits_total counter
	// library_visits_total{branch="harbour"} 1
}

// WebDAV has methods of its own.
func ExampleWithExtraMethods() {
	reg := prometheus.NewRegistry()
	requests := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "dav_requests_total", Help: "Requests, by method.",
	}, []string{"method"})
	handler := promhttp.InstrumentHandlerCounter(requests, http.NotFoundHandler(), promhttp.WithExtraMethods("PROPFIND", "MKCOL"))

	for _, method := range []string{"PROPFIND", "GET", "BREW"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/", nil))
	}
	show(reg, "dav_requests_total")
	// Output:
	// # HELP dav_requests_total Requests, by method.
	// # TYPE dav_requests_total counter
	// dav_requests_total{method="get"} 1
	// dav_requests_total{method="propfind"} 1
	// dav_requests_total{method="unknown"} 1
}

// The trace that a request belongs to leads from a number to one of the requests
// that it counts.
func ExampleWithExemplarFromRequest() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "catalogue_requests_total", Help: "Requests that were served.",
	}, []string{"code"})
	handler := promhttp.InstrumentHandlerCounter(requests, http.NotFoundHandler(),
		promhttp.WithExemplarFromRequest(func(r *http.Request) prometheus.Labels {
			id := r.Header.Get("Trace-Id")
			if id == "" {
				return nil // this one is not traced
			}
			return prometheus.Labels{"trace_id": id}
		}))
	http.Handle("/catalogue", handler)
}

// A client that asks another service is instrumented at its transport.
func ExampleInstrumentRoundTripperDuration() {
	service := httptest.NewServer(http.RedirectHandler("/moved", http.StatusTemporaryRedirect))
	defer service.Close()

	reg := prometheus.NewRegistry()
	auto := promauto.With(reg)
	inFlight := auto.NewGauge(prometheus.GaugeOpts{Name: "client_requests_in_flight", Help: "Requests that wait for an answer."})
	requests := auto.NewCounterVec(prometheus.CounterOpts{Name: "client_requests_total", Help: "Requests that were answered."}, []string{"code"})
	duration := auto.NewHistogramVec(prometheus.HistogramOpts{Name: "client_request_duration_seconds", Help: "How long answers took."}, nil)

	transport := http.RoundTripper(http.DefaultTransport)
	transport = promhttp.InstrumentRoundTripperDuration(duration, transport)
	transport = promhttp.InstrumentRoundTripperCounter(requests, transport)
	transport = promhttp.InstrumentRoundTripperInFlight(inFlight, transport)

	client := http.Client{Transport: transport}
	_, err := client.Get(service.URL)
	fmt.Println("redirected until:", err != nil)
	show(reg, "client_requests_total")
	// Output:
	// redirected until: true
	// # HELP client_requests_total Requests that were answered.
	// # TYPE client_requests_total counter
	// client_requests_total{code="307"} 10
}

// Where the time goes: one histogram, with the event as a label.
func ExampleInstrumentTrace() {
	service := httptest.NewServer(http.NotFoundHandler())
	defer service.Close()

	reached := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "client_reached_seconds", Help: "How long it took until something happened.",
	}, []string{"event"})
	client := http.Client{Transport: promhttp.InstrumentRoundTripperTrace(&promhttp.InstrumentTrace{
		ConnectDone:          reached.WithLabelValues("connected").Observe,
		TLSHandshakeDone:     reached.WithLabelValues("secure").Observe,
		GotFirstResponseByte: reached.WithLabelValues("answered").Observe,
	}, http.DefaultTransport)}
	resp, err := client.Get(service.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 404 Not Found
}

// A function can answer for a service that is not there.
func ExampleRoundTripperFunc() {
	client := http.Client{Transport: promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		fmt.Fprint(w, "you asked for ", r.URL.Path)
		return w.Result(), nil
	})}
	resp, err := client.Get("http://books.example/emma")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output: you asked for /emma <nil>
}

// Options can be put together once and given to all that is instrumented alike.
func ExampleOption() {
	reg := prometheus.NewRegistry()
	tenant := promhttp.WithLabelFromRequest("tenant", func(r *http.Request) string {
		if name := r.Header.Get("Tenant"); name == "red" || name == "blue" {
			return name
		}
		return "other" // whoever asks must not make series
	})
	opts := []promhttp.Option{tenant, promhttp.WithExtraMethods("PURGE")}

	requests := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "cache_requests_total", Help: "Requests, by method and tenant.",
	}, []string{"method", "tenant"})
	handler := promhttp.InstrumentHandlerCounter(requests, http.NotFoundHandler(), opts...)

	request := httptest.NewRequest("PURGE", "/", nil)
	request.Header.Set("Tenant", "blue")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	show(reg, "cache_requests_total")
	// Output:
	// # HELP cache_requests_total Requests, by method and tenant.
	// # TYPE cache_requests_total counter
	// cache_requests_total{method="purge",tenant="blue"} 1
}
