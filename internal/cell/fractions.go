package cell

import (
	"runtime"
	"sync/atomic"
)

// fractions is a floating-point number that only grows, kept as the sum of several.
//
// As with parts, all additions go to the first one until they often meet there.
// Then they spread: there is a number for each processor, and an addition goes to that
// of the processor that it runs on. Whoever reads sends additions back to the first
// one. A number of one part is never moved to another, so a reader that sees the
// parts one after the other does not miss anything that was added before, nor see
// anything twice.
type fractions struct {
	first  Float
	spread atomic.Pointer[[]apartFloat] // while additions are spread
	bound  atomic.Pointer[[]apartFloat] // nil until they were
	met    meetings
}

// apartFloat is a number for one processor.
type apartFloat struct {
	Float
	_ apart
}

// tryAdd adds to the first number, unless additions are spread or another goroutine
// was faster, and tells whether it did. It is small enough to be inlined.
func (f *fractions) tryAdd(v float64) bool { return f.spread.Load() == nil && f.first.tryAdd(v) }

// add adds where there is room, after tryAdd could not.
func (f *fractions) add(v float64) {
	if bound := f.spread.Load(); bound != nil {
		(*bound)[pin()%len(*bound)].Add(v)
		unpin()
		return
	}
	if f.met.tooOften() {
		if f.bound.Load() == nil {
			made := make([]apartFloat, runtime.GOMAXPROCS(0))
			f.bound.CompareAndSwap(nil, &made)
		}
		f.spread.Store(f.bound.Load())
	}
	f.first.Add(v)
}

func (f *fractions) value() float64 {
	v := f.first.Load()
	if bound := f.bound.Load(); bound != nil {
		if f.spread.Load() != nil {
			f.spread.Store(nil)
		}
		for i := range *bound {
			v += (*bound)[i].Load()
		}
	}
	return v
}
