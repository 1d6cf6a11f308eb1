package main

import "runtime"

// A heap is measured by filling it with so many things, and writing their first page.
type heap struct {
	things int
	fill   func() (kept any)
}

func (h heap) run(_, _ int) (sample, error) {
	before := live()
	kept := h.fill()
	after := live()
	runtime.KeepAlive(kept)
	return sample{size: float64(after-before) / float64(h.things)}, nil
}

// live returns the bytes that are reachable; pools are empty after the second
// collection.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}
