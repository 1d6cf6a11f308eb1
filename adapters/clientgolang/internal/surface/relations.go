package surface

import "go/types"

// relations compares what the types of an API are to each other: which convert
// into which, and which implement which interface.
func (c *comparer) relations() {
	pairs := c.pairs()
	for _, one := range pairs {
		for _, other := range pairs {
			if one == other {
				continue
			}
			if converts(one.want, other.want) && !converts(one.got, other.got) {
				c.report(one.name, "does not convert into %s", other.name)
			}
			c.implements(one, other)
		}
	}
}

// pair is a type that both APIs have.
type pair struct {
	name      string
	got, want types.Type
}

func (c *comparer) pairs() []pair {
	var all []pair
	for _, path := range sortedKeys(c.want.Packages) {
		if c.got.Packages[path] == nil {
			continue
		}
		for _, name := range exportedNames(c.want.Packages[path]) {
			want, isType := c.want.Packages[path].Scope().Lookup(name).(*types.TypeName)
			got, alsoType := c.got.Packages[path].Scope().Lookup(name).(*types.TypeName)
			if isType && alsoType {
				all = append(all, pair{path + "." + name, got.Type(), want.Type()})
			}
		}
	}
	return all
}

func converts(from, to types.Type) bool {
	return !types.IsInterface(from) && !types.IsInterface(to) && types.ConvertibleTo(from, to)
}

func (c *comparer) implements(one, other pair) {
	want, ok := other.want.Underlying().(*types.Interface)
	if !ok {
		return
	}
	got, ok := other.got.Underlying().(*types.Interface)
	if !ok || c.got.shape(got) != c.want.shape(want) {
		return // it is another interface, which is reported
	}
	if types.Implements(one.want, want) && !types.Implements(one.got, got) {
		c.report(one.name, "does not implement %s", other.name)
	} else if types.Implements(types.NewPointer(one.want), want) && !types.Implements(types.NewPointer(one.got), got) {
		c.report("*"+one.name, "does not implement %s", other.name)
	}
}
