package main

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A loop is an update or a lookup, done again and again by every goroutine. It
// returns what it does on something new at each run, so that none inherits how
// lucky another was with its place in memory.
type loop func() work

// work does something n times; the worker tells goroutines apart.
type work func(worker, n int)

// pinned is how many goroutines are each given a thread that is held to a core of
// its own: left to themselves, two often share one, and then show a serial figure
// as a contended one. Where there are more, as many as there are cores keep those
// busy before the time counts, for as long as the system may take to move their
// threads apart; the scheduler does the rest. A short run is not worth that.
const (
	pinned   = 2
	settling = 10 * time.Millisecond
	short    = 10_000
)

func (l loop) run(goroutines, n int) (sample, error) {
	do := l()
	runtime.GC()
	var m meter
	if goroutines == 1 {
		m.start()
		do(0, n)
		m.stop()
		return m.sample(n, 1), nil
	}
	errs := make([]error, goroutines)
	var ready, done sync.WaitGroup
	var running atomic.Bool
	busy := 0 // how many goroutines keep cores busy before the time counts
	if goroutines > pinned && n > short {
		busy = min(goroutines, runtime.GOMAXPROCS(0))
	}
	begin := make(chan struct{})
	ready.Add(goroutines)
	for worker := range goroutines {
		share := n / goroutines
		if worker < n%goroutines {
			share++
		}
		done.Go(func() {
			if goroutines == pinned {
				release, err := pin(worker)
				defer release()
				errs[worker] = err
			}
			ready.Done()
			if worker >= busy {
				<-begin
			}
			for !running.Load() {
			}
			do(worker, share)
		})
	}
	ready.Wait()
	if busy > 0 {
		time.Sleep(settling)
	}
	m.start()
	running.Store(true)
	close(begin)
	done.Wait()
	m.stop()
	return m.sample(n, 1), errors.Join(errs...)
}
