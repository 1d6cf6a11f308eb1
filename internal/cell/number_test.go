package cell

import (
	"math"
	"sync"
	"testing"
)

func TestCounterAddsWholeAndFractionalAmounts(t *testing.T) {
	tests := []struct {
		name    string
		amounts []float64
		want    float64
	}{
		{"nothing", nil, 0},
		{"whole", []float64{1, 2, 3}, 6},
		{"fractions", []float64{0.5, 0.25}, 0.75},
		{"mixed", []float64{1, 0.5, 2, 0.5}, 4},
		{"zero", []float64{0}, 0},
		{"beyond the whole numbers of a float", []float64{1 << 60, 1}, 1<<60 + 1},
		{"beyond 64 bits", []float64{1e300, 5}, 1e300},
		{"infinite", []float64{math.Inf(1), 1}, math.Inf(1)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var c Counter
			for _, amount := range test.amounts {
				c.Add(amount)
			}
			if got := c.Value(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestConcurrentUpdatesAreAllCounted(t *testing.T) {
	const writers, each = 8, 5_000
	var counter Counter
	var float Float
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				counter.Inc()
				counter.Add(0.5)
				float.Add(-0.25)
			}
		})
	}
	wg.Wait()
	if got, want := counter.Value(), 1.5*writers*each; got != want {
		t.Errorf("counter: got %v, want %v", got, want)
	}
	if got, want := float.Load(), -0.25*writers*each; got != want {
		t.Errorf("float: got %v, want %v", got, want)
	}
}

func TestUpdatesAllocateNothing(t *testing.T) {
	var counter Counter
	var float Float
	h := NewHistogram(NewBounds([]float64{1, 2, 3}))
	var d Distribution
	h.Read(&d)
	for name, update := range map[string]func(){
		"Counter.Inc":       counter.Inc,
		"Counter.Add":       func() { counter.Add(1.5) },
		"Float.Set":         func() { float.Set(1) },
		"Float.Add":         func() { float.Add(1) },
		"Histogram.Observe": func() { h.Observe(1.5) },
		"Histogram.Read":    func() { h.Read(&d) },
	} {
		if got := testing.AllocsPerRun(100, update); got != 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}
