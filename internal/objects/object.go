package objects

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

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
		members[i] = exposition.Member{Family: d.Name, Type: p.series.Type, Schema: d.Schema, Series: p.series.Series}
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
