package series

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Whatever writers do meanwhile, a reader finds every series that nobody
// deletes, always the same one, and never one with other values.
func TestTableWhileEverybodyWrites(t *testing.T) {
	const workers, each, stable, churning = 8, 3_000, 50, 40
	var made atomic.Int64
	table := NewTable(exposition.NewSchema(nil, []string{"kind", "n"}), func(*Child[int]) int { return int(made.Add(1)) })
	lookup := func(kind string, n int) *Child[int] {
		values := []string{kind, fmt.Sprint(n)}
		if c := table.Find(values); c != nil {
			return c
		}
		return table.Create(values)
	}
	check := func(c *Child[int], kind string, n int) {
		if c != nil && (c.Values()[0] != kind || c.Values()[1] != fmt.Sprint(n) || c.Item == 0) {
			t.Errorf("asked for %s %d, got %q with item %d", kind, n, c.Values(), c.Item)
		}
	}
	var first [stable]*Child[int]
	for n := range first {
		first[n] = lookup("stable", n)
	}

	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for range each {
				n := random.IntN(churning)
				switch random.IntN(12) {
				case 0:
					table.Delete([]string{"churning", fmt.Sprint(n)})
				case 1:
					table.DeleteFunc(func(values []string) bool { return values[0] == "churning" && values[1] < fmt.Sprint(n) })
				case 2:
					checkOrder(t, table.Ordered(), stable)
				case 3:
					// Names that come once make the index grow and be rebuilt.
					table.Delete(lookup("once", int(made.Load())*workers+w).Values())
				case 4, 5, 6:
					check(lookup("churning", n), "churning", n)
				case 7:
					check(table.Find([]string{"churning", fmt.Sprint(n)}), "churning", n)
				default:
					n := random.IntN(stable)
					if got := table.Find([]string{"stable", fmt.Sprint(n)}); got != first[n] {
						t.Errorf("stable %d: got %v, want the series that nobody deleted", n, got)
					}
				}
			}
		})
	}
	wg.Wait()

	for _, c := range table.Ordered() {
		if got := table.Find(c.Values()); got != c {
			t.Errorf("%q is exposed, but Find gives %v", c.Values(), got)
		}
	}
}

// checkOrder checks a list that a gather would expose: in order, each series
// once, none that nobody deleted missing.
func checkOrder(t *testing.T, list []*Child[int], stable int) {
	if !slices.IsSortedFunc(list, compare[int]) {
		t.Errorf("not in order: %q", texts(list))
	}
	found := 0
	for i, c := range list {
		if c.Values()[0] == "stable" {
			found++
		}
		if i > 0 && compare(list[i-1], c) == 0 {
			t.Errorf("twice in one list: {%s}", c.Labels.Text())
		}
	}
	if found != stable {
		t.Errorf("got %d of the series that nobody deletes, want %d", found, stable)
	}
}

// All who ask for a new series at the same time get the same one.
func TestTableCreatesASeriesOnce(t *testing.T) {
	const workers, rounds = 8, 300
	var made atomic.Int64
	table := NewTable(exposition.NewSchema(nil, []string{"n"}), func(*Child[int]) int { return int(made.Add(1)) })
	for round := range rounds {
		values := []string{fmt.Sprint(round)}
		var got [workers]*Child[int]
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				if got[w] = table.Find(values); got[w] == nil {
					got[w] = table.Create(values)
				}
			})
		}
		wg.Wait()
		for w := range workers {
			if got[w] != got[0] {
				t.Fatalf("round %d: two series for the same values", round)
			}
		}
	}
	if got := made.Load(); got != rounds {
		t.Errorf("got %d series made, want %d", got, rounds)
	}
}

// Writers of disjoint series never lose one of the others'.
func TestTableLosesNoSeries(t *testing.T) {
	const workers, each = 6, 500
	table := newTable("w", "n")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range each {
				table.Create([]string{fmt.Sprint(w), fmt.Sprint(n)})
				if n%2 == 1 {
					table.Delete([]string{fmt.Sprint(w), fmt.Sprint(n - 1)})
				}
			}
		})
	}
	wg.Wait()
	if got, want := len(table.Ordered()), workers*each/2; got != want {
		t.Errorf("got %d series, want %d", got, want)
	}
	for w := range workers {
		for n := range each {
			if got, want := table.Find([]string{fmt.Sprint(w), fmt.Sprint(n)}) != nil, n%2 == 1; got != want {
				t.Errorf("series %d of writer %d exists: got %t, want %t", n, w, got, want)
			}
		}
	}
}
