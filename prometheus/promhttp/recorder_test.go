package promhttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// able is a ResponseWriter that can do everything and keeps what it was asked
// for.
type able struct {
	http.ResponseWriter
	calls []string
}

var errAble = errors.New("of the writer below")

func (a *able) call(name string) { a.calls = append(a.calls, name) }

func (a *able) Header() http.Header { a.call("Header"); return http.Header{} }
func (a *able) WriteHeader(int)     { a.call("WriteHeader") }
func (a *able) Write(p []byte) (int, error) {
	a.call("Write")
	return len(p) - 1, errAble
}
func (a *able) Flush() { a.call("Flush") }
func (a *able) ReadFrom(io.Reader) (int64, error) {
	a.call("ReadFrom")
	return 10, errAble
}
func (a *able) CloseNotify() <-chan bool { a.call("CloseNotify"); return nil }
func (a *able) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.call("Hijack")
	return nil, nil, errAble
}
func (a *able) Push(target string, _ *http.PushOptions) error {
	a.call("Push " + target)
	return errAble
}

// TestAbilitiesArePreserved puts recorders on writers with each of the 32 sets of
// abilities. Such writers are recorders themselves: the test does not take their
// word for what they can do.
func TestAbilitiesArePreserved(t *testing.T) {
	for want := range ability(len(recorders)) {
		below := &able{}
		limited := recorders[want]()
		limited.recorded().ResponseWriter = below
		w := newRecorder(limited)

		wantCalls := []string{"Header", "WriteHeader", "Write"}
		w.Header()
		if n, err := w.Write([]byte("four")); n != 3 || err != errAble {
			t.Errorf("%05b: Write: got %d, %v, want 3 and the error of the writer below", want, n, err)
		}
		wantWritten := int64(3)
		flusher, ok := w.(http.Flusher)
		if check(t, want, flushes, ok) {
			flusher.Flush()
			wantCalls = append(wantCalls, "Flush")
		}
		readerFrom, ok := w.(io.ReaderFrom)
		if check(t, want, readsFrom, ok) {
			if n, err := readerFrom.ReadFrom(strings.NewReader("ignored")); n != 10 || err != errAble {
				t.Errorf("%05b: ReadFrom: got %d, %v, want 10 and the error of the writer below", want, n, err)
			}
			wantCalls = append(wantCalls, "ReadFrom")
			wantWritten += 10
		}
		//lint:ignore SA1019 it is what is tested
		closeNotifier, ok := w.(http.CloseNotifier)
		if check(t, want, notifiesClosed, ok) {
			closeNotifier.CloseNotify()
			wantCalls = append(wantCalls, "CloseNotify")
		}
		hijacker, ok := w.(http.Hijacker)
		if check(t, want, hijacks, ok) {
			if _, _, err := hijacker.Hijack(); err != errAble {
				t.Errorf("%05b: Hijack: got %v, want the error of the writer below", want, err)
			}
			wantCalls = append(wantCalls, "Hijack")
		}
		pusher, ok := w.(http.Pusher)
		if check(t, want, pushes, ok) {
			if err := pusher.Push("/style.css", nil); err != errAble {
				t.Errorf("%05b: Push: got %v, want the error of the writer below", want, err)
			}
			wantCalls = append(wantCalls, "Push /style.css")
		}
		if !slices.Equal(below.calls, wantCalls) {
			t.Errorf("%05b: got calls %q, want %q", want, below.calls, wantCalls)
		}
		if got := w.recorded().written; got != wantWritten {
			t.Errorf("%05b: got %d bytes, want %d", want, got, wantWritten)
		}
		if got := w.(interface{ Unwrap() http.ResponseWriter }).Unwrap(); got != limited {
			t.Errorf("%05b: Unwrap: got %T, want the writer below", want, got)
		}
	}
}

// check compares whether a writer has an ability with whether it should have.
func check(t *testing.T, all, one ability, got bool) bool {
	t.Helper()
	want := all&one != 0
	if got != want {
		t.Errorf("%05b: ability %05b: got %t, want %t", all, one, got, want)
	}
	return got && want
}

// failingFlusher can tell that it could not flush.
type failingFlusher struct{ able }

func (f *failingFlusher) FlushError() error { f.call("FlushError"); return errAble }

func TestErrorsOfFlushingArriveAtTheController(t *testing.T) {
	below := &failingFlusher{}
	if err := http.NewResponseController(newRecorder(below)).Flush(); err != errAble {
		t.Errorf("got %v, want the error of the writer below", err)
	}
	if want := []string{"WriteHeader", "FlushError"}; !slices.Equal(below.calls, want) {
		t.Errorf("got calls %q, want %q", below.calls, want)
	}
}

// stringWriter does not want its strings to be copied.
type stringWriter struct{ able }

func (s *stringWriter) WriteString(string) (int, error) { s.call("WriteString"); return 7, nil }

func TestStringsAreWrittenAsTheWriterBelowLikes(t *testing.T) {
	below := &stringWriter{}
	w := newRecorder(below)
	if n, err := io.WriteString(w, "a string"); n != 7 || err != nil {
		t.Errorf("got %d, %v, want 7 and no error", n, err)
	}
	if want := []string{"WriteHeader", "WriteString"}; !slices.Equal(below.calls, want) {
		t.Errorf("got calls %q, want %q", below.calls, want)
	}
	if got := w.recorded().written; got != 7 {
		t.Errorf("got %d bytes, want 7", got)
	}
}

func TestRecordersAreShared(t *testing.T) {
	outer := record(&able{})
	if record(outer) != outer {
		t.Error("a recorder on which nothing was written is not shared")
	}
	outer.WriteHeader(http.StatusEarlyHints)
	if record(outer) != outer {
		t.Error("a recorder on which no final header was written is not shared")
	}
	outer.WriteHeader(http.StatusOK)
	if record(outer) == outer {
		t.Error("a recorder is shared by who did not write what it recorded")
	}
}

func TestURLSize(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, u *url.URL) {
		if got, want := urlSize(u), len(u.String()); got != want {
			t.Errorf("%#v: got %d, want %d", u, got, want)
		}
	}
	for _, target := range []string{
		"", "/", "*", "/a/b-c_d.e", "/a?", "/a?b=c", "/a?b=%2f%zz", "/%2f", "/a b", "/ä", "//a/b", "/a//b", "a:b", "/a:b", "./a:b", "a", "?q",
		"http://example.org/", "http://me:secret@example.org:8080/a?b#c", "mailto:someone", "/a#b", "/~x/(y)*!'",
	} {
		u, err := url.Parse(target)
		if err != nil {
			u = &url.URL{Path: target}
		}
		check(t, u)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("/aZ9-_.~:*? %#ä+;@")))
		check(t, &url.URL{
			Scheme:      rapid.SampledFrom([]string{"", "", "http"}).Draw(t, "scheme"),
			Host:        rapid.SampledFrom([]string{"", "", "example.org"}).Draw(t, "host"),
			Path:        text.Draw(t, "path"),
			RawPath:     rapid.SampledFrom([]string{"", "", "/%61"}).Draw(t, "raw path"),
			RawQuery:    text.Draw(t, "query"),
			ForceQuery:  rapid.Bool().Draw(t, "force query"),
			OmitHost:    rapid.Bool().Draw(t, "omit host"),
			Fragment:    rapid.SampledFrom([]string{"", "", "here"}).Draw(t, "fragment"),
			Opaque:      rapid.SampledFrom([]string{"", "", "", "x:y"}).Draw(t, "opaque"),
			RawFragment: rapid.SampledFrom([]string{"", "", "h"}).Draw(t, "raw fragment"),
		})
	})
}
