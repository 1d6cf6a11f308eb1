// Package send carries alerts to Alertmanagers outside of this process.
//
// A Sender has one set per entry of alerting.alertmanagers (set.go): the entry,
// its HTTP client, and the Alertmanagers that are known through it. Each
// Alertmanager has a bounded queue and a goroutine that empties it (queue.go),
// so that one that is slow or away does not delay the others, nor the rules. What
// waits in a queue is the latest news of each alert (backlog.go).
package send

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// The defaults of Options.
const (
	DefaultQueueCapacity = 10000
	DefaultBatchSize     = 256
	DefaultResendDelay   = rule.DefaultResendDelay
	DefaultDrainTimeout  = 5 * time.Second
)

// Options are what a Sender works with. The zero value of each is its default.
type Options struct {
	QueueCapacity int           // most alerts that wait for one Alertmanager; when full, the oldest are dropped
	BatchSize     int           // most alerts in one request
	ResendDelay   time.Duration // of the rule engine: when news of an alert are to be expected; none counts as the default
	DrainTimeout  time.Duration // how long what is queued may take to go out when the Sender ends, or an Alertmanager is no longer known
	DropOnStop    bool          // what is queued then is dropped instead, and what is under way is broken off
	UserAgent     string        // of requests; "Cresset" if empty

	// Local takes all alerts within this process, with the external labels and
	// after the global relabelling, as an Alertmanager would get them. It must
	// not wait. Nil is nobody.
	Local func(alerts []rule.Alert)

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing

	// DiscoveryMetrics are those of the discovery mechanisms, which exist once in
	// a process, and DiscoveryRegisterer takes those of the discovery manager.
	// Without them the numbers are kept but shown nowhere.
	DiscoveryMetrics    *discovery.SDMetrics
	DiscoveryRegisterer clientprometheus.Registerer

	discoveryInterval time.Duration // least time between two updates of what is discovered; tests shorten it
}

// Sender carries alerts to the Alertmanagers of a configuration.
type Sender struct {
	opts    Options
	metrics *metrics

	change sync.Mutex // serialises Apply, discovery's updates, and the start of Run

	// mu guards what follows. Send holds it for reading, and whoever changes the
	// sets, for writing. Neither waits for an Alertmanager.
	mu             sync.RWMutex
	externalLabels labels.Labels
	relabel        []*relabel.Config
	sets           []*set
	leaving        queues             // stopped, but perhaps not at their end
	discovery      *discovery.Manager // nil unless running
	ended          bool               // alerts are no longer taken

	wg sync.WaitGroup // the queues' goroutines; grows under mu, while running
}

// New returns a Sender that knows no Alertmanagers.
func New(o Options) *Sender {
	o.QueueCapacity = cmp.Or(o.QueueCapacity, DefaultQueueCapacity)
	o.BatchSize = cmp.Or(o.BatchSize, DefaultBatchSize)
	if o.ResendDelay <= 0 {
		o.ResendDelay = DefaultResendDelay
	}
	o.DrainTimeout = cmp.Or(o.DrainTimeout, DefaultDrainTimeout)
	o.UserAgent = cmp.Or(o.UserAgent, "Cresset")
	o.discoveryInterval = cmp.Or(o.discoveryInterval, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sender{opts: o, leaving: make(queues)}
	s.metrics = newMetrics(o.Registerer, func() float64 { return float64(len(s.Alertmanagers())) })
	s.metrics.queueCapacity.Set(float64(o.QueueCapacity))
	return s
}

// Apply makes the Sender use the external labels and the alerting section of
// cfg, which must come from Prometheus' own loader. What is queued for an
// Alertmanager stays queued as long as the new configuration knows that
// Alertmanager's URL. On an error, nothing changes.
func (s *Sender) Apply(cfg *promconfig.Config) error {
	s.change.Lock()
	defer s.change.Unlock()

	sets := make([]*set, len(cfg.AlertingConfig.AlertmanagerConfigs))
	for i, c := range cfg.AlertingConfig.AlertmanagerConfigs {
		var err error
		if sets[i], err = newSet(fmt.Sprintf("config-%d", i), c, s.opts.Logger); err != nil {
			return fmt.Errorf("alerting.alertmanagers[%d]: %w", i, err)
		}
	}

	manager, dynamic := s.replace(cfg, sets)
	if manager == nil {
		return nil
	}
	return manager.ApplyConfig(dynamic)
}

// replace puts new sets in the place of the old ones. It returns what is to be
// discovered for them, and by whom if the Sender runs.
func (s *Sender) replace(cfg *promconfig.Config, sets []*set) (*discovery.Manager, map[string]discovery.Configs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, nil
	}
	s.externalLabels = cfg.GlobalConfig.ExternalLabels
	s.relabel = cfg.AlertingConfig.AlertRelabelConfigs

	spare := make(queues)
	for _, old := range s.sets {
		for _, q := range old.queues {
			spare.put(q)
		}
		for _, next := range sets {
			next.inherit(old)
		}
	}
	for _, next := range sets {
		s.fill(next, spare)
	}
	s.retire(spare)
	for _, old := range s.sets {
		old.client.CloseIdleConnections()
	}
	s.sets = sets
	return s.discovery, s.discoveryConfigs()
}

// Run delivers alerts until ctx ends, and then, for at most the drain timeout,
// those that are still queued, unless they are to be dropped. A Sender runs once.
func (s *Sender) Run(ctx context.Context) error {
	manager, err := s.begin(ctx)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	running.Go(func() { _ = manager.Run() }) // its error is that ctx ended
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case groups := <-manager.SyncCh():
			s.discovered(groups)
		}
	}
	running.Wait()
	s.end(manager)
	return nil
}

// begin starts discovery and the queues.
func (s *Sender) begin(ctx context.Context) (*discovery.Manager, error) {
	s.change.Lock()
	defer s.change.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discovery != nil || s.ended {
		return nil, errors.New("the alert sender was started already")
	}
	manager, err := s.newDiscovery(ctx)
	if err != nil {
		return nil, err
	}
	if err := manager.ApplyConfig(s.discoveryConfigs()); err != nil {
		manager.UnregisterMetrics()
		return nil, err
	}
	s.discovery = manager
	for _, set := range s.sets {
		for _, q := range set.queues {
			s.wg.Go(q.run)
		}
	}
	return manager, nil
}

// end stops the queues and waits until they are empty or given up.
func (s *Sender) end(manager *discovery.Manager) {
	s.change.Lock()
	defer s.change.Unlock()
	s.mu.Lock()
	s.ended, s.discovery = true, nil
	for _, set := range s.sets {
		for _, q := range set.queues {
			q.stop()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
	for _, set := range s.sets {
		set.client.CloseIdleConnections()
	}
	manager.UnregisterMetrics()
}

// fill gives each Alertmanager of a set a queue: a spare one if there is one for
// the same URL, else one that is being stopped, else a new one. The caller holds
// mu.
func (s *Sender) fill(set *set, spare queues) {
	var urls []*url.URL
	urls, set.dropped = set.urls()
	set.queues = set.queues[:0]
	for _, u := range urls {
		q := spare.take(u.String())
		if q == nil {
			q = s.leaving.resumed(u.String())
		}
		if q == nil {
			q = newQueue(u, s.opts, s.metrics)
			if s.discovery != nil {
				s.wg.Go(q.run)
			}
		}
		q.use(transport{client: set.client, timeout: time.Duration(set.cfg.Timeout)})
		set.queues = append(set.queues, q)
	}
}

// retire stops queues that nobody fills any more. The caller holds mu.
func (s *Sender) retire(spare queues) {
	left := make(queues)
	for q := range s.leaving.all {
		if !q.hasEnded() {
			left.put(q)
		}
	}
	for q := range spare.all {
		if s.discovery == nil { // it does not run
			q.end()
			continue
		}
		q.stop()
		left.put(q)
	}
	s.leaving = left
}

// Send hands alerts to the local taker and queues them for all Alertmanagers. It
// does not wait for any of them.
func (s *Sender) Send(alerts []rule.Alert) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ended {
		return
	}
	alerts = relabelAlerts(alerts, s.externalLabels, s.relabel)
	if s.opts.Local != nil && len(alerts) > 0 {
		s.opts.Local(alerts)
	}
	for _, set := range s.sets {
		messages := set.messages(alerts)
		for _, q := range set.queues {
			q.add(messages)
		}
	}
}

// Alertmanagers returns where alerts are sent to, in the order of the
// configuration.
func (s *Sender) Alertmanagers() []*url.URL {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var urls []*url.URL
	for _, set := range s.sets {
		for _, q := range set.queues {
			urls = append(urls, q.url)
		}
	}
	return urls
}

// DroppedAlertmanagers returns where alerts are not sent to because relabelling
// drops the target, in the order of the configuration.
func (s *Sender) DroppedAlertmanagers() []*url.URL {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var urls []*url.URL
	for _, set := range s.sets {
		urls = append(urls, set.dropped...)
	}
	return urls
}
