package series

import (
	"testing"

	"pgregory.net/rapid"
)

// Two series of the same hash cannot be had on purpose through a Table, whose
// seed nobody knows, so the index under it is given them directly. Every
// lookup, insertion and removal goes through these functions.

func insertWithHash(t *Table[int], hash uint64, value string) *Child[int] {
	c := &Child[int]{Entry: Entry{Labels: t.schema.Labels([]string{value}), hash: hash, values: []string{value}}}
	t.insert(c)
	t.added = append(t.added, c)
	return c
}

func TestSeriesOfOneHashStayApart(t *testing.T) {
	table := newTable("a")
	const hash = 42
	all := make(map[string]*Child[int])
	for _, value := range []string{"a", "b", "", "ab", "c", "d", "e", "f", "g", "h"} {
		all[value] = insertWithHash(table, hash, value)
	}
	find := func(value string) *Child[int] { return table.index.Load().find(hash, []string{value}) }
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
		hashOf := map[string]uint64{}
		hash := rapid.SampledFrom([]uint64{0, 1, 7, 8, 15, 1 << 63, 1<<64 - 1})
		value := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"})
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
				model[v] = insertWithHash(table, hashOf[v], v)
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
				ix := table.index.Load()
				for v, h := range hashOf {
					if got := ix.find(h, []string{v}); got != model[v] {
						t.Fatalf("%q: got %v, want %v", v, got, model[v])
					}
				}
			},
		})
	})
}
