package alert

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultResolveTimeout is how long an alert without an end stays firing when
// nothing else was set with [Store.SetResolveTimeout].
const DefaultResolveTimeout = 5 * time.Minute

// Receive takes a batch as clients send it. Missing times are filled in, labels
// with an empty value are removed, and each valid alert is merged into the set.
// The invalid ones are left out and reported, one error each, joined; the valid
// alerts of the same batch are kept all the same.
//
// The alerts and their label sets belong to the store from then on.
func (s *Store) Receive(ctx context.Context, now time.Time, alerts []*Alert) error {
	timeout := time.Duration(s.resolveTimeout.Load())
	valid := make([]*Alert, 0, len(alerts))
	var errs []error
	for _, a := range alerts {
		complete(a, now, timeout)
		s.metrics.countReceived(a.ResolvedAt(now))
		if err := a.Validate(); err != nil {
			s.metrics.invalid.Inc()
			errs = append(errs, err)
			continue
		}
		valid = append(valid, a)
	}
	if err := s.store(now, valid)(ctx); err != nil {
		errs = append(errs, fmt.Errorf("alerts %w: %w", ErrNotSaved, err))
	}
	return errors.Join(errs...)
}

// store takes valid alerts in and returns how to wait until they are safe.
func (s *Store) store(now time.Time, alerts []*Alert) (wait func(context.Context) error) {
	fps := fingerprints(alerts) // outside of the lock: it takes a while
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(s.put(now, alerts, fps))
}

// complete fills in what a client may leave out.
func complete(a *Alert, now time.Time, timeout time.Duration) {
	a.UpdatedAt = now
	if a.StartsAt.IsZero() {
		if a.StartsAt = a.EndsAt; a.EndsAt.IsZero() {
			a.StartsAt = now
		}
	}
	if a.EndsAt.IsZero() {
		a.Timeout = true
		a.EndsAt = now.Add(timeout)
	}
	for name, value := range a.Labels {
		if value == "" {
			delete(a.Labels, name)
		}
	}
}
