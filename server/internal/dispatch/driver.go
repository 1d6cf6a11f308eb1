package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/config"
	"go.opentelemetry.io/otel/attribute"

	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// scope makes the spans of flushes.
var scope = tracing.NewScope("dispatch")

// This file is the clock of the pipeline: everything else is told the time.

func clock() time.Time { return time.Now() }

// Apply puts another configuration into force. Templates, receivers and all else
// that can be wrong are built first: if that fails, the old configuration runs
// on. Notifications that are under way finish under the old one. The
// configuration must not be changed afterwards.
func (p *Pipeline) Apply(c *config.Config) error {
	gen, err := newGeneration(c, p.o, p.shared)
	if err != nil {
		return err
	}
	gen.warn(p.shared.Log.Retention(), p.logger)
	p.apply(gen, clock())
	p.wake()
	return nil
}

// Run dispatches until the context ends. It then starts no further notification,
// gives those that are under way the shutdown grace to finish, and returns nil.
// It may be called once.
func (p *Pipeline) Run(ctx context.Context) error {
	defer p.sub.Close()
	defer p.drain()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-p.sub.Wake():
		case <-p.kick:
		}
		due, gen, next := p.step(clock())
		for _, f := range due {
			p.start(f, gen)
		}
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}

// wake makes the driver look again.
func (p *Pipeline) wake() {
	select {
	case p.kick <- struct{}{}:
	default: // it has been told already
	}
}

// start carries out a flush beside everything else.
func (p *Pipeline) start(f *Flush, gen *generation) {
	p.flushing.Add(1)
	p.inFlight.Go(func() {
		defer p.flushing.Add(-1)
		ctx, cancel := context.WithDeadline(p.ctx, p.deadline(f))
		defer cancel()
		ctx, span := scope.Start(ctx, "dispatch.AggregationGroup.flush", func() []attribute.KeyValue {
			return []attribute.KeyValue{attribute.String("alerting.aggregation_group.key", f.GroupKey), attribute.Int("alerting.alerts.count", len(f.Alerts))}
		})
		outcome, err := p.tell(ctx, gen, f)
		tracing.End(span, err)
		switch {
		case err == nil:
		case errors.Is(ctx.Err(), context.Canceled):
			p.logger.Warn("Notification given up to stop in time", "group", f.GroupKey, "alerts", len(f.Alerts), "err", err)
		default:
			p.logger.Error("Group could not be notified, will try again with its next flush", "group", f.GroupKey, "alerts", len(f.Alerts), "err", err)
		}
		p.done(f, outcome)
	})
}

// deadline is when a flush must be over: later the more copies notify first.
func (p *Pipeline) deadline(f *Flush) time.Time {
	if p.o.Peer == nil {
		return f.Deadline
	}
	return f.Deadline.Add(p.o.Peer.Wait())
}

// drain waits for the flushes that are out, and cuts them off after the grace.
func (p *Pipeline) drain() {
	defer p.cancel()
	finished := make(chan struct{})
	go func() {
		p.inFlight.Wait()
		close(finished)
	}()
	grace := time.NewTimer(p.o.ShutdownGrace)
	defer grace.Stop()
	select {
	case <-finished:
	case <-grace.C:
		p.cancel()
		<-finished
	}
}
