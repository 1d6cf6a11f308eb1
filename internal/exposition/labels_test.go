package exposition

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// labels makes Labels of name-value pairs.
func labels(pairs ...string) *Labels {
	values := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return labelsOf(values)
}

func labelsOf(values map[string]string) *Labels {
	names := slices.Sorted(maps.Keys(values))
	sorted := make([]string, len(names))
	for i, name := range names {
		sorted[i] = values[name]
	}
	l := NewLabels(names, sorted)
	return &l
}

func TestLabelsText(t *testing.T) {
	tests := []struct {
		name   string
		labels *Labels
		want   string
	}{
		{"none", labels(), ``},
		{"one", labels("a", "b"), `a="b"`},
		{"several", labels("b", "2", "a", "1"), `a="1",b="2"`},
		{"empty value", labels("a", ""), `a=""`},
		{"quote", labels("a", `"b"`), `a="\"b\""`},
		{"backslash", labels("a", `\`), `a="\\"`},
		{"backslash in front of n", labels("a", `\n`), `a="\\n"`},
		{"line feed", labels("a", "x\ny\n"), `a="x\ny\n"`},
		{"other control characters stay", labels("a", "\r\t\x00"), "a=\"\r\t\x00\""},
		{"UTF-8 value", labels("a", "größe"), `a="größe"`},
		{"name in quotes", labels("a.b", "c"), `"a.b"="c"`},
		{"escaped name in quotes", labels("a\"\\\n", "c"), `"a\"\\\n"="c"`},
		{"colon", labels("a:b", "c"), `"a:b"="c"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.labels.Text(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestLabelsHoldTheValuesGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\\\"\nn"))))
		want := rapid.MapOf(text, text).Draw(t, "labels")
		l := labelsOf(want)
		if !slices.IsSorted(l.Names()) || len(l.Names()) != len(want) {
			t.Fatalf("got names %q, want those of %q in order", l.Names(), want)
		}
		for name, value := range want {
			if got, ok := l.Get(name); !ok || got != value {
				t.Fatalf("%q: got %q, %t, want %q", name, got, ok, value)
			}
		}
		if _, ok := l.Get("no such label, for sure"); ok {
			t.Fatal("got a value for a label that is not there")
		}
	})
}

func TestLabelsCopyTheirValues(t *testing.T) {
	plain, escaped := []byte("plain"), []byte("esc\nped")
	values := []string{unsafe.String(&plain[0], len(plain)), unsafe.String(&escaped[0], len(escaped))}
	l := NewLabels([]string{"a", "b"}, values)
	copy(plain, "XXXXX")
	copy(escaped, "XXXXXXX")
	if got, want := l.Text(), `a="plain",b="esc\nped"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if l.Value(0) != "plain" || l.Value(1) != "esc\nped" {
		t.Errorf("got values %q and %q", l.Value(0), l.Value(1))
	}
}

func TestLabelsCompare(t *testing.T) {
	inOrder := []*Labels{
		labels(),
		labels("z", ""),
		labels("a", "1"),
		labels("b", "1"), // names decide only between equal values
		labels("a", "10"),
		labels("a", "2"),
		labels("a", "1", "b", "1"),
		labels("a", "1", "b", "2"),
		labels("a", "2", "b", "1"),
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got, want := a.Compare(b), min(1, max(-1, i-j)); got != want {
				t.Errorf("{%s} and {%s}: got %d, want %d", a.Text(), b.Text(), got, want)
			}
		}
	}
}

// The order is that of the values as they are, whatever is escaped in them, and
// whether or not series are of one schema.
func TestLabelsCompareAsTheirValues(t *testing.T) {
	value := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("\\\"\nn !ab"))),
		rapid.StringMatching(`(abcdefgh){0,2}[!"\\abc]{0,2}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		constant := rapid.MapOfN(rapid.SampledFrom([]string{"a", "c", "e"}), value, 0, 2).Draw(t, "constant")
		variable := []string{"d", "b"}
		one, other := NewSchema(constant, variable), NewSchema(constant, variable)
		draw := func(name string) []string { return rapid.SliceOfN(value, 2, 2).Draw(t, name) }
		x, y := draw("x"), draw("y")
		want := cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(x[0], y[0]))
		a, b, c := one.Labels(x), one.Labels(y), other.Labels(y)
		if got := a.Compare(&b); got != want {
			t.Errorf("{%s} and {%s}: got %d, want %d", a.Text(), b.Text(), got, want)
		}
		if got := a.Compare(&c); got != want {
			t.Errorf("{%s} and {%s} of another schema: got %d, want %d", a.Text(), c.Text(), got, want)
		}
		if got := a.AppendVariable([]string{"first"}); !slices.Equal(got, append([]string{"first"}, x...)) {
			t.Errorf("got values %q, want %q after the first", got, x)
		}
	})
}
