package promhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// response is the ResponseWriter that an instrumented handler is given. It hands
// everything on to the one that the request came with, and remembers what was
// sent.
//
// A handler may ask its ResponseWriter for more than that interface has: to
// flush, to hijack the connection and so on. How to do that is here, in methods
// that are not exported; which of it a handler is offered is a matter of the
// types in recorder.go. The rest is within reach of http.ResponseController by
// way of Unwrap.
//
// Like any ResponseWriter it is used by one goroutine at a time.
type response struct {
	http.ResponseWriter
	onHeader    func(status int) // if not nil, called once, before the header of the final response is written
	status      int              // of the final response, if wroteHeader
	written     int64            // bytes of the body
	wroteHeader bool             // of the final response
}

func (w *response) recorded() *response { return w }

// exchange returns what became of a request that has been served.
func (w *response) exchange(r *http.Request) exchange {
	return exchange{request: r, origin: r, code: w.status}
}

// WriteHeader implements http.ResponseWriter. Informational responses are
// followed by another one, and a second final one is not sent.
func (w *response) WriteHeader(status int) {
	isFinal := status < 100 || status > 199 || status == http.StatusSwitchingProtocols
	if isFinal && !w.wroteHeader {
		if w.onHeader != nil {
			w.onHeader(status)
		}
		w.status, w.wroteHeader = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// begin writes the header that a body has if nobody wrote one.
func (w *response) begin() {
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.written += int64(n)
	return n, err
}

// WriteString is for io.WriteString, which would copy the string otherwise.
func (w *response) WriteString(s string) (int, error) {
	w.begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.written += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) flush() {
	w.begin()
	w.ResponseWriter.(http.Flusher).Flush()
}

func (w *response) flushError() error {
	w.begin()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *response) readFrom(r io.Reader) (int64, error) {
	w.begin()
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	w.written += n
	return n, err
}

func (w *response) closeNotify() <-chan bool {
	//lint:ignore SA1019 handlers that still use it must go on working
	return w.ResponseWriter.(http.CloseNotifier).CloseNotify()
}

func (w *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.ResponseWriter.(http.Hijacker).Hijack()
}

func (w *response) push(target string, opts *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, opts)
}
