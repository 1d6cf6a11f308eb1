package scrape

import (
	"context"
	"errors"
	"net"
	"sync"
)

var errCutOff = errors.New("the server is stopping")

// connections are the connections to targets.
type connections struct {
	ended context.Context // ends when they are closed
	end   context.CancelFunc

	mu   sync.Mutex // guards open
	open map[*connection]struct{}
}

func newConnections() *connections {
	ctx, cancel := context.WithCancel(context.Background())
	return &connections{ended: ctx, end: cancel, open: make(map[*connection]struct{})}
}

// dial opens a connection, unless all were closed.
func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	tracked := &connection{Conn: conn, all: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended.Err() != nil {
		return nil, errors.Join(errCutOff, conn.Close())
	}
	c.open[tracked] = struct{}{}
	return tracked, nil
}

// close closes all connections, also those that are being dialled or will be.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	for conn := range c.open {
		_ = conn.Conn.Close() // whoever uses it gets the error
	}
	clear(c.open)
}

// connection is one of them.
type connection struct {
	net.Conn
	all *connections
}

// Close forgets the connection, too.
func (c *connection) Close() error {
	c.all.mu.Lock()
	delete(c.all.open, c)
	c.all.mu.Unlock()
	return c.Conn.Close()
}
