// Package registry knows which families exist. It decides what may be
// registered beside what, and brings together what all sources expose into one
// page: families by name, series in label order, each series once.
//
// Both the drop-in and the native API stand on it.
package registry

import (
	"fmt"
	"slices"
	"sync"
)

// Source is what a registry gathers from.
type Source interface {
	// Collect adds what the source exposes now. It may be called by several
	// goroutines at once. The batch must not be used after it has returned.
	Collect(*Batch)
}

// Registry holds sources. The zero value is empty and ready.
type Registry struct {
	// Pedantic makes a gather check each series against the descs that were
	// registered. It is set before the registry is used.
	Pedantic bool
	// Quarantine, unless it is nil, keeps what is wrong away from the rest of
	// the page. It is set before the registry is used.
	Quarantine *Quarantine

	mu      sync.RWMutex // guards what follows; never held while a source is asked
	checked []*entry     // in the order of registration; empty ones were unregistered
	empty   int          // how many of checked are
	byDescs map[string]*entry
	others  []Source // those that describe nothing, and so cannot be checked
	ids     map[string]struct{}
	dims    map[string]string // by name; kept when a source goes
}

// entry is a registered source with the descs it was registered with. The set of
// those is its key in byDescs.
type entry struct {
	source Source
	descs  []*Desc // each once
}

// AlreadyRegistered is the error for a source whose descs are exactly those of
// a source that is there.
type AlreadyRegistered struct{ Existing Source }

func (AlreadyRegistered) Error() string { return "duplicate metrics collector registration attempted" }

// Register adds a source that exposes what descs describe. Without any desc it
// is not checked at all, neither now nor against later ones.
func (r *Registry) Register(source Source, descs []*Desc) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(descs) == 0 {
		r.others = append(r.others, source)
		return nil
	}
	var duplicate error
	newDims := make(map[string]string)
	for _, d := range descs {
		if d.Err != nil {
			return fmt.Errorf("descriptor %s is invalid: %w", d, d.Err)
		}
		if _, taken := r.ids[d.id]; taken {
			duplicate = fmt.Errorf("descriptor %s already exists with the same fully-qualified name and const label values", d)
		}
		if dims, known := r.dims[d.Name]; known {
			if dims != d.dims {
				return fmt.Errorf("a previously registered descriptor with the same fully-qualified name as %s has different label names or a different help string", d)
			}
			continue
		}
		if dims, known := newDims[d.Name]; known && dims != d.dims {
			return fmt.Errorf("descriptors reported by collector have inconsistent label names or help strings for the same fully-qualified name, offender is %s", d)
		}
		newDims[d.Name] = d.dims
	}
	key := setKey(descs)
	if duplicate != nil {
		// Without one, no source that is there can have the same descs.
		if e, known := r.byDescs[key]; known {
			return AlreadyRegistered{Existing: e.source}
		}
		return duplicate
	}
	if r.ids == nil {
		r.ids, r.dims, r.byDescs = make(map[string]struct{}), make(map[string]string), make(map[string]*entry)
	}
	// A source may describe each of a million series.
	var once []*Desc
	for _, d := range descs {
		if _, known := r.ids[d.id]; !known {
			r.ids[d.id] = struct{}{}
			once = append(once, d)
		}
	}
	e := &entry{source: source, descs: once}
	r.checked = append(r.checked, e)
	r.byDescs[key] = e
	for name, dims := range newDims {
		r.dims[name] = dims
	}
	return nil
}

// Unregister removes the source that was registered with these descs and tells
// whether there was one. What the names stood for stays known: a later source
// must still use them with the same help and labels.
func (r *Registry) Unregister(descs []*Desc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := setKey(descs)
	e, known := r.byDescs[key]
	if !known {
		return false
	}
	for _, d := range e.descs {
		delete(r.ids, d.id)
	}
	delete(r.byDescs, key)
	*e = entry{} // closing the gap each time would make many of them slow
	if r.empty++; 2*r.empty > len(r.checked) {
		r.checked = slices.DeleteFunc(r.checked, func(e *entry) bool { return e.source == nil })
		r.empty = 0
	}
	return true
}

// Descs returns the descs of all checked sources, each once.
func (r *Registry) Descs() []*Desc {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var descs []*Desc
	for _, e := range r.checked {
		descs = append(descs, e.descs...)
	}
	return descs
}

// Sources returns all sources in the order of registration, those that cannot
// be checked last.
func (r *Registry) Sources() []Source {
	r.mu.RLock()
	defer r.mu.RUnlock()
	sources, _ := r.sources()
	return sources
}

// sources returns all sources, and how many of them, those in front, are checked.
// It needs the lock.
func (r *Registry) sources() (all []Source, checked int) {
	all = make([]Source, 0, len(r.byDescs)+len(r.others))
	for _, e := range r.checked {
		if e.source != nil {
			all = append(all, e.source)
		}
	}
	return append(all, r.others...), len(all)
}

// setKey is equal for two lists of descs that hold the same ones, in whatever
// order and however often.
func setKey(descs []*Desc) string {
	ids := make([]string, len(descs))
	for i, d := range descs {
		ids[i] = d.id
	}
	slices.Sort(ids)
	var key []byte
	for _, id := range slices.Compact(ids) {
		key = appendKey(key, id)
	}
	return string(key)
}
