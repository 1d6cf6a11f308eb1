package alert

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/common/model"
)

// Options are the settings of a [Store]; the zero value is usable.
type Options struct {
	// Registerer takes the store's metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Store is the set of alerts that are active or have been resolved a short time
// ago. Any number of goroutines may use it.
type Store struct {
	resolveTimeout atomic.Int64 // a time.Duration
	metrics        *metrics

	mu     sync.Mutex // guards the maps and, inside them, every Subscription
	alerts map[model.Fingerprint]*Alert
	subs   map[*Subscription]struct{}
}

// NewStore returns an empty store.
func NewStore(o Options) *Store {
	s := &Store{
		alerts: make(map[model.Fingerprint]*Alert),
		subs:   make(map[*Subscription]struct{}),
	}
	s.SetResolveTimeout(DefaultResolveTimeout)
	s.metrics = newMetrics(o.Registerer, s)
	return s
}

// SetResolveTimeout sets how long alerts that are received without an end, from
// now on, stay firing unless they are sent again.
func (s *Store) SetResolveTimeout(d time.Duration) {
	s.resolveTimeout.Store(int64(d))
}

// put merges valid alerts into the set and tells the subscribers. An update that
// is older than what is known changes no more than it would have, had it come in
// time; if that is nothing, nobody is told.
func (s *Store) put(now time.Time, alerts []*Alert) {
	fps := make([]model.Fingerprint, len(alerts))
	for i, a := range alerts {
		fps[i] = a.Fingerprint()
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range alerts {
		fp := fps[i]
		if known := s.alerts[fp]; known != nil {
			if a = combine(known, a, now); a == known {
				continue
			}
		}
		s.alerts[fp] = a
		for sub := range s.subs {
			sub.add(fp, a)
		}
	}
	for sub := range s.subs {
		sub.signal()
	}
}

// Restore puts alerts back as an earlier run had them, the resolved ones too. An
// alert that has been received since is merged with what was known.
//
// The alerts belong to the store from then on.
func (s *Store) Restore(now time.Time, alerts []*Alert) { s.put(now, alerts) }

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

// Expire drops the alerts that are resolved at now and returns how many. Whoever
// has still to tell somebody about them holds them itself.
func (s *Store) Expire(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.alerts)
	for fp, a := range s.alerts {
		if a.ResolvedAt(now) {
			delete(s.alerts, fp)
		}
	}
	return before - len(s.alerts)
}
