package prometheus

import (
	"log/slog"
	"time"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// RegistryOpts are the options of a registry. The zero value is that of
// NewRegistry.
type RegistryOpts struct {
	// Pedantic has the registry check, each time it gathers, that Collectors
	// send what they described. It is for tests.
	Pedantic bool
	// Quarantine, unless it is nil, keeps what is wrong away from the rest of the
	// page. Without it, what is wrong is an error of Gather, and a Collector that
	// hangs holds every gather up.
	Quarantine *QuarantineOpts
}

// QuarantineOpts are the options of a registry in quarantine. The zero value is
// good for most.
//
// A registry in quarantine leaves out what is wrong and serves the rest: Gather
// never returns an error. A series that is invalid or a duplicate costs itself;
// of families that disagree in help or type, the one registered first stays. A
// Collector that panics, or ends in another way than by returning, costs what
// it had not sent by then; one that does not come back in time costs all that it
// sends, and is not called again until it is back. A Collector is called by one
// gather at a time; another one that comes meanwhile waits for the same call and
// shares what it sends.
//
// How long a Collector may take is said by the scraper, where promhttp serves the
// registry: Prometheus tells its timeout in a header, of which half a second, or a
// quarter if that is less, is kept for sending the page. The time counts from when
// the Collector was called. Collectors that can stop early implement
// ContextCollector.
//
// What was left out, and why, is logged when it begins and when it has ended, not
// at every gather, and counted in metrics on the same page:
//
//   - cresset_quarantined_series_total{family,reason}: series that were left out,
//     including those of functions such as GaugeFunc, and metrics whose Write
//     failed. The reason is invalid, duplicate, conflict, panic, error or timeout.
//     Beyond a thousand families, the others share the family __overflow__.
//   - cresset_collector_failures_total{collector,reason}: gathers during which a
//     Collector failed. The collector is its type, or, of a CollectorFunc, the
//     name of the function; of several that are called the same, all but the first
//     have a number besides.
//   - cresset_collector_success{collector}: 1 if the Collector came back in time
//     for this page and reported nothing wrong, 0 otherwise.
//   - cresset_collector_duration_seconds{collector}: how long it took, or has
//     taken so far.
//   - cresset_collector_result_age_seconds{collector}: with ServeLast, how old is
//     what the page has of it; 0 if it is new.
//
// The last three are there for every Collector that is neither a metric nor a
// vector of this package. A Collector's own families of these names are left out.
type QuarantineOpts struct {
	// Timeout is the most that a Collector may take. If it is zero or less, that
	// is what the scraper says, or, if nobody says anything, a minute.
	Timeout time.Duration
	// ServeLast is for how long the last good result of a Collector stands in
	// where it fails or does not come back in time. If it is zero or less, its
	// lines are missing. A result that came too late is one too, so that a
	// Collector that is slower than any scrape may take is served one behind.
	ServeLast time.Duration
	// Logger is told what is left out, as a warning, and when that has ended.
	// Without one, it is slog.Default().
	Logger *slog.Logger
}

// NewRegistryWith returns an empty registry with these options.
func NewRegistryWith(opts RegistryOpts) *Registry {
	r := &Registry{registry.Registry{Pedantic: opts.Pedantic}}
	if q := opts.Quarantine; q != nil {
		r.r.Quarantine = &registry.Quarantine{Timeout: q.Timeout, ServeLast: q.ServeLast, Report: registry.LogTo(q.Logger)}
	}
	return r
}
