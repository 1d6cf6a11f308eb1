package prometheus

import (
	"errors"
	"fmt"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// Registerer is the part of a registry that things are registered with.
type Registerer interface {
	// Register adds a Collector. It returns an error if what the Collector
	// describes is not valid or does not fit what is registered already. An
	// AlreadyRegisteredError names the Collector that describes the same.
	Register(Collector) error
	// MustRegister adds Collectors and panics at the first error.
	MustRegister(...Collector)
	// Unregister removes the Collector that describes what this one does, and
	// tells whether there was one. Names stay bound to their help and labels.
	Unregister(Collector) bool
}

// Gatherer is the part of a registry that metrics are had from.
type Gatherer interface {
	// Gather returns all families with their metrics: families by name,
	// metrics by label values. If it returns an error too, the families are
	// what could be had in spite of it.
	Gather() ([]*dto.MetricFamily, error)
}

// DefaultRegisterer and DefaultGatherer are what the functions of this package
// and of promauto use when they are given no registry. At the start both are
// the same Registry, which has collectors of the Go runtime and of the process.
// Replace them, if at all, before anything uses them.
var (
	defaultRegistry              = NewRegistry()
	DefaultRegisterer Registerer = defaultRegistry
	DefaultGatherer   Gatherer   = defaultRegistry
)

// Register adds a Collector to the DefaultRegisterer.
func Register(c Collector) error { return DefaultRegisterer.Register(c) }

// MustRegister adds Collectors to the DefaultRegisterer and panics at the first
// error.
func MustRegister(cs ...Collector) { DefaultRegisterer.MustRegister(cs...) }

// Unregister removes a Collector from the DefaultRegisterer and tells whether
// there was one.
func Unregister(c Collector) bool { return DefaultRegisterer.Unregister(c) }

// Registry holds Collectors and gathers what they collect. The zero value is
// what NewRegistry returns; any number of goroutines may use it.
//
// A Registry is a Collector too, so that one can be registered with another, but
// not with itself, nor with one that is registered with it.
type Registry struct {
	r      registry.Registry
	shared *registry.Registry // is used in place of r unless it is nil
}

// engine returns what the registry stands on.
func (r *Registry) engine() *registry.Registry {
	if r.shared != nil {
		return r.shared
	}
	return &r.r
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return NewRegistryWith(RegistryOpts{}) }

// NewPedanticRegistry returns an empty registry that also checks, each time it
// gathers, that Collectors send what they described. It is for tests.
func NewPedanticRegistry() *Registry { return NewRegistryWith(RegistryOpts{Pedantic: true}) }

// explain shows a series in an error message as its protobuf message would be
// shown.
func explain(run *registry.Run, i int) string {
	one := make([]exposition.Series, 1)
	run.Rows.Fill(i, one)
	s := &one[0]
	if origin, ok := s.Origin.(message.Origin); ok {
		return origin.Metric.String()
	}
	out := &dto.Metric{}
	message.Store(run.Type, s, out)
	return out.String()
}

// Register implements Registerer.
func (r *Registry) Register(c Collector) error {
	if err := r.checkCycle(c); err != nil {
		return err
	}
	return explainExisting(r.engine().Register(sourceOf(c), describe(c)), c)
}

// checkCycle refuses a registry that would collect itself.
func (r *Registry) checkCycle(c Collector) error {
	if inner, ok := unwrap(c).(*Registry); ok && (inner.engine() == r.engine() || inner.holds(r)) {
		return errors.New("a registry cannot be registered with itself or with one that is registered with it: to collect it would never end")
	}
	return nil
}

// explainExisting names both Collectors where c describes what another one does.
func explainExisting(err error, c Collector) error {
	var exists registry.AlreadyRegistered
	if errors.As(err, &exists) {
		return AlreadyRegisteredError{ExistingCollector: unwrap(collectorOf(exists.Existing, describe(c))), NewCollector: c}
	}
	return err
}

// holds tells whether the other registry is registered with this one, directly or
// by way of others.
func (r *Registry) holds(other *Registry) bool {
	return slices.ContainsFunc(r.engine().Sources(), func(s registry.Source) bool {
		inner, ok := unwrap(collectorOf(s, nil)).(*Registry)
		return ok && (inner.engine() == other.engine() || inner.holds(other))
	})
}

// unwrap returns the Collector inside all wrappings.
func unwrap(c Collector) Collector {
	if wrapped, ok := c.(*wrappingCollector); ok {
		c, _ = wrapped.unwrapped()
	}
	return c
}

// MustRegister implements Registerer.
func (r *Registry) MustRegister(cs ...Collector) {
	for _, c := range cs {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements Registerer.
func (r *Registry) Unregister(c Collector) bool { return r.engine().Unregister(describe(c)) }

// describe returns what a Collector describes.
func describe(c Collector) []*registry.Desc {
	var descs []*registry.Desc
	for _, d := range receive(c.Describe) {
		if d == nil {
			d = NewInvalidDesc(fmt.Errorf("a collector of type %T sent a nil descriptor", c))
		}
		descs = append(descs, d.described())
	}
	return descs
}

// Gather implements Gatherer.
func (r *Registry) Gather() ([]*dto.MetricFamily, error) {
	page, err := r.Page()
	var families message.Families
	page.Write(&families)
	return families.All(), err
}

// MustGather is Gather, but panics where that returns an error.
func (r *Registry) MustGather() []*dto.MetricFamily {
	families, err := r.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

// Page returns what the registry exposes now, for the packages of this module
// that write it in one of the exposition formats; others use Gather. If it
// returns an error too, the page holds what could be had in spite of it.
func (r *Registry) Page() (*registry.Page, error) {
	page, errs := r.engine().Gather(explain)
	return page, MultiError(errs).MaybeUnwrap()
}

// Describe implements Collector: it sends the Descs of all Collectors that sent
// some when they were registered.
func (r *Registry) Describe(ch chan<- *Desc) {
	for _, d := range r.engine().Descs() {
		ch <- &Desc{d}
	}
}

// Collect implements Collector: it sends what all Collectors send.
func (r *Registry) Collect(ch chan<- Metric) {
	for _, s := range r.engine().Sources() {
		collectorOf(s, nil).Collect(ch)
	}
}
