package promhttp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/diff"
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

type sale struct {
	Room string `label:"room.name"`
	Till int    `label:"till"`
}

// nativeShop is a registry with all kinds of the native API beside a few of this
// one.
func nativeShop() *cresset.Registry {
	reg := cresset.NewRegistry()
	ctx := context.Background()
	traced := cresset.Exemplars(func(context.Context) []cresset.Label { return []cresset.Label{{Name: "trace", Value: "4bf9"}} }, nil)

	sales := cresset.NewCounterVec[sale](reg, "lemonade_litres_total", "Sales.", traced, cresset.Unit("litres"))
	sales.With(sale{"tea \"room\"\n", 1}).IncContext(ctx)
	sales.With(sale{"hall", 12}).Add(2.5)
	cresset.NewGaugeVec[sale](reg, "guests", "Guests.", cresset.TTL(time.Hour)).With(sale{"hall", 3}).Set(-1)
	classic := cresset.NewHistogram(reg, "seconds", "", cresset.Buckets(1, 2.5), traced)
	native := cresset.NewHistogram(reg, "native_seconds", "Help.", cresset.NativeBuckets(1.1), cresset.ConstLabels(map[string]string{"floor": "1"}))
	both := cresset.NewHistogramVec[sale](reg, "both_seconds", "Help.", cresset.NativeBuckets(2), cresset.Buckets(1), cresset.TTL(time.Hour)).With(sale{"hall", 3})
	summary := cresset.NewSummary(reg, "bytes", "Help.", cresset.Objectives(map[float64]float64{0.5: 0.05, 1: 0.01}))
	for _, v := range []float64{0, 0.5, 2, 2, 7, -3} {
		classic.ObserveContext(ctx, v)
		native.Observe(v)
		both.Observe(v)
		summary.Observe(v)
	}
	cresset.NewGaugeFunc(reg, "answer", "Help.", func() float64 { return 42 })
	cresset.NewInfo(reg, "shop", "Help.", sale{"hall", 7})
	cresset.NewStateSet(reg, "door", "Help.", []string{"open", "closed"}).Set("open")

	dropIn := prometheus.NewCounter(prometheus.CounterOpts{Name: "dropin_total", Help: "Help."})
	prometheus.FromNative(reg).MustRegister(dropIn)
	return reg
}

// What the handlers serve of the native API, in each format, is what its metrics are
// as messages, written by expfmt.
func TestHandlersServeTheNativeAPI(t *testing.T) {
	native := nativeShop()
	dropIn := prometheus.FromNative(native)
	for _, format := range theirFormats {
		for _, escaping := range []string{"allow-utf-8", "underscores", "dots", "values"} {
			accept := string(format) + "; escaping=" + escaping
			want := reference(t, dropIn, accept)
			for name, h := range map[string]http.Handler{
				"native":  native.Handler(),
				"drop-in": HandlerFor(dropIn, HandlerOpts{AcceptedFormats: theirFormats}),
			} {
				contentType, got := serve(h, accept)
				if contentType != accept || got != want {
					t.Errorf("%s, %s: got %s (- is served, + is wanted)\n%s", name, accept, contentType, diff.Lines(got, want))
				}
			}
		}
	}
}
