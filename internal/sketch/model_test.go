package sketch_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/sketch"
)

// model is a few Windows beside all observations that they should know.
type model struct {
	errors      map[float64]float64
	span        int
	windows     []sketch.Window // observations go to them in turn
	turn        int
	union       sketch.Union
	generations [][]float64 // the last one is the current
}

// newModel returns a model of so many Windows that look back at so many generations.
func newModel(errors map[float64]float64, windows, span int) *model {
	m := &model{errors: errors, span: span, generations: make([][]float64, 1)}
	targets := sketch.NewTargets(errors)
	for range windows {
		m.windows = append(m.windows, sketch.NewWindow(targets, uint64(span), room))
	}
	return m
}

// room is how many observations a Window gathers in these tests.
const room = 200

func (m *model) insert(values ...float64) {
	last := len(m.generations) - 1
	for _, v := range values {
		w := &m.windows[m.turn%len(m.windows)]
		m.turn++
		if w.Insert(v) {
			w.Flush()
		}
		m.generations[last] = append(m.generations[last], v)
	}
}

func (m *model) advance(n int) {
	for i := range m.windows {
		m.windows[i].Advance(uint64(n))
	}
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
	m.union.Reset()
	for i := range m.windows {
		m.union.Add(&m.windows[i])
	}
	if got, want := m.union.Count(), uint64(len(sorted)); got != want {
		t.Fatalf("got count %d, want %d", got, want)
	}
	targets := sketch.NewTargets(m.errors)
	ranks := targets.Ranks()
	got := m.union.Quantiles(targets, nil)
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
