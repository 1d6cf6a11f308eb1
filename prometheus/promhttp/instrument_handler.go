package promhttp

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// InstrumentHandlerInFlight shows in a gauge how many requests a handler is
// serving.
func InstrumentHandlerInFlight(g prometheus.Gauge, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Inc()
		defer g.Dec()
		next.ServeHTTP(w, r)
	})
}

// InstrumentHandlerCounter counts the requests that a handler has served.
//
// The labels of the vector, apart from those that are constant or curried, may be
// "code", "method" and those that are added with WithLabelFromRequest and
// WithLabelFromCtx; it panics if there are others, or if the vector could not be
// registered. The code is that of the response, 200 if the handler does not set
// one. The method is in lower case, and "unknown" unless it is one of those that
// WithExtraMethods speaks of. Requests are told apart by the labels that there
// are, and without any they are counted together.
//
// A request whose handler panics is not counted.
func InstrumentHandlerCounter(counter *prometheus.CounterVec, next http.Handler, opts ...Option) http.HandlerFunc {
	c := newCounters(counter, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		c.inc(c.serve(next, w, r))
	}
}

// InstrumentHandlerDuration observes how long a handler takes to serve a
// request, in seconds. What is said of labels and panics at
// InstrumentHandlerCounter holds here, too; each combination of label values is a
// histogram of its own, with all its buckets.
func InstrumentHandlerDuration(obs prometheus.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	o := newObservers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		x := o.serve(next, w, r)
		o.observe(time.Since(start).Seconds(), x)
	}
}

// InstrumentHandlerTimeToWriteHeader observes how long a handler takes until it
// writes the header of its response, in seconds: what clients wait for the first
// byte, apart from the network. Informational responses, such as 103 Early Hints,
// do not count. What is said of labels at InstrumentHandlerCounter holds here, too.
//
// A handler that panics later is observed all the same; one that leaves the
// header to the server, by writing nothing, is not.
func InstrumentHandlerTimeToWriteHeader(obs prometheus.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	o := newObservers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := newRecorder(w) // of this handler alone: it is called back
		rec.recorded().onHeader = func(status int) {
			o.observe(time.Since(start).Seconds(), exchange{request: r, origin: r, code: status})
		}
		next.ServeHTTP(rec, r)
	}
}

// InstrumentHandlerRequestSize observes how big requests are, in bytes: about
// the size of the request line and the header, plus the length of the body, if the
// client says it. What is said of labels and panics at InstrumentHandlerCounter
// holds here, too.
func InstrumentHandlerRequestSize(obs prometheus.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	o := newObservers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		x := o.serve(next, w, r)
		o.observe(float64(requestSize(r)), x)
	}
}

// InstrumentHandlerResponseSize observes how big the bodies of responses are, in
// bytes, as the handler wrote them. What is said of labels and panics at
// InstrumentHandlerCounter holds here, too.
func InstrumentHandlerResponseSize(obs prometheus.ObserverVec, next http.Handler, opts ...Option) http.Handler {
	o := newObservers(obs, opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := record(w)
		next.ServeHTTP(rec, r)
		o.observe(float64(rec.recorded().written), rec.recorded().exchange(r))
	})
}

// serve serves a request and returns what became of it. The response is watched
// only if a label needs its code.
func (p *partition) serve(next http.Handler, w http.ResponseWriter, r *http.Request) exchange {
	if !p.byCode {
		next.ServeHTTP(w, r)
		return exchange{request: r, origin: r}
	}
	rec := record(w)
	next.ServeHTTP(rec, r)
	return rec.recorded().exchange(r)
}

// requestSize adds up what a request has, without what is put between it on the
// wire.
func requestSize(r *http.Request) int {
	size := len(r.Method) + len(r.Proto) + len(r.Host)
	if r.URL != nil {
		size += urlSize(r.URL)
	}
	for name, values := range r.Header {
		size += len(name)
		for _, value := range values {
			size += len(value)
		}
	}
	if r.ContentLength != -1 { // unknown
		size += int(r.ContentLength)
	}
	return size
}

// urlSize is len(u.String()), without making the string if the URL is nothing
// but a path that needs no escaping, with a query.
func urlSize(u *url.URL) int {
	if *u != (url.URL{Path: u.Path, RawQuery: u.RawQuery}) || !isPlainPath(u.Path) {
		return len(u.String())
	}
	size := len(u.Path)
	if u.RawQuery != "" {
		size += len("?") + len(u.RawQuery)
	}
	return size
}

// isPlainPath tells whether a path stands for itself in a URL, whatever is
// around it. It may say no if in doubt.
func isPlainPath(path string) bool {
	for i := range len(path) {
		c := path[i]
		isPlain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' || c == '-' || c == '_' || c == '.'
		if !isPlain {
			return false
		}
	}
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//")
}
