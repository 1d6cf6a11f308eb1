package alert

import "github.com/prometheus/common/model"

// A Subscription collects the changes of a [Store] until its owner takes them.
// Several changes of one alert between two takes become one, the latest; so it
// never holds more than one entry per alert, an update never overtakes a later
// one, and a slow owner delays nobody who sends alerts.
type Subscription struct {
	name  string
	store *Store
	wake  chan struct{} // holds one token while there may be something to take

	// The store's lock guards these.
	pending map[model.Fingerprint]*Alert
	order   []model.Fingerprint // of first change since the last take
}

// Subscribe returns a subscription that begins with every alert now in the set.
// The name tells its metrics apart.
func (s *Store) Subscribe(name string) *Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := &Subscription{
		name:    name,
		store:   s,
		wake:    make(chan struct{}, 1),
		pending: make(map[model.Fingerprint]*Alert, len(s.alerts)),
	}
	for fp, a := range s.alerts {
		sub.add(fp, a)
	}
	sub.signal()
	s.subs[sub] = struct{}{}
	return sub
}

// Wake returns the channel that delivers a token after changes came in. One
// token may stand for many changes, and may come when they are already taken.
func (sub *Subscription) Wake() <-chan struct{} { return sub.wake }

// Take returns the changes since the last take, each alert once in its latest
// version, in the order in which they first changed.
func (sub *Subscription) Take() []*Alert {
	sub.store.mu.Lock()
	pending, order := sub.pending, sub.order
	sub.pending, sub.order = make(map[model.Fingerprint]*Alert), nil
	sub.store.mu.Unlock()

	alerts := make([]*Alert, len(order))
	for i, fp := range order {
		alerts[i] = pending[fp]
	}
	return alerts
}

// Close ends the subscription; what was not taken is forgotten.
func (sub *Subscription) Close() {
	sub.store.mu.Lock()
	defer sub.store.mu.Unlock()
	delete(sub.store.subs, sub)
	sub.pending, sub.order = nil, nil
}

// add needs the store's lock.
func (sub *Subscription) add(fp model.Fingerprint, a *Alert) {
	if _, ok := sub.pending[fp]; !ok {
		sub.order = append(sub.order, fp)
	}
	sub.pending[fp] = a
	sub.store.metrics.handedOver.WithLabelValues(sub.name).Inc()
}

// signal needs the store's lock.
func (sub *Subscription) signal() {
	if len(sub.order) == 0 {
		return
	}
	select {
	case sub.wake <- struct{}{}:
	default: // a token is waiting already
	}
}
