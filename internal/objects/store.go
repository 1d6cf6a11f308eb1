// Package objects keeps the series of objects: all that a program exposes about
// one thing that it looks after, which appear with the thing, change with it and
// go with it.
package objects

import (
	"reflect"
	"strings"
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/listeners"
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
	gone    int // how many objects were deleted since forgetting was called last

	forgetting listeners.List
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
	typ   exposition.Type // guarded by the lock of the store, as is whether it is known
	known bool
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
	s.lost(1)
	s.shrink()
	return true
}

// OnForget has the function called when many objects have gone, under the lock of the
// store: whoever keeps something of their series for the next gather is to let go of that.
// The store does not keep what the function is a part of.
func (s *Store[K]) OnForget(f *func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetting.Add(f)
}

// lost takes note of objects that have gone.
func (s *Store[K]) lost(n int) {
	if s.gone += n; s.gone >= len(s.objects) {
		s.gone = 0
		s.forgetting.Call()
	}
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

// Len returns the number of objects.
func (s *Store[K]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects)
}

// cloneKey copies a key that is a string, whose memory the caller may use again.
func cloneKey[K comparable](key K) K {
	if v := reflect.ValueOf(&key).Elem(); v.Kind() == reflect.String {
		v.SetString(strings.Clone(v.String()))
	}
	return key
}
