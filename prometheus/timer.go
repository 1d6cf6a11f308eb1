package prometheus

import "time"

// Timer measures how long something takes.
type Timer struct {
	begin    time.Time
	observer Observer
}

// NewTimer starts a timer whose duration will be given to the Observer, in
// seconds. Without an Observer it only measures. To time a function:
//
//	defer prometheus.NewTimer(durations).ObserveDuration()
func NewTimer(o Observer) *Timer {
	return &Timer{begin: time.Now(), observer: o}
}

// ObserveDuration gives the time since NewTimer to the Observer and returns it.
// Each call does so anew.
func (t *Timer) ObserveDuration() time.Duration {
	d := time.Since(t.begin)
	if t.observer != nil {
		t.observer.Observe(d.Seconds())
	}
	return d
}

// ObserveDurationWithExemplar is ObserveDuration, but gives the Observer the
// exemplar too if the Observer is an ExemplarObserver and the labels are not
// nil.
func (t *Timer) ObserveDurationWithExemplar(exemplar Labels) time.Duration {
	d := time.Since(t.begin)
	o, ok := t.observer.(ExemplarObserver)
	switch {
	case ok && exemplar != nil:
		o.ObserveWithExemplar(d.Seconds(), exemplar)
	case t.observer != nil:
		t.observer.Observe(d.Seconds())
	}
	return d
}
