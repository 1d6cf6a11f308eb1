package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// patience is how long tests may run before a person is told how far they are.
const patience = 2 * time.Second

// progress is a line at the bottom of a terminal that says how far tests are. A
// goroutine of its own writes the line; who else writes to the terminal does so
// in pause.
type progress struct {
	of      *simulate.Progress
	to      io.Writer
	stopped chan struct{}
	done    sync.WaitGroup

	mu    sync.Mutex // guards shown, and is held by whoever writes
	shown bool       // the line is there at the moment
}

// watch begins to show the progress, if there is a terminal to show it on.
func watch(of *simulate.Progress, w io.Writer, terminal bool) *progress {
	p := &progress{of: of, to: w, stopped: make(chan struct{})}
	if !terminal {
		return p
	}
	p.done.Go(func() {
		select {
		case <-p.stopped:
			return
		case <-time.After(patience):
		}
		tick := time.NewTicker(patience / 4)
		defer tick.Stop()
		for {
			p.show()
			select {
			case <-p.stopped:
				return
			case <-tick.C:
			}
		}
	})
	return p
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = true
	fmt.Fprintf(p.to, "\r\x1b[K%d of %d tests done, groups evaluated %d times", p.of.Done.Load(), p.of.Tests.Load(), p.of.Evaluations.Load())
}

// pause takes the line away, writes, and lets it come again.
func (p *progress) pause(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.shown = false
		fmt.Fprint(p.to, "\r\x1b[K")
	}
	write()
}

// stop takes the line away for good.
func (p *progress) stop() {
	close(p.stopped)
	p.done.Wait()
	p.pause(func() {})
}
