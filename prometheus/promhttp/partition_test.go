package promhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// lines returns what collectors expose, without comments and, for histograms,
// without buckets.
func lines(collectors ...prometheus.Collector) string {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collectors...)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var samples strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "_bucket{") {
			samples.WriteString(line)
		}
	}
	return samples.String()
}

func wantLines(t *testing.T, want string, collectors ...prometheus.Collector) {
	t.Helper()
	if got := lines(collectors...); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func newCounterVec(labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, labels)
}

func newHistogramVec(labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "histogram"}, labels)
}

// serve has a handler serve one request, which it may change.
func serve(h http.Handler, change func(*http.Request)) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if change != nil {
		change(r)
	}
	h.ServeHTTP(w, r)
	return w
}

// answer is a handler that answers with this code.
func answer(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func region(*http.Request) string { return "north" }

func TestLabelsThatAVectorMayHave(t *testing.T) {
	const unsupported = "metric partitioned with non-supported labels"
	withRegion := promhttp.WithLabelFromRequest("region", region)
	tests := []struct {
		name   string
		consts prometheus.Labels
		labels []string
		curry  prometheus.Labels
		opts   []promhttp.Option
		panics string
	}{
		{name: "none"},
		{name: "code", labels: []string{"code"}},
		{name: "method", labels: []string{"method"}},
		{name: "both", labels: []string{"method", "code"}},
		{name: "constant", consts: prometheus.Labels{"service": "a"}, labels: []string{"code"}},
		{name: "constant code", consts: prometheus.Labels{"code": "200"}, labels: []string{"method"}},
		{name: "curried", labels: []string{"service", "code", "zone"}, curry: prometheus.Labels{"service": "a", "zone": "b"}},
		{name: "curried code", labels: []string{"code", "method"}, curry: prometheus.Labels{"code": "200"}},
		{name: "added", labels: []string{"region", "code"}, opts: []promhttp.Option{withRegion}},
		{
			name: "added and curried", labels: []string{"zone", "method", "region", "code"}, curry: prometheus.Labels{"zone": "b"},
			opts: []promhttp.Option{withRegion},
		},
		{name: "added code", labels: []string{"code"}, opts: []promhttp.Option{promhttp.WithLabelFromRequest("code", region)}},
		{name: "beyond ASCII", labels: []string{"code", "über"}, panics: unsupported},
		{name: "other", labels: []string{"service"}, panics: unsupported},
		{name: "other and code", labels: []string{"code", "service"}, panics: unsupported},
		{name: "case counts", labels: []string{"Code"}, panics: unsupported},
		{name: "one of several curried", labels: []string{"service", "code", "zone"}, curry: prometheus.Labels{"zone": "b"}, panics: unsupported},
		{name: "added but absent", labels: []string{"code"}, opts: []promhttp.Option{withRegion}, panics: "1 unknown label(s) found during currying"},
		{name: "added but constant", consts: prometheus.Labels{"region": "a"}, opts: []promhttp.Option{withRegion}, panics: "1 unknown label(s) found during currying"},
		{
			name: "added but curried", labels: []string{"region"}, curry: prometheus.Labels{"region": "a"}, opts: []promhttp.Option{withRegion},
			panics: `label name "region" is already curried`,
		},
		{
			name: "not valid", labels: []string{"code", "code"},
			panics: `descriptor Desc{fqName: "x", help: "", unit: "", constLabels: {}, variableLabels: {code,code}} is invalid: duplicate label names in constant and variable labels for metric "x"`,
		},
	}
	nothing := answer(http.StatusOK)
	transport := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
	for _, test := range tests {
		counter := func() *prometheus.CounterVec {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x", ConstLabels: test.consts}, test.labels)
			return vec.MustCurryWith(test.curry)
		}
		histogram := func() prometheus.ObserverVec {
			vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "x", ConstLabels: test.consts}, test.labels)
			return vec.MustCurryWith(test.curry)
		}
		for name, instrument := range map[string]func() http.Handler{
			"Counter":      func() http.Handler { return promhttp.InstrumentHandlerCounter(counter(), nothing, test.opts...) },
			"Duration":     func() http.Handler { return promhttp.InstrumentHandlerDuration(histogram(), nothing, test.opts...) },
			"RequestSize":  func() http.Handler { return promhttp.InstrumentHandlerRequestSize(histogram(), nothing, test.opts...) },
			"ResponseSize": func() http.Handler { return promhttp.InstrumentHandlerResponseSize(histogram(), nothing, test.opts...) },
			"TimeToWriteHeader": func() http.Handler {
				return promhttp.InstrumentHandlerTimeToWriteHeader(histogram(), nothing, test.opts...)
			},
			"RoundTripperCounter": func() http.Handler {
				return sending(promhttp.InstrumentRoundTripperCounter(counter(), transport, test.opts...))
			},
			"RoundTripperDuration": func() http.Handler {
				return sending(promhttp.InstrumentRoundTripperDuration(histogram(), transport, test.opts...))
			},
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				var h http.Handler
				got := panicOf(func() { h = instrument() })
				if want := test.panics; want != "" {
					if fmt.Sprint(got) != want {
						t.Errorf("got panic %v, want %q", got, want)
					}
					return
				}
				if got != nil {
					t.Fatalf("got panic %v, want none", got)
				}
				serve(h, nil) // must find its metric
			})
		}
	}
}

// sending is a handler that sends its request on and answers nothing.
func sending(rt http.RoundTripper) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := rt.RoundTrip(r); err != nil {
			panic(err)
		}
	})
}

// panicOf returns what a function panics with, nil if it does not.
func panicOf(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

// vecOf is an ObserverVec that describes itself as it likes.
type vecOf struct {
	*prometheus.HistogramVec
	descs []*prometheus.Desc
}

func (v vecOf) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range v.descs {
		ch <- desc
	}
}

func (v vecOf) MustCurryWith(prometheus.Labels) prometheus.ObserverVec { return v }

func TestAVectorMustHaveOneDesc(t *testing.T) {
	desc := func(name string) *prometheus.Desc { return prometheus.NewDesc(name, "", nil, nil) }
	for want, descs := range map[string][]*prometheus.Desc{
		"no description provided by collector":            nil,
		"more than one description provided by collector": {desc("a"), desc("b"), desc("c")},
	} {
		if got := panicOf(func() { promhttp.InstrumentHandlerDuration(vecOf{newHistogramVec(), descs}, answer(200)) }); got != want {
			t.Errorf("got panic %v, want %q", got, want)
		}
	}
}

// nameOnly is an ObserverVec that finds its histograms by name alone.
type nameOnly struct{ prometheus.ObserverVec }

func (nameOnly) WithLabelValues(...string) prometheus.Observer { panic("not by value") }
func (nameOnly) GetMetricWithLabelValues(...string) (prometheus.Observer, error) {
	panic("not by value")
}

func TestObserverVecsOfOthersAreAskedByName(t *testing.T) {
	histogram := newHistogramVec("method", "region", "code")
	h := promhttp.InstrumentHandlerResponseSize(nameOnly{histogram}, answer(404), promhttp.WithLabelFromRequest("region", region))
	serve(h, nil)
	wantLines(t, `histogram_sum{code="404",method="get",region="north"} 0
histogram_count{code="404",method="get",region="north"} 1
`, histogram)
}

func TestMethodLabel(t *testing.T) {
	tests := []struct {
		method, want string
		extra        []string
	}{
		{method: "GET", want: "get"},
		{method: "get", want: "get"},
		{method: "Get", want: "unknown"},
		{method: "PUT", want: "put"},
		{method: "HEAD", want: "head"},
		{method: "POST", want: "post"},
		{method: "DELETE", want: "delete"},
		{method: "CONNECT", want: "connect"},
		{method: "OPTIONS", want: "options"},
		{method: "NOTIFY", want: "notify"},
		{method: "TRACE", want: "trace"},
		{method: "PATCH", want: "patch"},
		{method: "PROPFIND", want: "unknown"},
		{method: "", want: "unknown"},
		{method: "PROPFIND", want: "propfind", extra: []string{"MKCOL", "propfind"}},
		{method: "propfind", want: "propfind", extra: []string{"PROPFIND"}},
		{method: "PropFind", want: "propfind", extra: []string{"pROPfIND"}},
		{method: "Get", want: "get", extra: []string{"GET"}},
		{method: "MKCOL", want: "unknown", extra: []string{"PROPFIND"}},
		{method: "POST", want: "post", extra: []string{"PROPFIND"}},
	}
	for _, test := range tests {
		counter := newCounterVec("method")
		extra := promhttp.WithExtraMethods(test.extra...)
		if len(test.extra) > 0 {
			test.extra[0] = "CHANGED" // what was given is not kept
		}
		h := promhttp.InstrumentHandlerCounter(counter, answer(200), promhttp.WithExtraMethods("MERGE"), extra)
		serve(h, func(r *http.Request) { r.Method = test.method })
		wantLines(t, fmt.Sprintf("requests_total{method=%q} 1\n", test.want), counter)
	}
}

func TestCodeLabel(t *testing.T) {
	for code := range 1100 {
		counter := newCounterVec("code")
		transport := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code - 50}, nil
		})
		serve(sending(promhttp.InstrumentRoundTripperCounter(counter, transport)), nil)
		want := "unknown"
		switch code := code - 50; {
		case code == 0:
			want = "200"
		case 100 <= code && code <= 599:
			want = fmt.Sprint(code)
		}
		wantLines(t, fmt.Sprintf("requests_total{code=%q} 1\n", want), counter)
	}
}

type contextKey struct{}

func fromContext(ctx context.Context) string {
	value, _ := ctx.Value(contextKey{}).(string)
	return value
}

func withValue(value string) func(*http.Request) {
	return func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), contextKey{}, value)) }
}

func TestAddedLabels(t *testing.T) {
	const more = 10 // than there is room for on the stack
	names := []string{"host", "code", "tenant", "method"}
	opts := []promhttp.Option{
		promhttp.WithLabelFromCtx("tenant", func(context.Context) string { return "overruled by the next" }),
		promhttp.WithLabelFromCtx("tenant", fromContext),
		promhttp.WithLabelFromRequest("host", func(r *http.Request) string { return r.Host }),
		promhttp.WithLabelFromRequest("code", func(r *http.Request) string { return r.Pattern }),
	}
	want := `{code="GET /{$}",host="example.com",method="get",`
	for i := range more {
		name := fmt.Sprintf("more_%d", i)
		names, opts = append(names, name), append(opts, promhttp.WithLabelFromRequest(name, func(*http.Request) string { return name }))
		want += fmt.Sprintf("%s=%q,", name, name)
	}
	want += `tenant="blue"} 1` + "\n"
	counter, histogram := newCounterVec(names...), newHistogramVec(names...)

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", answer(200))
	h := promhttp.InstrumentHandlerCounter(counter, promhttp.InstrumentHandlerDuration(histogram, mux, opts...), opts...)
	serve(h, withValue("blue"))

	wantLines(t, "requests_total"+want, counter)
	if got, want := lines(histogram), "histogram_count"+want; !strings.HasSuffix(got, want) {
		t.Errorf("got:\n%s\nwant at the end:\n%s", got, want)
	}
}

func TestLabelValuesMustBeUTF8(t *testing.T) {
	opt := promhttp.WithLabelFromRequest("tenant", func(*http.Request) string { return "\xff" })
	const want = `label tenant: value "\xff" is not valid UTF-8`
	for name, h := range map[string]http.Handler{
		"counter":   promhttp.InstrumentHandlerCounter(newCounterVec("code", "tenant"), answer(200), opt),
		"histogram": promhttp.InstrumentHandlerDuration(newHistogramVec("code", "tenant"), answer(200), opt),
	} {
		if got := panicOf(func() { serve(h, nil) }); fmt.Sprint(got) != want {
			t.Errorf("%s: got panic %v, want %q", name, got, want)
		}
	}
}

// TestConstrainedLabels: what a vector makes of the values that it is given is
// its own business.
func TestConstrainedLabels(t *testing.T) {
	counter := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts: prometheus.CounterOpts{Name: "requests_total"},
		VariableLabels: prometheus.ConstrainedLabels{
			{Name: "code", Constraint: func(code string) string { return code[:1] + "xx" }}, {Name: "method"},
		},
	})
	panicked := panicOf(func() { serve(promhttp.InstrumentHandlerCounter(counter, answer(404)), nil) })
	if panicked != nil {
		t.Errorf("got panic %v, want none", panicked)
	}
	wantLines(t, `requests_total{code="4xx",method="get"} 1`+"\n", counter)
}
