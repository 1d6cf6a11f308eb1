//go:build !race

// The race detector allocates on its own account.

package series

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
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

// The memory of series that have expired comes back, though nobody gathers, looks
// anything up or updates anything.
func TestMemoryComesBackWhenSeriesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100_000
		table := newTallies(time.Minute, "n")
		table.with("warm")
		empty := heap()
		for i := range n {
			table.with(fmt.Sprint(i))
		}
		table.lives = nil
		full := heap() - empty
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if left := heap() - empty; left > full/100 {
			t.Errorf("got %d bytes left of %d, want next to nothing", left, full)
		}
		if table.running() {
			t.Error("a timer runs though there is nothing that could expire")
		}
		runtime.KeepAlive(table)
	})
}

// A table that nobody uses any more is let go of, timers and all.
func TestATableIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newTallies(time.Minute, "n")
		table.with("a").inc()
		forgotten := false
		runtime.AddCleanup(table.Table, func(forgotten *bool) { *forgotten = true }, &forgotten)
		table = nil
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for range 100 {
			runtime.GC()
			time.Sleep(time.Second)
			synctest.Wait()
			if forgotten {
				return
			}
		}
		t.Error("the table is still there")
	})
}

func TestLifetimesAllocateNothing(t *testing.T) {
	table := newTallies(time.Hour, "a", "b")
	for i := range 100 {
		table.with(fmt.Sprint(i), "x")
	}
	table.Ordered()
	held, hit, miss := table.with("7", "x"), []string{"50", "x"}, []string{"50", "y"}
	orphan := table.with("gone", "x")
	table.Delete([]string{"gone", "x"})
	for what, f := range map[string]func(){
		"an update":                   held.inc,
		"an update in the next epoch": func() { table.expiry.clock.epoch.Store(0); held.inc() },
		"an update of an orphan":      orphan.inc,
		"a lookup that hits":          func() { table.Find(hit) },
		"a lookup without an epoch":   func() { table.expiry.clock.epoch.Store(0); table.Find(hit) },
		"a lookup that misses":        func() { table.Find(miss) },
		"a read":                      func() { held.value() },
		"a list":                      func() { table.Ordered() },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: got %v allocations, want none", what, got)
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
