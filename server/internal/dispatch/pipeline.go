package dispatch

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// DefaultShutdownGrace is how long notifications that are under way when the
// pipeline is stopped may take to finish.
const DefaultShutdownGrace = 5 * time.Second

// DefaultGCInterval is how often what is resolved and over is forgotten.
const DefaultGCInterval = 30 * time.Minute

// Silences says which active silences match an alert.
type Silences interface {
	SilencedBy(ls model.LabelSet, now time.Time) []string
}

// Peer is this copy of the server among others.
type Peer interface {
	// WaitReady waits until it knows what the others know, as far as can be expected.
	WaitReady(ctx context.Context) error
	// Wait is for how long to let others notify first.
	Wait() time.Duration
}

// Options are the settings of a [Pipeline].
type Options struct {
	// Store is where the alerts come from. Required.
	Store *alert.Store
	// Log remembers what was notified; nil means a new, empty one.
	Log *notify.Log
	// Silences mute alerts; nil mutes none.
	Silences Silences
	// Peer is asked before each notification; nil if this copy is alone.
	Peer Peer
	// Journal makes the timers of groups outlive the process; nil if nothing does.
	Journal Journal
	// NotBefore is when the first notification may be sent.
	NotBefore time.Time
	// GCInterval is how often what is resolved and over is forgotten. Zero means
	// DefaultGCInterval.
	GCInterval time.Duration
	// ResolvedWhileMuted has an integration that was told that an alert fires told
	// that it ended too, once, even if it is muted then.
	ResolvedWhileMuted bool
	// ExactRepeat repeats notifications when their repeat interval is over, not at
	// the next group interval after that.
	ExactRepeat bool
	// Integrations makes those of a receiver; nil makes what its configuration says.
	Integrations func(config.Receiver) ([]amnotify.Integration, error)
	// Features say by what metrics are told apart; nil has none enabled.
	Features featurecontrol.Flagger
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
	o       Options // with its defaults filled in
	store   *alert.Store
	sub     *alert.Subscription
	shared  *notify.Shared
	logger  *slog.Logger
	metrics *metrics

	kick     chan struct{}   // holds one token when the driver has to look again
	ctx      context.Context // of the flushes; outlives the one given to Run
	cancel   context.CancelFunc
	inFlight sync.WaitGroup // the flushes
	flushing atomic.Int64   // how many they are

	current atomic.Pointer[generation] // nil until the first Apply; written under mu

	// mu guards what follows. Appending to the journal happens under it.
	mu         sync.Mutex
	dispatcher *Dispatcher
	nextExpiry time.Time
	restored   Restored // until the first Apply
}

// New returns a pipeline that has no configuration yet. It collects what the
// store receives from this moment on.
func New(o Options) *Pipeline {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Log == nil {
		o.Log = notify.NewLog(notify.LogOptions{})
	}
	if o.Features == nil {
		o.Features = featurecontrol.NoopFlags{}
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{}
	}
	if o.ShutdownGrace <= 0 {
		o.ShutdownGrace = DefaultShutdownGrace
	}
	if o.GCInterval <= 0 {
		o.GCInterval = DefaultGCInterval
	}
	p := &Pipeline{
		o:      o,
		store:  o.Store,
		sub:    o.Store.Subscribe("dispatcher"),
		logger: o.Logger,
		kick:   make(chan struct{}, 1),
		shared: &notify.Shared{
			Log:         o.Log,
			Logger:      o.Logger,
			Metrics:     notify.NewMetrics(o.Registerer, o.Features.EnableReceiverNamesInMetrics()),
			Now:         clock,
			ExactRepeat: o.ExactRepeat,
		},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.metrics = newMetrics(o.Registerer, p, o.Features.EnableGroupKeyInMetrics())
	return p
}

// apply puts a configuration that is complete into force.
func (p *Pipeline) apply(gen *generation, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store.SetResolveTimeout(time.Duration(gen.config.Global.ResolveTimeout))
	if p.dispatcher == nil {
		p.dispatcher = NewDispatcher(gen.root, p.o.NotBefore)
		p.nextExpiry = now.Add(p.o.GCInterval)
		p.resume(now)
	} else {
		p.dispatcher.Reload(gen.root, p.store.All(), now)
	}
	for _, a := range p.store.All() {
		gen.inhibitor.Update(a)
	}
	p.shared.Metrics.ShowOnly(maps.Values(gen.receivers))
	p.current.Store(gen)
	p.append()
}

// append writes down what became of groups. The caller holds mu.
func (p *Pipeline) append() {
	changes := p.dispatcher.Changes()
	if p.o.Journal != nil && len(changes) > 0 {
		p.o.Journal.Append(changes)
	}
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
		p.nextExpiry = now.Add(p.o.GCInterval)
		held := p.dispatcher.held()
		p.store.Expire(now, func(fp model.Fingerprint) bool { return held[fp] })
		gen.inhibitor.Expire(now)
	}
	due, next = p.dispatcher.Advance(now)
	if next.IsZero() || p.nextExpiry.Before(next) {
		next = p.nextExpiry
	}
	p.append()
	return due, gen, next
}

// done reports the end of a flush; the group may be due again at once.
func (p *Pipeline) done(f *Flush, o Outcome) {
	p.mu.Lock()
	p.dispatcher.Done(f, o)
	p.append()
	p.mu.Unlock()
	p.wake()
}

// renew brings a flush that had to wait up to date.
func (p *Pipeline) renew(f *Flush, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.renew(now)
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

// SilencedBy returns the IDs of the silences because of which nobody is told, at the
// given time, about an alert with these labels.
func (p *Pipeline) SilencedBy(ls model.LabelSet, at time.Time) []string {
	if p.o.Silences == nil {
		return nil
	}
	return p.o.Silences.SilencedBy(ls, at)
}
