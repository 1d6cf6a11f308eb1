package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// foreign is a source that runs foreign code, as a quarantine knows it. What
// changes is guarded by the quarantine's mutex.
type foreign struct {
	source   Source
	name     string // that of the collector, or of the family
	isFamily bool   // it has one series, which is what is counted and reported
	own      ownLabels

	asked    uint64 // the last gather that did
	out      *run   // nil if it is not out
	good     kept   // the last good result, if it is to be kept
	failures map[Reason]uint64
}

// kept is a good result.
type kept struct {
	runs []Run
	at   time.Time // when it was there
}

// run is one call of a source's Collect, on a goroutine of its own. The batch is
// that goroutine's until over is closed; after that nobody changes it any more,
// and any number of gathers may read it.
//
// Gathers that wait for a run are counted. When the last one has given up, the
// context ends, so that a source that heeds it need not go on in vain.
type run struct {
	began   time.Time
	batch   Batch
	over    chan struct{}
	took    time.Duration // set before over is closed
	cut     bool          // the source heeded a context that ended, set likewise
	end     context.CancelCauseFunc
	waiting int // gathers; guarded by the quarantine's mutex
}

// outcome is what a gather has of a source.
type outcome struct {
	batch *Batch        // what it added; nil if it has not come back in time
	took  time.Duration // or has taken so far
	stale bool          // good stands in for what is missing
	good  []Run
	age   time.Duration // of good, if stale
}

// foreign returns what is known of a source. It needs the lock.
func (q *Quarantine) foreign(source Source, gather uint64) *foreign {
	if f, known := q.known[source]; known {
		f.asked = gather
		return f
	}
	f := &foreign{source: source, asked: gather, failures: make(map[Reason]uint64)}
	if named, ok := source.(Foreign); ok {
		f.name, f.isFamily = named.Name()
	} else {
		f.name = fmt.Sprintf("%T", source)
	}
	if !f.isFamily {
		f.name = q.freeName(f.name)
	}
	f.own = newOwnLabels(f.name)
	if q.known == nil {
		q.known = make(map[Source]*foreign)
	}
	q.known[source] = f
	return f
}

// freeName tells collectors of one name apart by numbers: those that were
// registered first have the lower ones.
func (q *Quarantine) freeName(name string) string {
	if q.names == nil {
		q.names = make(map[string]bool)
	}
	free := name
	for n := 2; q.names[free]; n++ {
		free = name + " #" + strconv.Itoa(n)
	}
	q.names[free] = true
	return free
}

// forget drops what is known of sources that are not registered any more. One
// that is out keeps itself until it is back. It needs the lock.
func (q *Quarantine) forget(gather uint64) {
	for source, f := range q.known {
		if f.asked != gather {
			delete(q.known, source)
			if !f.isFamily {
				delete(q.names, f.name)
			}
		}
	}
}

// join sends a source out, unless it is out already, and tells how long the
// gather waits for it. If the source has been out for longer than it may, or
// there is no time, the run is nil. It needs the lock.
func (q *Quarantine) join(f *foreign, pedantic bool, now time.Time, allowance time.Duration) (*run, time.Time) {
	if allowance <= 0 {
		return nil, now
	}
	if f.out == nil {
		f.out = q.send(f, pedantic, now)
	}
	until := f.out.began.Add(allowance)
	if !until.After(now) {
		return nil, now
	}
	f.out.waiting++
	return f.out, until
}

// send begins a run.
func (q *Quarantine) send(f *foreign, pedantic bool, now time.Time) *run {
	ctx, end := context.WithCancelCause(context.Background())
	r := &run{began: now, batch: Batch{pedantic: pedantic, ctx: ctx}, over: make(chan struct{}), end: end}
	go func() {
		defer q.back(f, r) // also if the goroutine ends by runtime.Goexit
		f.collect(&r.batch)
	}()
	return r
}

var errExited = errors.New("runtime.Goexit was called where the function should return")

// collect asks the source and makes errors of all ways to end but returning.
func (f *foreign) collect(b *Batch) {
	returned := false
	defer func() {
		if cause := recover(); cause != nil {
			stack := make([]byte, 64<<10)
			stack = stack[:runtime.Stack(stack, false)]
			b.Fail(Because(Panic, "", fmt.Errorf("%s panicked: %v\nstack trace=%s", f.name, cause, stack)))
		} else if !returned && len(b.errs) == 0 { // of which the source may have told itself
			b.Fail(fmt.Errorf("%s: %w", f.name, errExited))
		}
	}()
	f.source.Collect(b)
	returned = true
}

// back ends a run.
func (q *Quarantine) back(f *foreign, r *run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	r.took = now.Sub(r.began)
	r.cut = r.batch.heeded && r.batch.ctx.Err() != nil
	r.end(nil)
	if q.ServeLast > 0 && !r.cut && !r.batch.failed() {
		f.good = kept{runs: r.batch.runs, at: now}
	}
	f.out = nil
	close(r.over)
}

// failed tells whether it is the source that failed, rather than single series
// of it: one that gave nothing but errors did.
func (b *Batch) failed() bool {
	if len(b.errs) > 0 && len(b.runs) == 0 {
		return true
	}
	return slices.ContainsFunc(b.errs, func(err error) bool {
		e := reasonOf(err)
		return e.family == "" && e.reason != Invalid
	})
}

// wait returns when the run is over or its time is up. The timer is used again.
func (r *run) wait(timer *time.Timer, until time.Time) *time.Timer {
	select {
	case <-r.over:
		return timer
	default:
	}
	if timer == nil {
		timer = time.NewTimer(time.Until(until))
	} else {
		timer.Reset(time.Until(until))
	}
	select {
	case <-r.over:
	case <-timer.C:
	}
	return timer
}

// leave returns what a gather has of a source when it no longer waits for it.
func (q *Quarantine) leave(f *foreign, r *run) (o outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	switch {
	case r == nil && f.out != nil:
		o.took = now.Sub(f.out.began)
	case r == nil: // it was not asked
	case f.out == r:
		o.took = now.Sub(r.began)
		if r.waiting--; r.waiting == 0 {
			r.end(context.DeadlineExceeded)
		}
	default:
		o.took = r.took
		if !r.cut {
			o.batch = &r.batch
		}
	}
	age := now.Sub(f.good.at)
	if age > q.ServeLast {
		f.good = kept{} // it may be large
	}
	if (o.batch == nil || o.batch.failed()) && !f.good.at.IsZero() {
		o.stale, o.good, o.age = true, f.good.runs, age
	}
	return o
}
