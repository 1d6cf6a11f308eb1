package promhttp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// coalescer gathers for several requests at once: who comes while a gather is
// under way waits for it and shares what it finds. So there is never more than
// one, but where a source keeps deadlines, and so holds nobody up: there, who has
// less time than the gather under way does not wait for it.
//
// Nobody joins a gather that is over. Otherwise one slow client after the other
// would keep what it found in use, and all would see values from long ago.
type coalescer struct {
	source source

	mu    sync.Mutex
	round *round // the one under way, nil if there is none; guarded by mu
}

// round is one gather and those who share it. The one who began it sets found
// and closes over; all read found after that.
type round struct {
	began    time.Time
	deadline time.Time // the zero time for none
	over     chan struct{}
	found    gathered
	users    int // who have not left yet; guarded by the mutex of the coalescer
}

var (
	errGatherPanicked = errors.New("coalesced gather panicked")
	errLate           = errors.New("the gatherer has not come back in time, and is not called again until it has")
)

// join returns what the gather that is under way finds, or begins one. It gives
// up waiting for others when the context ends. Who has less time than the gather
// that is under way gathers alone.
func (c *coalescer) join(ctx context.Context, deadline time.Time) (gathered, error) {
	c.mu.Lock()
	r := c.round
	switch {
	case r == nil:
		r = c.begin(deadline)
		c.mu.Unlock()
		c.lead(r)
		return c.share(r), nil
	case !deadline.IsZero() && (r.deadline.IsZero() || deadline.Before(r.deadline)):
		c.mu.Unlock()
		return c.source.gather(deadline), nil
	}
	r.users++
	c.mu.Unlock()
	return c.await(ctx, r, nil)
}

// joinUntil is join for a source that keeps no deadline. The gather goes on on a
// goroutine of its own, however long it takes, and who waits for it gives up when
// it has taken as long as the request had when it came; a minute if that has no
// deadline.
func (c *coalescer) joinUntil(ctx context.Context, deadline time.Time) (gathered, error) {
	now := time.Now()
	allowance := registry.DefaultTimeout
	if !deadline.IsZero() {
		allowance = deadline.Sub(now)
	}
	c.mu.Lock()
	r := c.round
	if r == nil {
		r = c.begin(deadline) // with the goroutine as a user
		go func() {
			defer c.leave(r)
			c.lead(r)
		}()
	}
	r.users++
	c.mu.Unlock()
	late := time.NewTimer(r.began.Add(allowance).Sub(now))
	defer late.Stop()
	return c.await(ctx, r, late.C)
}

// begin makes a round the one under way. It needs the lock.
func (c *coalescer) begin(deadline time.Time) *round {
	c.round = &round{began: time.Now(), deadline: deadline, over: make(chan struct{}), users: 1}
	return c.round
}

// await returns what a round finds, unless the context ends before, or late comes.
func (c *coalescer) await(ctx context.Context, r *round, late <-chan time.Time) (gathered, error) {
	select {
	case <-r.over:
		return c.share(r), nil
	case <-late:
		c.leave(r)
		return gathered{}, errLate
	case <-ctx.Done():
		c.leave(r)
		return gathered{}, fmt.Errorf("gave up waiting for a gather that is under way: %w", context.Cause(ctx))
	}
}

// share returns what a round that is over found, for one who joined it.
func (c *coalescer) share(r *round) gathered {
	shared := r.found
	shared.done = func() { c.leave(r) }
	return shared
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
	found := c.source.gather(r.deadline)
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
