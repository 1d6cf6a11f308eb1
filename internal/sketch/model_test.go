package sketch_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/sketch"
)

// model is a Window beside all observations that it should know.
type model struct {
	errors      map[float64]float64
	span        int
	window      *sketch.Window
	generations [][]float64 // the last one is the current
}

func newModel(errors map[float64]float64, span int) *model {
	return &model{
		errors:      errors,
		span:        span,
		window:      sketch.NewWindow(sketch.NewTargets(errors), uint64(span)),
		generations: make([][]float64, 1),
	}
}

func (m *model) insert(values ...float64) {
	last := len(m.generations) - 1
	for _, v := range values {
		m.window.Insert(v)
		m.generations[last] = append(m.generations[last], v)
	}
}

func (m *model) insertMany(v float64, n int) {
	last := len(m.generations) - 1
	m.window.InsertMany(v, uint64(n))
	m.generations[last] = append(m.generations[last], slices.Repeat([]float64{v}, n)...)
}

func (m *model) advance(n int) {
	m.window.Advance(uint64(n))
	for range min(n, m.span) {
		m.generations = append(m.generations, nil)
	}
	m.generations = m.generations[max(0, len(m.generations)-m.span):]
}

// check fails unless each quantile is within its error, and exact if there are
// few observations.
func (m *model) check(t rapid.TB) {
	t.Helper()
	sorted := slices.Concat(m.generations...)
	slices.SortFunc(sorted, compare)
	if got, want := m.window.Count(), uint64(len(sorted)); got != want {
		t.Fatalf("got count %d, want %d", got, want)
	}
	ranks := sketch.NewTargets(m.errors).Ranks()
	got := m.window.Quantiles(nil)
	if len(got) != len(ranks) {
		t.Fatalf("got %d quantiles, want %d", len(got), len(ranks))
	}
	for i, rank := range ranks {
		if err := judge(sorted, rank, m.errors[rank], got[i]); err != nil {
			t.Errorf("rank %v, error %v, %d observations: %v", rank, m.errors[rank], len(sorted), err)
		}
	}
}

// judge tells what is wrong with a value as the quantile of sorted observations.
func judge(sorted []float64, rank, allowed, got float64) error {
	n := float64(len(sorted))
	if n == 0 {
		if !math.IsNaN(got) {
			return fmt.Errorf("got %v, want NaN", got)
		}
		return nil
	}
	wanted := max(int(math.Ceil(n*rank))-1, 0)
	if n < 500 {
		if compare(got, sorted[wanted]) != 0 {
			return fmt.Errorf("got %v, want exactly %v", got, sorted[wanted])
		}
		return nil
	}
	first, found := slices.BinarySearchFunc(sorted, got, compare)
	if !found {
		return fmt.Errorf("got %v, which is none of the observations", got)
	}
	last := first
	for last+1 < len(sorted) && compare(sorted[last+1], got) == 0 {
		last++
	}
	miss := max(first-wanted, wanted-last, 0)
	if limit := int(allowed*n + 1e-6); miss > limit {
		return fmt.Errorf("got %v at index %d to %d, want one at most %d from %d", got, first, last, limit, wanted)
	}
	return nil
}

// compare orders floats as a Window does.
func compare(a, b float64) int {
	if a == 0 && b == 0 {
		return cmp.Compare(1/a, 1/b)
	}
	return cmp.Compare(a, b)
}
