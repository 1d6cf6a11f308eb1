package exposition

import (
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
		if !slices.IsSorted(l.Names) || len(l.Names) != len(want) {
			t.Fatalf("got names %q, want those of %q in order", l.Names, want)
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
	if !slices.Equal(l.Values, []string{"plain", "esc\nped"}) {
		t.Errorf("got values %q", l.Values)
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
