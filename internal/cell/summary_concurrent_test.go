package cell

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
)

// crowds are numbers of goroutines, and of processors for them.
var crowds = func() (crowds []crowd) {
	for _, processors := range []int{1, 2, 8} {
		for _, goroutines := range []int{1, 2, 8, 64} {
			crowds = append(crowds, crowd{goroutines, processors})
		}
	}
	return crowds
}()

type crowd struct{ goroutines, processors int }

// hammer has all goroutines observe at once, and calls the function again and again
// meanwhile, and a last time when they are through.
func (c crowd) hammer(t *testing.T, observe func(goroutine int), look func()) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.processors))
	var wg sync.WaitGroup
	for g := range c.goroutines {
		wg.Go(func() { observe(g) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running && !t.Failed(); {
		select {
		case <-done:
			running = false
		default:
			look()
			runtime.Gosched()
		}
	}
	<-done
	look()
}

// Every state that a reader sees is whole: with all observations equal, the sum
// is that value times the count, and every quantile is that value.
func TestSummaryIsWholeWhileHammered(t *testing.T) {
	for _, room := range []uint32{1, 500} {
		for _, c := range crowds {
			t.Run(fmt.Sprintf("room for %d, %+v", room, c), func(t *testing.T) {
				const value = 0.5
				each := 20_000 / c.goroutines
				s := NewSummary(NewSummaryOptions(usual, time.Hour, 5, room))
				var last uint64
				c.hammer(t, func(int) {
					for range each {
						s.Observe(value)
					}
				}, func() {
					got := stateOf(s)
					if got.Sum != value*float64(got.Count) {
						t.Errorf("torn state: count %d, sum %v", got.Count, got.Sum)
					}
					for _, v := range got.Quantiles {
						if v != value && got.Count > 0 {
							t.Errorf("got quantiles %v, want %v", got.Quantiles, value)
						}
					}
					if got.Count < last {
						t.Errorf("count fell from %d to %d", last, got.Count)
					}
					last = got.Count
				})
				if want := uint64(each * c.goroutines); last != want {
					t.Errorf("got %d observations in the end, want %d", last, want)
				}
			})
		}
	}
}

// However many goroutines observe, on however many processors, each quantile is
// within its error.
func TestSummaryKeepsItsErrorsWhileHammered(t *testing.T) {
	for _, c := range crowds {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			each := 32_000 / c.goroutines
			n := each * c.goroutines
			s := NewSummary(NewSummaryOptions(usual, time.Hour, 5, 500))
			c.hammer(t, func(goroutine int) {
				// All numbers below n come once, in no order.
				for i := range each {
					s.Observe(float64((goroutine*each + i) * 7919 % n))
				}
			}, func() { stateOf(s) })
			for i, rank := range s.options.Ranks() {
				got, want := stateOf(s).Quantiles[i], math.Ceil(rank*float64(n))-1
				if limit := usual[rank] * float64(n); math.Abs(got-want) > limit {
					t.Errorf("rank %v: got %v, want %v, give or take %v", rank, got, want, limit)
				}
			}
		})
	}
}

// An update that is held up in the middle keeps its part from readers and updates,
// and nobody waits for it: others count elsewhere, count and sum are those of all
// parts but for what that one has observed since the last read, and quantiles are as
// they were.
func TestSummaryUpdateHeldUp(t *testing.T) {
	const n = 10_000
	s := NewSummary(NewSummaryOptions(usual, time.Hour, 5, 500))
	s.Observe(3)
	stateOf(s)

	s.Observe(3)
	held := s.parts.take()
	sum := 0.0
	for i := range n {
		s.Observe(float64(i))
		sum += float64(i)
	}
	if got := testing.AllocsPerRun(10, func() { s.Observe(0) }); got != 0 {
		t.Errorf("got %v allocations of an update meanwhile, want none", got)
	}
	if got := stateOf(s); got.Count != 1+n+11 || got.Sum != 3+sum || got.Quantiles[0] != 3 {
		t.Errorf("got %v meanwhile, want %d, %v and 3", got, 1+n+11, 3+sum)
	}
	held.give()

	got := stateOf(s)
	if got.Count != 2+n+11 || got.Sum != 6+sum {
		t.Errorf("got count %d and sum %v after it went on, want %d and %v", got.Count, got.Sum, 2+n+11, 6+sum)
	}
	if off := math.Abs(got.Quantiles[0]-n/2) / n; off > 0.05+0.002 {
		t.Errorf("got median %v, want about %v", got.Quantiles[0], n/2)
	}
}

// The very first read may come while an update is held up.
func TestSummaryFirstUpdateHeldUp(t *testing.T) {
	s := NewSummary(NewSummaryOptions(usual, time.Hour, 5, 500))
	s.parts.take()
	if got := stateOf(s); got.Count != 0 || got.Sum != 0 || len(got.Quantiles) != 3 || !math.IsNaN(got.Quantiles[0]) {
		t.Errorf("got %v, want 0, 0 and three times NaN", got)
	}
}

// Generations that end while many observe and read lose nothing.
func TestSummaryGenerationsWhileHammered(t *testing.T) {
	const writers, each = 4, 5_000
	s := NewSummary(NewSummaryOptions(usual, 3*time.Microsecond, 3, 500))
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range each {
				s.Observe(1)
				if i%100 == 0 {
					stateOf(s)
				}
			}
		})
	}
	wg.Wait()
	if got := stateOf(s); got.Count != writers*each || got.Sum != writers*each {
		t.Errorf("got count %d and sum %v, want %d", got.Count, got.Sum, writers*each)
	}
}

// What takes long is done while the goroutine is not held to its processor, and it is
// held and released as often as each other, or the program would end.
func TestSummaryOfLargePartsOfProcessors(t *testing.T) {
	const n = 3 * mostPinned
	exact := map[float64]float64{0.5: 0}
	for _, options := range []*SummaryOptions{
		NewSummaryOptions(exact, time.Hour, 1, 500),
		NewSummaryOptions(exact, time.Microsecond, 1000, 100),
		NewSummaryOptions(usual, time.Hour, 5, maxRoom/8),
	} {
		s := NewSummary(options)
		var wg sync.WaitGroup
		for g := range 2 {
			wg.Go(func() {
				for i := range n {
					s.parts.spread.Store(s.parts.othersOf().forProcessors(s.fresh)) // as if updates met all the time
					s.Observe(float64(2*i + g))
					if i%1000 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		if got := stateOf(s); got.Count != 2*n || got.Sum != 2*n*(2*n-1)/2 {
			t.Errorf("got count %d and sum %v, want %d and %d", got.Count, got.Sum, 2*n, n*(2*n-1))
		}
	}
}
