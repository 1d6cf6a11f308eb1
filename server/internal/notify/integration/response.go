package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// An integration reads the answer to its end, and often keeps it in memory. What a
// service has to say fits into far less than these limits, so that an answer
// without an end costs the attempt, not the memory, nor the time that a flush has.
const (
	maxResponse  = 4 << 20          // bytes, as they come over the network
	responseTime = 30 * time.Second // from the first byte on
)

var errSlow = fmt.Errorf("the answer takes longer than %v", responseTime)

// limitResponse returns a context for one attempt, which ends when an answer has
// begun and does not come to its end in time. The function must be called when the
// attempt is over.
func limitResponse(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(responseTime, func() { cancel(errSlow) })
	timer.Stop()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { timer.Stop() }, // another request begins
		GotFirstResponseByte: func() { timer.Reset(responseTime) },
	})
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}

// dial opens a connection that reads at most maxResponse bytes for each request.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	limited := &conn{Conn: c}
	limited.left.Store(maxResponse)
	return limited, nil
}

// smallestRequest is less than any request has, and more than what a client writes
// with HTTP/2 while it reads an answer.
const smallestRequest = 100 // bytes

var errLarge = errors.New("the answer is larger than 4 MiB")

// conn is a connection on which each request begins a new allowance of bytes to
// read. One goroutine may read while another one writes.
type conn struct {
	net.Conn
	left atomic.Int64
}

func (c *conn) Write(b []byte) (int, error) {
	if len(b) >= smallestRequest {
		c.left.Store(maxResponse)
	}
	return c.Conn.Write(b)
}

func (c *conn) Read(b []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, errLarge
	}
	n, err := c.Conn.Read(b)
	c.left.Add(-int64(n))
	return n, err
}
