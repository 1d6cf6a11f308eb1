package surface

import "go/types"

// Count returns how many names an API has: how many constants, variables,
// functions and types, and how many methods and exported fields these types
// declare besides. What a type has only because it embeds another one is not
// counted. A type without a public name is counted if a variable is of it.
func (a API) Count() (declared, members int) {
	for _, pkg := range a.Packages {
		for _, name := range exportedNames(pkg) {
			declared++
			switch obj := pkg.Scope().Lookup(name).(type) {
			case *types.TypeName:
				if !obj.IsAlias() {
					members += membersOf(obj.Type().(*types.Named))
				}
			case *types.Var:
				if named, ok := obj.Type().(*types.Named); ok && named.Obj().Pkg() == pkg && !named.Obj().Exported() {
					declared++
					members += membersOf(named)
				}
			}
		}
	}
	return declared, members
}

func membersOf(t *types.Named) (n int) {
	for m := range t.Methods() {
		if m.Exported() {
			n++
		}
	}
	switch under := t.Underlying().(type) {
	case *types.Struct:
		n += len(exportedFields(under))
	case *types.Interface:
		for m := range under.ExplicitMethods() {
			if m.Exported() {
				n++
			}
		}
	}
	return n
}
