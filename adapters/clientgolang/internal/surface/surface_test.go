package surface_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/surface"
)

// apiOf returns the API of a module that has one package, p, besides an internal
// one.
func apiOf(t *testing.T, module, source string) surface.API {
	t.Helper()
	fset := token.NewFileSet()
	check := func(path, source string, imports types.Importer) *types.Package {
		file, err := parser.ParseFile(fset, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := (&types.Config{Importer: imports}).Check(path, fset, []*ast.File{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return pkg
	}
	hidden := check(module+"/internal/hidden", "package hidden; type Options struct { Field int }", nil)
	imports := importerFunc(func(path string) (*types.Package, error) {
		if path == "hidden" {
			return hidden, nil
		}
		return importer.Default().Import(path)
	})
	return surface.API{Module: module, Packages: map[string]*types.Package{"p": check(module+"/p", "package p; "+source, imports)}}
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

func TestCompare(t *testing.T) {
	tests := []struct {
		name, got, want string
		allowed         map[string]string
		problems        []string
	}{
		{
			name: "what users cannot see",
			got: `import "hidden"
				const C = 1; var v int; func F(a, b int) (err error) { return nil }; func g() {}
				type T struct { A int; x, y bool }; func (T) M(in chan<- *T) {}; func (T) m() {}
				func G(func(*hidden.Options)) {}; type o struct{}; type O func(*o)`,
			want: `import "hidden"
				const C = 1; func F(x int, y int) error { return nil }
				type T struct { z string; A int }; func (self T) M(out chan<- *T) {}
				func G(set func(*hidden.Options)) {}; type p struct{ x int }; type O func(*p)`,
		},
		{
			name:     "something is missing",
			want:     `const C = 1; var V int; func F() {}; type T int`,
			problems: []string{"p.C: is missing", "p.F: is missing", "p.T: is missing", "p.V: is missing"},
		},
		{
			name:     "something more",
			got:      `const C = 1; type T struct { x, Y int }; func (T) M() {}; func (*T) N() {}`,
			want:     `type T struct { x int }`,
			allowed:  map[string]string{"p.C": "it pays", "p.T.N": "it pays", "p.D": "it paid"},
			problems: []string{"p.D: is allowed (it paid), but not there", "p.T.M: is not in the other API, and no reason is given for it", "p.T.Y: is not in the other API, and no reason is given for it"},
		},
		{
			name:     "something else",
			got:      `func C() {}; type V int; var F = func() {}; const T = 1`,
			want:     `const C = 1; var V int; func F() {}; type T int`,
			problems: []string{"p.C: is a function, want a constant", "p.F: is a variable, want a function", "p.T: is a constant, want a type", "p.V: is a type, want a variable"},
		},
		{
			name:     "constants",
			got:      `import "time"; const A = 1; const B int = 1; const C time.Duration = 1; const D = 1.0; const E = "x"`,
			want:     `import "time"; const A = 2; const B = 1; const C time.Duration = 1; const D = 1; const E = 1`,
			problems: []string{"p.A: is 1, want 2", "p.B: is int, want untyped int", "p.D: is untyped float, want untyped int", `p.E: is "x", want 1`, "p.E: is untyped string, want untyped int"},
		},
		{
			name: "signatures",
			got: `func A(int) {}; func B(...int) {}; func C() error { return nil }; func D(<-chan int) {}; func E() (int, error) { panic(0) }
				func F(any) {}; func G(map[string][2]*int) {}; func H(func(interface{ M() })) {}; func I(struct{ A int }) {}; func J[T any](T) {}`,
			want: `func A(int64) {}; func B([]int) {}; func C() {}; func D(chan int) {}; func E() (int, string) { panic(0) }
				func F(interface{}) {}; func G(map[string][3]*int) {}; func H(func(interface{ N() })) {}; func I(struct{ B int }) {}; func J[T any](T) {}`,
			problems: []string{
				"p.A: is func(int), want func(int64)", "p.B: is func(...int), want func([]int)", "p.C: is func() error, want func()",
				"p.D: is func(<-chan (int)), want func(chan (int))", "p.E: is func() (int, error), want func() (int, string)",
				"p.G: is func(map[string][2]*int), want func(map[string][3]*int)",
				"p.H: is func(func(interface{M()})), want func(func(interface{N()}))", "p.I: is func(struct{A int}), want func(struct{B int})",
			},
		},
		{
			name:     "variables of types without a name",
			got:      `type v struct{}; func (v) A() {}; func (v) b() {}; var V v`,
			want:     `type v2 struct{}; func (v2) A() {}; func (*v2) B() {}; var V v2`,
			problems: []string{"p.V: is unnameable struct{A()}, want unnameable struct{A(); B()}"},
		},
		{
			name: "methods",
			got:  `type T struct{}; func (*T) A() {}; func (T) B() int { return 0 }`,
			want: `type T struct{}; func (T) A() {}; func (T) B() {}; func (T) C() {}; func (*T) D() {}`,
			problems: []string{
				"*p.T: has no method D()", "p.T.B: is () int, want ()", "p.T: has no method A()", "p.T: has no method C()",
			},
		},
		{
			name: "embedding",
			got:  `type M struct{}; func (*M) Reset() {}; type A struct{ *M }; type B struct{ M *M }`,
			want: `type M struct{}; func (*M) Reset() {}; type A struct{ *M }; type B struct{ *M }`,
			problems: []string{"p.A: does not convert into p.B", "p.B.M: is *p.M, want embedded *p.M",
				"p.B: does not convert into p.A", "p.B: has no method Reset()"},
		},
		{
			name: "interfaces",
			got: `type A interface { M(); N() }; type B interface { M() }; type C interface { M(); m() }; type D interface { M(); m() }
				type E interface { B; O() }`,
			want: `type A interface { M() }; type B interface { M(); N() }; type C interface { M() }; type D interface { M(); n() }
				type E interface { O(); M() }`,
			problems: []string{
				"p.A: is interface{M(); N()}, want interface{M()}", "p.B: is interface{M()}, want interface{M(); N()}",
				"p.C: is interface{M(); and methods that only its package has}, want interface{M()}",
			},
		},
		{
			name:     "literals without names",
			got:      `type A struct { X, Y int }; type B struct { X int; y int }; type C struct { X, Y, Z int }; type D struct { x, Z, Y int }`,
			want:     `type A struct { Y, X int }; type B struct { X int }; type C struct { X, Y int }; type D struct { Y, Z int; x int }`,
			problems: []string{"p.A: has the fields X, Y (2 in all), want exactly Y, X", "p.B: has the fields X (2 in all), want exactly X", "p.C: has the fields X, Y, Z (3 in all), want exactly X, Y"},
		},
		{
			name:     "fields",
			got:      "type A struct { x, Y int }; type B struct { X string `a` }; type C struct { x int }",
			want:     "type A struct { x int; Y uint }; type B struct { X string }; type C struct { x, Z int }",
			problems: []string{"p.A.Y: is int, want uint", `p.B.X: is string "a", want string`, "p.C.Z: the field is missing"},
		},
		{
			name:     "comparing",
			got:      `type A struct { f func() }; type B struct { f func() }`,
			want:     `type A struct { f int }; type B struct { f func() }`,
			problems: []string{"p.A: cannot be compared with =="},
		},
		{
			name:     "aliases",
			got:      `type A = func(); type B func(); type C = int; type D = func(int)`,
			want:     `type A = func(); type B = func(); type C int; type D = func(string)`,
			problems: []string{"p.B: is a type of its own, want an alias", "p.C: is an alias, want a type of its own", "p.D: is func(int), want func(string)"},
		},
		{
			name:     "conversions",
			got:      `type A struct { X int; _ struct{} }; type B struct { X int; _ struct{}; y int }; type C A`,
			want:     `type A struct { X int; _ struct{} }; type B A; type C A`,
			problems: []string{"p.A: does not convert into p.B", "p.B: does not convert into p.A", "p.B: does not convert into p.C", "p.C: does not convert into p.B"},
		},
		{
			name:     "sealed interfaces and what implements them",
			got:      `type I interface { m() }; type A int; type B int`,
			want:     `type I interface { m() }; type A int; func (A) m() {}; type B int; func (*B) m() {}`,
			problems: []string{"*p.B: does not implement p.I", "p.A: does not implement p.I"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			problems := surface.Compare(apiOf(t, "example.org/got", test.got), apiOf(t, "example.com/want", test.want), test.allowed)
			slices.Sort(problems)
			if !slices.Equal(problems, test.problems) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(problems, "\n"), strings.Join(test.problems, "\n"))
			}
		})
	}
}
