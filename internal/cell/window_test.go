package cell

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever buckets are counted in, in whatever order, they are all there, ascending,
// and the memory is in proportion to how many there are.
func TestWindowAgainstMap(t *testing.T) {
	anyIndex := rapid.OneOf(
		rapid.Int32Range(-20, 20),
		rapid.Int32Range(5_000, 5_500),
		rapid.Int32Range(lowestFinest, infinityFinest),
	)
	rapid.Check(t, func(t *rapid.T) {
		var w window
		want := map[int32]uint64{}
		for i, index := range rapid.SliceOfN(anyIndex, 1, 500).Draw(t, "indexes") {
			*w.at(index)++
			want[index]++
			got := w.appendTo(nil)
			if !slices.IsSortedFunc(got, func(a, b NativeBucket) int { return cmp.Compare(a.Index, b.Index) }) {
				t.Fatalf("observation %d: not ascending: %v", i, got)
			}
			gotCounts := map[int32]uint64{}
			for _, b := range got {
				gotCounts[b.Index] += b.Count
			}
			if !maps.Equal(gotCounts, want) || len(got) != len(want) {
				t.Fatalf("observation %d: got %v, want %v", i, got, want)
			}
			counted := 0
			for index, counter := range w.each() {
				if counted++; *counter != want[index] {
					t.Fatalf("observation %d: got counter %d of bucket %d, want %d", i, *counter, index, want[index])
				}
			}
			if counted != len(want) {
				t.Fatalf("observation %d: got %d counters, want %d", i, counted, len(want))
			}
			if got, most := len(w.counters), max(smallWindow, countersPerBucket*len(want)); got > most {
				t.Fatalf("observation %d: got %d counters for %d buckets, want no more than %d", i, got, len(want), most)
			}
		}
	})
}

// Buckets that lie close together have their counters in the slice.
func TestWindowHasCloseBucketsInReach(t *testing.T) {
	tests := []struct {
		name   string
		index  func(i int32) int32
		inside int
	}{
		{"upwards", func(i int32) int32 { return i }, 1000},
		{"downwards", func(i int32) int32 { return -i }, 1000},
		{"from the middle", func(i int32) int32 { return (i%2*2 - 1) * i }, 1000},
		{"every fifth", func(i int32) int32 { return 5 * i }, 1000},
		{"after one far away", func(i int32) int32 { return i - 1_000_000*max(0, 1-i) }, 999},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var w window
			for i := range int32(1000) {
				*w.at(test.index(i))++
			}
			inside := 0
			for i := range int32(1000) {
				if w.find(test.index(i)) != nil {
					inside++
				}
			}
			if least := test.inside - 1000/32; inside < least {
				t.Errorf("got %d counters in the slice, want at least %d", inside, least)
			}
		})
	}
}
