package registry_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/registry"
)

func mustAdd(t *testing.T, r *registry.Registry, s registry.Source, descs ...*registry.Desc) *registry.Registration {
	t.Helper()
	g, err := r.Add(s, descs)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func helped(help string, names ...string) (descs []*registry.Desc) {
	for _, name := range names {
		descs = append(descs, registry.NewDesc(name, help, "", nil, nil))
	}
	return descs
}

func zoned(help, name, zone string) *registry.Desc {
	return registry.NewDesc(name, help, "", nil, map[string]string{"zone": zone})
}

func TestRegistrationFreesNames(t *testing.T) {
	r := new(registry.Registry)
	first := mustAdd(t, r, &source{}, helped("one", "a", "b")...)
	if !first.Unregister() {
		t.Fatal("got false, want true")
	}
	if first.Unregister() {
		t.Error("again: got true, want false")
	}
	second := mustAdd(t, r, &source{}, helped("other", "a")...)
	if first.Unregister() {
		t.Error("the first Registration took out the second source")
	}

	// Register and Unregister leave b bound, as they always do, until somebody
	// who uses it too frees it.
	mustRegister(t, r, &source{}, helped("two", "b")...)
	r.Unregister(helped("two", "b"))
	if _, err := r.Add(&source{}, helped("three", "b")); err == nil {
		t.Error("a name that Unregister left bound means something else, want an error")
	}
	if b := mustAdd(t, r, &source{}, helped("two", "b")...); !b.Unregister() {
		t.Error("b: got false, want true")
	}
	mustRegister(t, r, &source{}, helped("three", "b")...)
	if !second.Unregister() {
		t.Error("second: got false, want true")
	}
}

func TestRegistrationKeepsNamesThatOthersUse(t *testing.T) {
	r := new(registry.Registry)
	one := mustAdd(t, r, &source{}, zoned("h", "a", "1"))
	two := mustAdd(t, r, &source{}, zoned("h", "a", "2"))
	one.Unregister()
	if _, err := r.Add(&source{}, []*registry.Desc{zoned("other", "a", "1")}); err == nil {
		t.Error("got no error for another help while a source uses the name")
	}
	two.Unregister()
	mustAdd(t, r, &source{}, zoned("other", "a", "1"))
}

func TestRegistrationAfterUnregisterByDescs(t *testing.T) {
	r := new(registry.Registry)
	g := mustAdd(t, r, &source{}, helped("h", "a")...)
	if !r.Unregister(helped("h", "a")) {
		t.Fatal("Unregister: got false, want true")
	}
	if g.Unregister() {
		t.Error("the Registration of a source that is gone: got true, want false")
	}
	if err := g.Replace(&source{}, helped("h", "a")); err == nil {
		t.Error("Replace of a source that is gone: got no error")
	}
	if got := len(r.Sources()); got != 0 {
		t.Errorf("got %d sources, want none", got)
	}
}

func TestRegistrationOfUncheckedSources(t *testing.T) {
	r := new(registry.Registry)
	all := make([]*registry.Registration, 5)
	sources := make([]registry.Source, 5)
	for i := range all {
		sources[i] = &source{}
		all[i] = mustAdd(t, r, sources[i])
	}
	for _, i := range []int{3, 0, 1} {
		if !all[i].Unregister() || all[i].Unregister() {
			t.Errorf("%d: want the first Unregister to find it, and the second not to", i)
		}
	}
	if got, want := r.Sources(), []registry.Source{sources[2], sources[4]}; !slices.Equal(got, want) {
		t.Errorf("got %d sources, want the two that are left in order", len(got))
	}
}

func TestReplace(t *testing.T) {
	const shape = `a previously registered descriptor with the same fully-qualified name as %s has different label names or a different help string`
	tests := []struct {
		name     string
		there    [][]*registry.Desc
		comes    []*registry.Desc
		want     string
		wantLeft []int // which of those that were there; -1 is the new one
	}{
		{"nothing there", nil, helped("h", "a"), "", []int{-1}},
		{"the same", [][]*registry.Desc{helped("h", "a")}, helped("h", "a"), "", []int{-1}},
		{"other help", [][]*registry.Desc{helped("h", "a")}, helped("i", "a"), "", []int{-1}},
		{"other labels", [][]*registry.Desc{{describe("a", "x")}}, []*registry.Desc{describe("a", "y", "z")}, "", []int{-1}},
		{"in its place", [][]*registry.Desc{helped("h", "a"), helped("h", "b"), helped("h", "c")}, helped("i", "b"), "", []int{0, -1, 2}},
		{"a part of it", [][]*registry.Desc{helped("h", "a", "b"), helped("h", "c")}, helped("i", "b"), "", []int{-1, 1}},
		{"two, in the place of the first", [][]*registry.Desc{helped("h", "x"), helped("h", "a"), helped("h", "y"), helped("h", "b", "c")}, helped("i", "b", "a"), "", []int{0, -1, 2}},
		{"beside other constant labels", [][]*registry.Desc{{zoned("h", "a", "1")}, {zoned("h", "a", "2")}}, []*registry.Desc{zoned("h", "a", "2")}, "", []int{0, -1}},
		{
			"others use the name", [][]*registry.Desc{{zoned("h", "a", "1")}, {zoned("h", "a", "2")}}, []*registry.Desc{zoned("i", "a", "2")},
			fmt.Sprintf(shape, zoned("i", "a", "2")), []int{0, 1},
		},
		{"both that use the name go", [][]*registry.Desc{{zoned("h", "a", "1")}, {zoned("h", "a", "2")}}, []*registry.Desc{zoned("i", "a", "2"), zoned("i", "a", "1")}, "", []int{-1}},
		{
			"an invalid one", [][]*registry.Desc{helped("h", "a")}, []*registry.Desc{helped("h", "a")[0], registry.InvalidDesc(errors.New("no"))},
			`descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: no`, []int{0},
		},
		{
			"inconsistent in itself", [][]*registry.Desc{{zoned("h", "a", "1")}}, []*registry.Desc{zoned("i", "a", "1"), zoned("j", "a", "2")},
			fmt.Sprintf("descriptors reported by collector have inconsistent label names or help strings for the same fully-qualified name, offender is %s", zoned("j", "a", "2")), []int{0},
		},
		{"nothing described", [][]*registry.Desc{helped("h", "a")}, nil, "a collector that sends no descriptors takes nobody's place: keep the Registration of the one before, and replace that", []int{0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := new(registry.Registry)
			named := map[registry.Source]int{}
			var before []*registry.Registration
			for i, descs := range test.there {
				s := &source{}
				named[s] = i
				before = append(before, mustAdd(t, r, s, descs...))
			}
			comes := &source{}
			named[comes] = -1
			g, err := r.Replace(comes, test.comes)
			if got := errText(err); got != test.want {
				t.Errorf("got error %q, want %q", got, test.want)
			}
			var left []int
			for _, s := range r.Sources() {
				left = append(left, named[s])
			}
			if !slices.Equal(left, test.wantLeft) {
				t.Errorf("got sources %v, want %v", left, test.wantLeft)
			}
			for i, g := range before {
				if got, want := g.Unregister(), slices.Contains(test.wantLeft, i); got != want {
					t.Errorf("Unregister of source %d: got %t, want %t", i, got, want)
				}
			}
			if err == nil && (!g.Unregister() || len(r.Sources()) != 0) {
				t.Error("the Registration of the new source does not take it out")
			}
		})
	}
}

// A name that Unregister left behind does not keep anybody from replacing what is
// there no more.
func TestReplaceOfANameThatNobodyUses(t *testing.T) {
	r := new(registry.Registry)
	mustRegister(t, r, &source{}, helped("h", "a")...)
	r.Unregister(helped("h", "a"))
	if _, err := r.Replace(&source{}, helped("other", "a")); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestRegistrationReplace(t *testing.T) {
	r := new(registry.Registry)
	a, b, c := &source{}, &source{}, &source{}
	mustAdd(t, r, &source{}, helped("h", "x")...)
	g := mustAdd(t, r, a, helped("h", "a")...)
	unchecked := mustAdd(t, r, &source{})
	if err := g.Replace(b, []*registry.Desc{zoned("other", "a", "1"), describe("b")}); err != nil {
		t.Fatal(err)
	}
	if got := r.Sources(); len(got) != 3 || got[1] != b {
		t.Errorf("got %d sources, want the new one in the place of the old", len(got))
	}
	if err := g.Replace(c, helped("h", "x")); !errors.As(err, new(registry.AlreadyRegistered)) {
		t.Errorf("got %v, want that x is there", err)
	}
	if err := g.Replace(c, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.Sources(); len(got) != 3 || got[2] != c || len(r.Descs()) != 1 {
		t.Errorf("got %d sources and descs %v, want the new one last, unchecked", len(got), r.Descs())
	}
	if err := unchecked.Replace(&source{}, helped("free again", "a", "b")); err != nil {
		t.Error(err)
	}
	if !g.Unregister() || len(r.Sources()) != 2 {
		t.Error("the Registration does not take out the last source it was given")
	}
}

// Each gather has exactly one of the old and the new source, and a conflict
// never shows.
func TestReplaceInOneStep(t *testing.T) {
	r := new(registry.Registry)
	versions := [...][]*registry.Desc{{describe("a", "x"), describe("b")}, {describe("a", "y")}, {describe("a", "x"), describe("c")}}
	of := func(i int) registry.Source {
		d := versions[i%len(versions)][0]
		return values(d, float64(i), fmt.Sprint(i)).collector(d)
	}
	g := mustAdd(t, r, of(0), versions[0]...)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				page, errs := r.Gather(explain)
				got := text(t, page)
				if errs != nil || strings.Count(got, "\na{") != 1 {
					t.Errorf("got errors %v and the page\n%s\nwant exactly one series of a", errs, got)
					return
				}
			}
		})
	}
	for i := range 2000 {
		var err error
		if i%2 == 0 {
			err = g.Replace(of(i), versions[i%len(versions)])
		} else {
			g, err = r.Replace(of(i), versions[i%len(versions)])
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	wg.Wait()
}

// A Registration may be used by several at once: one of them takes the source out.
func TestRegistrationsAreTakenOutOnce(t *testing.T) {
	r := new(registry.Registry)
	for range 200 {
		g := mustAdd(t, r, &source{}, describe("a"))
		results := make(chan bool, 3)
		go func() { results <- g.Unregister() }()
		go func() { results <- r.Unregister([]*registry.Desc{describe("a")}) }()
		go func() { results <- g.Unregister() }()
		n := 0
		for range 3 {
			if <-results {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("got %d times true, want once", n)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// naive is a registry that looks at everything again at each question.
type naive struct {
	there []*naiveSource    // in their places, checked and not
	bound map[string]string // what Unregister left behind
}

type naiveSource struct {
	source registry.Source
	descs  []naiveDesc
}

type naiveDesc struct{ name, help, zone string }

func (d naiveDesc) id() [2]string { return [2]string{d.name, d.zone} }
func (d naiveDesc) shape() string { return fmt.Sprint(d.help, d.zone != "") }
func (d naiveDesc) desc() *registry.Desc {
	constant := map[string]string{}
	if d.zone != "" {
		constant["zone"] = d.zone
	}
	return registry.NewDesc(d.name, d.help, "", nil, constant)
}

func (s *naiveSource) ids() map[[2]string]bool {
	ids := map[[2]string]bool{}
	for _, d := range s.descs {
		ids[d.id()] = true
	}
	return ids
}

// fits tells whether the source can be registered beside others.
func (n *naive) fits(s *naiveSource, beside []*naiveSource, bound map[string]string) bool {
	shapes := map[string]string{}
	for name, shape := range bound {
		shapes[name] = shape
	}
	ids := map[[2]string]bool{}
	for _, other := range beside {
		for _, d := range other.descs {
			shapes[d.name], ids[d.id()] = d.shape(), true
		}
	}
	for _, d := range s.descs {
		if shape, known := shapes[d.name]; ids[d.id()] || known && shape != d.shape() {
			return false
		}
		shapes[d.name] = d.shape()
	}
	return true
}

func (n *naive) without(gone []*naiveSource) []*naiveSource {
	return slices.DeleteFunc(slices.Clone(n.there), func(s *naiveSource) bool { return slices.Contains(gone, s) })
}

func (n *naive) used(name string) bool {
	return slices.ContainsFunc(n.there, func(s *naiveSource) bool {
		return slices.ContainsFunc(s.descs, func(d naiveDesc) bool { return d.name == name })
	})
}

// remove takes a source out; what nothing uses stays bound or not.
func (n *naive) remove(s *naiveSource, bind bool) {
	n.there = n.without([]*naiveSource{s})
	for _, d := range s.descs {
		if bind {
			n.bound[d.name] = d.shape()
		} else if !n.used(d.name) {
			delete(n.bound, d.name)
		}
	}
}

// replace is the model of both kinds of replacing.
func (n *naive) replace(old []*naiveSource, s *naiveSource) bool {
	rest := n.without(old)
	if !n.fits(s, rest, nil) {
		return false
	}
	at := len(n.there)
	if len(old) > 0 && (len(old[0].descs) == 0) == (len(s.descs) == 0) {
		at = slices.Index(n.there, old[0])
	}
	n.there = slices.Insert(slices.Clone(n.there), at, s)
	for _, o := range old {
		n.remove(o, false)
	}
	for _, d := range s.descs {
		delete(n.bound, d.name)
	}
	return true
}

// sources returns those that are checked, then the others.
func (n *naive) sources() (all []registry.Source) {
	for _, checked := range []bool{true, false} {
		for _, s := range n.there {
			if checked == (len(s.descs) > 0) {
				all = append(all, s.source)
			}
		}
	}
	return all
}

func TestRegistryIsWhatANaiveOneIs(t *testing.T) {
	someDesc := rapid.Custom(func(t *rapid.T) naiveDesc {
		return naiveDesc{
			rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
			rapid.SampledFrom([]string{"h", "i"}).Draw(t, "help"),
			rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "zone"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		r, model := new(registry.Registry), &naive{bound: map[string]string{}}
		type held struct {
			g *registry.Registration
			s *naiveSource
		}
		var handles []*held
		next := func(t *rapid.T) (*naiveSource, []*registry.Desc) {
			s := &naiveSource{&source{}, rapid.SliceOfN(someDesc, 0, 3).Draw(t, "descs")}
			var descs []*registry.Desc
			for _, d := range s.descs {
				descs = append(descs, d.desc())
			}
			return s, descs
		}
		check := func(t *rapid.T, what string, got, want bool) {
			if got != want {
				t.Fatalf("%s: got %t, want %t", what, got, want)
			}
		}
		register := func(t *rapid.T) {
			s, descs := next(t)
			fits := model.fits(s, model.there, model.bound)
			g, err := r.Add(s.source, descs)
			check(t, "registered", err == nil, fits)
			if err == nil {
				model.there = append(model.there, s)
				handles = append(handles, &held{g, s})
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"register": register,
			"unregister": func(t *rapid.T) {
				s, descs := next(t)
				i := slices.IndexFunc(model.there, func(o *naiveSource) bool {
					return len(s.descs) > 0 && fmt.Sprint(o.ids()) == fmt.Sprint(s.ids())
				})
				check(t, "unregistered", r.Unregister(descs), i >= 0)
				if i >= 0 {
					model.remove(model.there[i], true)
				}
			},
			"replace": func(t *rapid.T) {
				s, descs := next(t)
				var old []*naiveSource
				for _, o := range model.there {
					if slices.ContainsFunc(s.descs, func(d naiveDesc) bool { return o.ids()[d.id()] }) {
						old = append(old, o)
					}
				}
				want := len(s.descs) > 0 && model.replace(old, s)
				g, err := r.Replace(s.source, descs)
				check(t, "replaced", err == nil, want)
				if err == nil {
					handles = append(handles, &held{g, s})
				}
			},
			"unregister by handle": func(t *rapid.T) {
				if len(handles) == 0 {
					t.Skip()
				}
				h := rapid.SampledFrom(handles).Draw(t, "handle")
				there := slices.Contains(model.there, h.s)
				check(t, "unregistered", h.g.Unregister(), there)
				if there {
					model.remove(h.s, false)
				}
			},
			"replace by handle": func(t *rapid.T) {
				if len(handles) == 0 {
					t.Skip()
				}
				h := rapid.SampledFrom(handles).Draw(t, "handle")
				s, descs := next(t)
				want := slices.Contains(model.there, h.s) && model.replace([]*naiveSource{h.s}, s)
				err := h.g.Replace(s.source, descs)
				check(t, "replaced", err == nil, want)
				if err == nil {
					h.s = s
				}
			},
			"": func(t *rapid.T) {
				if got, want := r.Sources(), model.sources(); !slices.Equal(got, want) {
					t.Fatalf("got %d sources, want %d, or in another order", len(got), len(want))
				}
			},
		})
	})
}
