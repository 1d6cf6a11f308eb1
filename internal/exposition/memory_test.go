//go:build !race

// The race detector allocates on its own account.

package exposition

import (
	"io"
	"testing"
)

func TestTextAllocatesNothingPerSeries(t *testing.T) {
	for _, p := range []page{typesPage, valuesPage, timestampsPage} {
		e := NewText(io.Discard, Underscores)
		for _, f := range p {
			e.Family(&f.Family)
			if got := testing.AllocsPerRun(1000, func() { e.Series(&f.series[0]) }); got != 0 {
				t.Errorf("%s: got %v allocations a series, want none", f.Name, got)
			}
		}
	}
}
