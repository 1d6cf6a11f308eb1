package registry

import "errors"

// Registration is a source's place in a registry, kept by who registered it. It
// removes or replaces that very source, also one that describes nothing, and
// frees the names that nothing else uses. Any number of goroutines may use it.
type Registration struct {
	r *Registry
	e *entry // guarded by the lock of r; empty when the source is gone
}

// Add is Register with a Registration.
func (r *Registry) Add(source Source, descs []*Desc) (*Registration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, err := r.add(source, descs)
	if err != nil {
		return nil, err
	}
	return &Registration{r, e}, nil
}

// Replace puts a source in the place of all those that describe one of its descs,
// in one step: every gather asks either those or the new one. They give up
// everything that they described, so that the new one's help and labels may be
// others, unless yet another source uses the same name. A name that is bound and
// not used is bound anew. Without any to replace, it is Add.
//
// If there is an error, nothing has changed.
func (r *Registry) Replace(source Source, descs []*Desc) (*Registration, error) {
	if len(descs) == 0 {
		return nil, errNothingDescribed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	leave := make(map[*entry]bool)
	for _, d := range descs {
		if e, taken := r.ids[d.id]; taken {
			leave[e] = true
		}
	}
	var old []*entry
	for _, e := range r.checked.all {
		if leave[e] {
			old = append(old, e)
		}
	}
	e, err := r.replace(old, source, descs)
	if err != nil {
		return nil, err
	}
	return &Registration{r, e}, nil
}

var (
	errNothingDescribed = errors.New("a collector that sends no descriptors takes nobody's place: keep the Registration of the one before, and replace that")
	errGone             = errors.New("the collector to be replaced is not registered any more")
)

// Unregister removes the source and tells whether it was still there. Names that
// nothing else uses may stand for anything afterwards.
func (g *Registration) Unregister() bool {
	g.r.mu.Lock()
	defer g.r.mu.Unlock()
	if g.e.source == nil {
		return false
	}
	in := g.r.placesOf(g.e)
	g.r.unbind(g.e, true)
	in.vacated()
	return true
}

// Replace puts another source in the place of the registered one, in one step as
// the registry's Replace does, whatever the two describe. The Registration is that
// of the new source then. It is an error if the old one is gone.
func (g *Registration) Replace(source Source, descs []*Desc) error {
	g.r.mu.Lock()
	defer g.r.mu.Unlock()
	if g.e.source == nil {
		return errGone
	}
	e, err := g.r.replace([]*entry{g.e}, source, descs)
	if err == nil {
		g.e = e
	}
	return err
}

// replace registers a source in place of others, the first of which has the place
// that the new one gets. It needs the lock.
func (r *Registry) replace(old []*entry, source Source, descs []*Desc) (*entry, error) {
	if err := r.check(descs, newLeaving(old)); err != nil {
		return nil, err
	}
	if r.misuse != nil { // what is there before and after is never without it
		for _, d := range descs {
			d.root().watch(watch{r.misuse, d.Name})
			defer d.root().unwatch(watch{r.misuse, d.Name})
		}
	}
	in := make([]*places, len(old))
	for i, e := range old {
		in[i] = r.placesOf(e)
		r.unbind(e, true)
	}
	e := r.bind(source, descs)
	to := r.placesOf(e)
	if len(old) > 0 && in[0] == to {
		to.put(old[0], e)
		in = in[1:]
	} else {
		to.add(e)
	}
	for _, p := range in {
		p.vacated()
	}
	return e, nil
}

// leaving are entries that go when a new one comes. Nil are none, and then names
// that were left behind are bound still.
type leaving struct {
	entries map[*entry]bool
	uses    map[string]int // of names, by their descs
}

func newLeaving(entries []*entry) *leaving {
	l := &leaving{make(map[*entry]bool), make(map[string]int)}
	for _, e := range entries {
		l.entries[e] = true
		for _, d := range e.descs {
			l.uses[d.Name]++
		}
	}
	return l
}

func (l *leaving) has(e *entry) bool { return l != nil && l.entries[e] }

// frees tells whether nobody else uses a name that is bound.
func (l *leaving) frees(name string, bound binding) bool {
	return l != nil && bound.uses == l.uses[name]
}
