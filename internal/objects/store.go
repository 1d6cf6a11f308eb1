// Package objects keeps the series of objects: all that a program exposes about
// one thing that it looks after, which appear with the thing, change with it and
// go with it.
package objects

import (
	"cmp"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Store holds the series of objects, each object under a key. It is a source of a
// registry.
//
// What Set is given is checked and rendered before the lock is taken; under the
// lock the object is compared with the others and put in. A gather takes the lock
// only to note which chunks of the lists there are, for all lists in one go, so
// that every object is on a page as a whole, as it was before a change or as it
// is after it. Nothing is written while the lock is held.
type Store[K comparable] struct {
	families []*family // never changes
	byDesc   map[*registry.Desc]*family

	mu      sync.Mutex // guards what follows, and what the families have
	objects map[K]*object[K]
	most    int // how many objects there were since the map was made
}

// family is what a store has of one desc.
type family struct {
	desc *registry.Desc
	at   int   // its place among the families
	kind *kind // shared with the families of the same name

	list list // guarded by the lock of the store
}

// kind is the type that the series of one name have, which the first one decides.
type kind struct {
	typ   exposition.Type
	known bool // guards typ; guarded itself by the lock of the store
}

// object never changes, but for its key being set.
type object[K comparable] struct {
	key      K
	block    *exposition.Block // the series, by family and in label order
	families []*family         // of each series
}

// Series is one series of an object.
type Series struct {
	Desc *registry.Desc
	Type exposition.Type
	exposition.Series
}

// New returns an empty store for series of these descs. Of descs that describe the
// same, the first is used.
func New[K comparable](descs ...*registry.Desc) *Store[K] {
	s := &Store[K]{byDesc: make(map[*registry.Desc]*family), objects: make(map[K]*object[K])}
	kinds := make(map[string]*kind)
	for _, d := range descs {
		if s.family(d) != nil {
			continue
		}
		if kinds[d.Name] == nil {
			kinds[d.Name] = new(kind)
		}
		f := &family{desc: d, at: len(s.families), kind: kinds[d.Name]}
		s.families = append(s.families, f)
		s.byDesc[d] = f
	}
	return s
}

// family returns the family of a desc, nil if there is none.
func (s *Store[K]) family(d *registry.Desc) *family {
	if f := s.byDesc[d]; f != nil {
		return f
	}
	for _, f := range s.families {
		if f.desc.Same(d) {
			return f
		}
	}
	return nil
}

// Set gives an object these series instead of all that it had. They are copied; what
// stands behind pointers in them must not change any more.
//
// It returns an error, and changes nothing, if one of them is not valid, if it is
// there twice or belongs to another object, or if another type was set under its
// name before.
func (s *Store[K]) Set(key K, series []Series) error {
	o, err := s.newObject(key, series)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[key]
	if err := s.admit(o, old); err != nil {
		return err
	}
	if old == nil {
		o.key = cloneKey(key)
		old = new(object[K])
	} else {
		o.key = old.key
	}
	exchange(old, o)
	s.objects[o.key] = o
	s.most = max(s.most, len(s.objects))
	return nil
}

// newObject checks and renders what an object is to have.
func (s *Store[K]) newObject(key K, series []Series) (*object[K], error) {
	if key != key { // a NaN, for instance
		return nil, fmt.Errorf("object %v: the key is not equal to itself, so that the object could never be found again", key)
	}
	o := &object[K]{key: key, families: make([]*family, len(series))}
	type placed struct {
		family *family
		series *Series
	}
	all := make([]placed, len(series))
	for i := range series {
		one := &series[i]
		f := s.family(one.Desc)
		if err := one.check(f); err != nil {
			return nil, fmt.Errorf("object %v: %w", key, err)
		}
		all[i] = placed{f, one}
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.family.at, b.family.at), a.series.Labels.Compare(b.series.Labels))
	})
	members := make([]exposition.Member, len(all))
	for i, p := range all {
		if i > 0 && p.family == all[i-1].family && p.series.Labels.Compare(all[i-1].series.Labels) == 0 {
			return nil, fmt.Errorf("object %v: series %s is there twice", key, p.series)
		}
		d := p.family.desc
		o.families[i] = p.family
		members[i] = exposition.Member{Family: d.Name, Type: p.series.Type, Names: d.Schema.Names(), Series: p.series.Series}
	}
	o.block = exposition.NewBlock(o, members)
	return o, nil
}

// admit tells why an object cannot be put in in the place of the old one (nil for
// none), if it cannot. It needs the lock.
func (s *Store[K]) admit(o, old *object[K]) error {
	for i, f := range o.families {
		r := o.block.At(i)
		if there := f.list.find(r.Labels()); there != nil {
			if owner := there.Block().Owner().(*object[K]); owner != old {
				return fmt.Errorf("object %v: series %s is one of object %v already", o.key, show(f.desc.Name, r.Labels()), owner.key)
			}
		}
	}
	return decideKinds(o)
}

// decideKinds settles the types of names that had none so far, or tells why an
// object has one of the wrong type, and then settles nothing.
func decideKinds[K comparable](objects ...*object[K]) error {
	var decided []*kind
	for _, o := range objects {
		for i, f := range o.families {
			typ := o.block.At(i).Type()
			if !f.kind.known {
				*f.kind = kind{typ: typ, known: true}
				decided = append(decided, f.kind)
			}
			if f.kind.typ != typ {
				err := fmt.Errorf("object %v: series %s is a %s, but %s is a %s",
					o.key, show(f.desc.Name, o.block.At(i).Labels()), typ, f.desc.Name, f.kind.typ)
				for _, k := range decided {
					k.known = false
				}
				return err
			}
		}
	}
	return nil
}

// exchange puts the series of an object in and takes those of the old one out. Most
// have the same labels.
func exchange[K comparable](old, next *object[K]) {
	gone := 0 // series of the old object that were looked at
	for i := range next.families {
		for gone < len(old.families) {
			order := compare(old, gone, next, i)
			if order > 0 {
				break
			}
			if order < 0 {
				old.families[gone].list.remove(old.block.At(gone).Labels())
			}
			gone++
		}
		next.families[i].list.put(next.block.At(i))
	}
	for ; gone < len(old.families); gone++ {
		old.families[gone].list.remove(old.block.At(gone).Labels())
	}
}

// compare gives the order of two series of objects.
func compare[K comparable](a *object[K], i int, b *object[K], j int) int {
	return cmp.Or(cmp.Compare(a.families[i].at, b.families[j].at), a.block.At(i).Labels().Compare(b.block.At(j).Labels()))
}

// Delete removes an object with all its series and tells whether it was there.
func (s *Store[K]) Delete(key K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return false
	}
	for i, f := range o.families {
		f.list.remove(o.block.At(i).Labels())
	}
	delete(s.objects, key)
	s.shrink()
	return true
}

const smallMap = 64

// shrink gives back the memory of a map that has lost most of its objects, which a
// map does not do by itself.
func (s *Store[K]) shrink() {
	if s.most <= smallMap || len(s.objects) > s.most/4 {
		return
	}
	objects := make(map[K]*object[K], len(s.objects))
	for key, o := range s.objects {
		objects[key] = o
	}
	s.objects, s.most = objects, len(objects)
}

// Replace makes the objects that the function adds, each under a key of its own, the
// only ones. It returns the first error, of adding, which are those of Set, or of
// the function; if there is one, or if the function panics, nothing changes.
func (s *Store[K]) Replace(fill func(add func(K, []Series) error) error) error {
	objects := make(map[K]*object[K])
	var inOrder []*object[K]
	var failed error
	err := fill(func(key K, series []Series) error {
		if failed != nil {
			return failed
		}
		if _, twice := objects[key]; twice {
			failed = fmt.Errorf("object %v is there twice", key)
			return failed
		}
		key = cloneKey(key)
		o, err := s.newObject(key, series)
		if err != nil {
			failed = err
			return err
		}
		objects[key] = o
		inOrder = append(inOrder, o)
		return nil
	})
	if err := cmp.Or(failed, err); err != nil {
		return err
	}
	lists, err := s.lists(inOrder)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := decideKinds(inOrder...); err != nil {
		return err
	}
	for i, f := range s.families {
		f.list = lists[i]
	}
	s.objects, s.most = objects, len(objects)
	return nil
}

// lists returns what each family has if these are all objects.
func (s *Store[K]) lists(objects []*object[K]) ([]list, error) {
	series := make([][]*exposition.Rendered, len(s.families))
	for _, o := range objects {
		for i, f := range o.families {
			series[f.at] = append(series[f.at], o.block.At(i))
		}
	}
	lists := make([]list, len(s.families))
	for at, f := range s.families {
		all := series[at]
		slices.SortStableFunc(all, func(a, b *exposition.Rendered) int { return a.Labels().Compare(b.Labels()) })
		for i := 1; i < len(all); i++ {
			if one, other := all[i-1], all[i]; one.Labels().Compare(other.Labels()) == 0 {
				return nil, fmt.Errorf("object %v: series %s is one of object %v already", other.Block().Owner().(*object[K]).key,
					show(f.desc.Name, other.Labels()), one.Block().Owner().(*object[K]).key)
			}
		}
		lists[at] = newList(all)
	}
	return lists, nil
}

// Len returns the number of objects.
func (s *Store[K]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects)
}

// Entry is a series of a store.
type Entry struct {
	Desc *registry.Desc
	*exposition.Rendered
}

// All returns the objects that there are when the iteration begins, in no
// particular order, with their series.
func (s *Store[K]) All() iter.Seq2[K, []Entry] {
	return func(yield func(K, []Entry) bool) {
		for _, o := range s.snapshotObjects() {
			entries := make([]Entry, len(o.families))
			for i, f := range o.families {
				entries[i] = Entry{f.desc, o.block.At(i)}
			}
			if !yield(o.key, entries) {
				return
			}
		}
	}
}

func (s *Store[K]) snapshotObjects() []*object[K] {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects := make([]*object[K], 0, len(s.objects))
	for _, o := range s.objects {
		objects = append(objects, o)
	}
	return objects
}

// Quick says that Collect neither waits nor runs foreign code.
func (s *Store[K]) Quick() {}

// Collect adds the series that there are now.
func (s *Store[K]) Collect(b *registry.Batch) {
	for _, run := range s.Runs() {
		b.Add(run)
	}
}

// Runs returns the series that there are now, all as of one moment, in the order of
// the descs. Their Rows are Rows of this package.
func (s *Store[K]) Runs() []registry.Run {
	runs := make([]registry.Run, len(s.families))
	snapshots := make([][]*chunk, len(s.families))
	s.mu.Lock()
	for i, f := range s.families {
		// The registry looks at timestamps where it puts series in order.
		runs[i] = registry.Run{Desc: f.desc, Type: f.kind.typ, Ordered: f.list.timed == 0}
		snapshots[i] = f.list.snapshot()
	}
	s.mu.Unlock()
	for i := range runs {
		runs[i].Rows = Rows(flat(snapshots[i]))
	}
	return runs
}

// Rows are series in label order.
type Rows []*exposition.Rendered

// Len returns the number of series.
func (r Rows) Len() int { return len(r) }

// Labels returns the labels of series i.
func (r Rows) Labels(i int) *exposition.Labels { return r[i].Labels() }

// Fill stores series i into s.
func (r Rows) Fill(i int, s *exposition.Series) { r[i].Fill(s) }

// cloneKey copies a key that is a string, whose memory the caller may use again.
func cloneKey[K comparable](key K) K {
	if v := reflect.ValueOf(&key).Elem(); v.Kind() == reflect.String {
		v.SetString(strings.Clone(v.String()))
	}
	return key
}
