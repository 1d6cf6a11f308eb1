package promhttp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// theirFormats are those that the handler of the native API serves.
var theirFormats = []expfmt.Format{
	expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtProtoDelim, expfmt.FmtText,
}

// serve returns the content type and the body that a handler answers with.
func serve(h http.Handler, accept string) (contentType, body string) {
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Header().Get("Content-Type"), w.Body.String()
}

// The handlers of both APIs answer every Accept header with the same format, and in
// each format with the same bytes, whichever API the metrics are of.
func TestBothHandlersAnswerAlike(t *testing.T) {
	reg := everything(t)
	ours := HandlerFor(reg, HandlerOpts{AcceptedFormats: theirFormats})
	native := reg.Native().Handler()

	alike := func(t interface{ Fatalf(string, ...any) }, accept string) (contentType string) {
		wantType, wantBody := serve(ours, accept)
		gotType, gotBody := serve(native, accept)
		if gotType != wantType {
			t.Fatalf("Accept: %s\ngot  %s\nwant %s", accept, gotType, wantType)
		}
		if gotBody != wantBody {
			t.Fatalf("%s: got\n%q\nwant\n%q", gotType, gotBody, wantBody)
		}
		return gotType
	}
	for _, format := range theirFormats {
		for _, escaping := range []string{"allow-utf-8", "underscores", "dots", "values"} {
			if got, want := alike(t, string(format)+"; escaping="+escaping), string(format)+"; escaping="+escaping; got != want {
				t.Errorf("got content type %q, want %q", got, want)
			}
		}
	}

	mediaType := rapid.SampledFrom([]string{
		"text/plain", "application/openmetrics-text", "application/vnd.google.protobuf", "text/html", "*/*", "text/*", "application/*", "*",
	})
	parameter := rapid.SampledFrom([]string{
		"version=0.0.4", "version=1.0.0", "version=0.0.1", "version=2.0.0", "charset=utf-8", "unknown=1",
		"proto=io.prometheus.client.MetricFamily;encoding=delimited", "encoding=delimited", "proto=io.prometheus.client.MetricFamily;encoding=text",
		"escaping=allow-utf-8", "escaping=underscores", "escaping=dots", "escaping=values", "escaping=nonsense",
	})
	quality := rapid.SampledFrom([]string{"", "", ";q=1", ";q=0.9", ";q=0.25", "; q=0.001"})
	rapid.Check(t, func(t *rapid.T) {
		clauses := make([]string, rapid.IntRange(0, 8).Draw(t, "clauses"))
		for i := range clauses {
			clauses[i] = mediaType.Draw(t, "type")
			// Where an element is as open as this, its order among those that are
			// liked less is not the same.
			if !strings.Contains(clauses[i], "*") {
				names := make(map[string]bool) // each once, or the element says nothing
				for _, p := range rapid.SliceOfN(parameter, 0, 3).Draw(t, "parameters") {
					name, _, _ := strings.Cut(p, "=")
					if fields := strings.Split(p, ";"); !names[name] && !names["proto"] && !(len(fields) > 1 && names["encoding"]) {
						names[name] = true
						if len(fields) > 1 {
							names["encoding"] = true
						}
						clauses[i] += ";" + p
					}
				}
			}
			clauses[i] += quality.Draw(t, "quality")
		}
		accept := strings.Join(clauses, rapid.SampledFrom([]string{",", ", "}).Draw(t, "separator"))
		alike(t, accept)
	})
}

// Metrics of the native API are served as those of this one are.
func TestHandlerServesTheNativeAPI(t *testing.T) {
	native := cresset.NewRegistry()
	prometheus.FromNative(native).MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "made_by_the_dropin_total", Help: "Help."}))
	const want = "# HELP made_by_the_dropin_total Help.\n# TYPE made_by_the_dropin_total counter\nmade_by_the_dropin_total 0\n"
	for name, h := range map[string]http.Handler{
		"native":  native.Handler(),
		"drop-in": HandlerFor(prometheus.FromNative(native), HandlerOpts{}),
	} {
		if _, got := serve(h, ""); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
