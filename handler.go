package cresset

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// Handler returns a handler that serves the registry to scrapers:
//
//	http.Handle("/metrics", reg.Handler())
//
// It answers GET and HEAD in the format that the request's Accept header likes
// best: OpenMetrics 1.0.0 or 0.0.1, protobuf messages with their length in
// front, or, if it names none of these, the text format 0.0.4. Native histograms
// are in the protobuf format alone, exemplars in that and in OpenMetrics. The
// answer is compressed by gzip if the request allows it. If the query has
// parameters name[], only the families of these names are served.
//
// The values are read as the page is written, and no update of a metric ever
// waits for a slow scraper. The page is there before the scraper gives up, if that
// says in X-Prometheus-Scrape-Timeout-Seconds when it will, as Prometheus does; what
// could not be had by then is left out of it. A registry made with Strict does
// neither.
func (r *Registry) Handler(opts ...HandlerOption) http.Handler {
	h := &handler{registry: r, log: slog.New(slog.DiscardHandler), formats: formats}
	for _, opt := range opts {
		opt(h)
	}
	return h
}

// HandlerOption is an option of Registry.Handler.
type HandlerOption func(*handler)

// MaxInFlight limits how many requests are served at the same time. Those beyond
// it are answered with status 503. There is no limit if n is zero or negative,
// which is the default.
func MaxInFlight(n int) HandlerOption {
	return func(h *handler) {
		h.slots = nil
		if n > 0 {
			h.slots = make(chan struct{}, n)
		}
	}
}

// ErrorLog has errors of serving logged: a page that could not be sent to the end,
// and, where the registry is strict, one that could not be gathered. If the logger is
// nil, it is the one that is slog.Default() when the handler is made. By default, these
// errors are not logged.
func ErrorLog(log *slog.Logger) HandlerOption {
	return func(h *handler) {
		if h.log = log; log == nil {
			h.log = slog.Default()
		}
	}
}

// WithoutCompression has every page sent as it is, whatever a request accepts:
// for a server that compresses by itself, or whose processor is scarcer than its
// network.
func WithoutCompression() HandlerOption {
	return func(h *handler) { h.plain = true }
}

// WithoutOpenMetrics takes OpenMetrics from the formats that are offered. In it
// the labels le and quantile of whole numbers end in ".0", which a Prometheus
// before version 3 takes for other series than those of the text format.
func WithoutOpenMetrics() HandlerOption {
	return func(h *handler) {
		h.formats = slices.DeleteFunc(slices.Clone(h.formats), func(f format) bool { return f.mediaType == openMetrics })
	}
}

// CreatedLines adds to OpenMetrics pages, for each counter, histogram and summary,
// a line that tells since when it counts. Its name ends in _created; a server that
// does not know better takes it for a series more.
func CreatedLines() HandlerOption {
	return func(h *handler) { h.created = true }
}

// handler serves a registry. None of its fields ever changes.
type handler struct {
	registry *Registry
	log      *slog.Logger
	formats  []format
	created  bool
	plain    bool          // nothing is compressed
	slots    chan struct{} // a place for each request in flight; nil if there may be any number
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Metrics are read with GET or HEAD.", http.StatusMethodNotAllowed)
		return
	}
	if h.slots != nil {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		default:
			http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", cap(h.slots)),
				http.StatusServiceUnavailable)
			return
		}
	}
	page, err := h.registry.pageBy(registry.Deadline(r.Context(), r.Header.Get(registry.ScrapeTimeoutHeader)))
	if err != nil {
		h.log.Error("metrics could not be gathered", "error", err)
		http.Error(w, "An error has occurred while serving metrics:\n\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	if err := h.answer(w, r, page); err != nil && r.Context().Err() == nil {
		h.log.Error("metrics could not be sent", "error", err)
	}
}

// answer sends the page as the request wants it.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, page *registry.Page) error {
	header := w.Header()
	format, escaping := negotiate(r.Header, h.formats)
	header.Set("Content-Type", format.contentType+"; escaping="+escaping.String())
	header.Add("Vary", "Accept")
	compressed := !h.plain && acceptsGzip(r.Header)
	if !h.plain {
		header.Add("Vary", "Accept-Encoding")
	}
	if compressed {
		header.Set("Content-Encoding", "gzip")
	}
	if r.Method == http.MethodHead {
		return nil
	}
	body := io.Writer(w)
	if compressed {
		zipper := zippers.Get().(*gzip.Writer)
		zipper.Reset(w)
		defer func() {
			zipper.Reset(io.Discard) // so that it does not keep the response
			zippers.Put(zipper)
		}()
		body = zipper
	}
	e := format.encoder(body, escaping, h.created)
	page.Write(e, r.URL.Query()["name[]"]...)
	if err := e.Close(); err != nil || !compressed {
		return err
	}
	return body.(*gzip.Writer).Close()
}

// zippers are kept because each holds most of a megabyte.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
