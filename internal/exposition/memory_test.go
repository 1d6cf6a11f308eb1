//go:build !race

// The race detector allocates on its own account, and has pools forget.

package exposition

import (
	"io"
	"runtime/debug"
	"testing"
)

func TestEncodersAllocateNothingPerSeries(t *testing.T) {
	for _, enc := range encodings {
		for escaping := range schemes {
			e := enc.to(io.Discard, escaping)
			for _, p := range append(pages, colonPage, utf8ExemplarsPage) {
				for _, f := range p {
					e.Family(&f.Family)
					for i := range f.series {
						if got := testing.AllocsPerRun(100, func() { e.Series(&f.series[i]) }); got != 0 {
							t.Errorf("%s, %s, %s, series %d: got %v allocations a series, want none", enc.name, escaping, f.Name, i, got)
						}
					}
				}
			}
		}
	}
}

func TestEncodersUseMemoryAgain(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it empties pools
	p := bigPage(50_000)
	for _, enc := range encodings {
		write := func() {
			if err := p.write(enc.to(io.Discard, Underscores)); err != nil {
				t.Fatal(err)
			}
		}
		// The encoder, and the list of chunks that one of protobuf has.
		if got := testing.AllocsPerRun(5, write); got > 16 {
			t.Errorf("%s: got %v allocations for a page of 50,000 series, want no more than 16", enc.name, got)
		}
	}
}
