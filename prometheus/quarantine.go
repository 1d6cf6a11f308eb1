package prometheus

import (
	"errors"
	"fmt"
	"time"

	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/multierror"
)

// Quarantined returns what gathers from the registry by a deadline, which is the
// zero time if there is none, for the packages of this module: in the registry's
// own quarantine, or else in the given one. It is nil if there is neither. What was
// left out is returned if it was the given one.
func (r *Registry) Quarantined(q *registry.Quarantine) func(deadline time.Time) (*registry.Page, []registry.Event) {
	engine := r.engine()
	switch own := engine.Quarantine; {
	case own != nil:
		return func(deadline time.Time) (*registry.Page, []registry.Event) {
			page, _ := own.Gather(engine, deadline, explain)
			return page, nil
		}
	case q != nil:
		return func(deadline time.Time) (*registry.Page, []registry.Event) {
			return q.Gather(engine, deadline, explain)
		}
	default:
		return nil
	}
}

// Quarantined returns what gathers from all Gatherers together, as if they were one
// registry: each Collector of a Registry is on its own, and so is each Gatherer that
// is none. Otherwise it is like the method of Registry.
func (gs Gatherers) Quarantined(q *registry.Quarantine) func(deadline time.Time) (*registry.Page, []registry.Event) {
	if q == nil {
		return nil
	}
	members := gs.members()
	return func(deadline time.Time) (*registry.Page, []registry.Event) {
		return q.GatherAll(members, deadline, explain)
	}
}

// members returns the registries among the Gatherers, and for each that is none a
// registry of its own, in their order.
func (gs Gatherers) members() []*registry.Registry {
	var all []*registry.Registry
	for _, g := range gs {
		switch g := g.(type) {
		case *Registry:
			all = append(all, g.engine())
		case Gatherers:
			all = append(all, g.members()...)
		default:
			alone := new(registry.Registry)
			alone.Register(&gathererSource{g}, nil) // what describes nothing is never refused
			all = append(all, alone)
		}
	}
	return all
}

// gathererSource is a Gatherer as a source of a registry.
type gathererSource struct{ g Gatherer }

// Name implements registry.Foreign.
func (s *gathererSource) Name() (name string, isFamily bool) {
	if f, ok := s.g.(GathererFunc); ok {
		return nameOf(f), false
	}
	return fmt.Sprintf("%T", s.g), false
}

// Collect adds what the Gatherer has now.
func (s *gathererSource) Collect(b *registry.Batch) {
	families, err := s.g.Gather()
	for _, err := range multierror.Each[MultiError](err) {
		b.Fail(registry.Because(registry.Failed, "", err))
	}
	for _, mf := range families {
		if mf == nil {
			b.Fail(registry.Because(registry.Invalid, "", errors.New("a nil metric family")))
			continue
		}
		run, errs := runOf(mf)
		for _, err := range errs {
			b.Fail(registry.Because(registry.Invalid, mf.GetName(), err))
		}
		b.Add(run)
	}
}
