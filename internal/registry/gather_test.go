package registry_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// gather registers the sources in order, each with the descs of its runs, and
// gathers.
func gather(t *testing.T, r *registry.Registry, sources ...*source) (string, []string) {
	t.Helper()
	for _, s := range sources {
		// Registered without descs, so that they may contradict each other.
		mustRegister(t, r, s)
	}
	page, errs := r.Gather(explain)
	var shown []string
	for _, err := range errs {
		shown = append(shown, err.Error())
	}
	return text(t, page), shown
}

func TestGatherMergesFamilies(t *testing.T) {
	a, b := describe("a", "l"), describe("b")
	zone := func(zone string) *registry.Desc {
		return registry.NewDesc("c", "help", "", []string{"l"}, map[string]string{"zone": zone})
	}
	otherHelp := registry.NewDesc("a", "other", "", []string{"l"}, nil)
	tests := []struct {
		name    string
		sources []*source
		want    string
		errs    []string
	}{
		{"nothing", nil, "", nil},
		{"a source without series", []*source{values(a, 1).collector(a)}, "", nil},
		{"families by name", []*source{values(b, 1).collector(b), values(a, 2, "x").collector(a)}, "# TYPE a gauge\na{l=\"x\"} 2\n# TYPE b gauge\nb 1\n", nil},
		{"series by labels", []*source{values(a, 1, "z", "b", "a").collector(a)}, "# TYPE a gauge\na{l=\"a\"} 1\na{l=\"b\"} 1\na{l=\"z\"} 1\n", nil},
		{
			"ordered sources side by side", []*source{values(zone("2"), 2, "x", "y").ordered(zone("2")), values(zone("1"), 1, "x", "y").ordered(zone("1"))},
			"# TYPE c gauge\nc{l=\"x\",zone=\"1\"} 1\nc{l=\"x\",zone=\"2\"} 2\nc{l=\"y\",zone=\"1\"} 1\nc{l=\"y\",zone=\"2\"} 2\n", nil,
		},
		{
			"fewer labels first", []*source{values(a, 1, "").collector(a), values(describe("a"), 2).collector(describe("a"))},
			"# TYPE a gauge\na 2\na{l=\"\"} 1\n", nil,
		},
		{
			"a duplicate of another source", []*source{values(a, 1, "x", "y").ordered(a), values(a, 2, "z", "y").collector(a)},
			"# TYPE a gauge\na{l=\"x\"} 1\na{l=\"y\"} 1\na{l=\"z\"} 2\n",
			[]string{`collected metric "a" { <l="y">} was collected before with the same name and label values`},
		},
		{
			"duplicates within a source", []*source{append(values(a, 1, "x"), values(a, 2, "x", "x")...).collector(a)},
			"# TYPE a gauge\na{l=\"x\"} 1\n",
			slices.Repeat([]string{`collected metric "a" { <l="x">} was collected before with the same name and label values`}, 2),
		},
		{
			"another help", []*source{values(a, 1, "x").collector(a), values(otherHelp, 2, "y", "z").collector(otherHelp)},
			"# TYPE a gauge\na{l=\"x\"} 1\n",
			[]string{`collected metric a <l="y"> has help "other" but should have "help"`, `collected metric a <l="z"> has help "other" but should have "help"`},
		},
		{
			"another type", []*source{values(a, 1, "x").collector(a), ofType(exposition.Counter, values(a, 2, "y").collector(a))},
			"# TYPE a gauge\na{l=\"x\"} 1\n",
			[]string{`collected metric a <l="y"> should be a Gauge`},
		},
		{
			"a failing source", []*source{{errs: []error{errors.New("no")}}, values(b, 1).collector(b)},
			"# TYPE b gauge\nb 1\n", []string{"no"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, errs := gather(t, new(registry.Registry), test.sources...)
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if !slices.Equal(errs, test.errs) {
				t.Errorf("got errors %q, want %q", errs, test.errs)
			}
		})
	}
}

func TestGatherTellsTheTypeThatWasExpected(t *testing.T) {
	d := describe("a", "l")
	for typ, want := range map[exposition.Type]string{
		exposition.Counter: "a Counter", exposition.Gauge: "a Gauge", exposition.Summary: "a Summary",
		exposition.Untyped: "Untyped", exposition.Histogram: "a Histogram", exposition.GaugeHistogram: "a GaugeHistogram",
	} {
		other := exposition.Counter
		if typ == other {
			other = exposition.Gauge
		}
		_, errs := gather(t, new(registry.Registry), ofType(typ, values(d, 1, "x").collector(d)), ofType(other, values(d, 1, "y").collector(d)))
		if want := []string{`collected metric a <l="y"> should be ` + want}; !slices.Equal(errs, want) {
			t.Errorf("got errors %q, want %q", errs, want)
		}
	}
}

func TestGatherSuffixCollisions(t *testing.T) {
	const (
		g, c, s, h = exposition.Gauge, exposition.Counter, exposition.Summary, exposition.Histogram
	)
	tests := []struct {
		first  string
		typ    exposition.Type
		second string
		typ2   exposition.Type
		want   string
	}{
		{"a", s, "a_count", c, `collected metric named "a_count" collides with previously collected summary named "a"`},
		{"a", s, "a_sum", g, `collected metric named "a_sum" collides with previously collected summary named "a"`},
		{"a", s, "a_bucket", g, ``},
		{"a", h, "a_count", c, `collected metric named "a_count" collides with previously collected histogram named "a"`},
		{"a", h, "a_sum", c, `collected metric named "a_sum" collides with previously collected histogram named "a"`},
		{"a", h, "a_bucket", c, `collected metric named "a_bucket" collides with previously collected histogram named "a"`},
		{"a", g, "a_count", c, ``},
		{"a", h, "a_total", c, ``},
		{"a", h, "a_counts", c, ``},
		{"a_count", c, "a", s, `collected histogram or summary named "a" collides with previously collected metric named "a_count"`},
		{"a_sum", c, "a", h, `collected histogram or summary named "a" collides with previously collected metric named "a_sum"`},
		{"a_bucket", c, "a", h, `collected histogram named "a" collides with previously collected metric named "a_bucket"`},
		{"a_bucket", c, "a", s, ``},
		{"a_count", c, "a", g, ``},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %s, %s %s", test.first, test.typ, test.second, test.typ2), func(t *testing.T) {
			one, two := describe(test.first, "l"), describe(test.second, "l")
			_, errs := gather(t, new(registry.Registry),
				ofType(test.typ, values(one, 1, "x").collector(one)),
				ofType(test.typ2, values(two, 2, "x", "y").collector(two)))
			var want []string
			if test.want != "" {
				want = []string{test.want, test.want} // one for each series that is left out
			}
			if !slices.Equal(errs, want) {
				t.Errorf("got errors %q, want %q", errs, want)
			}
		})
	}
}

// A whole family that collides is one error, however many series it has.
func TestMergeReportsACollisionOnce(t *testing.T) {
	one, two := describe("a", "l"), describe("a_sum", "l")
	histogram := values(one, 1, "x").run(one)
	histogram.Type = exposition.Histogram
	page, errs := registry.Merge([]registry.Run{histogram, values(two, 1, "x", "y", "z").run(two)}, explain)
	if len(errs) != 1 || page.Len() != 1 {
		t.Errorf("got %d families and errors %q, want one of each", page.Len(), errs)
	}
}

func TestGatherOrdersTimestamps(t *testing.T) {
	d := describe("a", "l")
	six := values(d, 0, "x", "x", "x", "x", "x", "x")
	six.at(5, 0).at(math.MaxInt64, 1).at(math.MinInt64, 2).at(-1, 4).at(5, 5)
	for i := range six {
		six[i].Value = float64(i)
	}
	got, errs := gather(t, new(registry.Registry), six.collector(d))
	want := "# TYPE a gauge\n" +
		"a{l=\"x\"} 2 -9223372036854775808\n" +
		"a{l=\"x\"} 4 -1\n" +
		"a{l=\"x\"} 0 5\n" +
		"a{l=\"x\"} 1 9223372036854775807\n" +
		"a{l=\"x\"} 3\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if len(errs) != 1 || !strings.Contains(errs[0], "was collected before") {
		t.Errorf("got errors %q, want one for the timestamp that comes twice", errs)
	}
}

func TestGatherPedantic(t *testing.T) {
	known, unknown := describe("a", "l"), describe("b", "l")
	s := &source{runs: []registry.Run{values(known, 1, "x").run(known), values(unknown, 2, "y", "z").run(unknown)}}
	for _, pedantic := range []bool{false, true} {
		r := &registry.Registry{Pedantic: pedantic}
		mustRegister(t, r, s, known)
		mustRegister(t, r, probe(func(b *registry.Batch) {
			if got := b.Pedantic(); got != pedantic {
				t.Errorf("a checked source of a registry with pedantic %t was told %t", pedantic, got)
			}
		}), describe("probe"))
		mustRegister(t, r, probe(func(b *registry.Batch) {
			if b.Pedantic() {
				t.Error("a source that is not checked was told to be pedantic")
			}
		}))
		page, errs := r.Gather(explain)
		wantLen, wantErrs := 2, 0
		if pedantic {
			wantLen, wantErrs = 1, 2
			want := `collected metric b <l="y"> with unregistered descriptor ` + unknown.String()
			if len(errs) > 0 && errs[0].Error() != want {
				t.Errorf("got error %q, want %q", errs[0], want)
			}
		}
		if page.Len() != wantLen || len(errs) != wantErrs {
			t.Errorf("pedantic %t: got %d families and errors %v, want %d and %d", pedantic, page.Len(), errs, wantLen, wantErrs)
		}
	}
}

type probe func(*registry.Batch)

func (p probe) Collect(b *registry.Batch) { p(b) }

// Sources that take their time are asked at the same time.
func TestGatherAsksSourcesAtOnce(t *testing.T) {
	r := new(registry.Registry)
	const n = 5
	var all sync.WaitGroup
	all.Add(n)
	for range n {
		mustRegister(t, r, probe(func(*registry.Batch) {
			all.Done()
			all.Wait() // ends only if every source is being asked
		}))
	}
	d := describe("a")
	mustRegister(t, r, quickSource{values(d, 1).collector(d)}, d)
	if page, errs := r.Gather(explain); page.Len() != 1 || errs != nil {
		t.Errorf("got %d families and errors %v, want one and none", page.Len(), errs)
	}
}

// The series of a page are settled when it is gathered, their values when it is
// written.
func TestPageReadsValuesWhenWritten(t *testing.T) {
	r := new(registry.Registry)
	d := describe("a", "l")
	live := values(d, 1, "x", "y")
	mustRegister(t, r, live.ordered(d), d)
	page, _ := r.Gather(explain)
	live[0].Value = 7
	if got, want := text(t, page), "# TYPE a gauge\na{l=\"x\"} 7\na{l=\"y\"} 1\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// After Freeze, values are settled too.
func TestFrozenPage(t *testing.T) {
	r := new(registry.Registry)
	d := describe("a", "l")
	ordered, other := values(d, 1, "x"), values(d, 2, "y")
	alone := values(describe("b", "l"), 3, "x", "y")
	mustRegister(t, r, ordered.ordered(d))
	mustRegister(t, r, other.collector(d))
	mustRegister(t, r, alone.ordered(describe("b", "l")))
	page, _ := r.Gather(explain)
	page.Freeze()
	for _, s := range []rows{ordered, other, alone} {
		s[0].Value = 7
	}
	const want = "# TYPE a gauge\na{l=\"x\"} 1\na{l=\"y\"} 2\n# TYPE b gauge\nb{l=\"x\"} 3\nb{l=\"y\"} 3\n"
	for range 2 {
		if got := text(t, page); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
	if got, want := text(t, page, "b"), "# TYPE b gauge\nb{l=\"x\"} 3\nb{l=\"y\"} 3\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestPageWritesChosenFamilies(t *testing.T) {
	r := new(registry.Registry)
	for _, name := range []string{"a", "b", "c"} {
		d := describe(name)
		mustRegister(t, r, values(d, 1).collector(d), d)
	}
	page, _ := r.Gather(explain)
	for _, test := range []struct {
		names []string
		want  string
	}{
		{nil, "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE c gauge\nc 1\n"},
		{[]string{"c", "a", "a"}, "# TYPE a gauge\na 1\n# TYPE c gauge\nc 1\n"},
		{[]string{"x"}, ""},
		{[]string{""}, ""},
	} {
		if got := text(t, page, test.names...); got != test.want {
			t.Errorf("names %q: got:\n%s\nwant:\n%s", test.names, got, test.want)
		}
	}
}

func TestPageAppend(t *testing.T) {
	var page registry.Page
	d := describe("b", "l")
	page.Append(exposition.Family{Name: "b", Type: exposition.Gauge}, values(d, 1, "z", "a"))
	page.Append(exposition.Family{Name: "a", Type: exposition.Counter}, values(describe("a"), 2))
	want := "# TYPE b gauge\nb{l=\"z\"} 1\nb{l=\"a\"} 1\n# TYPE a counter\na 2\n"
	if got := text(t, &page); got != want || page.Len() != 2 {
		t.Errorf("got %d families:\n%s\nwant 2, as they were given:\n%s", page.Len(), got, want)
	}
}

func TestFamilyKeepsHelpAndUnit(t *testing.T) {
	seconds := registry.NewDesc("a", "some help", "seconds", nil, nil)
	bare := describe("b")
	bare.NoHelp = true
	r := new(registry.Registry)
	mustRegister(t, r, values(seconds, 1).collector(seconds), seconds)
	mustRegister(t, r, values(bare, 1).collector(bare), bare)
	page, _ := r.Gather(explain)
	var got families
	page.Write(&got)
	want := families{
		{Name: "a", Help: "some help", HasHelp: true, Unit: "seconds", Type: exposition.Gauge},
		{Name: "b", Help: "help", Type: exposition.Gauge},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// families keeps what an encoder is told of families.
type families []exposition.Family

func (f *families) Family(one *exposition.Family) { *f = append(*f, *one) }
func (f *families) Series(*exposition.Series)     {}
func (f *families) Close() error                  { return nil }

// Whatever sources expose, in whatever order and however often, the page has
// each series once, in order, with the value of the first source that has it,
// and there is an error for each one left out.
func TestGatherAgainstNaiveMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := new(registry.Registry)
		type key struct {
			family, label string
			stamp         int64 // -1 for none
		}
		first := map[key]float64{}
		count, left := 0.0, 0
		for range rapid.IntRange(0, 5).Draw(t, "sources") {
			s := &source{}
			for range rapid.IntRange(0, 3).Draw(t, "runs") {
				d := describe(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "family"), "l")
				var all rows
				for range rapid.IntRange(0, 6).Draw(t, "series") {
					k := key{d.Name, rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 2, -1).Draw(t, "label"), rapid.Int64Range(-1, 1).Draw(t, "stamp")}
					count++
					all = append(all, values(d, count, k.label)...)
					if k.stamp >= 0 {
						all.at(k.stamp, len(all)-1)
					}
					if _, taken := first[k]; taken {
						left++
					} else {
						first[k] = count
					}
				}
				s.runs = append(s.runs, all.run(d))
			}
			if err := r.Register(s, nil); err != nil {
				t.Fatal(err)
			}
		}

		keys := make([]key, 0, len(first))
		for k := range first {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b key) int {
			c := strings.Compare(a.family, b.family)
			if c == 0 {
				c = strings.Compare(a.label, b.label)
			}
			if c == 0 {
				c = cmp.Compare(uint64(a.stamp), uint64(b.stamp)) // -1, which is none, stands last
			}
			return c
		})
		var want strings.Builder
		for i, k := range keys {
			if i == 0 || keys[i-1].family != k.family {
				fmt.Fprintf(&want, "# TYPE %s gauge\n", k.family)
			}
			fmt.Fprintf(&want, "%s{l=%q} %g", k.family, k.label, first[k])
			if k.stamp >= 0 {
				fmt.Fprintf(&want, " %d", k.stamp)
			}
			want.WriteByte('\n')
		}

		page, errs := r.Gather(explain)
		if got := text(t, page); got != want.String() {
			t.Fatalf("got:\n%s\nwant:\n%s", got, want.String())
		}
		if len(errs) != left {
			t.Fatalf("got %d errors, want %d: %v", len(errs), left, errs)
		}
	})
}

// Sources come and go while others gather; what is registered all the time is
// on every page.
func TestGatherWhileSourcesComeAndGo(t *testing.T) {
	r := new(registry.Registry)
	stays := describe("stays")
	mustRegister(t, r, values(stays, 1).ordered(stays), stays)
	var wg sync.WaitGroup
	for w := range 4 {
		d := describe(fmt.Sprint("comes_and_goes_", w))
		s := values(d, 1).ordered(d)
		wg.Go(func() {
			for range 300 {
				if err := r.Register(s, []*registry.Desc{d}); err != nil {
					t.Error(err)
				}
				r.Descs()
				if !r.Unregister([]*registry.Desc{d}) {
					t.Error("the source that was registered is not there")
				}
			}
		})
		wg.Go(func() {
			for range 300 {
				page, errs := r.Gather(explain)
				if errs != nil {
					t.Error(errs)
				}
				if got := text(t, page, "stays"); got != "# TYPE stays gauge\nstays 1\n" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
	if got := len(r.Sources()); got != 1 {
		t.Errorf("got %d sources in the end, want 1", got)
	}
}
