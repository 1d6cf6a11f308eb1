package series

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// noteRemovals has each life know when it is over, and what it had counted by
// then.
func noteRemovals(table *tallies) {
	table.OnRemove(func(c *Child[*tally]) {
		life := &c.Item.Life().State
		life.removed.Store(true)
		life.atRemoval = life.n.Load()
	})
}

// Workers that hold handles and count up, while series expire all the time and
// others gather, lose no update: one that comes too late for a life is made again
// in the next.
func TestNoUpdateOfAHeldHandleIsLost(t *testing.T) {
	for _, ttl := range []time.Duration{20 * time.Microsecond, time.Millisecond} {
		t.Run(ttl.String(), func(t *testing.T) {
			table := newTallies(ttl, "kind", "n")
			noteRemovals(table)
			const workers, series, each = 6, 5, 4000
			var updates atomic.Int64
			var wg sync.WaitGroup
			stop := make(chan struct{})
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						table.Ordered()
					}
				}
			})
			var busy sync.WaitGroup
			for w := range workers {
				busy.Go(func() {
					random := rand.New(rand.NewPCG(2, uint64(w)))
					var held [series]*tally
					for i := range held {
						held[i] = table.with("held", fmt.Sprint(i))
					}
					for range each {
						n := random.IntN(series)
						switch random.IntN(20) {
						case 0:
							held[n] = table.with("held", fmt.Sprint(n))
						case 1:
							table.with("once", fmt.Sprint(random.Uint64()))
						}
						if !held[n].incUnlessRemoved() {
							t.Errorf("an update counted in a life that was over")
						}
						updates.Add(1)
						if random.IntN(100) == 0 {
							time.Sleep(ttl)
						}
					}
				})
			}
			busy.Wait()
			close(stop)
			wg.Wait()
			for deadline := time.Now().Add(time.Minute); table.running(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a timer runs, though all must have expired long ago")
				}
			}
			table.want(t)

			table.mu.Lock()
			defer table.mu.Unlock()
			table.Table.mu.Lock()
			defer table.Table.mu.Unlock()
			var sum, redone int64
			for _, life := range table.lives {
				n := life.n.Load()
				sum += n
				redone += life.redone.Load()
				if late := n - life.atRemoval; life.removed.Load() && late > life.redone.Load() {
					t.Errorf("%d updates came when a life was over, and %d of it were made again", late, life.redone.Load())
				}
			}
			if want := updates.Load() + redone; sum != want {
				t.Errorf("got %d in all lives, want %d: %d updates, and %d made again", sum, want, updates.Load(), redone)
			}
			t.Logf("%d lives, %d updates, %d made again", len(table.lives), updates.Load(), redone)
		})
	}
}

// However short the time to live is, what nobody updates goes, and then no timer
// runs any more.
func TestTheShortestTimesToLive(t *testing.T) {
	for _, ttl := range []time.Duration{1, 100, 10 * time.Microsecond, time.Millisecond} {
		table := newTallies(ttl, "n")
		for i := range 10 {
			table.with(fmt.Sprint(i)).inc()
		}
		for deadline := time.Now().Add(time.Minute); table.running(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("TTL %v: a timer runs, though all must have expired long ago", ttl)
			}
		}
		table.want(t)
	}
}

// What was updated a moment ago is there, however busy everybody is, and every
// handle leads to it.
func TestASeriesInUseStays(t *testing.T) {
	const ttl = 40 * time.Millisecond
	table := newTallies(ttl, "n")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(w)))
			name := fmt.Sprint(w % 2)
			first := table.with(name)
			for range 300 {
				if random.IntN(20) == 0 {
					time.Sleep(time.Duration(random.Int64N(int64(2 * ttl))))
				}
				before := time.Now()
				first.inc()
				found := table.Find([]string{name})
				// Longer ago, and it may have expired.
				if time.Since(before) < ttl/2 && (found == nil || found.Item.Life() != first.Life()) {
					t.Errorf("the series was updated %v ago, and a lookup does not find it", time.Since(before))
				}
				if random.IntN(10) == 0 {
					table.Ordered()
				}
			}
		})
	}
	wg.Wait()
}

// Everything at once: whatever the order, the table remains whole, and no limit is
// exceeded.
func TestLifetimesWhileEverybodyWrites(t *testing.T) {
	const workers, each, names = 6, 1500, 20
	table, other := newTallies(time.Millisecond, "n"), newTallies(time.Millisecond, "n")
	limit := &Limit{Max: names / 2}
	for _, t := range []*tallies{table, other} {
		t.Limit(limit, nil)
	}
	check := func() {
		if n := limit.Used(); n < 0 || n > limit.Max {
			t.Errorf("got %d series, want at most %d", n, limit.Max)
		}
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(4, uint64(w)))
			held := []*tally{table.with("first")}
			for range each {
				table := table
				if random.IntN(3) == 0 {
					table = other
				}
				name := fmt.Sprint(random.IntN(names))
				switch random.IntN(16) {
				case 0:
					table.Delete([]string{name})
				case 1:
					table.DeleteFunc(func(values []string) bool { return values[0] < name })
				case 2:
					table.Pin([]string{name})
				case 3:
					time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
				case 4, 5:
					for _, c := range table.Ordered() {
						c.Item.value()
						c.Item.Alive()
					}
				case 6, 7, 8, 9:
					held = append(held[max(0, len(held)-10):], table.with(name))
				default:
					held[random.IntN(len(held))].inc()
				}
				check()
			}
		})
	}
	wg.Wait()
	for _, table := range []*tallies{table, other} {
		table.Reset()
		table.want(t)
	}
	if got := limit.Used(); got != 0 {
		t.Errorf("got %d series at the end, want none", got)
	}
}

// Replaces of one table at the same time, of the whole and of parts, while series
// expire: what one has put together is there when it is committed.
func TestReplacesWhileSeriesExpire(t *testing.T) {
	table := newTallies(10*time.Millisecond, "w", "n")
	const workers, each = 4, 150
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(5, uint64(w)))
			worker := fmt.Sprint(w)
			mine := func(values []string) bool { return values[0] == worker }
			for range each {
				began := time.Now()
				set := table.Stage(mine)
				from := random.IntN(10)
				for n := range 5 {
					set.Create([]string{worker, fmt.Sprint(from + n)}).Item.inc()
				}
				if random.IntN(4) == 0 {
					set.Abandon()
					continue
				}
				set.Commit()
				var got int
				for _, c := range table.Ordered() {
					if mine(c.Values()) {
						got++
					}
				}
				if got != 5 && time.Since(began) < 5*time.Millisecond {
					t.Errorf("got %d series of what was committed, want 5", got)
				}
				if random.IntN(10) == 0 {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	if len(table.staged) != 0 || len(table.sets) != 0 {
		t.Errorf("got %d series left in %d sets, want none", len(table.staged), len(table.sets))
	}
}
