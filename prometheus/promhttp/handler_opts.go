package promhttp

import (
	"slices"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
)

// HandlerOpts are the options of HandlerFor. The zero value serves everything
// to everybody, answers errors with a status of 500, and logs nothing.
type HandlerOpts struct {
	// ErrorLog is told of every error, whatever ErrorHandling says, but see
	// QuarantineOnError. Several
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
	// they are Identity, Gzip, and, in a program that imports promhttp/zstd,
	// Zstd. If a client accepts none of them, or chooses one that is not
	// available, the page is sent as it is, and ErrorLog is told.
	OfferedCompressions []Compression
	// MaxRequestsInFlight is how many requests are served at the same time;
	// those beyond it are answered with a status of 503. There is no limit if
	// it is zero or negative.
	MaxRequestsInFlight int
	// CoalesceGather has requests that arrive while a gather is under way wait
	// for it and share what it finds, so that there is never more than one
	// gather at a time, however slow Collectors are. What is shared is one
	// snapshot: all who share it see the same values, which may have been read
	// before a request came.
	//
	// Where a Registry is gathered in quarantine, and so by a deadline, a request
	// that has less time left than the gather under way gathers for itself.
	//
	// A request that waits goes away when its client does, or at Timeout; the
	// one that gathers cannot, and stays in flight until it is through. A
	// TransactionalGatherer is told that it is done by the last request that
	// shares what it gave; until then it must not change that. If it panics,
	// those who wait are answered with an error.
	CoalesceGather bool
	// Timeout is how long a request may take before it is answered with a
	// status of 503. A gather cannot be stopped: it goes on, and its request
	// counts as one in flight for as long. There is no limit if it is zero or
	// negative; if there is one, pages are kept in memory until they are
	// complete.
	Timeout time.Duration
	// EnableOpenMetrics also offers the OpenMetrics format, which has
	// exemplars and units, to clients that ask for it. The labels le of
	// histograms and quantile of summaries read differently in it: where they
	// hold a whole number, ".0" follows, and to a server that does not know
	// better those are other series. It means nothing if there are
	// AcceptedFormats.
	EnableOpenMetrics bool
	// EnableOpenMetricsTextCreatedSamples adds to OpenMetrics pages, for each
	// counter, summary and histogram, a line that tells since when it counts.
	// Its name ends in _created, and a server that does not know better takes
	// it for a series more.
	EnableOpenMetricsTextCreatedSamples bool
	// ProcessStartTime, unless it is zero, is sent in seconds since the Unix
	// epoch in the header Process-Start-Time-Unix of each response. It tells
	// since when counters have been counting.
	ProcessStartTime time.Time
	// AcceptedFormats are the formats a client may choose from; where it asks
	// for something that fits several, the one that stands first is taken. If
	// none fits, it gets the text format, or the first one if that is not among
	// them. Without any, they are expfmt.DefaultAcceptedFormats, or, with
	// EnableOpenMetrics, expfmt.DefaultOpenMetricsAcceptedFormats. A request
	// panics for which a format is chosen that expfmt does not know.
	AcceptedFormats []expfmt.Format
}

// offers returns the compressions a client may choose from.
func (o HandlerOpts) offers() []Compression {
	switch {
	case o.DisableCompression:
		return nil
	case len(o.OfferedCompressions) > 0:
		return slices.Clone(o.OfferedCompressions)
	default:
		return available()
	}
}

// formats returns the formats a client may choose from.
func (o HandlerOpts) formats() []expfmt.Format {
	switch {
	case len(o.AcceptedFormats) > 0:
		return slices.Clone(o.AcceptedFormats)
	case o.EnableOpenMetrics:
		return expfmt.DefaultOpenMetricsAcceptedFormats()
	default:
		return expfmt.DefaultAcceptedFormats()
	}
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
	// QuarantineOnError keeps what is wrong away from the rest of the page, which
	// is served.
	//
	// A Registry is gathered as if it were made with prometheus.QuarantineOpts
	// (which tells what that means): no Collector costs more than its own lines,
	// and none holds the page up beyond the deadline, which is a little before the
	// end of what the scraper says in X-Prometheus-Scrape-Timeout-Seconds, and
	// of HandlerOpts.Timeout. The metrics cresset_... on the page tell what is
	// missing. If the Registry was made with them, it goes by its own options.
	// prometheus.Gatherers are gathered as if they were one Registry: each of them
	// that is no Registry counts as one Collector.
	//
	// Any other Gatherer is called by one request at a time, whose result is
	// shared by those that come meanwhile. What it returns besides an error is
	// served. The answer has a status of 500 if that is nothing at all, and of 503
	// if the Gatherer has not come back by the deadline, or, without one, after a
	// minute. It is not called again until it has.
	//
	// A family that cannot be expressed in the format of the response is left
	// out. All this is counted at each request, but ErrorLog is told once, and
	// again when it has ended; errors that differ in numbers alone are the same.
	QuarantineOnError
)

// Logger is what a handler needs of a log; a *log.Logger is one.
type Logger interface {
	Println(v ...any)
}
