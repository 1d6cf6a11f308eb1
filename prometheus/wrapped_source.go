package prometheus

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// wrappedSource exposes what a native source does, under another name and with
// more labels.
type wrappedSource struct {
	nativeSource
	c Collector
	*wrappedRun
}

// Quick says that Collect neither waits nor runs foreign code.
func (*wrappedSource) Quick() {}

func (s *wrappedSource) collector() Collector { return s.c }

// Collect adds the series that the source has now.
func (s *wrappedSource) Collect(b *registry.Batch) { b.Add(s.run()) }

func (s *wrappedSource) run() registry.Run {
	last := s.rendered.Load()
	return s.of(s.nativeSource.run(), last)
}

// Limit, Unlimit and Refused implement registry.Bounded. A single metric is not
// limited.
func (s *wrappedSource) Limit(l *series.Limit, report func(values []string)) {
	if b, ok := s.nativeSource.(registry.Bounded); ok {
		b.Limit(l, report)
	}
}

func (s *wrappedSource) Unlimit(l *series.Limit) {
	if b, ok := s.nativeSource.(registry.Bounded); ok {
		b.Unlimit(l)
	}
}

func (s *wrappedSource) Refused() uint64 {
	if b, ok := s.nativeSource.(registry.Bounded); ok {
		return b.Refused()
	}
	return 0
}

// wrappedStore does for an ObjectStore what a wrappedSource does.
type wrappedStore struct {
	objectSource
	c    Collector
	runs []*wrappedRun // in the order of the store's
}

// Quick says that Collect neither waits nor runs foreign code.
func (*wrappedStore) Quick() {}

func (s *wrappedStore) collector() Collector { return s.c }

// Collect adds the series that the store has now.
func (s *wrappedStore) Collect(b *registry.Batch) {
	last := make([]*wrappedLabels, len(s.runs))
	for i, run := range s.runs {
		last[i] = run.rendered.Load()
	}
	for i, run := range s.objectSource.runs() {
		b.Add(s.runs[i].of(run, last[i]))
	}
}

// wrappedRun is a run of series under another name and with more labels. Those are
// rendered once for each series.
//
// Any number of gathers may want them at once. The first one renders what is new, and
// the others wait for that, which takes less time than doing it once more; no update
// of a metric ever does.
//
// What is kept refers to the series, so it goes when memory of deleted ones does,
// whether or not anybody gathers: forget, which is called then, puts something else into
// rendered. A gather that looked at rendered before it looked at the series finds
// that out when it exchanges what it had seen there for its own.
type wrappedRun struct {
	desc     *registry.Desc
	forget   func()
	rendered atomic.Pointer[wrappedLabels] // of the last gather; nil before the first

	rendering sync.Mutex // held by the gather that renders
}

func newWrappedRun(desc *registry.Desc) *wrappedRun {
	s := &wrappedRun{desc: desc}
	s.forget = func() { s.rendered.Store(new(wrappedLabels)) }
	return s
}

// wrappedLabels are the labels of all series of a source: those that it has and,
// in the same order, those after the wrapping. The order stays the right one, for
// every series gets the same label with the same value. They never change.
type wrappedLabels struct{ inner, outer []*exposition.Labels }

// of returns a run as it is after the wrapping. What was rendered last is to be looked
// up before the run is.
func (s *wrappedRun) of(run registry.Run, last *wrappedLabels) registry.Run {
	if len(s.desc.Const) > len(run.Desc.Const) {
		run.Rows = wrappedRows{run.Rows, s.labels(run.Rows, last)}
	}
	run.Desc = s.desc
	return run
}

// labels returns the labels after the wrapping, and renders only those of series
// that were not there at the last gather.
func (s *wrappedRun) labels(rows registry.Rows, last *wrappedLabels) []*exposition.Labels {
	inner := make([]*exposition.Labels, rows.Len())
	for i := range inner {
		inner[i] = rows.Labels(i)
	}
	s.rendering.Lock()
	defer s.rendering.Unlock()
	newest := s.rendered.Load()
	if newest == nil {
		newest = new(wrappedLabels)
	}
	if slices.Equal(inner, newest.inner) {
		return newest.outer
	}
	known := make(map[*exposition.Labels]*exposition.Labels, len(newest.inner))
	for i, l := range newest.inner {
		known[l] = newest.outer[i]
	}
	outer := make([]*exposition.Labels, len(inner))
	for i, l := range inner {
		if outer[i] = known[l]; outer[i] == nil {
			outer[i] = s.wrapped(l)
		}
	}
	s.rendered.CompareAndSwap(last, &wrappedLabels{inner, outer})
	return outer
}

func (s *wrappedRun) wrapped(inner *exposition.Labels) *exposition.Labels {
	variable := s.desc.Schema.Variable()
	values := make([]string, len(variable))
	for i, name := range variable {
		values[i], _ = inner.Get(name)
	}
	outer := s.desc.Schema.Labels(values)
	return &outer
}

type wrappedRows struct {
	registry.Rows
	labels []*exposition.Labels
}

func (r wrappedRows) Labels(i int) *exposition.Labels { return r.labels[i] }

func (r wrappedRows) Fill(i int, s []exposition.Series) {
	r.Rows.Fill(i, s)
	for k, labels := range r.labels[i : i+len(s)] {
		s[k].Labels = labels
	}
}
