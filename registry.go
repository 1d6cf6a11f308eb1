package cresset

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// Registry holds metrics and shows them: to a scraper by its Handler, to a
// Pushgateway by a Pusher, to the node exporter by WriteTextfile. It is made by
// NewRegistry; any number of goroutines may use it.
//
// A name stands for one help text, one unit and one set of labels, and a metric
// with these constant labels exists once. What does not fit is an error where a
// metric is made.
type Registry struct {
	engine *registry.Registry // shared with all scopes, and with package prometheus

	mu   sync.Mutex               // guards held
	held []*registry.Registration // what was registered through this Registry
}

// NewRegistry returns an empty registry.
//
// Whatever is wrong with what it shows costs its own lines, and no others: a
// series that is invalid or a duplicate costs itself; a function that panics or
// does not come back in time, such as that of a CounterFunc or a Collector of
// package prometheus, costs what it would have shown. The page is served without
// them, what was left out is logged when it begins and when it has ended, and
// counted on the same page:
//
//   - cresset_quarantined_series_total{family,reason}: series that were left out,
//     those of functions among them
//   - cresset_collector_failures_total{collector,reason}: how often a Collector of
//     package prometheus failed, with cresset_collector_success{collector} and
//     cresset_collector_duration_seconds{collector} beside it
//
// Updates that make no sense and are left out, such as a counter that is to fall, are
// logged once for each place in the program, and counted in
// cresset_misuse_total{metric,reason}.
//
// How long a function may take is said by the scraper, which tells its timeout in
// a header; a function that has not come back is not called again until it has.
// With the option Strict, whatever would be left out is an error of the whole page
// instead.
func NewRegistry(opts ...RegistryOption) *Registry {
	var o registryOptions
	for _, opt := range opts {
		opt(&o)
	}
	engine := &registry.Registry{}
	engine.CountMisuse(o.log)
	if o.maxSeries < 0 {
		panic(fmt.Errorf("cresset.LimitSeries: the limit must not be negative, but is %d", o.maxSeries))
	}
	if o.maxSeries > 0 {
		engine.LimitSeries(o.maxSeries, o.onOverflow)
	}
	if !o.strict {
		engine.Quarantine = &registry.Quarantine{Timeout: o.timeout, ServeLast: o.serveLast, Report: registry.LogTo(o.log)}
	}
	return On(engine)
}

// RegistryOption is an option of NewRegistry.
type RegistryOption func(*registryOptions)

type registryOptions struct {
	strict             bool
	timeout, serveLast time.Duration
	log                *slog.Logger // nil for the default one
	maxSeries          int          // 0 for no limit
	onOverflow         func(name string, labels []string)
}

// LimitSeries limits how many series all vectors of the registry may have together.
// Beyond that, what is new in a vector shares the series of that vector whose
// labels are all "__overflow__", and which is not counted. How often there was no
// room is counted in cresset_series_overflow_total{metric} on the registry's page.
//
// The function, unless it is nil, is called with the name of the vector and the
// label values that there is no room for, each time that they are asked for, and
// must not keep the values. There is no limit if it is zero; NewRegistry panics if
// it is negative.
func LimitSeries(most int, onOverflow func(name string, labels []string)) RegistryOption {
	return func(o *registryOptions) { o.maxSeries, o.onOverflow = most, onOverflow }
}

// Strict has nothing served as long as anything is wrong: a scrape is then
// answered with status 500 and all that is wrong, and a function that does not come
// back holds up every page. It is for tests, and for those who would rather miss a
// page than a line. CollectTimeout and ServeLast mean nothing with it.
func Strict() RegistryOption { return func(o *registryOptions) { o.strict = true } }

// CollectTimeout is the most that a function or a collector may take. If it is zero
// or less, as by default, that is what the scraper says, or, if nobody says
// anything, a minute.
func CollectTimeout(d time.Duration) RegistryOption {
	return func(o *registryOptions) { o.timeout = d }
}

// ServeLast is for how long the last good result of a function or a collector stands
// in where it fails or does not come back in time. If it is zero or less, as by
// default, its lines are missing.
func ServeLast(d time.Duration) RegistryOption {
	return func(o *registryOptions) { o.serveLast = d }
}

// Log says which log is told what is left out of a page, and of metrics that are
// used wrongly. By default, or if it is nil, that is slog.Default().
func Log(log *slog.Logger) RegistryOption { return func(o *registryOptions) { o.log = log } }

// On returns a Registry on an engine that exists already. It is for package
// prometheus, so that both APIs can share one page; others use NewRegistry.
func On(engine *registry.Registry) *Registry { return &Registry{engine: engine} }

// Engine returns what the registry stands on. It is for the packages of this
// module.
func (r *Registry) Engine() *registry.Registry { return r.engine }

// register adds a source that exposes the metrics that d describes.
func (r *Registry) register(d *registry.Desc, s registry.Source) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	registration, err := r.engine.Add(named(s, d.Name), []*registry.Desc{d})
	var exists registry.AlreadyRegistered
	switch {
	case err == nil:
		r.held = append(r.held, registration)
		return nil
	case d.Err != nil:
		return fmt.Errorf("metric %q cannot be made: %w", d.Name, d.Err)
	case errors.As(err, &exists):
		return fmt.Errorf("metric %q exists already: use the one that is there, or tell the two apart by ConstLabels", d.Name)
	default:
		return fmt.Errorf("metric %q cannot be registered: %w", d.Name, err)
	}
}

// named returns a source of one family that the registry can call by its name: one
// that runs foreign code has to have one.
func named(s registry.Source, family string) registry.Source {
	if _, quick := s.(registry.Quick); quick {
		return s
	}
	if _, foreign := s.(registry.Foreign); foreign {
		return s
	}
	return &namedSource{s, family}
}

type namedSource struct {
	registry.Source
	family string
}

// Name implements registry.Foreign.
func (s *namedSource) Name() (name string, isFamily bool) { return s.family, true }

// Scope returns the same registry once more, for a part of the program that may
// end before the program does: a plugin, a tenant, a connection. Metrics made
// through the scope stand beside all others, and Unregister of the scope removes
// them together.
func (r *Registry) Scope() *Registry { return On(r.engine) }

// Unregister removes all metrics that were registered through this Registry,
// those of its scopes not among them, and frees their names for metrics of
// whatever kind. A handle of a removed metric can still be used, but nobody sees
// its updates any more.
func (r *Registry) Unregister() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, registration := range r.held {
		registration.Unregister()
	}
	r.held = nil
}

// Page returns what the registry exposes now. It is for the packages of this
// module; others use Handler or WriteText. If it returns an error too, the page
// holds what could be had in spite of it.
func (r *Registry) Page() (*registry.Page, error) { return r.pageBy(time.Time{}) }

// pageBy is Page by a deadline, which is the zero time if there is none, and which a
// strict registry does not know.
func (r *Registry) pageBy(deadline time.Time) (*registry.Page, error) {
	if q := r.engine.Quarantine; q != nil {
		page, _ := q.Gather(r.engine, deadline, explain) // has reported what is left out
		return page, nil
	}
	page, errs := r.engine.Gather(explain)
	return page, errors.Join(errs...)
}

// explain shows a series in an error message by its labels.
func explain(run *registry.Run, i int) string { return run.Rows.Labels(i).Text() }
