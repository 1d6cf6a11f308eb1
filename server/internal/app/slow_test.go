package app

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// oneConn is a listener to which there is one connection.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
	close  func()
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error   { l.close(); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{} }

// withPatience runs a test in virtual time, with a connection to a server that is
// patient with the clients of h.
func withPatience(t *testing.T, h http.HandlerFunc, test func(t *testing.T, conn net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		client, served := net.Pipe()
		l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
		l.close = sync.OnceFunc(func() { close(l.closed) })
		l.conn <- served
		server := &http.Server{Handler: patient(h)}
		go func() { _ = server.Serve(l) }() // ends when it is closed
		test(t, client)
		_ = client.Close()
		_ = server.Close()
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	var err error
	withPatience(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err = io.ReadAll(r.Body)
	}, func(t *testing.T, conn net.Conn) {
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		time.Sleep(bodyTimeout + time.Second)
		synctest.Wait()
		if !isTimeout(err) {
			t.Errorf("reading the body: got %v, want a timeout after %v", err, bodyTimeout)
		}
	})
}

// exchange sends a request and reads the answer.
func exchange(t *testing.T, conn net.Conn, answers *bufio.Reader, request string) {
	t.Helper()
	fmt.Fprint(conn, request)
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("%.20q: %v", request, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%.20q: got %s, %v", request, resp.Status, err)
	}
}

// Once the body is there, the handler has its time: the end of the time for the body
// is not taken for the end of the client, and the connection serves on.
func TestABodyThatCameGivesTheHandlerItsTime(t *testing.T) {
	withPatience(t, func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * bodyTimeout)
		if err := r.Context().Err(); err != nil {
			t.Errorf("the request was given up: %v", err)
		}
	}, func(t *testing.T, conn net.Conn) {
		answers := bufio.NewReader(conn)
		for range 2 {
			exchange(t, conn, answers, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
		}
	})
}

// The time for an answer begins with each piece of it: neither a handler that takes
// long after the first, nor an answer long ago on the same connection, ends it.
func TestTheTimeForAnAnswerBeginsWithIt(t *testing.T) {
	withPatience(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/text" {
			fmt.Fprint(w, "text")
		}
		time.Sleep(2 * writeTimeout)
	}, func(t *testing.T, conn net.Conn) {
		answers := bufio.NewReader(conn)
		for _, path := range []string{"/text", "/nothing", "/text"} {
			exchange(t, conn, answers, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
			time.Sleep(2 * writeTimeout)
		}
	})
}

// A client that does not accept its answer does not hold what the handler holds.
func TestAnAnswerThatIsNotAcceptedIsGivenUp(t *testing.T) {
	var err error
	withPatience(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err = w.Write(bytes.Repeat([]byte("x"), 1<<20))
	}, func(t *testing.T, conn net.Conn) {
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		time.Sleep(writeTimeout + time.Second)
		synctest.Wait()
		if !isTimeout(err) {
			t.Errorf("writing the answer: got %v, want a timeout after %v", err, writeTimeout)
		}
	})
}

func TestWhatIsFlushedArrives(t *testing.T) {
	withPatience(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		time.Sleep(time.Hour)
	}, func(t *testing.T, conn net.Conn) {
		begin := time.Now()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		lines := bufio.NewScanner(conn)
		for lines.Scan() && !strings.Contains(lines.Text(), "first") {
		}
		if lines.Text() != "first" || time.Since(begin) > time.Minute {
			t.Errorf("what was flushed did not arrive at once: %v, %v", lines.Err(), time.Since(begin))
		}
		time.Sleep(time.Hour) // until the handler is done
	})
}
