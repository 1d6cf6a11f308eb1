package cresset

import (
	"slices"
	"strings"
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// StateSet tells which of some states something is in: one of them, or any number
// of them. It is a gauge for each state, 1 or 0, with the state in a label that
// has the name of the metric. Every scrape sees the states as they were at one
// moment.
type StateSet[S ~string] struct {
	family *family
	states []S                  // in the order of exposition, as are the following
	labels []*exposition.Labels // of the series

	mu sync.Mutex // guards what follows
	on []bool
}

// NewStateSet makes a state set of these states, none of which is on, and
// registers it. It panics where TryNewStateSet returns an error.
func NewStateSet[S ~string](reg *Registry, name, help string, states []S, options ...Option) *StateSet[S] {
	return must(TryNewStateSet(reg, name, help, states, options...))
}

// TryNewStateSet is NewStateSet, but returns an error if the name or an option is
// not valid, if there is no state, one is not UTF-8 or occurs twice, or if the
// registry has a metric of that name which does not go with this one.
func TryNewStateSet[S ~string](reg *Registry, name, help string, states []S, options ...Option) (*StateSet[S], error) {
	c := configOf(options)
	states = slices.Sorted(slices.Values(states))
	if len(states) == 0 {
		c.refuse("there is no state")
	}
	for i, state := range states {
		if i > 0 && state == states[i-1] {
			c.refuse("state %q occurs twice", string(state))
		}
		if strings.ToValidUTF8(string(state), "") != string(state) {
			c.refuse("state %q is not valid UTF-8", string(state))
		}
	}
	f, err := newFamily(exposition.Gauge, name, help, []string{name}, c)
	if err != nil {
		return nil, err
	}
	s := &StateSet[S]{family: f, on: make([]bool, len(states))}
	for _, state := range states {
		labels := f.desc.Schema.Labels([]string{string(state)})
		s.labels = append(s.labels, &labels)
		s.states = append(s.states, S(strings.Clone(string(state))))
	}
	if err := f.register(reg, stateSource[S]{s}); err != nil {
		return nil, err
	}
	return s, nil
}

// Set turns these states on and all others off, in one step for every scrape.
// What is none of the set's states is left out.
func (s *StateSet[S]) Set(states ...S) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.on)
	s.turn(true, states)
}

// Enable turns these states on, in one step for every scrape. What is none of the
// set's states is left out.
func (s *StateSet[S]) Enable(states ...S) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(true, states)
}

// Disable turns these states off, in one step for every scrape.
func (s *StateSet[S]) Disable(states ...S) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(false, states)
}

// turn needs the lock.
func (s *StateSet[S]) turn(on bool, states []S) {
	for _, state := range states {
		if i, found := slices.BinarySearch(s.states, state); found {
			s.on[i] = on
		}
	}
}

// now returns the series as they are at this moment.
func (s *StateSet[S]) now() values {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := make(values, len(s.states))
	for i, on := range s.on {
		v[i].labels = s.labels[i]
		if on {
			v[i].value = 1
		}
	}
	return v
}

type stateSource[S ~string] struct{ set *StateSet[S] }

// Quick says that Collect neither waits nor runs foreign code.
func (stateSource[S]) Quick() {}

// Collect adds the series.
func (s stateSource[S]) Collect(b *registry.Batch) { b.Add(s.set.family.run(s.set.now())) }
