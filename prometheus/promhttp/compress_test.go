package promhttp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func readAll(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func gunzip(t *testing.T, r io.Reader) string {
	t.Helper()
	reader, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, reader)
}

func TestNegotiate(t *testing.T) {
	both := []Compression{Identity, Gzip}
	tests := []struct {
		accept string
		offers []Compression
		want   Compression
	}{
		{"", both, Identity},
		{"gzip", both, Gzip},
		{"GZIP", both, Gzip},
		{"gzip, deflate, br", both, Gzip},
		{"deflate, br", both, Identity},
		{"*", both, Identity},
		{"*", []Compression{Gzip, Identity}, Gzip},
		{"gzip;q=0.5, identity;q=0.6", both, Identity},
		{"gzip;q=0.6, identity;q=0.5", both, Gzip},
		{"gzip; q=0.6,identity; q=0.5", both, Gzip},
		{"gzip,identity", both, Identity},
		{"gzip,identity", []Compression{Gzip, Identity}, Gzip},
		{"gzip;q=0", both, ""},
		{"*;q=0", both, ""},
		{"gzip;q=0, identity", both, Identity},
		{"gzip;q=1.0, identity;q=0.5, *;q=0", both, Gzip},
		{"gzip", nil, Identity},
		{"gzip", []Compression{Identity}, Identity},
		{"deflate", []Compression{"deflate"}, "deflate"},
		{"gzip;q=2, gzip;q=-1, gzip;q=x, gzip;level=9", both, Identity},
		{"gzip;q=NaN", both, Identity},
		{",;,", both, Identity},
	}
	for _, test := range tests {
		if got := negotiate(http.Header{"Accept-Encoding": {test.accept}}, test.offers); got != test.want {
			t.Errorf("%q of %q: got %q, want %q", test.accept, test.offers, got, test.want)
		}
	}
	lines := http.Header{"Accept-Encoding": {"identity;q=0.1", "gzip;q=0.2"}}
	if got := negotiate(lines, both); got != Gzip {
		t.Errorf("two header lines: got %q, want %q", got, Gzip)
	}
	if got := negotiate(http.Header{}, both); got != Identity {
		t.Errorf("no header: got %q, want %q", got, Identity)
	}
}

func TestCompression(t *testing.T) {
	const unknown = "error getting writer content compression format not recognized: %s. Valid formats are: [identity gzip]\n"
	tests := []struct {
		name     string
		opts     HandlerOpts
		accept   string
		encoding string
		vary     string
		log      string
	}{
		{"by default", HandlerOpts{}, "gzip", "gzip", "[Accept Accept-Encoding]", ""},
		{"not asked for", HandlerOpts{}, "", "", "[Accept Accept-Encoding]", ""},
		{"disabled", HandlerOpts{DisableCompression: true}, "gzip", "", "[Accept]", ""},
		{"disabled and offered", HandlerOpts{DisableCompression: true, OfferedCompressions: []Compression{Gzip}}, "gzip", "", "[Accept]", ""},
		{"not offered", HandlerOpts{OfferedCompressions: []Compression{Identity}}, "gzip", "", "[Accept Accept-Encoding]", ""},
		{"offered first", HandlerOpts{OfferedCompressions: []Compression{Gzip, Identity}}, "*", "gzip", "[Accept Accept-Encoding]", ""},
		{"ruled out", HandlerOpts{}, "*;q=0", "", "[Accept Accept-Encoding]", fmt.Sprintf(unknown, "")},
		{"offered in vain", HandlerOpts{OfferedCompressions: []Compression{Zstd}}, "zstd", "", "[Accept Accept-Encoding]", fmt.Sprintf(unknown, "zstd")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log logged
			test.opts.ErrorLog = &log
			w := get(HandlerFor(some(), test.opts), "/", "Accept-Encoding: "+test.accept)
			if got := w.Header().Get("Content-Encoding"); got != test.encoding {
				t.Fatalf("got encoding %q, want %q", got, test.encoding)
			}
			body := w.Body.String()
			if test.encoding == "gzip" {
				body = gunzip(t, w.Body)
			}
			if w.Code != http.StatusOK || body != somePage {
				t.Errorf("got status %d and body\n%s", w.Code, body)
			}
			if got := fmt.Sprint(w.Header()["Vary"]); got != test.vary {
				t.Errorf("got Vary %s, want %s", got, test.vary)
			}
			if got := strings.Join(log, ""); got != test.log {
				t.Errorf("logged %q, want %q", got, test.log)
			}
		})
	}
}

// TestLargePages sends pages that are many times as large as any buffer to
// many clients at once, so that writers are used again.
func TestLargePages(t *testing.T) {
	reg := prometheus.NewRegistry()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"path"})
	reg.MustRegister(vec)
	for i := range 20_000 {
		vec.WithLabelValues(fmt.Sprintf("/account/%d", i)).Inc()
	}
	h := HandlerFor(reg, HandlerOpts{})
	want := get(h, "/").Body.String()
	if len(want) < 500_000 {
		t.Fatalf("the page has only %d bytes", len(want))
	}
	server := httptest.NewServer(h)
	defer server.Close()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				response, err := server.Client().Get(server.URL) // asks for gzip by itself
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || string(text) != want || !response.Uncompressed {
					t.Errorf("got %d bytes (compressed: %t), error %v; want %d bytes", len(text), response.Uncompressed, err, len(want))
				}
			}
		})
	}
	wg.Wait()
}

// gone is a client that goes away after some bytes.
type gone struct {
	*httptest.ResponseRecorder
	left int
}

var errGone = errors.New("broken pipe")

func (g *gone) Write(b []byte) (int, error) {
	if len(b) > g.left {
		return 0, errGone
	}
	g.left -= len(b)
	return g.ResponseRecorder.Write(b)
}

func TestClientGoesAway(t *testing.T) {
	reg := prometheus.NewRegistry()
	for i := range 3 {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: fmt.Sprintf("family_%d", i)}, []string{"value"})
		reg.MustRegister(vec)
		for j := range 5_000 {
			vec.WithLabelValues(fmt.Sprint(j)).Set(float64(j))
		}
	}
	for _, encoding := range []string{"identity", "gzip"} {
		for _, mode := range []HandlerErrorHandling{HTTPErrorOnError, ContinueOnError, PanicOnError} {
			var log logged
			h := HandlerFor(reg, HandlerOpts{ErrorLog: &log, ErrorHandling: mode})
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", encoding)
			w := &gone{httptest.NewRecorder(), 1_000}
			panicked := func() (cause any) {
				defer func() { cause = recover() }()
				h.ServeHTTP(w, r)
				return nil
			}()
			if err, _ := panicked.(error); errors.Is(err, errGone) != (mode == PanicOnError) {
				t.Errorf("%s, mode %d: got panic %v", encoding, mode, panicked)
			}
			if want := "error encoding and sending metric family: broken pipe\n"; len(log) != 1 || log[0] != want {
				t.Errorf("%s, mode %d: logged %q, want %q", encoding, mode, log, want)
			}
			if w.Code != http.StatusOK {
				t.Errorf("%s, mode %d: got status %d after the page was begun", encoding, mode, w.Code)
			}
			if got := get(h, "/").Body.Len(); got < 200_000 {
				t.Errorf("%s, mode %d: the next client got %d bytes", encoding, mode, got)
			}
		}
	}
}
