package cresset_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// ask has a handler answer a request with these headers, given as pairs.
func ask(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const textType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"

func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, contentType, body string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("got status %d, want %d", w.Code, status)
	}
	if got := w.Header().Get("Content-Type"); got != contentType {
		t.Errorf("got content type %q, want %q", got, contentType)
	}
	if got := w.Body.String(); got != body {
		t.Errorf("got:\n%s\nwant:\n%s", got, body)
	}
}

const textPage = `# HELP anything Help.
# TYPE anything untyped
anything 1
# HELP bytes Help.
# TYPE bytes summary
bytes{quantile="0.5"} 10
bytes{quantile="1"} 1e+06
bytes_sum 1e+06
bytes_count 3
# HELP room_temperature Help.
# TYPE room_temperature gauge
room_temperature{room_name="kitchen"} -1.5
# HELP seconds Help.
# TYPE seconds histogram
seconds_bucket{le="1"} 1
seconds_bucket{le="2.5"} 2
seconds_bucket{le="+Inf"} 3
seconds_sum 4.5
seconds_count 3
# HELP sold_total Help.
# TYPE sold_total counter
sold_total{kind="tea"} 3
sold_total{kind="tea \"x\"\n"} 1e+21
`

func TestHandlerServesTextByDefault(t *testing.T) {
	w := ask(everything(t).Handler(), "GET", "/metrics")
	wantAnswer(t, w, 200, textType, textPage)
	if got, want := strings.Join(w.Header().Values("Vary"), ","), "Accept,Accept-Encoding"; got != want {
		t.Errorf("got Vary %q, want %q", got, want)
	}
}

func TestHandlerServesOpenMetrics(t *testing.T) {
	const page = `# HELP seconds Help.
# TYPE seconds histogram
seconds_bucket{le="1.0"} 1 # {trace="4bf9"} 2.0 1.7000000005e+09
seconds_bucket{le="2.5"} 2
seconds_bucket{le="+Inf"} 3
seconds_sum 4.5
seconds_count 3
CREATED# EOF
`
	const created = "seconds_created 1.7000000005e+09\n"
	reg := everything(t)
	for version, want := range map[string]string{"1.0.0": "1.0.0", "0.0.1": "0.0.1"} {
		accept := "application/openmetrics-text;version=" + version
		contentType := "application/openmetrics-text; version=" + want + "; charset=utf-8; escaping=underscores"
		wantAnswer(t, ask(reg.Handler(), "GET", "/?name[]=seconds", "Accept", accept), 200, contentType, strings.Replace(page, "CREATED", "", 1))
		wantAnswer(t, ask(reg.Handler(cresset.CreatedLines()), "GET", "/?name[]=seconds", "Accept", accept), 200, contentType,
			strings.Replace(page, "CREATED", created, 1))
		wantAnswer(t, ask(reg.Handler(cresset.WithoutOpenMetrics()), "GET", "/metrics", "Accept", accept), 200, textType, textPage)
	}
}

func TestHandlerChoosesFamilies(t *testing.T) {
	reg := cresset.NewRegistry()
	register(t, reg, gauge("a", 1), gauge("b", 2), gauge("c", 3))
	tests := map[string]string{
		"/metrics":                        "a b c",
		"/metrics?name[]=b":               "b",
		"/metrics?name%5B%5D=c&name[]=a":  "a c",
		"/metrics?name[]=b&name[]=b":      "b",
		"/metrics?name[]=":                "",
		"/metrics?name[]=nothing":         "",
		"/metrics?name=b":                 "a b c",
		"/metrics?name[]=room_temperatur": "",
	}
	for target, want := range tests {
		var got []string
		for line := range strings.Lines(ask(reg.Handler(), "GET", target).Body.String()) {
			if name, found := strings.CutPrefix(line, "# TYPE "); found {
				got = append(got, strings.Fields(name)[0])
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: got families %q, want %q", target, got, want)
		}
	}
}

func TestHandlerCompresses(t *testing.T) {
	tests := []struct {
		accept []string
		want   bool
	}{
		{nil, false},
		{[]string{"gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"deflate", "gzip;q=0.2"}, true},
		{[]string{"deflate, gzip, br"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip;q=x"}, false},
		{[]string{"gzip;q=2"}, false},
		{[]string{"*"}, false}, // both are as good
		{[]string{"*, identity;q=0.5"}, true},
		{[]string{"gzip, identity"}, false},
		{[]string{"gzip;q=0.9, identity;q=0.8"}, true},
		{[]string{"identity;q=0.9, gzip;q=0.8"}, false},
		{[]string{"identity;q=0, gzip;q=0"}, false}, // there is nothing else
		{[]string{"br, deflate"}, false},
	}
	reg := everything(t)
	for _, test := range tests {
		var headers []string
		for _, line := range test.accept {
			headers = append(headers, "Accept-Encoding", line)
		}
		w := ask(reg.Handler(), "GET", "/metrics", headers...)
		encoding, body := w.Header().Get("Content-Encoding"), w.Body.String()
		if test.want {
			unzipped, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatalf("%q: %v", test.accept, err)
			}
			page, err := io.ReadAll(unzipped)
			if err != nil {
				t.Fatalf("%q: %v", test.accept, err)
			}
			body = string(page)
		}
		if got := encoding == "gzip"; got != test.want {
			t.Errorf("%q: got encoding %q, want gzip %t", test.accept, encoding, test.want)
		}
		if body != textPage {
			t.Errorf("%q: got:\n%s", test.accept, body)
		}
	}
	w := ask(reg.Handler(cresset.WithoutCompression()), "GET", "/metrics", "Accept-Encoding", "gzip")
	wantAnswer(t, w, 200, textType, textPage)
	if got := strings.Join(w.Header().Values("Vary"), ","); got != "Accept" {
		t.Errorf("without compression: got Vary %q, want %q", got, "Accept")
	}
}

func TestHandlerMethods(t *testing.T) {
	server := httptest.NewServer(everything(t).Handler())
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	resp, err := http.Head(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != textType || resp.ContentLength != -1 {
		t.Errorf("HEAD: got status %d, content type %q, length %d", resp.StatusCode, resp.Header.Get("Content-Type"), resp.ContentLength)
	}
	resp, err = http.Post(server.URL, "text/plain", strings.NewReader("a 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: got status %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

func TestHandlerLimitsRequests(t *testing.T) {
	reg := cresset.NewRegistry()
	slow := gauge("a", 1)
	slow.began, slow.wait = make(chan struct{}, 3), make(chan struct{})
	register(t, reg, slow) // as if it were quick, so that nothing ends it
	h := reg.Handler(cresset.MaxInFlight(1))
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- ask(h, "GET", "/metrics") }()
	<-slow.began // the first request has its place
	wantAnswer(t, ask(h, "GET", "/metrics"), 503, "text/plain; charset=utf-8", "Limit of concurrent requests reached (1), try again later.\n")
	close(slow.wait)
	const page = "# HELP a Help.\n# TYPE a gauge\na 1\n"
	wantAnswer(t, <-first, 200, textType, page)
	wantAnswer(t, ask(h, "GET", "/metrics"), 200, textType, page)
	wantAnswer(t, ask(reg.Handler(cresset.MaxInFlight(1), cresset.MaxInFlight(0)), "GET", "/metrics"), 200, textType, page)
}

// brokenWriter is a connection that is gone after some bytes.
type brokenWriter struct {
	http.ResponseWriter
	left int
}

var errGone = errors.New("connection reset")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, errGone
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

func TestHandlerLogsWhatCouldNotBeSent(t *testing.T) {
	reg := cresset.NewRegistry()
	for _, name := range []string{"a", "b"} {
		s := newSource(name, exposition.Gauge)
		for i := range 10_000 {
			s.series = append(s.series, exposition.Series{Labels: labels("x", strings.Repeat("x", 10)+string(rune('a'+i%26))), Value: 1})
		}
		register(t, reg, s)
	}
	for _, encoding := range []string{"identity", "gzip"} {
		var log bytes.Buffer
		h := reg.Handler(cresset.ErrorLog(slog.New(slog.NewTextHandler(&log, nil))))
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept-Encoding", encoding)
		h.ServeHTTP(&brokenWriter{httptest.NewRecorder(), 100}, r)
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `msg="metrics could not be sent" error="connection reset"`) {
			t.Errorf("%s: got log %q", encoding, got)
		}
		wantWhole := ask(h, "GET", "/metrics") // the compressor that failed is as good as new
		if wantWhole.Code != 200 || wantWhole.Body.Len() < 100_000 {
			t.Errorf("%s: got status %d and %d bytes afterwards", encoding, wantWhole.Code, wantWhole.Body.Len())
		}
	}
}

func TestHandlerLogsToTheDefault(t *testing.T) {
	var logged bytes.Buffer
	logger, output, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil))) // which changes package log too
	defer func() {
		slog.SetDefault(logger)
		log.SetOutput(output)
		log.SetFlags(flags)
	}()
	h := everything(t).Handler(cresset.ErrorLog(nil), cresset.WithoutCompression())
	h.ServeHTTP(&brokenWriter{httptest.NewRecorder(), 0}, httptest.NewRequest("GET", "/metrics", nil))
	if got := logged.String(); !strings.Contains(got, "connection reset") {
		t.Errorf("got log %q", got)
	}
}
