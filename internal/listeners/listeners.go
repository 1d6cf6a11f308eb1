// Package listeners knows functions that are to be called when something happens, and
// does not keep them: when what they are a part of is not reachable in any other way,
// they are forgotten.
package listeners

import (
	"slices"
	"weak"
)

// List has such functions. Its zero value is empty. It is not safe for concurrent use.
type List []weak.Pointer[func()]

// Add adds a function.
func (l *List) Add(f *func()) {
	*l = append(slices.DeleteFunc(*l, func(p weak.Pointer[func()]) bool { return p.Value() == nil }), weak.Make(f))
}

// Call calls all functions that are still reachable.
func (l List) Call() {
	for _, p := range l {
		if f := p.Value(); f != nil {
			(*f)()
		}
	}
}
