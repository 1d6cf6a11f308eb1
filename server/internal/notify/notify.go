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
	"go.opentelemetry.io/otel/attribute"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// scope makes the spans of notifications.
var scope = tracing.NewScope("notify")

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
	// Begun is when the flush was handed out: what another copy told since then may
	// be news to this one.
	Begun time.Time
	// Alerts are those to tell about. One that fires has no end.
	Alerts []*alert.Alert
	// Muted are those that are left out because they are muted, if integrations are
	// to be told the end of those of which they know. One that fires has no end.
	Muted []*alert.Alert
}

// Integration tells one service about alerts. Any number of goroutines may use
// it, each for another group.
type Integration interface {
	// Notify makes one attempt. Unless again is true, a further one is useless.
	Notify(ctx context.Context, alerts ...*alert.Alert) (again bool, err error)
	// SendResolved says whether alerts that are resolved are of interest.
	SendResolved() bool
	// Name is the kind, Index counts those of one kind in a receiver from 0, and
	// String has both.
	Name() string
	Index() int
	String() string
}

// Receiver is one receiver of the configuration with its integrations.
type Receiver struct {
	name         string
	integrations []Integration
	shared       *Shared
}

// Shared is what all receivers of all configurations have in common.
type Shared struct {
	Log     *Log
	Logger  *slog.Logger
	Metrics *Metrics
	// Now is the clock by which the notification log dates its entries.
	Now func() time.Time
	// ExactRepeat counts a repetition as due at the very instant at which its
	// interval is over, not after it.
	ExactRepeat bool
}

// NewReceiver returns a receiver that notifies through these integrations.
func NewReceiver(name string, integrations []Integration, shared *Shared) *Receiver {
	return &Receiver{name: name, integrations: integrations, shared: shared}
}

// Deliver tells every integration about the batch, all at the same time, and
// returns when the last is done: nil if each was told or needed no telling, else
// their errors joined. An integration is tried again and again until the context
// ends, unless it says that trying again is useless.
//
// repeatAt is when the first of them has to be told again if nothing changes: zero if
// none has.
//
// No two calls for the same receiver and group key may overlap.
func (r *Receiver) Deliver(ctx context.Context, b Batch) (repeatAt time.Time, err error) {
	ctx, span := scope.Start(withBatch(ctx, r.name, b), "notify.RoutingStage.Exec", func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("alerting.notify.receiver.name", r.name), attribute.Int("alerting.alerts.count", len(b.Alerts))}
	})
	defer func() { tracing.End(span, err) }()
	repeats := make([]time.Time, len(r.integrations))
	errs := make([]error, len(r.integrations))
	var wg sync.WaitGroup
	for i := range r.integrations {
		wg.Go(func() {
			repeats[i], errs[i] = r.deliverOne(ctx, r.integrations[i], b)
		})
	}
	wg.Wait()
	for _, at := range repeats {
		if !at.IsZero() && (repeatAt.IsZero() || at.Before(repeatAt)) {
			repeatAt = at
		}
	}
	return repeatAt, errors.Join(errs...)
}

// attributes are what a span tells of the batch.
func (b *Batch) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("alerting.group.key", b.GroupKey), attribute.Int("alerting.alerts.count", len(b.Alerts))}
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

// deliverOne decides, sends and records for one integration. It returns when that
// has to be told again if nothing changes: zero if it knows of nothing that fires.
func (r *Receiver) deliverOne(ctx context.Context, in Integration, b Batch) (repeatAt time.Time, err error) {
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
	n := compose(entry, b, r.shared.Now())
	_, span := scope.Start(ctx, "notify.DedupStage.Exec", b.attributes)
	reason := amnotify.ReasonDoNotNotify // where all is muted, that says nothing about what was told before
	if len(n.alerts) > 0 {
		reason = reasonToNotify(entry, known, n, in.SendResolved(), b.RepeatInterval, b.At, r.shared.ExactRepeat)
	}
	span.End()
	if reason == amnotify.ReasonDoNotNotify {
		if len(n.muted) > 0 {
			r.shared.Log.Prolong(key, entry.At, b.At.Add(r.shared.Log.lifetime(b)))
		}
		return n.repeatAt(entry.At, b), nil
	}
	var data Data
	if reason != amnotify.ReasonFirstNotification {
		data = entry.Data
	}
	store := data.store()

	ctx = amnotify.WithFiringAlerts(ctx, n.firing)
	ctx = amnotify.WithResolvedAlerts(ctx, n.resolved)
	ctx = amnotify.WithNotificationReason(ctx, reason)
	ctx = amnotify.WithNflogStore(ctx, store)

	if err := r.notify(ctx, in, toSend(n.alerts, in.SendResolved())); err != nil {
		return time.Time{}, err
	}
	if data, err = dataOf(store); err != nil { // it was told all the same
		r.shared.Logger.Error("What an integration wanted to remember is lost", "receiver", r.name, "integration", in.String(), "err", err)
	}
	now := r.shared.Now()
	r.record(ctx, Record{Key: key, Entry: Entry{
		Firing:    n.firing,
		Resolved:  n.resolved,
		Muted:     n.muted,
		At:        after(entry, now),
		ExpiresAt: now.Add(r.shared.Log.lifetime(b)),
		Data:      data,
	}})
	return n.repeatAt(now, b), nil
}

// after returns the time of what is told now, by somebody who knew this entry. It is
// later than the entry's, because of two entries the younger is right, also if the
// clock by which that was dated is ahead of ours: another copy's, or our own before it
// was put right.
func after(entry Entry, now time.Time) time.Time {
	if now.After(entry.At) {
		return now
	}
	return entry.At.Add(1)
}

// record writes down what was told. Should that fail, it was told all the same:
// after a crash, it would be told again.
func (r *Receiver) record(ctx context.Context, record Record) {
	ctx, span := scope.Start(ctx, "notify.SetNotifiesStage.Exec", func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("alerting.group.key", record.Key.GroupKey)}
	})
	defer span.End()
	if err := r.shared.Log.Record(ctx, record); err != nil {
		r.shared.Logger.Error("A notification could not be written down; after a crash it would be sent again", "key", record.Key, "err", err)
	}
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
