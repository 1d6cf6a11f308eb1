package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/mdlayher/vsock"
	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"

	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

const (
	// headerTimeout bounds how long a client may take to send its request's
	// head, so that idle connections do not pile up.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection may wait for its next request: longer than
	// clients keep one, so that it is they who close it.
	idleTimeout = 10 * time.Minute
	// requestGrace is how long requests that are under way may take when the
	// server stops.
	requestGrace = 2 * time.Second
)

// front is what clients see of a server: the ports it listens on, and whatever
// answers requests at the moment.
type front struct {
	listeners     []net.Listener
	webConfigFile string
	logger        *slog.Logger
	handler       atomic.Pointer[http.Handler]
}

// newFront takes the ports. It answers with an apology until it is told what to
// answer with.
func newFront(addresses []string, systemd bool, webConfigFile string, logger *slog.Logger) (*front, error) {
	f := &front{webConfigFile: webConfigFile, logger: logger}
	f.answer(http.HandlerFunc(starting))
	if systemd {
		listeners, err := activation.Listeners()
		if err == nil && len(listeners) == 0 {
			err = errors.New("systemd handed over no socket")
		}
		if err != nil {
			return nil, fmt.Errorf("cannot listen on the sockets of systemd: %w", err)
		}
		f.listeners = listeners
		return f, nil
	}
	for _, address := range addresses {
		l, err := listen(address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("cannot listen on %s: %w", address, listenCause(err)), f.close())
		}
		f.listeners = append(f.listeners, l)
	}
	return f, nil
}

// listen listens on HOST:PORT, or on vsock://:PORT for the host of a virtual machine.
func listen(address string) (net.Listener, error) {
	rest, ok := strings.CutPrefix(address, "vsock://")
	if !ok {
		return net.Listen("tcp", address)
	}
	_, text, err := net.SplitHostPort(rest)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil, err
	}
	return vsock.Listen(uint32(port), nil)
}

// listenCause is the last part of an error of net.Listen, which says the address
// several times.
func listenCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if call, ok := errors.AsType[*os.SyscallError](op.Err); ok {
			return call.Err
		}
		return op.Err
	}
	return err
}

// close gives the ports back if nobody has served them.
func (f *front) close() error {
	var errs []error
	for _, l := range f.listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

func (f *front) addrs() []net.Addr {
	addrs := make([]net.Addr, len(f.listeners))
	for i, l := range f.listeners {
		addrs[i] = l.Addr()
	}
	return addrs
}

// answer has requests answered by h from now on.
func (f *front) answer(h http.Handler) { f.handler.Store(&h) }

// serve answers requests until ctx ends.
func (f *front) serve(ctx context.Context) error {
	current := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*f.handler.Load()).ServeHTTP(w, r) })
	handler := patient(tracing.Middleware(current))
	serving, ctx := errgroup.WithContext(ctx)
	for _, l := range f.listeners {
		// Each has a server of its own: serving writes to it.
		server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout}
		serving.Go(func() error {
			err := web.Serve(l, server, &web.FlagConfig{WebConfigFile: &f.webConfigFile}, f.logger)
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		})
		serving.Go(func() error {
			<-ctx.Done()
			grace, cancel := context.WithTimeout(context.Background(), requestGrace)
			defer cancel()
			if err := server.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
				_ = server.Close() // those still under way are cut off; the error says no more
			}
			return nil
		})
	}
	return serving.Wait()
}
