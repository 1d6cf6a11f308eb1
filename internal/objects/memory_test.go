//go:build !race

// The race detector allocates on its own account.

package objects_test

import (
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/objects"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// A page costs memory for the families, not for each series: also when some have
// changed since the last one.
func TestPagesAllocateNothingPerSeries(t *testing.T) {
	for name, encoder := range map[string]func() exposition.Encoder{
		"text":        func() exposition.Encoder { return exposition.NewText(io.Discard, exposition.Underscores) },
		"openmetrics": func() exposition.Encoder { return exposition.NewOpenMetrics(io.Discard, exposition.Underscores, true) },
		"protobuf":    func() exposition.Encoder { return exposition.NewProtobuf(io.Discard, exposition.Underscores) },
	} {
		allocations := func(many int) float64 {
			s := newStore()
			var r registry.Registry
			if err := r.Register(s, []*registry.Desc{phases, infos}); err != nil {
				t.Fatal(err)
			}
			set := func(pod int) {
				name := strconv.Itoa(pod)
				if err := s.Set(pod, []objects.Series{series(infos, 1, name), series(phases, 1, name, "a"), series(phases, 0, name, "b")}); err != nil {
					t.Fatal(err)
				}
			}
			for pod := range many {
				set(pod)
			}
			return testing.AllocsPerRun(10, func() {
				set(many / 2)
				page, _ := r.Gather(nil)
				e := encoder()
				page.Write(e)
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		few, some := allocations(10), allocations(2000)
		if some > few+10 {
			t.Errorf("%s: got %v allocations for 10 objects and %v for 2000, want about the same", name, few, some)
		}
		t.Logf("%s: %v allocations for 10 objects, %v for 2000", name, few, some)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first one made available to pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Memory comes back when objects go, whether or not anybody scrapes.
func TestMemoryComesBack(t *testing.T) {
	perObject, many := 10, 100_000
	if testing.Short() {
		many = 10_000
	}
	s := newStore()
	before := heap()
	all := make([]objects.Series, perObject)
	for pod := range many {
		name := strconv.Itoa(pod)
		for i := range all {
			all[i] = series(phases, 1, name, strconv.Itoa(i))
		}
		if err := s.Set(pod, all); err != nil {
			t.Fatal(err)
		}
	}
	full := heap() - before
	t.Logf("%d bytes for each of %d series", full/uint64(perObject*many), perObject*many)
	for pod := range many - 1 {
		s.Delete(pod)
	}
	if left := int64(heap() - before); left > int64(full)/100 {
		t.Errorf("%d bytes were left of %d after all objects but one were deleted, want no more than a hundredth", left, full)
	}
	if got := s.Len(); got != 1 {
		t.Errorf("got %d objects, want 1", got)
	}
	runtime.KeepAlive(s)
}
