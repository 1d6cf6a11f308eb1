package app

import (
	"io"
	"net/http"
	"time"
)

const (
	// bodyTimeout is how long a client may take to send a request's body.
	bodyTimeout = time.Minute
	// writeTimeout is how long a client may take to accept one piece of the answer.
	writeTimeout = time.Minute
)

// patient bounds how long clients can keep h waiting, so that those that are slow,
// or mean to be, do not hold for ever what others need: memory, connections, and one
// of the GET requests that are answered at a time. How long h itself takes is not
// bounded: a profile may take minutes.
func patient(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody && c.SetReadDeadline(time.Now().Add(bodyTimeout)) == nil {
			r.Body = &timedBody{r.Body, c}
		}
		_ = c.SetWriteDeadline(time.Time{}) // the connection may have one of its last answer
		h.ServeHTTP(&timedWriter{w, c}, r)
		_ = c.SetWriteDeadline(time.Now().Add(writeTimeout)) // for what is still in a buffer
	})
}

// timedBody lifts the deadline when the body is complete: from then on the server
// reads ahead to notice that the client goes away, for which there is no deadline.
type timedBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{}) // the connection had one before
	}
	return n, err
}

// timedWriter gives each piece of the answer a deadline of its own.
type timedWriter struct {
	http.ResponseWriter
	c *http.ResponseController
}

func (w *timedWriter) Write(p []byte) (int, error) {
	_ = w.c.SetWriteDeadline(time.Now().Add(writeTimeout)) // a writer that has none is no connection
	return w.ResponseWriter.Write(p)
}

// Flush sends what was written so far.
func (w *timedWriter) Flush() { _ = w.c.Flush() } // whoever cannot flush does at the end

// Unwrap is for http.ResponseController.
func (w *timedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
