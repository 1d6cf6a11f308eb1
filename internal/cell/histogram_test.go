package cell

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func read(h *Histogram) Distribution {
	var d Distribution
	h.Read(&d)
	return d
}

func TestHistogramCountsByUpperBound(t *testing.T) {
	h := NewHistogram([]float64{-1, 0, 1.5})
	for _, v := range []float64{-2, -1, -0.5, 0, math.Copysign(0, -1), 1.5, 1.6, math.Inf(1), math.Inf(-1)} {
		h.Observe(v)
	}
	d := read(h)
	if want := []uint64{3, 3, 1, 2}; !slices.Equal(d.Counts, want) {
		t.Errorf("got counts %v, want %v", d.Counts, want)
	}
	if d.Count != 9 || !math.IsNaN(d.Sum) {
		t.Errorf("got count %d and sum %v, want 9 and NaN (+Inf and -Inf)", d.Count, d.Sum)
	}
}

func TestHistogramCountsNaNAboveAllBounds(t *testing.T) {
	for _, bounds := range [][]float64{{1, 2}, make([]float64, linearSearch+1)} {
		for i := range bounds {
			bounds[i] = float64(i)
		}
		h := NewHistogram(bounds)
		h.Observe(math.NaN())
		if d := read(h); d.Counts[len(bounds)] != 1 || d.Count != 1 {
			t.Errorf("%d bounds: got %v, want the observation above all bounds", len(bounds), d.Counts)
		}
	}
}

// Whatever is observed, in whatever order reads come between, nothing is lost
// and bucket counts agree with a plain count.
func TestHistogramAgainstPlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.SliceOfNDistinct(rapid.Float64Range(-100, 100), 0, 50, rapid.ID).Draw(t, "bounds")
		slices.Sort(bounds)
		h := NewHistogram(bounds)
		want := make([]uint64, len(bounds)+1)
		total := uint64(0)
		for _, v := range rapid.SliceOf(rapid.Float64Range(-120, 120)).Draw(t, "observations") {
			h.Observe(v)
			total++
			i := 0
			for i < len(bounds) && v > bounds[i] {
				i++
			}
			want[i]++
			if rapid.Bool().Draw(t, "read") {
				if d := read(h); d.Count != total || !slices.Equal(d.Counts, want) {
					t.Fatalf("got %v, want %v", d.Counts, want)
				}
			}
		}
		if d := read(h); d.Count != total || !slices.Equal(d.Counts, want) {
			t.Fatalf("got %v, want %v", d.Counts, want)
		}
	})
}

// Every state that a reader sees is whole: with all observations equal, the
// sum is that value times the count, and the count is the sum of the buckets.
func TestHistogramIsWholeWhileHammered(t *testing.T) {
	const writers, each, value = 8, 20_000, 0.5
	h := NewHistogram([]float64{0.1, 0.5, 1})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				h.Observe(value)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()

	var last uint64
	check := func() {
		d := read(h)
		var sum uint64
		for _, n := range d.Counts {
			sum += n
		}
		if sum != d.Count || d.Sum != value*float64(d.Count) {
			t.Errorf("torn state: count %d, buckets %v, sum %v", d.Count, d.Counts, d.Sum)
		}
		if d.Count < last {
			t.Errorf("count fell from %d to %d", last, d.Count)
		}
		last = d.Count
	}
	for running := true; running && !t.Failed(); {
		select {
		case <-done:
			running = false
		default:
			check()
			runtime.Gosched()
		}
	}
	<-done
	check()
	if last != writers*each {
		t.Errorf("got %d observations in the end, want %d", last, writers*each)
	}
}

// An update that is held up between its steps costs readers nothing but its
// own observations, and those are there as soon as it goes on.
func TestHistogramReadDoesNotWaitForAStalledUpdate(t *testing.T) {
	h := NewHistogram([]float64{1})
	h.Observe(0.5)
	read(h)

	stalled := &h.sides[h.started.Add(1)/openSide] // step 1 only
	h.Observe(0.5)                                 // same side, whole
	for range 3 {
		if d := read(h); d.Count != 1 || d.Sum != 0.5 {
			t.Fatalf("got count %d and sum %v while an update is stalled, want the last whole state: 1 and 0.5", d.Count, d.Sum)
		}
		h.Observe(2) // goes to the other side
	}

	stalled.counts[0].Add(1)
	stalled.sum.Add(0.5)
	stalled.finished.Add(1)
	d := read(h)
	if want := []uint64{3, 3}; d.Count != 6 || d.Sum != 7.5 || !slices.Equal(d.Counts, want) {
		t.Errorf("got count %d, sum %v, buckets %v after the update went on, want 6, 7.5, %v", d.Count, d.Sum, d.Counts, want)
	}
}
