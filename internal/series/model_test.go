package series

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// naive is the simplest thing that behaves as a Table should.
type naive map[[2]string]*Child[int]

func (n naive) ordered() []*Child[int] {
	var all []*Child[int]
	for _, c := range n {
		all = append(all, c)
	}
	// The schema declares z before a: series are ordered by a first.
	slices.SortFunc(all, func(x, y *Child[int]) int {
		if c := strings.Compare(x.Values()[1], y.Values()[1]); c != 0 {
			return c
		}
		return strings.Compare(x.Values()[0], y.Values()[0])
	})
	return all
}

func TestTableAgainstNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, model := newTable("z", "a"), naive{}
		value := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "ab", "\xff", `"`, "\n"}), rapid.StringN(0, 3, -1))
		key := rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{value.Draw(t, "z"), value.Draw(t, "a")}
		})
		created := 0
		var kept [][]*Child[int] // lists that were handed out, with what they held
		var keptWant [][]*Child[int]

		make := func(k [2]string) {
			created++
			c := create(table, created, k[:]...)
			if old := model[k]; old != nil && c != old {
				t.Fatalf("Create(%q): got a new series, want the one that exists", k)
			} else if old == nil && c.Item != created {
				t.Fatalf("Create(%q): got item %d, want a new series with %d", k, c.Item, created)
			}
			model[k] = c
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) { make(key.Draw(t, "key")) },
			"create many": func(t *rapid.T) {
				for _, k := range rapid.SliceOfN(key, 10, 60).Draw(t, "keys") {
					make(k)
				}
			},
			"find": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if got := table.Find(k[:]); got != model[k] {
					t.Fatalf("Find(%q): got %v, want %v", k, got, model[k])
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if len(model) > 0 && rapid.Bool().Draw(t, "existing") {
					k = [2]string(rapid.SampledFrom(model.ordered()).Draw(t, "series").Values())
				}
				if got, want := table.Delete(k[:]), model[k] != nil; got != want {
					t.Fatalf("Delete(%q): got %t, want %t", k, got, want)
				}
				delete(model, k)
			},
			"delete some": func(t *rapid.T) {
				place, match := rapid.IntRange(0, 1).Draw(t, "place"), value.Draw(t, "value")
				want := 0
				for k := range model {
					if k[place] == match {
						delete(model, k)
						want++
					}
				}
				if got := table.DeleteFunc(func(values []string) bool { return values[place] == match }); got != want {
					t.Fatalf("DeleteFunc(%q at %d): got %d, want %d", match, place, got, want)
				}
			},
			"delete most": func(t *rapid.T) {
				keep := rapid.SampledFrom([]string{"", "a"}).Draw(t, "keep")
				for k := range model {
					if k[0] != keep {
						delete(model, k)
					}
				}
				table.DeleteFunc(func(values []string) bool { return values[0] != keep })
			},
			"reset": func(t *rapid.T) {
				table.Reset()
				clear(model)
			},
			"ordered": func(t *rapid.T) {
				got, want := table.Ordered(), model.ordered()
				if !slices.Equal(got, want) {
					t.Fatalf("got order %q, want %q", texts(got), texts(want))
				}
				kept, keptWant = append(kept, got), append(keptWant, slices.Clone(got))
			},
			"": func(t *rapid.T) {
				for k, c := range model {
					if got := table.Find(k[:]); got != c {
						t.Fatalf("Find(%q): got %v, want %v", k, got, c)
					}
				}
			},
		})
		for i := range kept {
			if !slices.Equal(kept[i], keptWant[i]) {
				t.Fatalf("a list that was handed out changed: got %q, want %q", texts(kept[i]), texts(keptWant[i]))
			}
		}
	})
}
