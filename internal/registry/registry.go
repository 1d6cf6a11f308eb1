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

	"github.com/cresset-metrics/cresset/internal/series"
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

	// Set before the registry is used.
	misuse     *Misuse       // nil if it is not counted
	limit      *series.Limit // nil if there is none
	onOverflow func(name string, values []string)

	mu      sync.RWMutex // guards what follows; never held while a source is asked
	checked places
	others  places // those that describe nothing, and so cannot be checked
	byDescs map[string]*entry
	ids     map[string]*entry  // which source describes it
	names   map[string]binding // what each name stands for
}

// entry is a registered source with the descs it was registered with. It is empty
// when the source is not registered any more.
type entry struct {
	source Source
	descs  []*Desc // each once; none if the source is not checked
	key    string  // of the descs, in byDescs
}

// binding is what a name stands for. Unregister leaves it behind when nothing uses
// it any more; a Registration does not.
type binding struct {
	dims string
	uses int // by how many descs of sources that are there
}

// reserve keeps a name for the registry itself. No source can have it: there is no
// such thing as these labels. It is called before the registry is used.
func (r *Registry) reserve(name string) {
	if r.names == nil {
		r.names = make(map[string]binding)
	}
	r.names[name] = binding{dims: "", uses: 1}
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
	_, err := r.add(source, descs)
	return err
}

// add needs the lock.
func (r *Registry) add(source Source, descs []*Desc) (*entry, error) {
	if err := r.check(descs, nil); err != nil {
		return nil, err
	}
	e := r.bind(source, descs)
	r.placesOf(e).add(e)
	return e, nil
}

// check tells whether a source with these descs can be registered once those
// that are leaving are gone. It needs the lock.
func (r *Registry) check(descs []*Desc, leaving *leaving) error {
	var duplicate error
	var newNames map[string]string // dims by name
	for _, d := range descs {
		if d.Err != nil {
			return fmt.Errorf("descriptor %s is invalid: %w", d, d.Err)
		}
		if e, taken := r.ids[d.id]; taken && !leaving.has(e) {
			duplicate = fmt.Errorf("descriptor %s already exists with the same fully-qualified name and const label values", d)
		}
		if bound, known := r.names[d.Name]; known && !leaving.frees(d.Name, bound) {
			if bound.dims != d.dims {
				return fmt.Errorf("a previously registered descriptor with the same fully-qualified name as %s has different label names or a different help string", d)
			}
			continue
		}
		if dims, known := newNames[d.Name]; known && dims != d.dims {
			return fmt.Errorf("descriptors reported by collector have inconsistent label names or help strings for the same fully-qualified name, offender is %s", d)
		}
		if newNames == nil {
			newNames = make(map[string]string)
		}
		newNames[d.Name] = d.dims
	}
	if duplicate != nil {
		// Without one, no source that stays can have the same descs.
		if e, known := r.byDescs[setKey(descs)]; known {
			return AlreadyRegistered{Existing: e.source}
		}
	}
	return duplicate
}

// bind makes an entry of a source that was checked, but gives it no place yet. It
// needs the lock.
func (r *Registry) bind(source Source, descs []*Desc) *entry {
	e := &entry{source: source}
	if len(descs) == 0 {
		return e
	}
	if r.ids == nil {
		r.ids, r.byDescs = make(map[string]*entry), make(map[string]*entry)
	}
	e.key = setKey(descs)
	r.byDescs[e.key] = e
	// A source may describe each of a million series.
	for _, d := range descs {
		if _, known := r.ids[d.id]; !known {
			r.ids[d.id] = e
			e.descs = append(e.descs, d)
			r.use(d)
			if r.misuse != nil {
				d.root().watch(watch{r.misuse, d.Name})
			}
		}
	}
	r.limitSource(e)
	return e
}

// use counts one more desc that uses its name. It needs the lock.
func (r *Registry) use(d *Desc) {
	if r.names == nil {
		r.names = make(map[string]binding)
	}
	r.names[d.Name] = binding{d.dims, r.names[d.Name].uses + 1}
}

// unbind forgets what a source described, and empties its entry. Names that
// nothing uses any more stay bound or are freed. It needs the lock.
func (r *Registry) unbind(e *entry, free bool) {
	r.unlimitSource(e)
	for _, d := range e.descs {
		delete(r.ids, d.id)
		if r.misuse != nil {
			d.root().unwatch(watch{r.misuse, d.Name})
		}
		bound := r.names[d.Name]
		if bound.uses--; bound.uses == 0 && free {
			delete(r.names, d.Name)
		} else {
			r.names[d.Name] = bound
		}
	}
	delete(r.byDescs, e.key)
	*e = entry{}
}

// Unregister removes the source that was registered with these descs and tells
// whether there was one. What the names stood for stays known: a later source
// must still use them with the same help and labels.
func (r *Registry) Unregister(descs []*Desc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, known := r.byDescs[setKey(descs)]
	if !known {
		return false
	}
	r.unbind(e, false)
	r.checked.vacated()
	return true
}

// Descs returns the descs of all checked sources, each once.
func (r *Registry) Descs() []*Desc {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var descs []*Desc
	for _, e := range r.checked.all {
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
	all = make([]Source, 0, len(r.checked.all)+len(r.others.all))
	all = r.checked.appendTo(all)
	checked = len(all)
	return r.others.appendTo(all), checked
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
