//go:build !race

// The race detector allocates on its own account.

package series

import (
	"fmt"
	"runtime"
	"testing"
)

func TestFindAllocatesNothing(t *testing.T) {
	table := newTable("a", "b")
	for i := range 100 {
		create(table, i, fmt.Sprint(i), "x")
	}
	hit, miss := []string{"50", "x"}, []string{"50", "y"}
	if got := testing.AllocsPerRun(100, func() { table.Find(hit) }); got != 0 {
		t.Errorf("a lookup that hits: got %v allocations, want none", got)
	}
	if got := testing.AllocsPerRun(100, func() { table.Find(miss) }); got != 0 {
		t.Errorf("a lookup that misses: got %v allocations, want none", got)
	}
	table.Ordered()
	if got := testing.AllocsPerRun(100, func() { table.Ordered() }); got != 0 {
		t.Errorf("a list of unchanged series: got %v allocations, want none", got)
	}
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// The memory of deleted series comes back, however they were deleted and
// whether or not anybody gathers.
func TestMemoryComesBack(t *testing.T) {
	const n = 50_000
	deletions := map[string]func(*Table[int]){
		"one by one": func(table *Table[int]) {
			for i := range n {
				table.Delete([]string{fmt.Sprint(i), "value"})
			}
		},
		"all at once": func(table *Table[int]) { table.DeleteFunc(func([]string) bool { return true }) },
		"all but few": func(table *Table[int]) {
			table.DeleteFunc(func(values []string) bool { return len(values[0]) > 1 })
		},
		"reset": func(table *Table[int]) { table.Reset() },
		"gathering meanwhile": func(table *Table[int]) {
			for i := range n {
				table.Delete([]string{fmt.Sprint(i), "value"})
				if i%(n/20) == 0 {
					table.Ordered()
				}
			}
		},
	}
	for name, remove := range deletions {
		for _, gathered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, gathered before %t", name, gathered), func(t *testing.T) {
				table := newTable("n", "other")
				empty := heap()
				for i := range n {
					create(table, i, fmt.Sprint(i), "value")
				}
				if gathered {
					table.Ordered()
				}
				full := heap() - empty
				remove(table)
				if left := heap() - empty; left > full/50 {
					t.Errorf("got %d bytes left of %d, want next to nothing", left, full)
				}
				runtime.KeepAlive(table)
			})
		}
	}
}

// Series that come and go for ever, while nobody gathers, take no more memory
// than those that are there at one time.
func TestMemoryStaysBoundedWhileSeriesComeAndGo(t *testing.T) {
	const alive, rounds = 100, 200_000
	table := newTable("n")
	churn := func(from, to int) {
		for i := from; i < to; i++ {
			create(table, i, fmt.Sprint(i))
			table.Delete([]string{fmt.Sprint(i - alive)})
		}
	}
	churn(0, 10*alive)
	before := heap()
	churn(10*alive, rounds)
	if grown := heap() - before; grown > 100_000 {
		t.Errorf("got %d bytes more after %d series came and went, want next to nothing", grown, rounds)
	}
	runtime.KeepAlive(table)
}
