package clientgolang

import (
	"slices"
	"testing"
)

type text string

func (t *text) String() string { return string(*t) }

func TestDescsAreTranslatedOnceAndForgotten(t *testing.T) {
	var translated []string
	d := descs[*text, *string]{translate: func(from *text) *string {
		s := from.String()
		translated = append(translated, s)
		return &s
	}}
	collect := func(want []string, texts ...text) {
		t.Helper()
		translated = nil
		of, keep := d.lookup()
		for _, each := range texts {
			if got := *of(&each); got != string(each) {
				t.Errorf("got %q, want %q", got, each)
			}
		}
		keep()
		if !slices.Equal(translated, want) {
			t.Errorf("translated %q, want %q", translated, want)
		}
	}
	collect([]string{"a", "b"}, "a", "b", "a")
	collect(nil, "b", "a")
	collect([]string{"c"}, "a", "c")
	collect([]string{"b"}, "a", "b")
	collect(nil, "a")
	collect([]string{"b"}, "a", "b")

	of, _ := d.lookup()
	if got := of(nil); got != nil {
		t.Errorf("nothing was translated as %q", *got)
	}
}
