package dispatch

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// DefaultShutdownGrace is how long notifications that are under way when the
// pipeline is stopped may take to finish.
const DefaultShutdownGrace = 5 * time.Second

// expireEvery is how often what is resolved and over is forgotten.
const expireEvery = 30 * time.Minute

// Options are the settings of a [Pipeline].
type Options struct {
	// Store is where the alerts come from. Required.
	Store *alert.Store
	// Log remembers what was notified; nil means a new, empty one.
	Log *notify.Log
	// ExternalURL is where links in notifications lead; nil means nowhere.
	ExternalURL *url.URL
	// ShutdownGrace bounds how long Run waits, once it is to stop, for
	// notifications that are under way. Zero means DefaultShutdownGrace.
	ShutdownGrace time.Duration
	// Logger takes what goes wrong; nil discards it.
	Logger *slog.Logger
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Pipeline takes alerts from their store to the receivers of the configuration
// that was last applied.
//
// Whoever holds mu may use the dispatcher: the driver (driver.go) to take in
// alerts and hand out flushes, Apply to change the configuration, a flush to
// report its end, a reader to look. Nothing slow happens under it. Each flush
// runs in a goroutine of its own, without the lock, with the configuration that
// was in force when it was handed out: so a receiver that hangs holds up its own
// group alone, and there are never more flushes than groups. An alert is made
// known to the inhibitor before it gets into a group, so no flush can come
// between the two.
type Pipeline struct {
	store         *alert.Store
	sub           *alert.Subscription
	shared        *notify.Shared
	externalURL   *url.URL
	shutdownGrace time.Duration
	logger        *slog.Logger
	metrics       *metrics

	kick     chan struct{}   // holds one token when the driver has to look again
	ctx      context.Context // of the flushes; outlives the one given to Run
	cancel   context.CancelFunc
	inFlight sync.WaitGroup // the flushes
	flushing atomic.Int64   // how many they are

	current atomic.Pointer[generation] // nil until the first Apply; written under mu

	mu         sync.Mutex // guards the dispatcher, its state and nextExpiry
	dispatcher *Dispatcher
	nextExpiry time.Time
}

// New returns a pipeline that has no configuration yet. It collects what the
// store receives from this moment on.
func New(o Options) *Pipeline {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Log == nil {
		o.Log = notify.NewLog(notify.DefaultRetention)
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{}
	}
	if o.ShutdownGrace <= 0 {
		o.ShutdownGrace = DefaultShutdownGrace
	}
	p := &Pipeline{
		store:         o.Store,
		sub:           o.Store.Subscribe("dispatcher"),
		externalURL:   o.ExternalURL,
		shutdownGrace: o.ShutdownGrace,
		logger:        o.Logger,
		kick:          make(chan struct{}, 1),
		shared: &notify.Shared{
			Log:     o.Log,
			Logger:  o.Logger,
			Metrics: notify.NewMetrics(o.Registerer, o.Log),
			Now:     clock,
		},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.metrics = newMetrics(o.Registerer, p)
	return p
}

// apply puts a configuration that is complete into force.
func (p *Pipeline) apply(gen *generation, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store.SetResolveTimeout(time.Duration(gen.config.Global.ResolveTimeout))
	first := p.dispatcher == nil
	if first {
		p.sub.Take() // all of it is in the store, and what comes from now on is not lost
	}
	alerts := p.store.All()
	for _, a := range alerts {
		gen.inhibitor.Update(a)
	}
	if first {
		p.dispatcher = NewDispatcher(gen.root)
		p.nextExpiry = now.Add(expireEvery)
		p.dispatcher.Resume(alerts, p.shared.Log.Told(), now)
	} else {
		p.dispatcher.Reload(gen.root, alerts, now)
	}
	p.current.Store(gen)
}

// step takes in what has changed and returns the flushes that are due, the
// configuration to carry them out with, and when to step again at the latest:
// zero while there is no configuration.
func (p *Pipeline) step(now time.Time) (due []*Flush, gen *generation, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if gen = p.current.Load(); gen == nil {
		return nil, nil, time.Time{}
	}
	for _, a := range p.sub.Take() {
		done := p.metrics.processing()
		gen.inhibitor.Update(a)
		p.dispatcher.Insert(a, now)
		done()
	}
	if !now.Before(p.nextExpiry) {
		p.nextExpiry = now.Add(expireEvery)
		p.store.Expire(now)
		p.shared.Log.Expire(now)
		gen.inhibitor.Expire(now)
	}
	due, next = p.dispatcher.Advance(now)
	if next.IsZero() || p.nextExpiry.Before(next) {
		next = p.nextExpiry
	}
	return due, gen, next
}

// done reports the end of a flush; the group may be due again at once.
func (p *Pipeline) done(f *Flush, succeeded bool) {
	p.mu.Lock()
	p.dispatcher.Done(f, succeeded)
	p.mu.Unlock()
	p.wake()
}

// tell carries out one flush: what is muted is left out, the rest is delivered.
// A flush of which nothing is left has succeeded.
func (p *Pipeline) tell(ctx context.Context, gen *generation, f *Flush) error {
	labels := gen.routeLabels(f.Route, f.GroupLabels, f.Alerts, p.logger)
	alerts := p.audible(gen, f)
	if len(alerts) == 0 {
		return nil
	}
	return gen.receivers[f.Route.Receiver].Deliver(ctx, notify.Batch{
		GroupKey:       f.GroupKey,
		GroupLabels:    f.GroupLabels,
		RouteLabels:    labels,
		RouteID:        f.Route.ID(),
		Matchers:       f.Route.Matchers,
		FlushID:        f.ID,
		GroupInterval:  f.Route.GroupInterval,
		RepeatInterval: f.Route.RepeatInterval,
		At:             f.At,
		Alerts:         alerts,
	})
}

// audible returns the alerts that nothing mutes: first inhibition, alert by
// alert, then the route's time intervals, all or none.
func (p *Pipeline) audible(gen *generation, f *Flush) []*alert.Alert {
	alerts := make([]*alert.Alert, 0, len(f.Alerts))
	for _, a := range f.Alerts {
		if _, inhibited := gen.inhibitor.InhibitedBy(a.Labels, f.At); !inhibited {
			alerts = append(alerts, a)
		}
	}
	if n := len(f.Alerts) - len(alerts); n > 0 {
		p.shared.Metrics.Suppressed("inhibition", n)
		p.logger.Debug("Alerts are inhibited", "group", f.GroupKey, "alerts", n)
	}
	if len(alerts) == 0 {
		return nil
	}
	if by, reason := gen.intervals.MutedBy(f.Route.ActiveTimeIntervals, f.Route.MuteTimeIntervals, f.At); len(by) > 0 {
		p.shared.Metrics.Suppressed(string(reason), len(alerts))
		p.logger.Debug("Group is muted by the time", "group", f.GroupKey, "alerts", len(alerts), "intervals", by)
		return nil
	}
	return alerts
}

// Config returns the configuration in force, nil before the first Apply. It must
// not be changed.
func (p *Pipeline) Config() *config.Config {
	if gen := p.current.Load(); gen != nil {
		return gen.config
	}
	return nil
}

// ReceiversOf returns the names of the receivers that are told about an alert
// with these labels, one for each route that takes it.
func (p *Pipeline) ReceiversOf(ls model.LabelSet) []string {
	gen := p.current.Load()
	if gen == nil {
		return nil
	}
	routes := gen.root.Match(ls)
	names := make([]string, len(routes))
	for i, r := range routes {
		names[i] = r.Receiver
	}
	return names
}

// InhibitedBy returns the fingerprint of an alert because of which nobody is
// told, at the given time, about the alert with these labels.
func (p *Pipeline) InhibitedBy(ls model.LabelSet, at time.Time) (model.Fingerprint, bool) {
	if gen := p.current.Load(); gen != nil {
		return gen.inhibitor.InhibitedBy(ls, at)
	}
	return 0, false
}
