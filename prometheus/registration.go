package prometheus

import (
	"errors"
	"fmt"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// Registration is the place of one Collector in a Registry. RegisterWith and
// Replace return it to whom wants to take out or replace that very Collector later,
// whatever it describes. Any number of goroutines may use it.
//
// The zero Registration is of nothing.
type Registration struct {
	reg   Registerer             // that the Collector was given to
	place *registry.Registration // nil if reg registers nothing
}

// RegisterWith registers a Collector and returns its Registration. It fails
// where Register does, with the same errors.
//
// The Registerer must be a Registry, or one that WrapRegistererWith or
// WrapRegistererWithPrefix has made of one; for any other the error is
// errors.ErrUnsupported. Where nil stands for a Registerer, nothing is registered
// and there is no error.
func RegisterWith(reg Registerer, c Collector) (*Registration, error) {
	r, wrapped, err := inRegistry(reg, c)
	if err != nil || r == nil {
		return registrationOf(reg, nil, err)
	}
	if err := r.checkCycle(wrapped); err != nil {
		return nil, err
	}
	place, err := r.engine().Add(sourceOf(wrapped), describe(wrapped))
	return registrationOf(reg, place, explainExisting(err, wrapped))
}

// Replace registers a Collector in the place of those that describe the same
// metrics: the same full names with the same values of constant labels, of which
// one that both have is enough. All that those describe goes and the new Collector
// comes in one step: each gather has either the old ones or the new one. Help,
// unit, label names and type may be others than before.
//
// Collectors whose constant labels have other values are not replaced, such as those
// that are registered through a Registerer of WrapRegistererWith with other labels.
// So the help and the label names of a name that such a Collector uses, too, cannot
// change. Where constant labels are to change, keep the Registration and use its
// Replace.
//
// The Registrations of what was replaced are of nothing then. If there is nothing to
// replace, the Collector is only registered. If there is an
// error, nothing has changed. A Collector that describes nothing is refused, as
// nobody can tell what it would replace. For the Registerer the rules are those of
// RegisterWith.
func Replace(reg Registerer, c Collector) (*Registration, error) {
	r, wrapped, err := inRegistry(reg, c)
	if err != nil || r == nil {
		return registrationOf(reg, nil, err)
	}
	if err := r.checkCycle(wrapped); err != nil {
		return nil, err
	}
	place, err := r.engine().Replace(sourceOf(wrapped), describe(wrapped))
	return registrationOf(reg, place, err)
}

func registrationOf(reg Registerer, place *registry.Registration, err error) (*Registration, error) {
	if err != nil {
		return nil, err
	}
	return &Registration{reg, place}, nil
}

// Unregister takes the Collector out and tells whether it was still there. Unlike
// Registerer's Unregister, it takes out Collectors that describe nothing too, and it
// frees the full names that no other registered Collector uses: they can be
// registered with other help and labels afterwards. Where the Registerer's Unregister
// was first, the names stay bound, and it returns false.
func (g *Registration) Unregister() bool { return g.place != nil && g.place.Unregister() }

// Replace registers a Collector, through the same Registerer, in the place of the
// one that the Registration is of, in one step: each gather has either the old one
// or the new one. What the two describe has nothing to do with each other; either may
// describe nothing. The Registration is of the new Collector then.
//
// It returns an error, and nothing has changed, if the new one cannot be registered
// even when the old one is gone, or if the old one was taken out by somebody else.
func (g *Registration) Replace(c Collector) error {
	r, wrapped, err := inRegistry(g.reg, c)
	if err != nil || r == nil {
		return err
	}
	if err := r.checkCycle(wrapped); err != nil {
		return err
	}
	return explainExisting(g.place.Replace(sourceOf(wrapped), describe(wrapped)), wrapped)
}

// inRegistry returns the Registry that a Registerer registers with, nil if it
// registers nothing, and the Collector as it gives it to that.
func inRegistry(reg Registerer, c Collector) (*Registry, Collector, error) {
	for {
		switch r := reg.(type) {
		case nil:
			return nil, c, nil
		case *Registry:
			return r, c, nil
		case *wrappingRegisterer:
			c, reg = &wrappingCollector{c, r.wrap}, r.reg
		default:
			return nil, nil, fmt.Errorf("a Registerer of type %T has no registrations that can be replaced or taken out, only a Registry has and what wraps one: %w", reg, errors.ErrUnsupported)
		}
	}
}
