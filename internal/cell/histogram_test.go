package cell

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func read(h *Histogram) Distribution {
	var d Distribution
	h.Read(&d)
	return d
}

func TestHistogramCountsByUpperBound(t *testing.T) {
	h := NewHistogram(NewBounds([]float64{-1, 0, 1.5}))
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

// Whatever is observed, in whatever order reads come between, nothing is lost
// and bucket counts agree with a plain count.
func TestHistogramAgainstPlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.SliceOfNDistinct(rapid.Float64Range(-100, 100), 0, 50, rapid.ID).Draw(t, "bounds")
		slices.Sort(bounds)
		h := NewHistogram(NewBounds(bounds))
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
	const value = 0.5
	for _, processors := range []int{1, 2, 8} {
		for _, writers := range []int{1, 2, 8, 64} {
			t.Run(fmt.Sprintf("%d goroutines on %d", writers, processors), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
				h := NewHistogram(NewBounds([]float64{0.1, 0.5, 1}))
				each := 40_000 / writers
				var updates, reads sync.WaitGroup
				for w := range writers {
					updates.Go(func() {
						for i := range each {
							if w%4 == 3 && i%100 == 0 {
								h.Add([]uint64{0, 2, 0, 1}, 3*value)
							} else {
								h.Observe(value)
							}
						}
					})
				}
				var finished atomic.Bool
				for range 2 {
					reads.Go(func() {
						last := uint64(0)
						for more := true; more && !t.Failed(); runtime.Gosched() {
							more = !finished.Load()
							last = checkWholeHistogram(t, h, value, last)
						}
					})
				}
				updates.Wait()
				finished.Store(true)
				reads.Wait()
				want := uint64(writers * each)
				for w := range writers {
					if w%4 == 3 {
						want += 2 * uint64((each+99)/100)
					}
				}
				if d := read(h); d.Count != want {
					t.Errorf("got %d observations in the end, want %d", d.Count, want)
				}
			})
		}
	}
}

// checkWholeHistogram reads a state and returns its count.
func checkWholeHistogram(t *testing.T, h *Histogram, value float64, last uint64) uint64 {
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
	return d.Count
}

// An update that is held up in the middle costs readers nothing but what its part
// has counted since the last read, and that is there as soon as it goes on. Others
// go on meanwhile.
func TestHistogramReadDoesNotWaitForAStalledUpdate(t *testing.T) {
	h := NewHistogram(NewBounds([]float64{1}))
	h.Observe(0.5)
	read(h)

	stalled := h.parts.take()
	stalled.state.counts[0]++ // and the sum is missing
	for i := range 3 {
		if d := read(h); d.Count != uint64(1+i) || d.Sum != 0.5+2*float64(i) {
			t.Fatalf("got count %d and sum %v while an update is stalled, want the last whole state: %d and %v", d.Count, d.Sum, 1+i, 0.5+2*float64(i))
		}
		h.Observe(2) // goes to another part
	}

	stalled.state.sum += 0.5
	stalled.give()
	d := read(h)
	if want := []uint64{2, 3}; d.Count != 5 || d.Sum != 7 || !slices.Equal(d.Counts, want) {
		t.Errorf("got count %d, sum %v, buckets %v after the update went on, want 5, 7, %v", d.Count, d.Sum, d.Counts, want)
	}
}

// Numbers are added in the order in which they come, whenever somebody reads.
func TestReadingChangesNoBitOfTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, want := NewHistogram(NewBounds(nil)), 0.0
		for _, v := range rapid.SliceOf(rapid.Float64()).Draw(t, "observations") {
			h.Observe(v)
			want += v
			if rapid.Bool().Draw(t, "read") {
				read(h)
			}
		}
		if got := read(h).Sum; math.Float64bits(got) != math.Float64bits(want) && !math.IsNaN(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
