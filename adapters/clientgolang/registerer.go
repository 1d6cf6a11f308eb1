package clientgolang

import (
	"errors"

	ours "github.com/cresset-metrics/cresset/prometheus"
	theirs "github.com/prometheus/client_golang/prometheus"
)

// ToRegisterer makes a Registerer of ours one of client_golang, for code that
// wants one to register its metrics with. A nil Registerer stays nil, which most
// of such code takes as the wish to register nothing.
//
// Its Register returns an AlreadyRegisteredError of client_golang, whose Collectors
// are those that were registered through client_golang. If the existing one was
// registered with ours, it is one that ToCollector has made. Other errors are those
// of the Registerer.
//
// A Registerer that FromRegisterer has made is what it was made of again.
func ToRegisterer(reg ours.Registerer) theirs.Registerer {
	switch reg := reg.(type) {
	case nil:
		return nil
	case *fromRegisterer:
		return reg.reg
	}
	return &toRegisterer{reg}
}

type toRegisterer struct{ reg ours.Registerer }

func (t *toRegisterer) Register(c theirs.Collector) error {
	err := t.reg.Register(FromCollector(c))
	if exists, ok := errors.AsType[ours.AlreadyRegisteredError](err); ok {
		return theirs.AlreadyRegisteredError{
			ExistingCollector: unwrapTheirs(ToCollector(exists.ExistingCollector)),
			NewCollector:      c,
		}
	}
	return err
}

func (t *toRegisterer) MustRegister(cs ...theirs.Collector) {
	for _, c := range cs {
		if err := t.Register(c); err != nil {
			panic(err)
		}
	}
}

func (t *toRegisterer) Unregister(c theirs.Collector) bool {
	return t.reg.Unregister(FromCollector(c))
}

// unwrapTheirs returns what was registered through a wrapped Registerer of
// client_golang, which is what its users expect as the existing Collector. Only a
// registry of theirs knows it, and tells when something is registered twice.
func unwrapTheirs(c theirs.Collector) theirs.Collector {
	reg := theirs.NewRegistry()
	if err := reg.Register(c); err != nil {
		return c
	}
	if exists, ok := errors.AsType[theirs.AlreadyRegisteredError](reg.Register(c)); ok {
		return exists.ExistingCollector
	}
	return c
}

// FromRegisterer makes a Registerer of client_golang one of ours, for code that
// uses ours and is to register its metrics with a registry of client_golang. A nil
// Registerer stays nil.
//
// Its Register returns an AlreadyRegisteredError of ours, whose Collectors are
// those that were registered through ours. If the existing one was registered with
// client_golang, it is one that FromCollector has made. Other errors are those of
// the Registerer.
//
// A Registerer that ToRegisterer has made is what it was made of again.
func FromRegisterer(reg theirs.Registerer) ours.Registerer {
	switch reg := reg.(type) {
	case nil:
		return nil
	case *toRegisterer:
		return reg.reg
	}
	return &fromRegisterer{reg}
}

type fromRegisterer struct{ reg theirs.Registerer }

func (f *fromRegisterer) Register(c ours.Collector) error {
	err := f.reg.Register(ToCollector(c))
	if exists, ok := errors.AsType[theirs.AlreadyRegisteredError](err); ok {
		return ours.AlreadyRegisteredError{
			ExistingCollector: unwrapOurs(FromCollector(exists.ExistingCollector)),
			NewCollector:      c,
		}
	}
	return err
}

func (f *fromRegisterer) MustRegister(cs ...ours.Collector) {
	for _, c := range cs {
		if err := f.Register(c); err != nil {
			panic(err)
		}
	}
}

func (f *fromRegisterer) Unregister(c ours.Collector) bool {
	return f.reg.Unregister(ToCollector(c))
}

// unwrapOurs does for ours what unwrapTheirs does for theirs.
func unwrapOurs(c ours.Collector) ours.Collector {
	reg := ours.NewRegistry()
	if err := reg.Register(c); err != nil {
		return c
	}
	if exists, ok := errors.AsType[ours.AlreadyRegisteredError](reg.Register(c)); ok {
		return exists.ExistingCollector
	}
	return c
}
