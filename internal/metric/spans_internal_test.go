package metric

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/cell"
)

// TestSpansOfCell: both ways to give buckets have the same spans, and those of a cell
// take no more memory than they need.
func TestSpansOfCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		byIndex := map[int]int64{}
		var inOrder []cell.NativeBucket
		index := rapid.Int32Range(-1000, 1000).Draw(t, "first index")
		for range rapid.IntRange(0, 50).Draw(t, "buckets") {
			count := rapid.Uint64Range(1, 1<<40).Draw(t, "count")
			byIndex[int(index)] = int64(count)
			inOrder = append(inOrder, cell.NativeBucket{Index: index, Count: count})
			index += rapid.Int32Range(1, 5).Draw(t, "step")
		}
		got, want := spansOfCell(inOrder), SpansOf(byIndex)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if cap(got.Spans) != len(got.Spans) || cap(got.Deltas) != len(got.Deltas) {
			t.Errorf("got room for %d spans and %d deltas, want %d and %d", cap(got.Spans), cap(got.Deltas), len(got.Spans), len(got.Deltas))
		}
	})
}
