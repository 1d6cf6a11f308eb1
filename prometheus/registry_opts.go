package prometheus

import (
	"fmt"
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

	// MaxSeries is how many series all vectors of this package that are registered
	// with the registry may have together; there is no limit if it is zero. Beyond
	// it, what is new in a vector shares the series of that vector whose label
	// values are all "__overflow__", as with Opts.MaxSeries; those are not counted.
	// What a vector has when it is registered stays. It must not be negative.
	//
	// How often there was no room, for this limit or that of a vector, is counted in
	// cresset_series_overflow_total{metric} on the registry's page.
	MaxSeries int
	// OnOverflow, unless it is nil, is called with the name of a vector, as the
	// registry knows it, and label values that MaxSeries leaves no room for, each
	// time that they are asked for. Whoever asks waits for it. It must not keep the
	// values.
	OnOverflow func(name string, labelValues []string)

	// CountMisuse keeps wrong calls on the metrics and vectors of this package that
	// are registered with the registry from panicking. They are counted, in
	// cresset_misuse_total{metric,reason} on the registry's page, and have no effect:
	//
	//   - WithLabelValues and With, where GetMetricWithLabelValues and GetMetricWith
	//     would return an error, return a metric that works but is not exposed. So
	//     does Pin; Lookup finds nothing. The reason is label_count, label_names or
	//     invalid_utf8.
	//   - Add of a counter leaves out an amount that is negative: negative_add.
	//   - AddWithExemplar and ObserveWithExemplar leave out an exemplar that is not
	//     valid, but take in the value: invalid_exemplar.
	//
	// Whatever else panics does so as ever, such as MustCurryWith and vectors of
	// metrics of your own.
	//
	// Calls are counted from when a metric is registered until it is unregistered,
	// also those on curried vectors, on what is registered through a Registerer that
	// adds labels or a prefix, and on vectors inside a Collector that describes them,
	// be it another registry, if they are there when that is registered. The label
	// metric is the name by which this registry knows it. Where a metric is registered
	// with several registries, nothing panics if one of them counts, and all that do
	// count it.
	//
	// The page has the counts of this registry's metrics alone, and Collect, which
	// serves to register the registry with another one, does not send them.
	CountMisuse bool
	// MisuseLogger is told of each place in the program that calls wrongly, once
	// for each metric and reason. If it is nil, it is slog.Default().
	MisuseLogger *slog.Logger
}

// QuarantineOpts are the options of a registry in quarantine. The zero value is
// good for most.
//
// A registry in quarantine leaves out what is wrong and serves the rest: Gather
// never returns an error. A series that is invalid or a duplicate costs itself;
// of families that disagree in help or type, the one registered first stays. A
// Collector that panics, or ends in another way than by returning, costs what
// it had not sent by then; one that does not come back in time costs all that it
// sends, and is not called again until it is back. What a goroutine sends that a
// Collector has left behind is lost, where without quarantine that ends the program.
// A Collector is called by one
// gather at a time; another one that comes meanwhile waits for the same call and
// shares what it sends. Each Collector of a Registry that is registered with this
// one counts by itself.
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

// NewRegistryWith returns an empty registry with these options. It panics if
// MaxSeries is negative.
func NewRegistryWith(opts RegistryOpts) *Registry {
	if opts.MaxSeries < 0 {
		panic(fmt.Errorf("MaxSeries of a registry must not be negative, but is %d", opts.MaxSeries))
	}
	r := &Registry{r: registry.Registry{Pedantic: opts.Pedantic}}
	if opts.MaxSeries > 0 {
		r.r.LimitSeries(opts.MaxSeries, opts.OnOverflow)
	}
	if opts.CountMisuse {
		r.r.CountMisuse(opts.MisuseLogger)
	}
	if q := opts.Quarantine; q != nil {
		r.r.Quarantine = &registry.Quarantine{Timeout: q.Timeout, ServeLast: q.ServeLast, Report: registry.LogTo(q.Logger)}
	}
	return r
}
