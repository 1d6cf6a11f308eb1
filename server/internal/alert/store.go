package alert

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/common/model"
)

// Options are the settings of a [Store]; the zero value is usable.
type Options struct {
	// PerNameLimit bounds how many alerts with the same alertname may fire at the
	// same time: further ones are dropped, counted and logged. 0 is no limit.
	PerNameLimit int
	// AlertNamesInMetrics says whether what is dropped is counted by alertname.
	AlertNamesInMetrics bool
	// Journal makes the alerts outlive the process; nil if nothing does.
	Journal Journal
	// Logger takes what is dropped; nil discards it.
	Logger *slog.Logger
	// Registerer takes the store's metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Store is the set of alerts that are active or have been resolved a short time
// ago. Any number of goroutines may use it.
type Store struct {
	resolveTimeout atomic.Int64 // a time.Duration
	journal        Journal
	logger         *slog.Logger
	metrics        *metrics

	// mu guards what follows and, inside it, every Subscription. Appending to the
	// journal happens under it, so that its order is that of the changes.
	mu     sync.Mutex
	limits *limits
	alerts map[model.Fingerprint]*Alert
	subs   map[*Subscription]struct{}
}

// NewStore returns an empty store.
func NewStore(o Options) *Store {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		journal: o.Journal,
		logger:  o.Logger,
		limits:  newLimits(o.PerNameLimit),
		alerts:  make(map[model.Fingerprint]*Alert),
		subs:    make(map[*Subscription]struct{}),
	}
	s.SetResolveTimeout(DefaultResolveTimeout)
	s.metrics = newMetrics(o, s)
	return s
}

// SetResolveTimeout sets how long alerts that are received without an end, from
// now on, stay firing unless they are sent again.
func (s *Store) SetResolveTimeout(d time.Duration) {
	s.resolveTimeout.Store(int64(d))
}

// put merges valid alerts into the set, tells the subscribers, and returns what
// was changed. An update that is older than what is known changes no more than it
// would have, had it come in time; if that is nothing, nobody is told.
//
// The caller holds mu.
func (s *Store) put(now time.Time, alerts []*Alert, fps []model.Fingerprint) []Change {
	changes := make([]Change, 0, len(alerts))
	for i, a := range alerts {
		fp := fps[i]
		if known := s.alerts[fp]; known != nil {
			if a = combine(known, a, now); a == known {
				continue
			}
		}
		if !s.limits.admit(fp, a, now) {
			s.metrics.countLimited(a.Name())
			s.logger.Warn("Alert dropped: too many with its name fire", "alertname", a.Name(), "limit", s.limits.perName)
			continue
		}
		s.alerts[fp] = a
		changes = append(changes, Change{Alert: a})
		for sub := range s.subs {
			sub.add(fp, a)
		}
	}
	for sub := range s.subs {
		sub.signal()
	}
	return changes
}

// append writes changes down and returns how to wait for them. The caller holds mu.
func (s *Store) append(changes []Change) (wait func(context.Context) error) {
	if s.journal == nil || len(changes) == 0 {
		return func(context.Context) error { return nil }
	}
	return s.journal.Append(changes)
}

func fingerprints(alerts []*Alert) []model.Fingerprint {
	fps := make([]model.Fingerprint, len(alerts))
	for i, a := range alerts {
		fps[i] = a.Fingerprint()
	}
	return fps
}

// Get returns the alert with this fingerprint, or nil.
func (s *Store) Get(fp model.Fingerprint) *Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alerts[fp]
}

// All returns every alert in the set, the resolved ones too, in no order.
func (s *Store) All() []*Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Alert, 0, len(s.alerts))
	for _, a := range s.alerts {
		all = append(all, a)
	}
	return all
}

// Expire drops the alerts that are resolved at now, except those that needed says
// are needed still, and returns how many; a nil needed needs none. It is called
// with the store's lock held: it must be quick and not call the store.
func (s *Store) Expire(now time.Time, needed func(model.Fingerprint) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.expire(now)
	var changes []Change
	for fp, a := range s.alerts {
		if a.ResolvedAt(now) && (needed == nil || !needed(fp)) {
			delete(s.alerts, fp)
			changes = append(changes, Change{Alert: a, Gone: true})
		}
	}
	s.append(changes) // nobody waits: what comes back after a crash is dropped again
	return len(changes)
}
