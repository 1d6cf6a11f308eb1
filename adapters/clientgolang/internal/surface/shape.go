package surface

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// shape shows a type so that two types look the same if a user of the API cannot
// tell them apart: the names of parameters are left out, packages of the module
// stand under their relative paths, and a type that users cannot name stands for
// what they can reach of it.
func (a API) shape(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return a.named(t)
	case *types.Pointer:
		return "*" + a.shape(t.Elem())
	case *types.Slice:
		return "[]" + a.shape(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), a.shape(t.Elem()))
	case *types.Map:
		return "map[" + a.shape(t.Key()) + "]" + a.shape(t.Elem())
	case *types.Chan:
		arrow := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}
		return arrow[t.Dir()] + "(" + a.shape(t.Elem()) + ")"
	case *types.Signature:
		return "func" + a.signature(t)
	case *types.Struct:
		return a.structure(t)
	case *types.Interface:
		return a.interfaceOf(t)
	default:
		return t.String() // of a basic type, or a type parameter
	}
}

func (a API) named(t *types.Named) string {
	obj := t.Obj()
	if obj.Pkg() == nil { // error, any, comparable
		return obj.Name()
	}
	path := obj.Pkg().Path()
	relative, own := strings.CutPrefix(path, a.Module+"/")
	if own && (isInternal(relative) || !obj.Exported()) {
		return a.unnameable(t, isInternal(relative))
	}
	if own {
		path = relative
	}
	return path + "." + obj.Name() + a.arguments(t.TypeArgs())
}

func (a API) arguments(list *types.TypeList) string {
	if list.Len() == 0 {
		return ""
	}
	var all []string
	for t := range list.Types() {
		all = append(all, a.shape(t))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// unnameable shows a type for which a user of the API has no name. Whoever has
// such a value can call its methods; one of an internal package is only there to
// be handed on.
func (a API) unnameable(t *types.Named, internal bool) string {
	shown := "unnameable value"
	switch t.Underlying().(type) {
	case *types.Struct:
		shown = "unnameable struct"
	case *types.Interface:
		shown = "unnameable interface"
	}
	if internal {
		return shown
	}
	methods := a.methods(types.NewPointer(t))
	var all []string
	for _, name := range sortedKeys(methods) {
		all = append(all, name+methods[name])
	}
	return shown + "{" + strings.Join(all, "; ") + "}"
}

func (a API) signature(t *types.Signature) string {
	var params []string
	for i := range t.Params().Len() {
		param := t.Params().At(i).Type()
		if t.Variadic() && i == t.Params().Len()-1 {
			params = append(params, "..."+a.shape(param.(*types.Slice).Elem()))
		} else {
			params = append(params, a.shape(param))
		}
	}
	var results []string
	for result := range t.Results().Variables() {
		results = append(results, a.shape(result.Type()))
	}
	shown := "(" + strings.Join(params, ", ") + ")"
	switch len(results) {
	case 0:
		return shown
	case 1:
		return shown + " " + results[0]
	default:
		return shown + " (" + strings.Join(results, ", ") + ")"
	}
}

// structure shows a struct with all its fields, as one that has no name is one
// with exactly these.
func (a API) structure(t *types.Struct) string {
	var fields []string
	for i := range t.NumFields() {
		fields = append(fields, t.Field(i).Name()+" "+a.field(t, i))
	}
	return "struct{" + strings.Join(fields, "; ") + "}"
}

// field shows what a field is, apart from its name.
func (a API) field(t *types.Struct, i int) string {
	shown := a.shape(t.Field(i).Type())
	if t.Field(i).Embedded() {
		shown = "embedded " + shown
	}
	if tag := t.Tag(i); tag != "" {
		shown += fmt.Sprintf(" %q", tag)
	}
	return shown
}

func (a API) interfaceOf(t *types.Interface) string {
	var all []string
	for m := range t.Methods() {
		if m.Exported() {
			all = append(all, m.Name()+a.signature(m.Signature()))
		}
	}
	slices.Sort(all)
	if isSealed(t) {
		all = append(all, "and methods that only its package has")
	}
	return "interface{" + strings.Join(all, "; ") + "}"
}

// isSealed tells whether only the interface's own package can implement it.
func isSealed(t *types.Interface) bool {
	for m := range t.Methods() {
		if !m.Exported() {
			return true
		}
	}
	return false
}

// methods returns the signatures of all exported methods of a type, whether they
// are its own or of what it embeds.
func (a API) methods(t types.Type) map[string]string {
	all := make(map[string]string)
	for m := range types.NewMethodSet(t).Methods() {
		if m.Obj().Exported() {
			all[m.Obj().Name()] = a.signature(m.Type().(*types.Signature))
		}
	}
	return all
}
