package promhttp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/internal/multierror"
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
	return newHandler(sourceOf(reg, opts), opts)
}

// HandlerForTransactional is HandlerFor for a Gatherer that wants to know when
// what it gathered is no longer needed. It is told, also after an error or a
// panic, once the page has been written.
func HandlerForTransactional(reg prometheus.TransactionalGatherer, opts HandlerOpts) http.Handler {
	if plain, ok := reg.(interface{ Untransacted() prometheus.Gatherer }); ok { // of ToTransactionalGatherer
		return HandlerFor(plain.Untransacted(), opts)
	}
	return newHandler(fromTransactional(reg), opts)
}

// handler serves the pages of one Gatherer. None of its fields ever changes.
type handler struct {
	gather  func(*http.Request) (gathered, error) // an error only if the time of the request was up
	opts    HandlerOpts
	formats []expfmt.Format
	offers  []Compression
	errors  *prometheus.CounterVec
	slots   chan struct{} // a place for each request in flight; nil if there may be any number
	known   *known        // what ErrorLog was told already; nil if it is told each time
}

func newHandler(s source, opts HandlerOpts) http.Handler {
	h := &handler{
		gather:  s.gathering(opts),
		opts:    opts,
		formats: opts.formats(),
		offers:  opts.offers(),
		errors:  newErrorCounter(opts.Registry),
	}
	if opts.ErrorHandling == QuarantineOnError {
		h.known = &known{log: opts.ErrorLog}
	}
	if opts.MaxRequestsInFlight > 0 {
		h.slots = make(chan struct{}, opts.MaxRequestsInFlight)
	}
	if opts.Timeout <= 0 {
		return h
	}
	return http.TimeoutHandler(h, opts.Timeout, fmt.Sprintf("Exceeded configured timeout of %v.\n", opts.Timeout))
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
	number := h.known.number()
	g, err := h.gather(r)
	if err != nil {
		if errors.Is(err, errLate) {
			h.reportOnce("gathering", number, inGathering, true, gatheringFailed, []error{err})
		}
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer g.done()
	h.answer(g, number, w, r)
}

// answer sends what was gathered, or what went wrong.
func (h *handler) answer(g gathered, number uint64, w http.ResponseWriter, r *http.Request) {
	switch {
	case h.known != nil && g.leftOut: // of which the quarantine has told
		h.errors.WithLabelValues("gathering").Inc()
	case h.known != nil:
		h.reportOnce("gathering", number, inGathering, true, gatheringFailed, multierror.Each[prometheus.MultiError](g.err))
	case g.err != nil:
		h.report("gathering", gatheringFailed, g.err)
	}
	if g.err != nil && (h.opts.ErrorHandling == HTTPErrorOnError || g.empty()) {
		httpError(w, g.err)
		return
	}
	f := format{expfmt.NegotiateAccept(r.Header, h.formats...), h.opts.EnableOpenMetricsTextCreatedSamples}
	names := namesWanted(r)
	page, unfit := g.in(f, names)
	if h.known != nil {
		h.reportOnce("encoding", number, string(f.Format), len(names) == 0, encodingFailed, unfit)
		unfit = nil
	}
	for _, err := range unfit {
		h.report("encoding", encodingFailed, err)
		if h.opts.ErrorHandling == HTTPErrorOnError {
			httpError(w, err)
			return
		}
	}
	w.Header().Add("Vary", "Accept")
	if len(h.offers) > 0 {
		w.Header().Add("Vary", "Accept-Encoding")
	}
	w.Header().Set("Content-Type", string(f.Format))
	h.send(page, w, r)
}

// What ErrorLog is told in front of an error.
const (
	gatheringFailed = "error gathering metrics:"
	encodingFailed  = "error encoding and sending metric family:"
)

// send writes the page in the compression that the client likes best.
func (h *handler) send(page writable, w http.ResponseWriter, r *http.Request) {
	body, err := compressed(w, negotiate(r.Header, h.offers))
	if err != nil && h.opts.ErrorLog != nil {
		h.opts.ErrorLog.Println("error getting writer", err)
	}
	err = page(body)
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

// reportOnce counts errors, as one, and logs those of them that are new.
func (h *handler) reportOnce(cause string, number uint64, scope string, all bool, message string, errs []error) {
	if len(errs) > 0 {
		h.errors.WithLabelValues(cause).Inc()
	}
	h.known.settle(number, scope, all, message, errs)
}

// httpError answers with an error. Nothing may have been sent before.
func httpError(w http.ResponseWriter, err error) {
	w.Header().Del("Content-Encoding")
	http.Error(w, "An error has occurred while serving metrics:\n\n"+err.Error(), http.StatusInternalServerError)
}
