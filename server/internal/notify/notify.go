// Package notify tells receivers about groups of alerts: whether there is
// anything to tell ([Log], reason.go), telling it (each receiver's integrations
// at once, with retries), and remembering what was told.
//
// What a notification looks like, and how it is spoken, is the matter of
// Alertmanager's own integration packages, so that messages stay the same to the
// byte.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// Batch is what one flush of one group has to tell a receiver. Nothing in it may
// be changed any more.
type Batch struct {
	// GroupKey, GroupLabels and RouteLabels name the group; the route labels are
	// expanded already.
	GroupKey                 string
	GroupLabels, RouteLabels model.LabelSet
	// RouteID and Matchers are those of the route, FlushID counts the group's
	// flushes from 1.
	RouteID  string
	Matchers labels.Matchers
	FlushID  uint64
	// GroupInterval and RepeatInterval are the route's.
	GroupInterval, RepeatInterval time.Duration
	// At is when the flush became due: the time by which it is decided whether
	// a repetition is due.
	At time.Time
	// Alerts are those to tell about. One that fires has no end.
	Alerts []*alert.Alert
}

// Receiver is one receiver of the configuration with its integrations.
type Receiver struct {
	name         string
	integrations []amnotify.Integration
	shared       *Shared
}

// Shared is what all receivers of all configurations have in common.
type Shared struct {
	Log     *Log
	Logger  *slog.Logger
	Metrics *Metrics
	// Now is the clock by which the notification log dates its entries.
	Now func() time.Time
}

// NewReceiver returns a receiver that notifies through these integrations.
func NewReceiver(name string, integrations []amnotify.Integration, shared *Shared) *Receiver {
	return &Receiver{name: name, integrations: integrations, shared: shared}
}

// Deliver tells every integration about the batch, all at the same time, and
// returns when the last is done: nil if each was told or needed no telling, else
// their errors joined. An integration is tried again and again until the context
// ends, unless it says that trying again is useless.
//
// No two calls for the same receiver and group key may overlap.
func (r *Receiver) Deliver(ctx context.Context, b Batch) error {
	ctx = withBatch(ctx, r.name, b)
	firing, resolved := hashes(b.Alerts)

	errs := make([]error, len(r.integrations))
	var wg sync.WaitGroup
	for i := range r.integrations {
		wg.Go(func() {
			errs[i] = r.deliverOne(ctx, &r.integrations[i], b, firing, resolved)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// withBatch puts into the context what integrations look for there.
func withBatch(ctx context.Context, receiver string, b Batch) context.Context {
	ctx = amnotify.WithReceiverName(ctx, receiver)
	ctx = amnotify.WithGroupKey(ctx, b.GroupKey)
	ctx = amnotify.WithGroupLabels(ctx, b.GroupLabels)
	ctx = amnotify.WithRouteLabels(ctx, b.RouteLabels)
	ctx = amnotify.WithRouteID(ctx, b.RouteID)
	ctx = amnotify.WithGroupMatchers(ctx, b.Matchers)
	ctx = amnotify.WithFlushID(ctx, b.FlushID)
	ctx = amnotify.WithRepeatInterval(ctx, b.RepeatInterval)
	return amnotify.WithNow(ctx, b.At)
}

// deliverOne decides, sends and records for one integration.
func (r *Receiver) deliverOne(ctx context.Context, in *amnotify.Integration, b Batch, firing, resolved Hashes) (err error) {
	defer func() {
		// A fault in one integration must not end the process and with it all
		// the others.
		if p := recover(); p != nil {
			r.shared.Logger.Error("Integration panicked", "receiver", r.name, "integration", in.String(), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s/%s: panic: %v", r.name, in, p)
		}
	}()

	key := Key{GroupKey: b.GroupKey, Receiver: r.name, Integration: in.Name(), Index: in.Index()}
	entry, known := r.shared.Log.Get(key)
	reason := reasonToNotify(entry, known, firing, resolved, in.SendResolved(), b.RepeatInterval, b.At)
	if reason == amnotify.ReasonDoNotNotify {
		return nil
	}
	var data Data
	if reason != amnotify.ReasonFirstNotification {
		data = entry.Data
	}
	store := data.store()

	ctx = amnotify.WithFiringAlerts(ctx, firing)
	ctx = amnotify.WithResolvedAlerts(ctx, resolved)
	ctx = amnotify.WithNotificationReason(ctx, reason)
	ctx = amnotify.WithNflogStore(ctx, store)

	if err := r.notify(ctx, in, toSend(b.Alerts, in.SendResolved())); err != nil {
		return err
	}
	if data, err = dataOf(store); err != nil { // it was told all the same
		r.shared.Logger.Error("What an integration wanted to remember is lost", "receiver", r.name, "integration", in.String(), "err", err)
	}
	now := r.shared.Now()
	r.shared.Log.Record(Record{Key: key, Entry: Entry{
		Firing:    firing,
		Resolved:  resolved,
		At:        now,
		ExpiresAt: now.Add(r.shared.Log.lifetime(b)),
		Data:      data,
	}})
	return nil
}

// toSend leaves the resolved alerts out where the integration does not want
// them. Nothing may be left: then nobody has to be told, but that the group is
// quiet has to be remembered.
func toSend(alerts []*alert.Alert, sendResolved bool) []*alert.Alert {
	if sendResolved {
		return alerts
	}
	var firing []*alert.Alert
	for _, a := range alerts {
		if a.EndsAt.IsZero() {
			firing = append(firing, a)
		}
	}
	return firing
}
