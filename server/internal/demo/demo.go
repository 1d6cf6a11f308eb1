// Package demo shows the whole way of an alert in half a minute: a shop that is
// instrumented with package prometheus, a server that scrapes and watches it, a
// fault that comes and heals, and the two notifications that a person gets.
//
// Everything listens on loopback, and nothing is left behind. The server is
// started by the caller, with the files that a user would write.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// MinDuration is the least time in which the story can be expected to end.
const MinDuration = 25 * time.Second

// Options are the settings of Run. Out, Duration and Start are required.
type Options struct {
	Duration   time.Duration // after which the demo has failed; at least MinDuration
	Out        io.Writer     // gets the story
	IsTerminal bool          // Out is one: lines may be replaced, and coloured unless NO_COLOR is set

	// Start starts a server with the files and returns where it serves
	// (host:port) as soon as it does. Unless the error is nil, nothing may be
	// left running. The server runs until stop is called, which is called once
	// and returns when nothing of the server is left. If ctx ends it may also
	// end by itself; stop is called all the same.
	Start func(ctx context.Context, files Files) (address string, stop func() error, err error)
}

// Run tells the story. It returns nil as soon as the firing and the resolved
// notification were delivered, and an error that says what was missing if the
// duration is over before, or ctx.
func Run(ctx context.Context, o Options) error {
	if o.Duration < MinDuration {
		return fmt.Errorf("%s is too short for the demo: it needs %s or more", o.Duration, MinDuration)
	}
	return run(ctx, o, pace{
		calm: 5 * time.Second, suffering: 4 * time.Second, poll: 200 * time.Millisecond,
		limit: context.WithTimeout,
	})
}

// pace is what the story has of time: how long the parts take that are not
// waited for, and when all is over.
type pace struct {
	calm      time.Duration // before the fault comes
	suffering time.Duration // between the firing notification and the end of the fault
	poll      time.Duration // between two looks at the state of the alert

	// limit ends the story's context when the demo has taken its duration.
	limit func(context.Context, time.Duration) (context.Context, context.CancelFunc)
}

// run sets the stage, lets the story be told, and clears everything away. What
// was set up last goes first: the server, while its webhook still answers.
func run(parent context.Context, o Options, pace pace) (err error) {
	ctx, cancel := pace.limit(parent, o.Duration)
	defer cancel()

	dir, err := os.MkdirTemp("", "cresset-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}

	s := &story{
		out:           o.Out,
		terminal:      o.IsTerminal,
		colour:        inColour(o.IsTerminal),
		pace:          pace,
		began:         time.Now(),
		shop:          NewShop(),
		notifications: make(chan Notification),
		states:        make(chan string),
		state:         stateInactive,
	}
	shopAddress, closeShop, err := serve(s.shop.Handler())
	if err != nil {
		return fmt.Errorf("start the shop: %w", err)
	}
	defer closeShop()
	hookAddress, closeHook, err := serve(Receiver(func(n Notification) error {
		select {
		case s.notifications <- n:
			return nil
		case <-ctx.Done():
			return errors.New("the demo is over")
		}
	}))
	if err != nil {
		return fmt.Errorf("start the webhook: %w", err)
	}
	defer closeHook()

	files, err := WriteFiles(dir, shopAddress, "http://"+hookAddress+"/")
	if err != nil {
		return fmt.Errorf("write the files of the demo: %w", err)
	}
	address, stop, err := o.Start(ctx, files)
	if err != nil {
		if parent.Err() != nil {
			return fmt.Errorf("the demo was interrupted while the server was starting: %w", err)
		}
		return fmt.Errorf("start the server: %w", err)
	}
	defer func() {
		if stopErr := stop(); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop the server: %w", stopErr))
		}
	}()

	// Both end with ctx, before the server is stopped.
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	background.Go(func() { customers(ctx, client, "http://"+shopAddress) })
	background.Go(func() { watch(ctx, client, "http://"+address, pace.poll, s.states) })

	s.say("A shop serves on http://%s, with its metrics on /metrics.", shopAddress)
	s.say("The server scrapes it every second. Look at http://%s/", address)
	if err := s.tell(ctx); err != nil {
		return s.explain(parent, o.Duration, err)
	}
	s.say("Both notifications were delivered.")
	return nil
}

// inColour follows https://no-color.org.
func inColour(terminal bool) bool { return terminal && os.Getenv("NO_COLOR") == "" }

// serve answers on a free port of loopback until it is closed.
func serve(h http.Handler) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) }) // ends with Close, whose error it returns
	return l.Addr().String(), func() {
		_ = srv.Close()
		wg.Wait()
	}, nil
}
