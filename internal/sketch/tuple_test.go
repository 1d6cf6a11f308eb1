package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestKeysAreOrderedAsFloats(t *testing.T) {
	ordered := []float64{
		math.NaN(), math.Inf(-1), -math.MaxFloat64, -1, -5e-324, math.Copysign(0, -1), 0, 5e-324, 1, math.MaxFloat64, math.Inf(1),
	}
	for i, v := range ordered {
		if got := valueOf(keyOf(v)); math.Float64bits(got) != math.Float64bits(v) && !math.IsNaN(v) {
			t.Errorf("%v comes back as %v", v, got)
		}
		if i > 0 && keyOf(ordered[i-1]) >= keyOf(v) {
			t.Errorf("%v is not below %v", ordered[i-1], v)
		}
	}
	if !math.IsNaN(valueOf(keyOf(math.NaN()))) {
		t.Error("NaN comes back as a number")
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		if (a < b) != (keyOf(a) < keyOf(b)) && a != b {
			t.Errorf("%v and %v change places", a, b)
		}
	})
}

// What the tuples say of the observations is true: copies are there, gaps and
// slacks hold what they may hold, the ends are exact. And nowhere is more
// uncertain than the targets allow.
func TestTuplesTellTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := NewTargets(map[float64]float64{0.02: 0.01, 0.5: 0.1, 0.95: 0.04})
		w := NewWindow(targets, 1, 256)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		different := rapid.SampledFrom([]int{1, 10, 1000, 1e9}).Draw(t, "different values")
		var all []uint64
		for range rapid.IntRange(1, 5000).Draw(t, "observations") {
			v, n := float64(r.IntN(different)), 1
			if r.IntN(100) == 0 {
				n += r.IntN(5)
			}
			for range n {
				insert(&w, v)
				all = append(all, keyOf(v))
			}
		}
		w.Flush()
		slices.Sort(all)
		known := 0 // observations up to the tuple before
		for i, tuple := range w.tuples {
			first, _ := slices.BinarySearch(all, tuple.key)
			last, _ := slices.BinarySearch(all, tuple.key+1)
			if last-first < int(tuple.copies) {
				t.Fatalf("tuple %d: %d observations are equal to it, not %d", i, last-first, tuple.copies)
			}
			if least, most := known+int(tuple.gap), known+int(tuple.uncertain()); last-int(tuple.copies) < least || first > most {
				t.Fatalf("tuple %d: its copies come after %d to %d observations, not %d to %d", i, first, last-int(tuple.copies), least, most)
			}
			if i == 0 && (tuple.uncertain() != 0 || first != 0) {
				t.Fatalf("the first tuple is not the least observation: %+v", tuple)
			}
			for _, line := range targets.lines {
				for rank := known; rank <= known+int(tuple.uncertain()); rank++ {
					limit := line.slope*float64(rank) + line.level*float64(len(all))
					if tuple.uncertain() > 2*uint64(limit) {
						t.Fatalf("tuple %d: %d ranks are uncertain about %d, where twice %v may be", i, tuple.uncertain(), rank, limit)
					}
				}
			}
			known += int(tuple.gap) + int(tuple.copies)
		}
		if known != len(all) || w.tuples[len(w.tuples)-1].key != all[len(all)-1] {
			t.Fatalf("the tuples know %d observations of %d", known, len(all))
		}
	})
}

// However long a stream is, few tuples are kept. Sorted and random streams need
// least; observations that fall where least is known need most, and more only
// with the logarithm of their number.
func TestTuplesStayFew(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name  string
		next  func(i int) float64
		n     int
		limit int
	}{
		{"random", func(int) float64 { return r.NormFloat64() }, 100_000, 120},
		{"sorted", func(i int) float64 { return float64(i) }, 100_000, 120},
		{"reversed", func(i int) float64 { return -float64(i) }, 100_000, 120},
		{"equal", func(int) float64 { return 1 }, 100_000, 1},
		{"flood of one value", func(int) float64 { return max(0, r.NormFloat64()-2) }, 100_000, 120},
		{"bimodal", func(int) float64 { return r.NormFloat64() + 1000*float64(r.IntN(2)) }, 100_000, 120},
		{"shifting", func(i int) float64 { return r.Float64() * math.Pow(10, float64(i/700%9)) }, 100_000, 160},
		{"few distinct", func(i int) float64 { return float64(i % 40) }, 100_000, 40},
		{"into the middle", func(i int) float64 { return (1 - 2*float64(i%2)) / float64(i+1) }, 30_000, 1_500},
		{"into the middle, longer", func(i int) float64 { return (1 - 2*float64(i%2)) / float64(i+1) }, 100_000, 2_500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := NewWindow(NewTargets(map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}), 5, 256)
			for i := range test.n {
				insert(&w, test.next(i))
				if i > 2_000 && len(w.tuples) > test.limit {
					t.Fatalf("got %d tuples after %d observations, want at most %d", len(w.tuples), i, test.limit)
				}
			}
		})
	}
}

// Few different values are kept exactly even if there is no room for an error.
func TestEqualValuesNeedNoRoom(t *testing.T) {
	w := NewWindow(NewTargets(map[float64]float64{0.5: 0}), 1, 256)
	for i := range 100_000 {
		insert(&w, float64(int64(i)*int64(i)%101)) // more than 32 bits
	}
	w.Flush()
	if len(w.tuples) > 101 {
		t.Errorf("got %d tuples for 101 different values", len(w.tuples))
	}
}

// A window whose generations have few observations keeps fewer than 500 of
// them besides those of full ones.
func TestManyGenerationsStaySmall(t *testing.T) {
	w := NewWindow(NewTargets(map[float64]float64{0.5: 0.05}), 1000, 256)
	for i := range 100_000 {
		insert(&w, float64(i*7919%10007))
		if i%100 == 99 {
			w.Advance(1)
		}
	}
	if got, want := len(w.tuples), 500+1000*20; got > want {
		t.Errorf("got %d tuples for 1,000 generations, want at most %d", got, want)
	}
}

func insert(w *Window, v float64) {
	if w.Insert(v) {
		w.Flush()
	}
}
