package objects

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

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
	gone := len(s.objects)
	s.objects, s.most = objects, len(objects)
	s.lost(gone)
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
