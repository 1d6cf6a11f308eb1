package cell

import (
	"cmp"
	"iter"
	"slices"
)

// window has counters for the exponential buckets of numbers of one sign. Those
// that lie close together have theirs in one slice, in which a counter is found by
// its index; what lies far away is in a sorted list. So the memory is in proportion
// to how many buckets are populated, whatever is observed.
//
// A counter that is zero is that of a bucket that is not populated; so a counter
// must be added to as soon as it was asked for.
type window struct {
	counters []uint64 // of consecutive buckets
	first    int32    // the bucket of the first of them
	mostFar  int32    // how many may be far away before the window is arranged anew
	far      *far     // the buckets that are far away; may be nil if there are none
}

type far struct{ buckets []NativeBucket } // ascending

const (
	// The counters in the slice are at most so many, or so many for each bucket
	// that is populated, if that is more.
	smallWindow       = 128
	countersPerBucket = 16

	fewestCounters = 8 // a line of memory
)

// find returns the counter of a bucket, or nil if it is not in the slice. It is small
// enough to be inlined.
func (w *window) find(index int32) *uint64 {
	if i := uint32(index - w.first); i < uint32(len(w.counters)) {
		return &w.counters[i]
	}
	return nil
}

// at returns the counter of a bucket, and makes it if there is none yet. What it
// returned before may have moved.
func (w *window) at(index int32) *uint64 {
	for {
		if counter := w.find(index); counter != nil {
			return counter
		}
		if w.far == nil {
			w.far = new(far)
		}
		place, there := w.far.search(index)
		if there {
			return &w.far.buckets[place].Count
		}
		w.far.buckets = slices.Insert(w.far.buckets, place, NativeBucket{Index: index})
		if len(w.far.buckets) > int(w.mostFar) {
			w.arrange(w.appendTo(nil))
		}
	}
}

func (f *far) search(index int32) (place int, there bool) {
	return slices.BinarySearchFunc(f.buckets, index, func(b NativeBucket, index int32) int {
		return cmp.Compare(b.Index, index)
	})
}

// appendTo appends the buckets whose counters are not zero or have just been made,
// ascending.
func (w *window) appendTo(buckets []NativeBucket) []NativeBucket {
	var below, above []NativeBucket
	if w.far != nil {
		place, _ := w.far.search(w.first)
		below, above = w.far.buckets[:place], w.far.buckets[place:]
	}
	buckets = append(buckets, below...)
	for i, count := range w.counters {
		if count != 0 {
			buckets = append(buckets, NativeBucket{w.first + int32(i), count})
		}
	}
	return append(buckets, above...)
}

// each yields the counters of the same buckets, in no order.
func (w *window) each() iter.Seq2[int32, *uint64] {
	return func(yield func(int32, *uint64) bool) {
		for i := range w.counters {
			if w.counters[i] != 0 && !yield(w.first+int32(i), &w.counters[i]) {
				return
			}
		}
		if w.far == nil {
			return
		}
		for i := range w.far.buckets {
			if b := &w.far.buckets[i]; !yield(b.Index, &b.Count) {
				return
			}
		}
	}
}

// arrange makes these buckets, ascending, all that there are. Those that lie closest
// together go to the slice.
//
// It takes time in proportion to how many there are. So that many buckets that are
// populated one after the other do not take the square of it, some of them may
// stay in the list until there are enough of them.
func (w *window) arrange(buckets []NativeBucket) {
	w.counters, w.far = nil, nil
	if len(buckets) > 0 {
		from, to, width := densest(buckets)
		w.center(buckets[from].Index, buckets[to-1].Index, width)
	}
	for _, b := range buckets {
		if counter := w.find(b.Index); counter != nil {
			*counter = b.Count
			continue
		}
		if w.far == nil {
			w.far = new(far)
		}
		w.far.buckets = append(w.far.buckets, b)
	}
	w.mostFar = int32(len(buckets) / 32)
	if w.far != nil {
		w.mostFar += int32(len(w.far.buckets))
	}
}

// center makes the slice for the buckets from first to last, with some room at its ends, but
// not more than width counters.
func (w *window) center(first, last int32, width int) {
	needed := int(last-first) + 1
	size := fewestCounters
	for size < needed+needed/4 {
		size *= 2
	}
	size = max(min(size, width), needed)
	w.first = first - int32(size-needed)/2
	w.counters = make([]uint64, size)
}

// densest returns where among the buckets most of them lie together, and within how
// many counters: as many as a window may have for so many buckets.
func densest(buckets []NativeBucket) (from, to, width int) {
	width = smallWindow
	from, to = mostWithin(buckets, width)
	for to-from < len(buckets) {
		// Where twice as many counters are too many, still more are, too: there
		// cannot be more than twice as many buckets within them.
		widerFrom, widerTo := mostWithin(buckets, 2*width)
		if countersPerBucket*(widerTo-widerFrom) < 2*width {
			break
		}
		from, to, width = widerFrom, widerTo, 2*width
	}
	return from, to, width
}

// mostWithin returns where most of the buckets lie within so many counters.
func mostWithin(buckets []NativeBucket, width int) (from, to int) {
	start := 0
	for i, b := range buckets {
		for int(b.Index-buckets[start].Index) >= width {
			start++
		}
		if i+1-start > to-from {
			from, to = start, i+1
		}
	}
	return from, to
}
