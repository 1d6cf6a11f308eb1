package promhttp

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
)

// inQuarantine returns a source that gathers in quarantine, if the Gatherer is of a
// kind that can, and was made so or the options say so. It goes by the exact type:
// one that embeds ours may have a Gather of its own.
func inQuarantine(g prometheus.Gatherer, opts HandlerOpts) (s source, ok bool) {
	var q *registry.Quarantine
	if opts.ErrorHandling == QuarantineOnError {
		q = &registry.Quarantine{Report: reportTo(opts.ErrorLog)}
	}
	var gather func(deadline time.Time) (*registry.Page, []registry.Event)
	switch g := g.(type) {
	case *prometheus.Registry:
		gather = g.Quarantined(q)
	case prometheus.Gatherers:
		gather = g.Quarantined(q)
	}
	if gather == nil {
		return source{}, false
	}
	return source{punctual: true, gather: func(deadline time.Time) gathered {
		page, leftOut := gather(deadline)
		return gathered{page: page, leftOut: len(leftOut) > 0, done: func() {}}
	}}, true
}

// gathering returns how a handler gathers for a request.
func (s source) gathering(opts HandlerOpts) func(*http.Request) (gathered, error) {
	switch {
	case opts.ErrorHandling == QuarantineOnError && !s.punctual:
		c := &coalescer{source: s.guarded()}
		return func(r *http.Request) (gathered, error) { return c.joinUntil(r.Context(), deadline(r)) }
	case opts.CoalesceGather:
		c := &coalescer{source: s}
		return func(r *http.Request) (gathered, error) { return c.join(r.Context(), s.deadline(r)) }
	default:
		return func(r *http.Request) (gathered, error) { return s.gather(s.deadline(r)), nil }
	}
}

// deadline returns the deadline of a request, the zero time if it would not be
// kept.
func (s source) deadline(r *http.Request) time.Time {
	if !s.punctual {
		return time.Time{}
	}
	return deadline(r)
}

func deadline(r *http.Request) time.Time {
	return registry.Deadline(r.Context(), r.Header.Get(registry.ScrapeTimeoutHeader))
}

// guarded returns a source whose panics are errors.
func (s source) guarded() source {
	return source{gather: func(deadline time.Time) (g gathered) {
		defer func() {
			if cause := recover(); cause != nil {
				stack := make([]byte, 64<<10)
				stack = stack[:runtime.Stack(stack, false)]
				g = gathered{err: fmt.Errorf("the gatherer panicked: %v\nstack trace=%s", cause, stack), done: func() {}}
			}
		}()
		return s.gather(deadline)
	}}
}

// known is what a handler's ErrorLog was told already. All methods may be called by
// several goroutines at once.
type known struct {
	log      Logger // may be nil
	requests atomic.Uint64
	ledger   registry.Ledger
}

// inGathering is the scope of errors that come with what is gathered; that of
// errors in encoding is the format.
const inGathering = ""

// number returns the number of a request.
func (k *known) number() uint64 {
	if k == nil {
		return 0
	}
	return k.requests.Add(1)
}

// settle logs those errors that are new, and, if all that there is in this scope
// was looked at, which of them have ended.
func (k *known) settle(number uint64, scope string, all bool, message string, errs []error) {
	events := make([]registry.Event, 0, len(errs))
	for _, err := range errs {
		events = append(events, registry.Event{Collector: gist(err), Err: func() error { return err }})
	}
	for _, e := range k.ledger.Settle(number, scope, all, events) {
		switch {
		case k.log == nil:
		case e.Over:
			k.log.Println("no longer:", message, e.Collector)
		default:
			k.log.Println(message, e.Err())
		}
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// gist returns that by which an error is known again: how it begins, as what
// follows may be a stack, and without its numbers, which may be the time or a port.
func gist(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	line = digits.ReplaceAllString(line, "#")
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "")
	}
	return line
}

// reportTo returns what tells a log of the events of a registry, nil if there is no
// log.
func reportTo(log Logger) func(registry.Event) {
	if log == nil {
		return nil
	}
	return func(e registry.Event) {
		what := fmt.Sprintf("metric family %q left out (%s)", e.Family, e.Reason)
		if e.Collector != "" {
			what = fmt.Sprintf("collector %s left out (%s)", e.Collector, e.Reason)
		}
		if e.Over {
			log.Println("no longer:", gatheringFailed, what)
			return
		}
		log.Println(gatheringFailed, what+":", e.Err())
	}
}
