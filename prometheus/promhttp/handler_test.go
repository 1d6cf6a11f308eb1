package promhttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks a handler with header lines "Name: value".
func get(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// logged is a Logger that keeps its lines.
type logged []string

func (l *logged) Println(v ...any) { *l = append(*l, fmt.Sprintln(v...)) }

// some is a registry with a counter and a gauge whose name and label need
// escaping.
func some() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."})
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "room.temperature", Help: "Warmth."}, []string{"room.name"})
	reg.MustRegister(counter, gauge)
	counter.Add(3)
	gauge.WithLabelValues("kitchen").Set(21.5)
	return reg
}

const somePage = `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total 3
# HELP room_temperature Warmth.
# TYPE room_temperature gauge
room_temperature{room_name="kitchen"} 21.5
`

// foreign hides from HandlerFor that a Gatherer is a Registry.
func foreign(g prometheus.Gatherer) prometheus.Gatherer { return prometheus.GathererFunc(g.Gather) }

func TestFormat(t *testing.T) {
	quoted := strings.NewReplacer("room_name", `"room.name"`, "room_temperature{", `{"room.temperature",`, "room_temperature", `"room.temperature"`).Replace(somePage)
	tests := []struct {
		accept, contentType, body string
	}{
		{"", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", somePage},
		{"*/*", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", somePage},
		{"application/json", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", somePage},
		{"text/plain;escaping=allow-utf-8", "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", quoted},
		{
			"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
			"text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", quoted,
		},
		{
			"text/plain;version=0.0.4;escaping=dots", "text/plain; version=0.0.4; charset=utf-8; escaping=dots",
			strings.NewReplacer("room_name", "room_dot_name", "room_temperature", "room_dot_temperature").Replace(somePage),
		},
		{
			"text/plain;version=0.0.4;escaping=values", "text/plain; version=0.0.4; charset=utf-8; escaping=values",
			strings.NewReplacer("room_name", "U__room_2e_name", "room_temperature", "U__room_2e_temperature").Replace(somePage),
		},
		{"text/plain;escaping=nonsense", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", somePage},
	}
	for _, test := range tests {
		for name, g := range map[string]prometheus.Gatherer{"registry": some(), "foreign": foreign(some())} {
			w := get(HandlerFor(g, HandlerOpts{}), "/", "Accept: "+test.accept)
			if w.Code != http.StatusOK || w.Body.String() != test.body {
				t.Errorf("Accept %q of a %s: got status %d and body\n%swant\n%s", test.accept, name, w.Code, w.Body, test.body)
			}
			if got := w.Header().Get("Content-Type"); got != test.contentType {
				t.Errorf("Accept %q of a %s: got content type %q, want %q", test.accept, name, got, test.contentType)
			}
			if got := w.Header()["Vary"]; fmt.Sprint(got) != "[Accept Accept-Encoding]" {
				t.Errorf("Accept %q of a %s: got Vary %q", test.accept, name, got)
			}
		}
	}
}

func TestNames(t *testing.T) {
	requests, room, _ := strings.Cut(somePage, "# HELP room")
	room = "# HELP room" + room
	tests := []struct{ query, want string }{
		{"", somePage},
		{"?name=requests_total", somePage},
		{"?name[]=requests_total", requests},
		{"?name%5B%5D=requests_total", requests},
		{"?name[]=room.temperature", room}, // by its true name, not the escaped one
		{"?name[]=room_temperature", ""},
		{"?name[]=requests_total&name[]=room.temperature", somePage},
		{"?name[]=requests_total&name[]=requests_total&name[]=none", requests},
		{"?name[]=none", ""},
		{"?name[]=", ""},
		{"?name[]=requests", ""},
	}
	for _, test := range tests {
		for name, g := range map[string]prometheus.Gatherer{"registry": some(), "foreign": foreign(some())} {
			w := get(HandlerFor(g, HandlerOpts{}), "/metrics"+test.query)
			if w.Code != http.StatusOK || w.Body.String() != test.want {
				t.Errorf("%q of a %s: got status %d and body\n%swant\n%s", test.query, name, w.Code, w.Body, test.want)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL = nil
	w := httptest.NewRecorder()
	HandlerFor(some(), HandlerOpts{}).ServeHTTP(w, r)
	if w.Body.String() != somePage {
		t.Errorf("without a URL: got\n%s", w.Body)
	}
}

func TestMethods(t *testing.T) {
	server := httptest.NewServer(HandlerFor(some(), HandlerOpts{}))
	defer server.Close()
	for method, length := range map[string]int{http.MethodGet: len(somePage), http.MethodPost: len(somePage), http.MethodHead: 0} {
		r, err := http.NewRequest(method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "identity")
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, response.Body)
		if response.StatusCode != http.StatusOK || len(body) != length {
			t.Errorf("%s: got status %s and %d bytes, want %d bytes", method, response.Status, len(body), length)
		}
		if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
			t.Errorf("%s: got content type %q", method, got)
		}
	}
}

func TestProcessStartTime(t *testing.T) {
	const header = "Process-Start-Time-Unix"
	if got, ok := get(HandlerFor(some(), HandlerOpts{}), "/").Header()[header]; ok {
		t.Errorf("without the option: got %q", got)
	}
	opts := HandlerOpts{ProcessStartTime: time.Unix(1700000000, 5e8)}
	for name, g := range map[string]prometheus.Gatherer{"page": some(), "error": failing(errors.New("broken"))} {
		if got := get(HandlerFor(g, opts), "/").Header().Get(header); got != "1700000000" {
			t.Errorf("%s: got %q, want 1700000000", name, got)
		}
	}
}

// failing gathers an error, and a family if it is given.
func failing(err error, families ...*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
}

func family(name string, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Type: dto.MetricType_GAUGE.Enum(), Metric: metrics}
}

func gaugeOf(v float64) *dto.Metric { return &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(v)}} }

func collecting(metrics ...prometheus.Metric) prometheus.Collector {
	return prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		for _, m := range metrics {
			ch <- m
		}
	})
}

func registryOf(cs ...prometheus.Collector) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(cs...)
	return reg
}

// panicking sends a metric before it panics.
type panicking struct{ prometheus.Gauge }

func (p panicking) Collect(ch chan<- prometheus.Metric) {
	p.Gauge.Collect(ch)
	panic("no such device")
}

func TestErrorHandling(t *testing.T) {
	up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "up"})
	const upPage = "# HELP up \n# TYPE up gauge\nup 0\n"
	desc := prometheus.NewDesc("queue_length", "Jobs.", nil, nil)
	length := func(v float64) prometheus.Metric {
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v)
	}
	unreachable := prometheus.NewInvalidMetric(desc, errors.New("queue unreachable"))
	const failed = "An error has occurred while serving metrics:\n\n"

	tests := []struct {
		name     string
		gatherer prometheus.Gatherer
		cause    string // the label of the counter
		message  string // part of the error
		partial  string // what ContinueOnError serves; if empty, it fails too
	}{
		{"a collector reports an error", registryOf(up, prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) { ch <- unreachable })),
			"gathering", "queue unreachable", upPage},
		{"a collector panics", registryOf(panicking{up}), "gathering", "no such device", upPage},
		{"the same metric twice", registryOf(collecting(length(1), length(2))), "gathering",
			`collected metric "queue_length" { gauge:{value:2}} was collected before with the same name and label values`,
			"# HELP queue_length Jobs.\n# TYPE queue_length gauge\nqueue_length 1\n"},
		{"a function panics", registryOf(collecting(length(1)), prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gone"}, func() float64 { panic("gone") })),
			"gathering", "gone", "# HELP queue_length Jobs.\n# TYPE queue_length gauge\nqueue_length 1\n"},
		{"a foreign gatherer fails", failing(errors.New("broken pipe")), "gathering", "broken pipe", ""},
		{"a foreign gatherer fails in part", failing(errors.New("broken pipe"), family("up", gaugeOf(0))), "gathering", "broken pipe",
			"# TYPE up gauge\nup 0\n"},
		{"a family without metrics", failing(nil, family("empty"), family("up", gaugeOf(0))), "encoding", "MetricFamily has no metrics",
			"# TYPE up gauge\nup 0\n"},
		{"a family without a name", failing(nil, family("up", gaugeOf(0)), family("", gaugeOf(1))), "encoding", "MetricFamily has no name",
			"# TYPE up gauge\nup 0\n"},
		{"a family of another type", failing(nil, family("up", gaugeOf(0)), family("down", &dto.Metric{Counter: &dto.Counter{}})), "encoding",
			"expected gauge in metric down", "# TYPE up gauge\nup 0\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, mode := range []HandlerErrorHandling{HTTPErrorOnError, ContinueOnError, PanicOnError} {
				var log logged
				errs := prometheus.NewRegistry()
				h := HandlerFor(test.gatherer, HandlerOpts{ErrorLog: &log, ErrorHandling: mode, Registry: errs})
				w, panicked := getPanicking(h)
				switch {
				case mode == PanicOnError:
					if err, ok := panicked.(error); !ok || !strings.Contains(err.Error(), test.message) {
						t.Errorf("mode %d: got panic %v, want %q in it", mode, panicked, test.message)
					}
				case panicked != nil:
					t.Errorf("mode %d: panic: %v", mode, panicked)
				case mode == ContinueOnError && test.partial != "":
					if w.Code != http.StatusOK || w.Body.String() != test.partial {
						t.Errorf("mode %d: got status %d and body\n%swant\n%s", mode, w.Code, w.Body, test.partial)
					}
				default:
					body := w.Body.String()
					if w.Code != http.StatusInternalServerError || !strings.HasPrefix(body, failed) || !strings.Contains(body, test.message) {
						t.Errorf("mode %d: got status %d and body\n%swant 500 and %q in it", mode, w.Code, body, test.message)
					}
					if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
						t.Errorf("mode %d: got content type %q", mode, got)
					}
				}
				prefix := map[string]string{"gathering": "error gathering metrics: ", "encoding": "error encoding and sending metric family: "}[test.cause]
				if len(log) != 1 || !strings.HasPrefix(log[0], prefix) || !strings.Contains(log[0], test.message) {
					t.Errorf("mode %d: logged %q", mode, log)
				}
				want := fmt.Sprintf("promhttp_metric_handler_errors_total{cause=%q} 1", test.cause)
				if got := get(HandlerFor(errs, HandlerOpts{}), "/").Body.String(); !strings.Contains(got, want) {
					t.Errorf("mode %d: %q is missing from\n%s", mode, want, got)
				}
			}
		})
	}
}

func getPanicking(h http.Handler) (w *httptest.ResponseRecorder, panicked any) {
	defer func() { panicked = recover() }()
	return get(h, "/"), nil
}

func TestErrorsWithoutLogAndRegistry(t *testing.T) {
	w := get(HandlerFor(failing(errors.New("broken pipe")), HandlerOpts{}), "/", "Accept-Encoding: gzip")
	if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("got status %d, encoding %q", w.Code, w.Header().Get("Content-Encoding"))
	}
}

func TestErrorCounterIsShared(t *testing.T) {
	reg := prometheus.NewRegistry()
	var handlers []http.Handler
	for range 2 {
		handlers = append(handlers, HandlerFor(failing(errors.New("broken pipe")), HandlerOpts{Registry: reg}))
	}
	const line = `promhttp_metric_handler_errors_total{cause="gathering"} `
	page := func() string { return get(HandlerFor(reg, HandlerOpts{}), "/").Body.String() }
	if got := page(); !strings.Contains(got, line+"0\n") || !strings.Contains(got, `{cause="encoding"} 0`) {
		t.Errorf("before any error: got\n%s", got)
	}
	for _, h := range handlers {
		get(h, "/")
	}
	if got := page(); !strings.Contains(got, line+"2\n") {
		t.Errorf("after an error of each: got\n%s", got)
	}
}

func TestErrorCounterMustFit(t *testing.T) {
	reg := registryOf(prometheus.NewGauge(prometheus.GaugeOpts{Name: "promhttp_metric_handler_errors_total", Help: "Mine."}))
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "promhttp_metric_handler_errors_total") {
			t.Errorf("got panic %v, want one that names the metric", err)
		}
	}()
	HandlerFor(some(), HandlerOpts{Registry: reg})
}

func TestHandlerServesTheDefaultRegistry(t *testing.T) {
	registerer, gatherer := prometheus.DefaultRegisterer, prometheus.DefaultGatherer
	defer func() { prometheus.DefaultRegisterer, prometheus.DefaultGatherer = registerer, gatherer }()
	reg := some()
	prometheus.DefaultRegisterer, prometheus.DefaultGatherer = reg, reg

	first, second := Handler(), Handler()
	get(first, "/")
	got := get(second, "/").Body.String()
	for _, want := range []string{
		"requests_total 3\n",
		"promhttp_metric_handler_requests_in_flight 1\n",
		`promhttp_metric_handler_requests_total{code="200"} 1` + "\n",
		`promhttp_metric_handler_requests_total{code="500"} 0` + "\n",
		`promhttp_metric_handler_requests_total{code="503"} 0` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
}
