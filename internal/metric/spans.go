package metric

import (
	"maps"
	"slices"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// spans puts counts into the form in which they are exposed.
type spans struct {
	buckets exposition.NativeBuckets
	next    int   // the index after the last bucket
	last    int64 // the count of the last bucket
}

// A gap of so many buckets is filled with empty ones, for a span would take more
// room.
const smallGap = 2

// add appends a bucket. Indexes must come in increasing order.
func (s *spans) add(index int, count int64) {
	gap := index - s.next
	if len(s.buckets.Spans) == 0 || gap > smallGap {
		s.buckets.Spans = append(s.buckets.Spans, exposition.Span{Offset: int32(gap)})
	} else {
		for range gap {
			s.append(0)
		}
	}
	s.append(count)
	s.next = index + 1
}

func (s *spans) append(count int64) {
	s.buckets.Spans[len(s.buckets.Spans)-1].Length++
	s.buckets.Deltas = append(s.buckets.Deltas, count-s.last)
	s.last = count
}

// SpansOf returns the counts of native buckets, given by their index, in the form
// in which they are exposed.
func SpansOf(buckets map[int]int64) exposition.NativeBuckets {
	var s spans
	for _, index := range slices.Sorted(maps.Keys(buckets)) {
		s.add(index, buckets[index])
	}
	return s.buckets
}

// spansOfCell returns the counts of native buckets, given in increasing order, in the
// form in which they are exposed. It counts first what that takes.
func spansOfCell(buckets []cell.NativeBucket) exposition.NativeBuckets {
	if len(buckets) == 0 {
		return exposition.NativeBuckets{}
	}
	spanCount, length := 1, len(buckets)
	for i := 1; i < len(buckets); i++ {
		if gap := int(buckets[i].Index) - int(buckets[i-1].Index) - 1; gap > smallGap {
			spanCount++
		} else {
			length += gap
		}
	}
	s := spans{buckets: exposition.NativeBuckets{
		Spans:  make([]exposition.Span, 0, spanCount),
		Deltas: make([]int64, 0, length),
	}}
	for _, b := range buckets {
		s.add(int(b.Index), int64(b.Count))
	}
	return s.buckets
}

// MarkNative makes sure that a histogram without observations can be told from
// a classic one: an empty span does that if nothing else does.
func MarkNative(n *exposition.Native) {
	if n.ZeroThreshold == 0 && n.ZeroCount == 0 && len(n.Positive.Spans) == 0 && len(n.Negative.Spans) == 0 {
		n.Positive.Spans = []exposition.Span{{}}
	}
}
