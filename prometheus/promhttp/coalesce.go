package promhttp

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// coalescer gathers for several requests at once: who comes while a gather is
// under way waits for it and shares what it finds. So there is never more than
// one.
//
// Nobody joins a gather that is over. Otherwise one slow client after the other
// would keep what it found in use, and all would see values from long ago.
type coalescer struct {
	gather func() gathered

	mu    sync.Mutex
	round *round // the one under way, nil if there is none; guarded by mu
}

// round is one gather and those who share it. The one who began it sets found
// and closes over; all read found after that.
type round struct {
	over  chan struct{}
	found gathered
	users int // who have not left yet; guarded by the mutex of the coalescer
}

var errGatherPanicked = errors.New("coalesced gather panicked")

// join returns what the gather that is under way finds, or begins one. It gives
// up waiting for others when the context ends.
func (c *coalescer) join(ctx context.Context) (gathered, error) {
	c.mu.Lock()
	r := c.round
	if r != nil {
		r.users++
		c.mu.Unlock()
		select {
		case <-r.over:
		case <-ctx.Done():
			c.leave(r)
			return gathered{}, fmt.Errorf("gave up waiting for a gather that is under way: %w", context.Cause(ctx))
		}
	} else {
		r = &round{over: make(chan struct{}), users: 1}
		c.round = r
		c.mu.Unlock()
		c.lead(r)
	}
	shared := r.found
	shared.done = func() { c.leave(r) }
	return shared, nil
}

// lead gathers for all who join the round. If that panics, it goes on panicking,
// and the others find an error.
func (c *coalescer) lead(r *round) {
	r.found = gathered{err: errGatherPanicked, done: func() {}}
	defer func() {
		c.mu.Lock()
		c.round = nil
		c.mu.Unlock()
		close(r.over)
	}()
	found := c.gather()
	if found.page != nil {
		found.page.Freeze() // all are to see the same values
	}
	r.found = found
}

// leave is called once by each who joined the round. The last one, who cannot
// be there before the gather is over, says that it is done.
func (c *coalescer) leave(r *round) {
	c.mu.Lock()
	r.users--
	last := r.users == 0
	c.mu.Unlock()
	if last {
		r.found.done()
	}
}
