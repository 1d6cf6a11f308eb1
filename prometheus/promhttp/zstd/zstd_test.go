package zstd_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	decoding "github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	_ "github.com/cresset-metrics/cresset/prometheus/promhttp/zstd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(h http.Handler, encodings string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept-Encoding", encodings)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func decompressed(t *testing.T, r io.Reader) string {
	t.Helper()
	decoder, err := decoding.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	text, err := io.ReadAll(decoder)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNegotiation(t *testing.T) {
	tests := []struct {
		opts   promhttp.HandlerOpts
		accept string
		want   string // "" for none
	}{
		{accept: "zstd", want: "zstd"},
		{accept: "ZSTD", want: "zstd"},
		{accept: "gzip, zstd", want: "gzip"}, // gzip stands first among the offers
		{accept: "gzip;q=0.5, zstd", want: "zstd"},
		{accept: "gzip, deflate, br", want: "gzip"},
		{accept: "", want: ""},
		{accept: "zstd;q=0", want: ""},
		{accept: "*", want: ""},
		{promhttp.HandlerOpts{DisableCompression: true}, "zstd", ""},
		{promhttp.HandlerOpts{OfferedCompressions: []promhttp.Compression{promhttp.Gzip}}, "zstd", ""},
		{promhttp.HandlerOpts{OfferedCompressions: []promhttp.Compression{promhttp.Zstd, promhttp.Gzip}}, "gzip, zstd", "zstd"},
	}
	const page = "# HELP up Up.\n# TYPE up gauge\nup 0\n"
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "up", Help: "Up."}))
	for _, test := range tests {
		w := get(promhttp.HandlerFor(reg, test.opts), test.accept)
		got := w.Header().Get("Content-Encoding")
		if got != test.want {
			t.Errorf("%q: got encoding %q, want %q", test.accept, got, test.want)
		}
		if got == "zstd" {
			if text := decompressed(t, w.Body); text != page {
				t.Errorf("%q: got\n%s", test.accept, text)
			}
		}
	}
}

// TestUnknownCompressions: what the log says can be had includes zstd.
func TestUnknownCompressions(t *testing.T) {
	var log strings.Builder
	opts := promhttp.HandlerOpts{OfferedCompressions: []promhttp.Compression{"br"}, ErrorLog: logger{&log}}
	get(promhttp.HandlerFor(prometheus.NewRegistry(), opts), "br")
	const want = "error getting writer content compression format not recognized: br. Valid formats are: [identity gzip zstd]\n"
	if log.String() != want {
		t.Errorf("logged %q, want %q", log.String(), want)
	}
}

type logger struct{ *strings.Builder }

func (l logger) Println(v ...any) { fmt.Fprintln(l, v...) }

// TestEncodersAreUsedAgain serves pages of different lengths to many clients at
// once, some of which go away in the middle.
func TestEncodersAreUsedAgain(t *testing.T) {
	var handlers []http.Handler
	var pages []string
	for _, n := range []int{0, 1, 100, 30_000} {
		reg := prometheus.NewRegistry()
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"path"})
		reg.MustRegister(vec)
		for i := range n {
			vec.WithLabelValues(fmt.Sprintf("/account/%d", i)).Add(float64(i * 7919))
		}
		h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
		handlers, pages = append(handlers, h), append(pages, get(h, "").Body.String())
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 12 {
				at := (i + j) % len(handlers)
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Encoding", "zstd")
				handlers[at].ServeHTTP(gone{httptest.NewRecorder()}, r)
				w := get(handlers[at], "zstd")
				if got := decompressed(t, w.Body); got != pages[at] {
					t.Errorf("page %d: got %d bytes, want %d", at, len(got), len(pages[at]))
				}
			}
		})
	}
	wg.Wait()
}

// gone is a client that has gone away.
type gone struct{ http.ResponseWriter }

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A program switches zstd on by importing this package:
//
//	import _ "github.com/cresset-metrics/cresset/prometheus/promhttp/zstd"
func Example() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "doors_open", Help: "Doors that stand open."}))
	handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})

	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept-Encoding", "zstd, gzip;q=0.8")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Content-Encoding"))
	// Output: zstd
}
