package cell

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// keepTicking keeps the ticks going until the end of the test.
func keepTicking(t *testing.T) {
	t.Helper()
	stop := make(chan struct{})
	var using sync.WaitGroup
	using.Go(func() {
		often := time.NewTicker(tick / 10)
		defer often.Stop()
		for {
			ticks.use()
			select {
			case <-stop:
				return
			case <-often.C:
			}
		}
	})
	t.Cleanup(func() { close(stop); using.Wait() })
	waitFor(t, "ticks", func() bool { return ticks.now.Load() != never })
}

// waitFor waits for a condition, but not for ever.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s in vain", what)
		}
	}
}

func TestTicksFollowTheTimeWhileTheyAreUsed(t *testing.T) {
	keepTicking(t)
	for range 2 {
		from := ticks.now.Load()
		waitFor(t, "the next tick", func() bool { return ticks.now.Load() != from })
		if now := ticks.now.Load(); now < from || now > int64(time.Since(began)) {
			t.Errorf("got a tick at %v after one at %v, before %v", now, from, time.Since(began))
		}
	}
}

func TestTicksEndWhenNobodyUsesThem(t *testing.T) {
	ticks.use()
	waitFor(t, "the end of ticks", func() bool { return !ticks.running.Load() })
	if got := ticks.now.Load(); got != never {
		t.Errorf("got %v after the last tick, want never", got)
	}
	ticks.use()
	if !ticks.running.Load() {
		t.Error("ticks do not begin again")
	}
}

// In a bubble, ticks are neither begun nor followed.
func TestTicksMeanNothingInBubble(t *testing.T) {
	t.Run("begun inside", func(t *testing.T) {
		waitFor(t, "the end of ticks", func() bool { return !ticks.running.Load() })
		synctest.Test(t, func(t *testing.T) {
			ticks.use()
			if ticks.running.Load() {
				t.Error("ticks run")
			}
		})
		ticks.use()
		if !ticks.running.Load() {
			t.Error("ticks do not begin outside, after an attempt inside")
		}
	})
	keepTicking(t)
	t.Run("windows that move", TestSummaryWindowMoves)
	t.Run("a plain list", TestSummaryAgainstPlainList)
}

// A summary that many observations go to asks for the time when a generation may be
// over, and after each read.
func TestSummaryFollowsTicks(t *testing.T) {
	keepTicking(t)
	const generation = 12 * time.Minute
	s := NewSummary(NewSummaryOptions(usual, 5*generation, 5, 16))
	observe := func(n int) {
		for range n {
			s.Observe(1)
		}
	}
	// Now the time has been asked for, with a few observations to come before the
	// next time that it is in any case.
	follow := func() {
		t.Helper()
		stateOf(s)
		observe(1)
		if asks := s.parts.first.state.askFrom; asks == always {
			t.Fatal("the time is asked for again at once")
		}
	}
	follow()
	now, asks := time.Since(began), s.parts.first.state.askFrom
	if left := time.Duration(asks) - now; left < generation-tickMargin-time.Minute || left > generation-tickMargin {
		t.Errorf("the time is asked for in %v, want it in %v", left, generation-tickMargin)
	}

	pass := func(d time.Duration) {
		s.start = s.start.Add(-d)
		s.parts.first.state.askFrom -= int64(d)
	}
	pass(generation)
	observe(1)
	if got, want := s.parts.first.state.expires, int64(2*generation); got != want {
		t.Errorf("an observation in the second generation: it ends at %v, want %v", time.Duration(got), time.Duration(want))
	}
	// Near the end of a generation, each observation asks.
	pass(generation - tickMargin/2)
	for range 2 {
		observe(1)
		if asks := s.parts.first.state.askFrom; asks > ticks.now.Load() {
			t.Errorf("near its end, a generation is trusted to go on for %v", time.Duration(asks-ticks.now.Load()))
		}
	}
	second := s.parts.first.state.expires
	pass(tickMargin)
	observe(1)
	if got, want := s.parts.first.state.expires, second+int64(generation); got != want {
		t.Errorf("an observation in the third generation: it ends at %v, want %v", time.Duration(got), time.Duration(want))
	}
	// A full batch is a reason to ask, too.
	follow()
	asked := false
	for range 16 {
		observe(1)
		asked = asked || s.parts.first.state.askFrom == always
	}
	if !asked {
		t.Error("the time is not asked for again after a full batch")
	}
}

// Nobody asks for the time because a generation is so long that its end cannot be told.
func TestSummaryThatNeverForgetsFollowsTicks(t *testing.T) {
	keepTicking(t)
	waitFor(t, "more than the margin", func() bool { return time.Since(began) > 2*tickMargin })
	s := NewSummary(NewSummaryOptions(usual, math.MaxInt64, 1, 16))
	s.Observe(1)
	if asks := s.parts.first.state.askFrom; asks < int64(1000*time.Hour) {
		t.Errorf("the time is asked for again at %v, want that in years", time.Duration(asks))
	}
}
