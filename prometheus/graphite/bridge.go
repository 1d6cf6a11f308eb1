// Package graphite pushes metrics to a Graphite server, in its plaintext
// protocol over TCP.
//
//	bridge, err := graphite.NewBridge(&graphite.Config{
//		URL:    "graphite.example.org:2003",
//		Prefix: "shop",
//	})
//	if err != nil {
//		return err
//	}
//	bridge.Run(ctx) // until ctx is done
package graphite

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus"
)

// HandlerErrorHandling says what becomes of a push if some metrics cannot be
// had. If the server cannot be reached, the push fails in any case.
type HandlerErrorHandling int

const (
	// ContinueOnError logs the error and pushes what could be had.
	ContinueOnError HandlerErrorHandling = iota
	// AbortOnError returns the error and pushes nothing.
	AbortOnError
)

// Config is the configuration of a Bridge. Only URL is required.
type Config struct {
	// UseTags sends labels as Graphite's tags (since version 1.1) instead of
	// parts of the metric's path.
	UseTags bool
	// URL is the address of the server, host:port.
	URL string
	// Prefix, unless it is empty, stands before all paths, with a dot in
	// between.
	Prefix string
	// Interval is the time from one push of Run to the next, 15 seconds if it
	// is zero. It may not be negative if Run is used.
	Interval time.Duration
	// Timeout is how long a push may take, from connecting to the last metric;
	// 15 seconds if it is zero.
	Timeout time.Duration
	// Gatherer is where the metrics come from, the default one if it is nil.
	Gatherer prometheus.Gatherer
	// Logger, if there is one, is told of errors that are not returned.
	Logger Logger
	// ErrorHandling says what becomes of a push if some metrics cannot be had.
	ErrorHandling HandlerErrorHandling
}

// Logger is what a Bridge needs of a log; a *log.Logger is one.
type Logger interface {
	Println(v ...any)
}

// Bridge pushes metrics to a Graphite server. Any number of goroutines may use
// it.
type Bridge struct{ config Config }

const defaultInterval = 15 * time.Second

// NewBridge returns a Bridge of that configuration, which is copied. It returns
// an error if there is no URL.
func NewBridge(c *Config) (*Bridge, error) {
	b := &Bridge{config: *c}
	if b.config.URL == "" {
		return nil, errors.New("missing URL")
	}
	if b.config.Interval == 0 {
		b.config.Interval = defaultInterval
	}
	if b.config.Timeout == 0 {
		b.config.Timeout = defaultInterval
	}
	if b.config.Gatherer == nil {
		b.config.Gatherer = prometheus.DefaultGatherer
	}
	return b, nil
}

// Run pushes at every interval until ctx is done, which also ends a push that
// is under way. Errors are logged.
func (b *Bridge) Run(ctx context.Context) {
	ticker := time.NewTicker(b.config.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if ctx.Err() != nil { // both may have been ready
			return
		}
		if err := b.push(ctx); err != nil {
			b.log("error pushing to Graphite:", err)
		}
	}
}

// Push sends what the Gatherer has now, over a connection of its own. Without
// any metrics it does nothing.
//
// It panics if metrics cannot be had and ErrorHandling is none of the constants.
func (b *Bridge) Push() error { return b.push(context.Background()) }

func (b *Bridge) push(ctx context.Context) error {
	samples, err := b.samples()
	if err != nil || len(samples) == 0 {
		return err
	}
	err = b.send(ctx, appendLines(nil, samples, b.config.Prefix, b.config.UseTags))
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // rather than what it did to the connection
	}
	return err
}

// samples returns what is to be pushed; those without a timestamp get that of
// now.
func (b *Bridge) samples() (model.Vector, error) {
	families, err := b.config.Gatherer.Gather()
	if err := b.judge(err); err != nil {
		return nil, err
	}
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, families...)
	return samples, b.judge(err)
}

// judge returns the error if it is to end the push.
func (b *Bridge) judge(err error) error {
	if err == nil {
		return nil
	}
	switch b.config.ErrorHandling {
	case ContinueOnError:
		b.log("continue on error:", err)
		return nil
	case AbortOnError:
		return err
	default:
		panic("unrecognized error handling value")
	}
}

// send writes the lines to the server. When ctx is done, the connection is
// closed under the write.
func (b *Bridge) send(ctx context.Context, lines []byte) error {
	deadline := time.Now().Add(b.config.Timeout)
	dialer := net.Dialer{Deadline: deadline}
	conn, err := dialer.DialContext(ctx, "tcp", b.config.URL)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err = conn.Write(lines)
	return err
}

func (b *Bridge) log(v ...any) {
	if b.config.Logger != nil {
		b.config.Logger.Println(v...)
	}
}
