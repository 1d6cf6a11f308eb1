package registry

import "slices"

// places are the entries of registered sources, in the order of registration.
type places struct {
	all   []*entry // empty ones were removed
	empty int      // how many of all are
}

func (p *places) add(e *entry) { p.all = append(p.all, e) }

// vacated counts one more entry that is empty now, and closes the gaps when they
// are most of all. To close each at once would make removing many slow.
func (p *places) vacated() {
	if p.empty++; 2*p.empty > len(p.all) {
		p.all = slices.DeleteFunc(p.all, func(e *entry) bool { return e.source == nil })
		p.empty = 0
	}
}

// put gives the place of one entry to another.
func (p *places) put(old, e *entry) { p.all[slices.Index(p.all, old)] = e }

// appendTo appends the sources that are there.
func (p *places) appendTo(all []Source) []Source {
	for _, e := range p.all {
		if e.source != nil {
			all = append(all, e.source)
		}
	}
	return all
}

// placesOf returns where an entry has its place or is to have it.
func (r *Registry) placesOf(e *entry) *places {
	if len(e.descs) == 0 {
		return &r.others
	}
	return &r.checked
}
