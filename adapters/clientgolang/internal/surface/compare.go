package surface

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Compare tells where a program that compiles with want may not compile with
// got. It returns a line for each name that is missing, that is something else,
// or that is there without leave.
//
// What got has beyond want must be allowed: by its name ("path.Name" or
// "path.Type.Member"), with a reason. Nothing allows methods of an interface,
// which others implement, or fields of a struct that can be written without
// their names.
func Compare(got, want API, allowed map[string]string) []string {
	c := &comparer{got: got, want: want, allowed: allowed, used: make(map[string]bool)}
	for _, path := range sortedKeys(want.Packages) {
		if got.Packages[path] == nil {
			c.report(path, "the package is missing")
			continue
		}
		c.packages(path)
	}
	c.relations()
	for _, name := range sortedKeys(allowed) {
		if !c.used[name] {
			c.report(name, "is allowed (%s), but not there", allowed[name])
		}
	}
	return c.problems
}

type comparer struct {
	got, want API
	allowed   map[string]string
	used      map[string]bool // of allowed
	problems  []string
}

func (c *comparer) report(name, format string, args ...any) {
	c.problems = append(c.problems, name+": "+fmt.Sprintf(format, args...))
}

// surplus deals with a name that only got has.
func (c *comparer) surplus(name string) {
	c.used[name] = true
	if c.allowed[name] == "" {
		c.report(name, "is not in the other API, and no reason is given for it")
	}
}

func (c *comparer) packages(path string) {
	got, want := c.got.Packages[path].Scope(), c.want.Packages[path].Scope()
	for _, name := range exportedNames(c.want.Packages[path]) {
		c.object(path+"."+name, got.Lookup(name), want.Lookup(name))
	}
	for _, name := range exportedNames(c.got.Packages[path]) {
		if want.Lookup(name) == nil {
			c.surplus(path + "." + name)
		}
	}
}

func exportedNames(pkg *types.Package) []string {
	return slices.DeleteFunc(pkg.Scope().Names(), func(name string) bool { return !pkg.Scope().Lookup(name).Exported() })
}

// object compares what two packages declare under one name.
func (c *comparer) object(name string, got, want types.Object) {
	switch {
	case got == nil:
		c.report(name, "is missing")
		return
	case kind(got) != kind(want):
		c.report(name, "is a %s, want a %s", kind(got), kind(want))
		return
	}
	switch want := want.(type) {
	case *types.Const:
		c.same(name, c.got.shape(got.Type()), c.want.shape(want.Type()))
		c.same(name, got.(*types.Const).Val().ExactString(), want.Val().ExactString())
	case *types.TypeName:
		c.types(name, got.(*types.TypeName), want)
	default:
		c.same(name, c.got.shape(got.Type()), c.want.shape(want.Type()))
	}
}

func kind(obj types.Object) string {
	switch obj.(type) {
	case *types.Const:
		return "constant"
	case *types.Var:
		return "variable"
	case *types.Func:
		return "function"
	default:
		return "type"
	}
}

func (c *comparer) same(name, got, want string) {
	if got != want {
		c.report(name, "is %s, want %s", got, want)
	}
}

func (c *comparer) types(name string, got, want *types.TypeName) {
	switch {
	case got.IsAlias() && !want.IsAlias():
		c.report(name, "is an alias, want a type of its own")
	case !got.IsAlias() && want.IsAlias():
		c.report(name, "is a type of its own, want an alias")
	case want.IsAlias():
		c.same(name, c.got.shape(got.Type()), c.want.shape(want.Type()))
	default:
		c.definitions(name, got.Type(), want.Type())
	}
}

// definitions compares two types that have names: what they are made of and
// their methods.
func (c *comparer) definitions(name string, got, want types.Type) {
	gotStruct, gotIs := got.Underlying().(*types.Struct)
	wantStruct, wantIs := want.Underlying().(*types.Struct)
	if gotIs && wantIs {
		c.structs(name, gotStruct, wantStruct)
	} else {
		c.same(name, c.got.shape(got.Underlying()), c.want.shape(want.Underlying()))
	}
	if types.IsInterface(want) {
		return // its methods are what it is made of
	}
	if types.Comparable(want) && !types.Comparable(got) {
		c.report(name, "cannot be compared with ==")
	}
	c.methods(name, got, want)
}

// methods compares the method sets of a type and of pointers to it, which have
// the methods of values, too.
func (c *comparer) methods(name string, got, want types.Type) {
	gotValue, wantValue := c.got.methods(got), c.want.methods(want)
	gotPointer, wantPointer := c.got.methods(types.NewPointer(got)), c.want.methods(types.NewPointer(want))
	for _, method := range sortedKeys(wantPointer) {
		switch {
		case wantValue[method] != "" && gotValue[method] == "":
			c.report(name, "has no method %s%s", method, wantPointer[method])
		case gotPointer[method] == "":
			c.report("*"+name, "has no method %s%s", method, wantPointer[method])
		default:
			c.same(name+"."+method, gotPointer[method], wantPointer[method])
		}
	}
	for _, method := range sortedKeys(gotPointer) {
		if wantPointer[method] == "" {
			c.surplus(name + "." + method)
		}
	}
}

// structs compares the fields that others can see. Where all can be seen, a
// literal may leave out their names, so that their order counts.
func (c *comparer) structs(name string, got, want *types.Struct) {
	g, w := exportedFields(got), exportedFields(want)
	for _, field := range w {
		i := slices.IndexFunc(g, func(other string) bool { return other == field })
		if i < 0 {
			c.report(name+"."+field, "the field is missing")
			continue
		}
		c.same(name+"."+field, c.got.field(got, fieldNamed(got, field)), c.want.field(want, fieldNamed(want, field)))
	}
	unkeyed := len(w) == want.NumFields() && len(w) > 0
	if unkeyed && (len(g) != got.NumFields() || !slices.Equal(g, w)) {
		c.report(name, "has the fields %s (%d in all), want exactly %s", strings.Join(g, ", "), got.NumFields(), strings.Join(w, ", "))
		return
	}
	for _, field := range g {
		if !slices.Contains(w, field) {
			c.surplus(name + "." + field)
		}
	}
}

func exportedFields(t *types.Struct) []string {
	var all []string
	for field := range t.Fields() {
		if field.Exported() {
			all = append(all, field.Name())
		}
	}
	return all
}

func fieldNamed(t *types.Struct, name string) int {
	for i := range t.NumFields() {
		if t.Field(i).Name() == name {
			return i
		}
	}
	return -1
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
