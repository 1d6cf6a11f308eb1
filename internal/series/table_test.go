package series

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// newTable returns a table of series that hold a number: the next one that create
// is given, or one that is not zero.
func newTable(variable ...string) *Table[int] {
	return NewTable(exposition.NewSchema(nil, variable), func(*Child[int]) int { return nextItem })
}

var (
	creating sync.Mutex // guards nextItem while it is not 1
	nextItem = 1
)

func create(t *Table[int], item int, values ...string) *Child[int] {
	creating.Lock()
	defer creating.Unlock()
	nextItem = item
	defer func() { nextItem = 1 }()
	return t.Create(values)
}

func texts(children []*Child[int]) []string {
	out := make([]string, len(children))
	for i, c := range children {
		out[i] = c.Labels.Text()
	}
	return out
}

func TestTableFindsWhatWasCreated(t *testing.T) {
	table := newTable("a", "b")
	created := create(table, 1, "x", "y")
	if got := table.Find([]string{"x", "y"}); got != created {
		t.Errorf("got %v, want the series created", got)
	}
	if got := create(table, 2, "x", "y"); got != created || got.Item != 1 {
		t.Errorf("a second Create: got item %d, want the first series, which holds 1", got.Item)
	}
	if got := created.Values(); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("got values %q, want x and y", got)
	}
	for _, values := range [][]string{{"y", "x"}, {"x", ""}, {"", "y"}, {"", ""}, {"xy", ""}, {"", "xy"}} {
		if got := table.Find(values); got != nil {
			t.Errorf("Find(%q): got {%s}, want nothing", values, got.Labels.Text())
		}
	}
}

// Values that make the same text when they are put together are different
// series.
func TestTableKeepsBordersOfValues(t *testing.T) {
	table := newTable("a", "b", "c")
	splits := [][]string{
		{"a", "bc", ""}, {"ab", "c", ""}, {"abc", "", ""}, {"", "abc", ""}, {"", "", "abc"}, {"a", "b", "c"},
		{"\xff", "", ""}, {"", "\xff", ""}, {"a\xffb", "", ""}, {"a", "\xffb", ""}, {"a,", "b", ""}, {"a", ",b", ""},
	}
	for i, values := range splits {
		create(table, i, values...)
	}
	for i, values := range splits {
		if got := table.Find(values); got == nil || got.Item != i {
			t.Errorf("Find(%q): got %v, want item %d", values, got, i)
		}
	}
	if got := len(table.Ordered()); got != len(splits) {
		t.Errorf("got %d series, want %d", got, len(splits))
	}
}

func TestTableWithoutLabelsHoldsOneSeries(t *testing.T) {
	table := newTable()
	if table.Find(nil) != nil {
		t.Error("an empty table has a series")
	}
	c := create(table, 7)
	if got := table.Find(nil); got != c {
		t.Errorf("got %v, want the series created", got)
	}
	if !table.Delete(nil) || table.Delete(nil) {
		t.Error("want the first Delete to find the series, and the second not to")
	}
}

// A schema with a name twice cannot be exposed, but asking for a series again
// and again must not make it again and again.
func TestTableWithANameTwiceFindsItsSeries(t *testing.T) {
	table := newTable("a", "a")
	c := create(table, 1, "x", "y")
	if got := table.Find([]string{"x", "y"}); got != c {
		t.Errorf("got %v, want the series created", got)
	}
	if got := table.Find([]string{"x", "x"}); got != nil {
		t.Errorf("got {%s} for other values, want nothing", got.Labels.Text())
	}
}

func TestTableOrdersByLabelNamesNotByDeclaration(t *testing.T) {
	table := newTable("z", "a")
	create(table, 0, "1", "b")
	create(table, 0, "2", "a")
	create(table, 0, "10", "a")
	want := []string{`a="a",z="10"`, `a="a",z="2"`, `a="b",z="1"`}
	if got := texts(table.Ordered()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTableOrderedIsASnapshot(t *testing.T) {
	table := newTable("a")
	for i := range 5 {
		create(table, i, fmt.Sprint(i))
	}
	before := table.Ordered()
	want := slices.Clone(texts(before))
	table.Delete([]string{"3"})
	create(table, 9, "2b")
	table.DeleteFunc(func(values []string) bool { return values[0] == "0" })
	table.Ordered()
	table.Reset()
	for range 100 {
		create(table, 9, "0")
		table.Delete([]string{"0"})
	}
	if got := texts(before); !slices.Equal(got, want) {
		t.Errorf("a list that was handed out changed: got %q, want %q", got, want)
	}
}

func TestTableDeleteAndCreateAgain(t *testing.T) {
	table := newTable("a")
	old := create(table, 1, "x")
	table.Ordered()
	if table.Delete([]string{"y"}) {
		t.Error("Delete found a series that was never created")
	}
	if !table.Delete([]string{"x"}) || table.Delete([]string{"x"}) {
		t.Error("want the first Delete to find the series, and the second not to")
	}
	if table.Find([]string{"x"}) != nil {
		t.Error("Find sees a deleted series")
	}
	again := create(table, 2, "x")
	if again == old || again.Item != 2 {
		t.Errorf("got item %d, want a new series", again.Item)
	}
	if got := table.Ordered(); len(got) != 1 || got[0] != again {
		t.Errorf("got %q, want only the new series", texts(got))
	}
}

func TestTableDeleteFuncSeesValuesInDeclaredOrder(t *testing.T) {
	table := newTable("z", "a")
	for _, z := range []string{"1", "2"} {
		for _, a := range []string{"x", "y", "w"} {
			create(table, 0, z, a)
		}
		table.Ordered() // half of the series in either list
	}
	if got := table.DeleteFunc(func(values []string) bool { return values[0] == "1" && values[1] != "y" }); got != 2 {
		t.Errorf("got %d deleted, want 2", got)
	}
	want := []string{`a="w",z="2"`, `a="x",z="2"`, `a="y",z="1"`, `a="y",z="2"`}
	if got := texts(table.Ordered()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTableResetLeavesNothing(t *testing.T) {
	table := newTable("a")
	for i := range 100 {
		create(table, i, fmt.Sprint(i))
	}
	table.Reset()
	if got := table.Ordered(); len(got) != 0 {
		t.Errorf("got %q, want nothing", texts(got))
	}
	if table.Find([]string{"5"}) != nil {
		t.Error("Find sees a series after Reset")
	}
	create(table, 1, "5")
	if got := texts(table.Ordered()); !slices.Equal(got, []string{`a="5"`}) {
		t.Errorf("got %q, want only the new series", got)
	}
}

// What a series holds is seen by nobody before it is complete, and a function
// reusable returns a string whose bytes the caller goes on changing, as code
// that avoids copies hands them out.
func reusable(s string) (text string, buf []byte) {
	buf = []byte(s)
	return unsafe.String(unsafe.SliceData(buf), len(buf)), buf
}

// that fails to make it leaves the table as it was.
func TestTableSurvivesAPanicWhileCreating(t *testing.T) {
	fails := false
	table := NewTable(exposition.NewSchema(nil, []string{"a"}), func(c *Child[int]) int {
		if !fails {
			return 2
		}
		if got, want := c.Labels.Text(), `a="y"`; got != want {
			t.Errorf("got labels {%s} while creating, want {%s}", got, want)
		}
		panic("no")
	})
	table.Create([]string{"x"})
	fails = true
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come out of Create")
			}
		}()
		table.Create([]string{"y"})
	}()
	fails = false
	if got := table.Find([]string{"y"}); got != nil {
		t.Error("a series that could not be made exists")
	}
	if got := table.Create([]string{"y"}); got.Item != 2 {
		t.Errorf("got item %d, want 2", got.Item)
	}
}

func TestTableKeepsNothingOfTheCallers(t *testing.T) {
	table := newTable("a", "b")
	value, buf := reusable("one")
	given := []string{value, "two"}
	c := create(table, 1, given...)
	copy(buf, "TWO")
	given[1] = "three"
	if got, want := c.Labels.Text(), `a="one",b="two"`; got != want {
		t.Errorf("got {%s}, want {%s}", got, want)
	}
	if got := c.Values(); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got values %q, want one and two", got)
	}
	if table.Find([]string{"one", "two"}) != c {
		t.Error("the series is not found by the values that it was created with")
	}
	if table.Find([]string{"TWO", "two"}) != nil {
		t.Error("the series is found by what the caller wrote over its buffer")
	}
}

// However long values are and however many, and whatever is escaped in them, each
// series is found by its own, and by no others.
func TestTableFindsValuesOfAllLengths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.IntRange(0, 10).Draw(t, "labels")
		var names []string
		for i := range labels {
			names = append(names, string(rune('j'-i))) // declared in another order than by name
		}
		value := rapid.OneOf(
			rapid.StringMatching(`[ab"\\=,]{0,20}`),
			rapid.Custom(func(t *rapid.T) string { return strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "length")) }),
		)
		table := newTable(names...)
		known := make(map[string]*Child[int])
		for range rapid.IntRange(1, 20).Draw(t, "lookups") {
			values := rapid.SliceOfN(value, labels, labels).Draw(t, "values")
			key := fmt.Sprintf("%q", values)
			if got := table.Find(values); got != known[key] {
				t.Fatalf("%q: got %v, want %v", values, got, known[key])
			}
			if got := table.Quick(values); got != nil && got != known[key] {
				t.Fatalf("%q: got %v, want %v or nothing", values, got, known[key])
			}
			known[key] = table.Create(values)
			if got := known[key].Values(); !slices.Equal(got, values) {
				t.Fatalf("got values %q, want %q", got, values)
			}
			if got := table.Find(values); got != known[key] {
				t.Fatalf("%q: got %v, want the series that was made", values, got)
			}
		}
		if got := len(table.Ordered()); got != len(known) {
			t.Errorf("got %d series, want %d", got, len(known))
		}
	})
}

// Labels whose text reads the same when quotes in a value are taken for its end are
// different series, also if their hashes are the same.
func TestTableKeepsQuotesInValuesApart(t *testing.T) {
	table := newTable("a", "b")
	c := insertWithValues(table, 7, "1", "xxxxYYY")
	values := []string{`1",b=`, "YYY"}
	_, lengths := keyhash.Texts(values)
	if got := table.index.Load().find(values, 7, lengths); got != nil {
		t.Errorf("got {%s} for %q", got.Labels.Text(), values)
	}
	if got := findWithValues(table, 7, "1", "xxxxYYY"); got != c {
		t.Errorf("got %v, want the series itself", got)
	}
}
