package registry

import (
	"sync"
	"time"
)

// Quarantine gathers so that whatever is wrong costs its own lines and no
// others: a series that is invalid or a duplicate costs itself; a source that
// panics, fails, or does not come back in time costs what it has not added by
// then, or, in the last case, all of it. The page is served. What was left out
// is counted in metrics on the same page, and reported when it begins and when
// it ends, not at every gather.
//
// A source that runs foreign code is asked by one goroutine at a time, however
// many gathers there are: one that comes while the source is out waits for it,
// and shares what it adds. So a source that hangs holds up one goroutine, and is
// left out until it comes back. A gather gives it as much time as it has itself,
// counted from when the source was asked, whoever asked it.
//
// The fields are set before it is used. It is for one registry, or always the same
// several ones.
type Quarantine struct {
	// Timeout is the most that a source may take; zero or less for as much as
	// the gather has, or a minute if that has no deadline.
	Timeout time.Duration
	// ServeLast is for how long the last good result of a source stands in
	// where there is no new one; zero or less for not at all.
	ServeLast time.Duration
	// Report, unless it is nil, is told of what begins or ends to be left out. It
	// may be called by several goroutines at once.
	Report func(Event)

	ledger Ledger

	// mu guards what follows, and what is said to be guarded by it of each
	// foreign and each run. It is held for moments only, never while foreign code
	// runs. A registry's lock may be taken under it, never the reverse.
	mu      sync.Mutex
	gathers uint64 // begun
	since   time.Time
	known   map[Source]*foreign // what the last gather asked
	names   map[string]bool     // of those, where they are collectors
	leftOut map[leftOutKey]*ownCount
}

// DefaultTimeout is how long a source may take if nothing else says.
const DefaultTimeout = time.Minute

// Foreign is a source that runs foreign code and can tell what it is called in
// the metrics of a quarantine: a collector has a name of its own, usually its
// type; what exposes one series only has that of its family.
//
// Sources that are neither Quick nor Foreign are called by their type. Those
// that are not Quick must be comparable; a pointer is.
type Foreign interface {
	Name() (name string, isFamily bool)
}

// Gather gathers from one registry by a deadline, which is the zero time if there
// is none. What it returns is described at GatherAll.
func (q *Quarantine) Gather(r *Registry, deadline time.Time, explain func(run *Run, i int) string) (*Page, []Event) {
	return q.GatherAll([]*Registry{r}, deadline, explain)
}

// GatherAll asks all sources of several registries at once and returns what may
// stand on one page by the deadline, and what was left out of it. Where two
// sources disagree, the one is right whose registry stands first, or that was
// registered first. The function shows a series of a run in an error message.
func (q *Quarantine) GatherAll(rs []*Registry, deadline time.Time, explain func(run *Run, i int) string) (*Page, []Event) {
	now := time.Now()
	number, all := q.ask(rs, now, q.allowance(now, deadline))
	q.await(all)

	t := newTally()
	m := merger{families: make(map[string]*family), explain: explain, tally: t}
	for i := range all {
		for _, run := range all[i].found(t) {
			m.add(run, all[i].ids)
		}
	}
	page := m.page()
	q.count(t)
	q.addOwn(page, all)
	events := t.events()
	q.tell(q.ledger.Settle(number, "", true, events))
	return page, events
}

// Nest is a source that only hands on what others expose. A quarantine asks those
// instead, each on its own.
type Nest interface {
	Sources() []Source
}

// asked is one source of a gather.
type asked struct {
	source  Source
	ids     map[string]struct{} // what it may expose; nil for anything, without a check
	quick   Batch               // filled at once, if foreign is nil
	foreign *foreign            // as the quarantine knows it
	run     *run                // that is waited for; nil if the source is left out
	until   time.Time
	outcome outcome
}

// allowance returns how long a source may take, which is not above zero if there
// is no time at all.
func (q *Quarantine) allowance(now, deadline time.Time) time.Duration {
	limit := q.Timeout
	switch {
	case !deadline.IsZero() && (limit <= 0 || deadline.Sub(now) < limit):
		return deadline.Sub(now)
	case limit <= 0:
		return DefaultTimeout
	default:
		return limit
	}
}

// ask begins a gather: it sends out all sources that are not out already, and
// collects from those that need no goroutine.
func (q *Quarantine) ask(rs []*Registry, now time.Time, allowance time.Duration) (number uint64, all []asked) {
	q.mu.Lock()
	if q.gathers == 0 {
		q.since = now
	}
	q.gathers++
	number = q.gathers
	for _, r := range rs {
		s := r.snapshot() // under the lock, so that the last gather has the last snapshot
		for i, source := range s.sources {
			all = appendAsked(all, source, s.idsFor(i))
		}
	}
	for i := range all {
		a := &all[i]
		if _, quick := a.source.(Quick); !quick {
			a.foreign = q.foreign(a.source, number)
			a.run, a.until = q.join(a.foreign, a.ids != nil, now, allowance)
		}
	}
	q.forget(number)
	q.mu.Unlock()

	for i := range all {
		if a := &all[i]; a.foreign == nil {
			a.quick.pedantic = a.ids != nil
			a.source.Collect(&a.quick)
		}
	}
	return number, all
}

// appendAsked appends a source, or those that it is made of.
func appendAsked(all []asked, source Source, ids map[string]struct{}) []asked {
	nest, ok := source.(Nest)
	if !ok {
		return append(all, asked{source: source, ids: ids})
	}
	for _, inner := range nest.Sources() {
		all = appendAsked(all, inner, ids)
	}
	return all
}

// await waits for the sources that are out, each until its time is up.
func (q *Quarantine) await(all []asked) {
	var timer *time.Timer
	for i := range all {
		a := &all[i]
		if a.foreign == nil {
			continue
		}
		if a.run != nil {
			timer = a.run.wait(timer, a.until)
		}
		a.outcome = q.leave(a.foreign, a.run)
	}
	if timer != nil {
		timer.Stop()
	}
}

// found returns what a source exposes on this page, and counts what went wrong.
func (a *asked) found(t *tally) []Run {
	batch, o := &a.quick, &a.outcome
	if a.foreign != nil {
		batch = o.batch
	}
	if batch == nil {
		t.timeout(a.foreign, o.took)
		return o.good
	}
	for _, err := range batch.errs {
		t.error(a.foreign, reasonOf(err))
	}
	if o.stale {
		return o.good
	}
	return batch.runs
}

// tell reports news.
func (q *Quarantine) tell(news []Event) {
	if q.Report == nil {
		return
	}
	for _, e := range news {
		q.Report(e)
	}
}
