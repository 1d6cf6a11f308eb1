package series

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// Two series of the same hash cannot be had on purpose through a Table, whose
// seed nobody knows, so the index under it is given them directly. Every
// lookup, insertion and removal goes through these functions.

func insertWithValues(t *Table[int], hash uint32, values ...string) *Child[int] {
	c := &Child[int]{Entry: t.Entry(values)}
	c.hash = hash
	t.insert(c)
	t.added = append(t.added, c)
	return c
}

func findWithValues(t *Table[int], hash uint32, values ...string) *Child[int] {
	_, lengths := keyhash.Texts(values)
	return childOf[int](t.index.Load().find(values, hash, lengths))
}

func TestSeriesOfOneHashStayApart(t *testing.T) {
	table := newTable("a")
	const hash = 42
	all := make(map[string]*Child[int])
	for _, value := range []string{"a", "b", "", "ab", "c", "d", "e", "f", "g", "h"} {
		all[value] = insertWithValues(table, hash, value)
	}
	find := func(value string) *Child[int] { return findWithValues(table, hash, value) }
	for value, c := range all {
		if got := find(value); got != c {
			t.Errorf("%q: got %v, want its own series", value, got)
		}
	}
	if got := find("x"); got != nil {
		t.Errorf("got {%s} for values that no series has, want nothing", got.Labels.Text())
	}
	table.remove(all["b"])
	delete(all, "b")
	if find("b") != nil {
		t.Error("a removed series is found")
	}
	for value, c := range all {
		if got := find(value); got != c {
			t.Errorf("%q after its neighbour is gone: got %v, want its own series", value, got)
		}
	}
}

// However hashes collide, in the slot or whole, each series is found under its
// own values and no other, and probes end.
func TestIndexAgainstMapWithCollidingHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := newTable("a")
		hashOf := map[string]uint32{}
		hash := rapid.SampledFrom([]uint32{0, 1, 7, 8, 15, 1 << 31, 1<<32 - 1})
		value := rapid.SampledFrom([]string{"", "a", "\n", "\"", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"})
		model := map[string]*Child[int]{}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				v := value.Draw(t, "value")
				if model[v] != nil {
					t.Skip("exists")
				}
				if _, ok := hashOf[v]; !ok {
					hashOf[v] = hash.Draw(t, "hash")
				}
				model[v] = insertWithValues(table, hashOf[v], v)
			},
			"remove": func(t *rapid.T) {
				v := value.Draw(t, "value")
				if model[v] == nil {
					t.Skip("does not exist")
				}
				table.remove(model[v])
				table.forget()
				delete(model, v)
			},
			"": func(t *rapid.T) {
				for v, h := range hashOf {
					if got := findWithValues(table, h, v); got != model[v] {
						t.Fatalf("%q: got %v, want %v", v, got, model[v])
					}
				}
			},
		})
	})
}
