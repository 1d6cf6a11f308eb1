package promhttp

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
)

// Handler serves the DefaultGatherer with the options that HandlerFor has by
// default. It is instrumented by InstrumentMetricHandler with the
// DefaultRegisterer, so all handlers that Handler returns are counted together.
func Handler() http.Handler {
	return InstrumentMetricHandler(prometheus.DefaultRegisterer,
		HandlerFor(prometheus.DefaultGatherer, HandlerOpts{}))
}

// HandlerFor serves what the Gatherer has at the time of each request. The
// handler is not instrumented. It panics if an error counter is asked for that
// cannot be registered.
//
// A Registry is served straight from its metrics, any other Gatherer by way of
// the messages that it gathers.
func HandlerFor(reg prometheus.Gatherer, opts HandlerOpts) http.Handler {
	h := &handler{
		gather: gatherFunc(reg),
		opts:   opts,
		offers: opts.offers(),
		errors: newErrorCounter(opts.Registry),
	}
	if opts.MaxRequestsInFlight > 0 {
		h.slots = make(chan struct{}, opts.MaxRequestsInFlight)
	}
	if opts.Timeout <= 0 {
		return h
	}
	return http.TimeoutHandler(h, opts.Timeout, fmt.Sprintf("Exceeded configured timeout of %v.\n", opts.Timeout))
}

// HandlerOpts are the options of HandlerFor. The zero value serves everything
// to everybody, answers errors with a status of 500, and logs nothing.
type HandlerOpts struct {
	// ErrorLog is told of every error, whatever ErrorHandling says. Several
	// errors of one gather arrive as one prometheus.MultiError, whose text has
	// several lines.
	ErrorLog Logger
	// ErrorHandling says what becomes of a request during which something
	// fails.
	ErrorHandling HandlerErrorHandling
	// Registry, if there is one, gets the counter
	// promhttp_metric_handler_errors_total, whose label cause is "gathering" or
	// "encoding". It also counts errors that a client does not see, because
	// ErrorHandling hides them or the page had been begun.
	Registry prometheus.Registerer
	// DisableCompression has every page sent as it is, whatever the client
	// accepts and OfferedCompressions says.
	DisableCompression bool
	// OfferedCompressions are the encodings a client may choose from; of those
	// that it likes equally, the one that stands first is taken. Without any,
	// they are Identity and Gzip. If a client accepts none of them, or chooses
	// one that this package does not have, the page is sent as it is.
	OfferedCompressions []Compression
	// MaxRequestsInFlight is how many requests are served at the same time;
	// those beyond it are answered with a status of 503. There is no limit if
	// it is zero or negative.
	MaxRequestsInFlight int
	// Timeout is how long a request may take before it is answered with a
	// status of 503. A gather cannot be stopped: it goes on, and its request
	// counts as one in flight for as long. There is no limit if it is zero or
	// negative; if there is one, pages are kept in memory until they are
	// complete.
	Timeout time.Duration
	// ProcessStartTime, unless it is zero, is sent in seconds since the Unix
	// epoch in the header Process-Start-Time-Unix of each response. It tells
	// since when counters have been counting.
	ProcessStartTime time.Time
}

// HandlerErrorHandling says what becomes of a request during which something
// fails.
type HandlerErrorHandling int

const (
	// HTTPErrorOnError answers with a status of 500 and the error as the body.
	// Should the error come when part of the page has been sent, the rest is
	// not sent.
	HTTPErrorOnError HandlerErrorHandling = iota
	// ContinueOnError serves what could be had. Only if that is nothing at all,
	// the answer is as with HTTPErrorOnError.
	ContinueOnError
	// PanicOnError panics.
	PanicOnError
)

// Logger is what a handler needs of a log; a *log.Logger is one.
type Logger interface {
	Println(v ...any)
}

type handler struct {
	gather func() gathered
	opts   HandlerOpts
	offers []Compression
	errors *prometheus.CounterVec
	slots  chan struct{} // a place for each request in flight; nil if there may be any number
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if start := h.opts.ProcessStartTime; !start.IsZero() {
		w.Header().Set("Process-Start-Time-Unix", strconv.FormatInt(start.Unix(), 10))
	}
	if h.slots != nil {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		default:
			http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", h.opts.MaxRequestsInFlight),
				http.StatusServiceUnavailable)
			return
		}
	}
	g := h.gather()
	if h.handled(w, g) {
		h.send(g.page, w, r)
	}
}

// handled deals with what went wrong while a page was made and tells whether
// the page is to be sent all the same.
func (h *handler) handled(w http.ResponseWriter, g gathered) bool {
	if g.err != nil {
		h.report("gathering", "error gathering metrics:", g.err)
		if h.opts.ErrorHandling == HTTPErrorOnError || g.page.Len() == 0 && len(g.malformed) == 0 {
			httpError(w, g.err)
			return false
		}
	}
	for _, err := range g.malformed {
		h.report("encoding", encodingFailed, err)
		if h.opts.ErrorHandling == HTTPErrorOnError {
			httpError(w, err)
			return false
		}
	}
	return true
}

const encodingFailed = "error encoding and sending metric family:"

// send writes the page in the format and compression that the client likes
// best.
func (h *handler) send(page *registry.Page, w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, expfmt.FmtText)
	w.Header().Add("Vary", "Accept")
	if len(h.offers) > 0 {
		w.Header().Add("Vary", "Accept-Encoding")
	}
	w.Header().Set("Content-Type", string(format))

	body, err := compressed(w, negotiate(r.Header, h.offers))
	if err != nil && h.opts.ErrorLog != nil {
		h.opts.ErrorLog.Println("error getting writer", err)
	}
	escaping, _ := exposition.ParseEscaping(format.ToEscapingScheme().String())
	encoder := exposition.NewText(body, escaping)
	page.Write(encoder, namesWanted(r)...)
	err = encoder.Close()
	if closeErr := body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		h.report("encoding", encodingFailed, err)
	}
}

// namesWanted returns the names of the families that the request is for, none
// if it is for all.
func namesWanted(r *http.Request) []string {
	if r.URL == nil { // of a request that was made by hand
		return nil
	}
	return r.URL.Query()["name[]"]
}

// report logs and counts an error, and panics if that is what errors are
// answered with.
func (h *handler) report(cause, message string, err error) {
	if h.opts.ErrorLog != nil {
		h.opts.ErrorLog.Println(message, err)
	}
	h.errors.WithLabelValues(cause).Inc()
	if h.opts.ErrorHandling == PanicOnError {
		panic(err)
	}
}

// httpError answers with an error. Nothing may have been sent before.
func httpError(w http.ResponseWriter, err error) {
	w.Header().Del("Content-Encoding")
	http.Error(w, "An error has occurred while serving metrics:\n\n"+err.Error(), http.StatusInternalServerError)
}
