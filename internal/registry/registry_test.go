package registry_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/cresset-metrics/cresset/internal/registry"
)

func TestRegisterConflicts(t *testing.T) {
	plain := func(name string, labels ...string) *registry.Desc {
		return registry.NewDesc(name, "help", "", labels, nil)
	}
	zone := func(name, zone string) *registry.Desc {
		return registry.NewDesc(name, "help", "", nil, map[string]string{"zone": zone})
	}
	list := func(descs ...*registry.Desc) []*registry.Desc { return descs }
	const (
		shape      = `a previously registered descriptor with the same fully-qualified name as %s has different label names or a different help string`
		exists     = `descriptor %s already exists with the same fully-qualified name and const label values`
		inside     = `descriptors reported by collector have inconsistent label names or help strings for the same fully-qualified name, offender is %s`
		registered = `duplicate metrics collector registration attempted`
	)
	invalid := registry.NewDesc("", "help", "", nil, nil)
	tests := []struct {
		name          string
		first, second []*registry.Desc
		want          string
	}{
		{"other names", list(plain("a")), list(plain("b")), ""},
		{"the same", list(plain("a", "x")), list(plain("a", "x")), registered},
		{"label order does not matter", list(plain("a", "x", "y")), list(plain("a", "y", "x")), registered},
		{"the same set in another order", list(plain("a"), plain("b")), list(plain("b"), plain("a")), registered},
		{"the same set, one twice", list(plain("a"), plain("b")), list(plain("b"), plain("a"), plain("b")), registered},
		{"a subset", list(plain("a"), plain("b")), list(plain("b")), fmt.Sprintf(exists, plain("b"))},
		{"a superset", list(plain("a")), list(plain("a"), plain("b")), fmt.Sprintf(exists, plain("a"))},
		{"other constant values", list(zone("a", "1")), list(zone("a", "2")), ""},
		{"the same constant values", list(zone("a", "1")), list(zone("a", "1")), registered},
		{
			"other help", list(plain("a")), list(registry.NewDesc("a", "other", "", nil, nil)),
			fmt.Sprintf(shape, registry.NewDesc("a", "other", "", nil, nil)),
		},
		{
			"other unit", list(plain("a")), list(registry.NewDesc("a", "help", "seconds", nil, nil)),
			fmt.Sprintf(shape, registry.NewDesc("a", "help", "seconds", nil, nil)),
		},
		{"other labels", list(plain("a", "x")), list(plain("a", "y")), fmt.Sprintf(shape, plain("a", "y"))},
		{"more labels", list(plain("a")), list(plain("a", "y")), fmt.Sprintf(shape, plain("a", "y"))},
		{
			"constant there, variable here", list(plain("a", "zone")), list(zone("a", "1")),
			fmt.Sprintf(shape, zone("a", "1")),
		},
		{
			"another constant label", list(zone("a", "1")), list(registry.NewDesc("a", "help", "", nil, map[string]string{"zoo": "2"})),
			fmt.Sprintf(shape, registry.NewDesc("a", "help", "", nil, map[string]string{"zoo": "2"})),
		},
		{"borders of names and values", list(registry.NewDesc("a", "help", "", nil, map[string]string{"x": "1", "y": "23"})), list(registry.NewDesc("a", "help", "", nil, map[string]string{"x": "12", "y": "3"})), ""},
		{"borders of help and unit", list(registry.NewDesc("a", "xy", "z", nil, nil)), list(registry.NewDesc("b", "x", "yz", nil, nil)), ""},
		{"inconsistent in itself", nil, list(plain("a", "x"), plain("a", "y")), fmt.Sprintf(inside, plain("a", "y"))},
		{"same name, other constant values, in itself", nil, list(zone("a", "1"), zone("a", "2")), ""},
		{"invalid", nil, list(plain("a"), invalid), fmt.Sprintf(`descriptor %s is invalid: "" is not a valid metric name`, invalid)},
		{"inconsistent comes before the same", list(plain("a")), list(plain("a"), plain("b", "x"), plain("b")), fmt.Sprintf(inside, plain("b"))},
		{"unchecked beside anything", list(plain("a")), nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := new(registry.Registry)
			first := &source{}
			mustRegister(t, r, first, test.first...)
			got := ""
			if err := r.Register(&source{}, test.second); err != nil {
				got = err.Error()
				var already registry.AlreadyRegistered
				if is := errors.As(err, &already); is != (test.want == registered) || is && already.Existing != first {
					t.Errorf("got %#v, want the error that names the source that is there if, and only if, there is one", err)
				}
			}
			if got != test.want {
				t.Errorf("got error %q, want %q", got, test.want)
			}
		})
	}
}

// What was refused leaves nothing behind.
func TestRefusedRegistrationChangesNothing(t *testing.T) {
	r := new(registry.Registry)
	a, b := describe("a"), describe("b")
	mustRegister(t, r, &source{}, a)
	if err := r.Register(&source{}, []*registry.Desc{b, describe("c", "x"), a}); err == nil {
		t.Fatal("got no error for a desc that exists")
	}
	mustRegister(t, r, &source{}, registry.NewDesc("b", "other help", "", []string{"l"}, nil))
	mustRegister(t, r, &source{}, describe("c"))
	if got := len(r.Descs()); got != 3 {
		t.Errorf("got %d descs, want 3", got)
	}
}

// A source that describes itself by collecting sends a desc for each series.
func TestDescsAreKeptOnce(t *testing.T) {
	r := new(registry.Registry)
	a, b := describe("a"), describe("b")
	mustRegister(t, r, &source{}, a, b, a, describe("a"), b)
	if got := r.Descs(); !slices.Equal(got, []*registry.Desc{a, b}) {
		t.Errorf("got %v, want a and b once", got)
	}
}

func TestUnregister(t *testing.T) {
	r := new(registry.Registry)
	a, b := describe("a"), describe("b")
	s := values(a, 1).collector(a)
	mustRegister(t, r, s, a, b)
	for name, descs := range map[string][]*registry.Desc{
		"a subset": {a}, "a superset": {a, b, describe("c")}, "nothing": nil, "another": {describe("d")},
	} {
		if r.Unregister(descs) {
			t.Errorf("%s: got true, want false", name)
		}
	}
	if !r.Unregister([]*registry.Desc{b, a, b}) {
		t.Error("the same set in another order: got false, want true")
	}
	if r.Unregister([]*registry.Desc{a, b}) {
		t.Error("again: got true, want false")
	}
	if page, errs := r.Gather(explain); page.Len() != 0 || errs != nil {
		t.Errorf("got %d families and %v after it is gone, want none", page.Len(), errs)
	}
	if err := r.Register(s, []*registry.Desc{describe("a", "other")}); err == nil {
		t.Error("a name is free to mean something else after it was unregistered, want it bound for ever")
	}
	mustRegister(t, r, s, a) // the set may be another one, though
}

// What one source costs does not depend on how many there are: some programs
// register one for each of their connections.
func TestUnregisterOneOfMany(t *testing.T) {
	const n = 2000
	r := new(registry.Registry)
	var descs []*registry.Desc
	for i := range n {
		descs = append(descs, registry.NewDesc("a", "", "", nil, map[string]string{"n": strconv.Itoa(i)}))
		mustRegister(t, r, &source{}, descs[i])
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, d := range descs {
		if !r.Unregister([]*registry.Desc{d}) {
			t.Fatalf("%s is not found again", d)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 4096 {
		t.Errorf("got %d bytes allocated to unregister one, want few", each)
	}
	if got := len(r.Sources()); got != 0 {
		t.Errorf("got %d sources after all were unregistered, want none", got)
	}
}

func TestSourcesStayInOrder(t *testing.T) {
	r := new(registry.Registry)
	var all []registry.Source
	for i := range 5 {
		s := &source{}
		mustRegister(t, r, s, describe(fmt.Sprint("n", i)))
		all = append(all, s)
	}
	unchecked := &source{}
	mustRegister(t, r, unchecked)
	r.Unregister([]*registry.Desc{describe("n2")})
	want := []registry.Source{all[0], all[1], all[3], all[4], unchecked}
	got := r.Sources()
	if len(got) != len(want) {
		t.Fatalf("got %d sources, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("source %d is not the one expected", i)
		}
	}
	if got := r.Descs(); len(got) != 4 || got[2].Name != "n3" {
		t.Errorf("got %v, want the descs of the four checked sources in order", got)
	}
}

// Unchecked sources are not told apart, and cannot be taken away.
func TestUncheckedSources(t *testing.T) {
	r := new(registry.Registry)
	d := describe("a", "l")
	for _, l := range []string{"x", "y"} {
		mustRegister(t, r, values(d, 1, l).collector(d))
	}
	if r.Unregister(nil) {
		t.Error("got true, want false")
	}
	page, errs := r.Gather(explain)
	if errs != nil {
		t.Errorf("got errors %v, want none", errs)
	}
	if got, want := text(t, page), "# TYPE a gauge\na{l=\"x\"} 1\na{l=\"y\"} 1\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
