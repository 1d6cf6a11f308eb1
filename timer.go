package cresset

import (
	"context"
	"time"
)

// Timer measures a time that a histogram or a summary observes. It is started by
// their Start and ends with the first of Observe, ObserveContext and Discard;
// what comes after that does nothing. A Timer belongs to one goroutine.
//
// A Timer that does not leave the function that started it costs no memory.
type Timer struct {
	start  time.Time
	into   observer
	family *family // nil unless into is a histogram
	over   bool
}

// Observe has the time since the start observed, in seconds, and returns it. It
// returns zero if the timer is over.
func (t *Timer) Observe() time.Duration {
	if t.over {
		return 0
	}
	t.over = true
	d := time.Since(t.start)
	t.into.Observe(d.Seconds())
	return d
}

// ObserveContext does what Observe does, with an exemplar of the context as
// Histogram.ObserveContext has.
func (t *Timer) ObserveContext(ctx context.Context) time.Duration {
	if t.over {
		return 0
	}
	d := t.Observe()
	if t.family == nil {
		return d
	}
	if e := t.family.exemplar(ctx, d.Seconds()); e != nil {
		t.into.(histogramSeries).SetExemplar(e)
	}
	return d
}

// Discard ends the timer without an observation.
func (t *Timer) Discard() { t.over = true }
