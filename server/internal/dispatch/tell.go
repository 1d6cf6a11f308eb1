package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/mute/interval"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// muteScope makes the spans of what is muted, which Alertmanager counts to notifying.
var muteScope = tracing.NewScope("notify")

// This file is what happens to a flush: it waits until other copies are known and for
// its turn among them, leaves out what is muted, and delivers the rest.

// tell carries out one flush. One of which nothing is left has succeeded.
func (p *Pipeline) tell(ctx context.Context, gen *generation, f *Flush) (Outcome, error) {
	now := f.At
	if p.o.Peer != nil {
		if err := p.o.Peer.WaitReady(ctx); err != nil {
			return Outcome{}, fmt.Errorf("waiting for the cluster to settle: %w", err)
		}
		if err := p.turn(ctx); err != nil {
			return Outcome{}, fmt.Errorf("waiting for other copies to notify first: %w", err)
		}
		now = clock()
		p.renew(f, now)
	}
	labels := gen.routeLabels(ctx, f.Route, f.GroupLabels, f.Alerts, p.logger)
	alerts, muted := p.audible(ctx, gen, f, now)
	if !p.o.ResolvedWhileMuted {
		muted = nil
	}
	if len(alerts)+len(muted) == 0 {
		return Outcome{Told: true}, nil
	}
	repeatAt, err := gen.receivers[f.Route.Receiver].Deliver(ctx, notify.Batch{
		GroupKey:       f.GroupKey,
		GroupLabels:    f.GroupLabels,
		RouteLabels:    labels,
		RouteID:        f.Route.ID(),
		Matchers:       f.Route.Matchers,
		FlushID:        f.ID,
		GroupInterval:  f.Route.GroupInterval,
		RepeatInterval: f.Route.RepeatInterval,
		At:             f.Due,
		Begun:          f.At,
		Alerts:         alerts,
		Muted:          muted,
	})
	o := Outcome{Told: err == nil}
	if p.o.ExactRepeat {
		o.RepeatAt = repeatAt
	}
	return o, err
}

// turn waits until the copies that come before this one have had the time to notify.
// What they told by then is in the log; so that it is not compared with what was
// before, alerts are looked at again afterwards.
func (p *Pipeline) turn(ctx context.Context) error {
	timer := time.NewTimer(p.o.Peer.Wait())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// audible parts the alerts that nothing mutes from those that are muted: first
// inhibition, alert by alert, then the route's time intervals, all or none, then
// silences, alert by alert. The inhibitor is that of the configuration in force, which
// may have changed since the flush was handed out: the other hears of nothing any more.
func (p *Pipeline) audible(ctx context.Context, gen *generation, f *Flush, now time.Time) (alerts, muted []*alert.Alert) {
	alerts = slices.Clone(f.Alerts)
	leaveOut := func(stage, reason string, isMuted func(*alert.Alert) bool) {
		var out []*alert.Alert
		_, span := muteScope.Start(ctx, stage, func() []attribute.KeyValue {
			return []attribute.KeyValue{attribute.Int("alerting.alerts.count", len(alerts)), attribute.String("alerting.route.id", f.Route.ID()), attribute.String("alerting.group.key", f.GroupKey)}
		})
		defer span.End()
		alerts = slices.DeleteFunc(alerts, func(a *alert.Alert) bool {
			if !isMuted(a) {
				return false
			}
			out = append(out, a)
			return true
		})
		if len(out) > 0 {
			p.shared.Metrics.Suppressed(reason, len(out))
			p.logger.Debug("Alerts are muted", "group", f.GroupKey, "reason", reason, "alerts", len(out))
			muted = append(muted, out...)
			if span.IsRecording() {
				span.SetAttributes(attribute.Int("alerting.alerts.muted.count", len(out)), attribute.Int("alerting.alerts.filtered.count", len(alerts)), attribute.String("alerting.suppressed.reason", reason))
			}
		}
	}
	leaveOut("notify.MuteStage.Exec", "inhibition", func(a *alert.Alert) bool {
		_, inhibited := p.InhibitedBy(a.Labels, now)
		return inhibited
	})
	if _, reason := gen.intervals.MutedBy(f.Route.ActiveTimeIntervals, f.Route.MuteTimeIntervals, f.Due); reason != interval.NotMuted {
		leaveOut("notify.TimeMuteStage.Exec", string(reason), func(*alert.Alert) bool { return true })
	}
	leaveOut("notify.MuteStage.Exec", "silence", func(a *alert.Alert) bool { return len(p.SilencedBy(a.Labels, now)) > 0 })
	return alerts, muted
}
