package promhttp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

func TestTraffic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.txt")
	const big = 500_000
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), big), 0o600); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	defer close(end)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		code    int
		size    int
		header  bool
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, 200, 0, false},
		{"body", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }, 200, 5, true},
		{"string", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, 200, 5, true},
		{"error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusGone) }, 410, 5, true},
		{"no content", answer(http.StatusNoContent), 204, 0, true},
		{"not modified", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
			if n, err := w.Write([]byte("refused")); n != 0 || !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("Write: got %d, %v, want none and %v", n, err, http.ErrBodyNotAllowed)
			}
		}, 304, 0, true},
		{"early hints", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "no")
		}, 403, 2, true},
		{"early hints and body", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "yes")
		}, 200, 3, true},
		{"early hints and nothing", answer(http.StatusEarlyHints), 200, 0, false},
		{"two headers", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusInternalServerError)
		}, 200, 0, true},
		{"header after body", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "so far")
			w.WriteHeader(http.StatusInternalServerError)
		}, 200, 6, true},
		{"file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, 200, big, true},
		{"copy of a file", func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if n, err := io.Copy(w, io.LimitReader(f, 1000)); n != 1000 || err != nil {
				t.Errorf("Copy: got %d, %v, want 1000", n, err)
			}
		}, 200, 1000, true},
		{"range", func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Range", "bytes=10-19")
			http.ServeFile(w, r, file)
		}, 206, 10, true},
		{"timeout", http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }), time.Nanosecond, "late").ServeHTTP, 503, 4, true},
	}
	for protocolName, protocol := range protocols {
		for _, test := range tests {
			t.Run(test.name+"/"+protocolName, func(t *testing.T) {
				s := startServer(t, protocol, test.handler)
				resp, body := s.get(t)
				if resp.StatusCode != test.code || len(body) != test.size || resp.ProtoMajor != protocol {
					t.Errorf("got %s %d, %d bytes, want HTTP/%d, %d, %d bytes", resp.Proto, resp.StatusCode, len(body), protocol, test.code, test.size)
				}
				s.want(t, test.code, test.size, test.header)
			})
		}
	}
}

// TestAbilitiesOfRealResponses: an instrumented handler can do what the server
// lets it do, and nothing else.
func TestAbilitiesOfRealResponses(t *testing.T) {
	abilities := func(w http.ResponseWriter) (can []string) {
		if _, ok := w.(http.Flusher); ok {
			can = append(can, "flush")
		}
		if _, ok := w.(io.ReaderFrom); ok {
			can = append(can, "read from")
		}
		//lint:ignore SA1019 it is what is tested
		if _, ok := w.(http.CloseNotifier); ok {
			can = append(can, "notify")
		}
		if _, ok := w.(http.Hijacker); ok {
			can = append(can, "hijack")
		}
		if _, ok := w.(http.Pusher); ok {
			can = append(can, "push")
		}
		return can
	}
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			want := []string{"flush", "read from", "notify", "hijack"}
			if protocol == 2 {
				want = []string{"flush", "notify", "push"}
			}
			var got []string
			s := startServer(t, protocol, func(w http.ResponseWriter, _ *http.Request) { got = abilities(w) })
			s.get(t)
			s.want(t, 200, 0, false)
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestFlush: what was flushed is there while the handler goes on.
func TestFlush(t *testing.T) {
	flushes := map[string]func(w http.ResponseWriter) error{
		"Flusher":    func(w http.ResponseWriter) error { w.(http.Flusher).Flush(); return nil },
		"controller": func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
	}
	for protocolName, protocol := range protocols {
		for name, flush := range flushes {
			t.Run(name+"/"+protocolName, func(t *testing.T) {
				goOn := make(chan struct{})
				s := startServer(t, protocol, func(w http.ResponseWriter, r *http.Request) {
					for _, part := range []string{"one", "two"} {
						io.WriteString(w, part)
						if err := flush(w); err != nil {
							t.Errorf("got %v, want no error", err)
						}
						select {
						case <-goOn:
						case <-r.Context().Done():
							t.Error("the client went away")
						}
					}
				})
				resp, err := s.Client().Get(s.URL)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				part := make([]byte, 3)
				for _, want := range []string{"one", "two"} {
					if _, err := io.ReadFull(resp.Body, part); err != nil || string(part) != want {
						t.Fatalf("got %q, %v, want %q", part, err, want)
					}
					goOn <- struct{}{}
				}
				s.want(t, 200, 6, true)
			})
		}
	}
}

func TestTrailers(t *testing.T) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, protocol, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Trailer", "Checksum")
				fmt.Fprint(w, "body")
				w.Header().Set("Checksum", "1234")
				w.Header().Set(http.TrailerPrefix+"Late", "5678")
			})
			resp, _ := s.get(t)
			if got := resp.Trailer; got.Get("Checksum") != "1234" || got.Get("Late") != "5678" {
				t.Errorf("got trailers %v, want Checksum 1234 and Late 5678", got)
			}
			s.want(t, 200, 4, true)
		})
	}
}

// TestController reaches what is only to be had of an http.ResponseController.
func TestController(t *testing.T) {
	s := startServer(t, 1, func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		for name, err := range map[string]error{
			"EnableFullDuplex": c.EnableFullDuplex(),
			"SetWriteDeadline": c.SetWriteDeadline(time.Now().Add(time.Hour)),
			"SetReadDeadline":  c.SetReadDeadline(time.Now().Add(-time.Hour)),
		} {
			if err != nil {
				t.Errorf("%s: got %v, want no error", name, err)
			}
		}
		if _, err := io.ReadAll(r.Body); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading after the deadline: got %v, want %v", err, os.ErrDeadlineExceeded)
		}
		w.WriteHeader(http.StatusRequestTimeout)
	})
	body, unwritten := io.Pipe() // a body that never comes
	defer unwritten.Close()
	resp, err := s.Client().Post(s.URL, "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	s.wait(t, 1)
	wantLines(t, `requests_total{code="408",method="post"} 1`+"\n", s.requests)
}

func TestHijack(t *testing.T) {
	s := startServer(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Errorf("Hijack: got %v, want no error", err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\nmyself")
		if err := rw.Flush(); err != nil {
			t.Error(err)
		}
	})
	if resp, body := s.get(t); resp.StatusCode != http.StatusAccepted || body != "myself" {
		t.Errorf("got %d, %q, want 202 and what the handler wrote", resp.StatusCode, body)
	}
	s.want(t, 200, 0, false) // nobody told the ResponseWriter
}

func TestPanickingHandlers(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"panic": func(http.ResponseWriter, *http.Request) { panic("broken") },
		"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"abort of a body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	for protocolName, protocol := range protocols {
		for name, handler := range tests {
			t.Run(name+"/"+protocolName, func(t *testing.T) {
				s := startServer(t, protocol, handler)
				resp, err := s.Client().Get(s.URL)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				if err == nil {
					t.Error("got a whole response, want an error")
				}
				s.wait(t, 1)
				wantLines(t, "in_flight 0\n", s.inFlight, s.requests, s.duration, s.requestSize, s.responseSize)
				observed := strings.Contains(lines(s.header), `header_count{code="200",method="get"} 1`)
				if want := name == "abort of a body"; observed != want {
					t.Errorf("time to write the header: observed %t, want %t", observed, want)
				}
			})
		}
	}
}

// TestProxiedEarlyHints has a reverse proxy, which hands on informational
// responses while it waits for the final one.
func TestProxiedEarlyHints(t *testing.T) {
	origin := startServer(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: origin.Client().Transport}
	s := startServer(t, 1, proxy.ServeHTTP)

	var informational []int
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		informational = append(informational, code)
		return nil
	}}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if want := []int{http.StatusEarlyHints}; !slices.Equal(informational, want) || resp.StatusCode != http.StatusTeapot {
		t.Errorf("got %v and %d, want %v and 418", informational, resp.StatusCode, want)
	}
	s.want(t, http.StatusTeapot, 0, true)
	origin.want(t, http.StatusTeapot, 0, true)
}

// TestInFlight counts requests while they are held up.
func TestInFlight(t *testing.T) {
	const n = 5
	arrived, goOn := make(chan struct{}), make(chan struct{})
	s := startServer(t, 1, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-goOn
	})
	sent := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sent"})
	client := http.Client{Transport: promhttp.InstrumentRoundTripperInFlight(sent, s.Client().Transport), Timeout: deadline}
	done := make(chan error, n)
	for range n {
		go func() {
			resp, err := client.Get(s.URL)
			if err == nil {
				err = resp.Body.Close()
			}
			done <- err
		}()
		<-arrived
	}
	wantLines(t, "in_flight 5\nsent 5\n", s.inFlight, sent)
	close(goOn)
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	s.wait(t, n)
	wantLines(t, "in_flight 0\nsent 0\n", s.inFlight, sent)
}
