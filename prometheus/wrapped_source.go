package prometheus

import (
	"slices"
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// wrappedSource exposes what a native source does, under another name and with
// more labels.
type wrappedSource struct {
	nativeSource
	c Collector
	wrappedRun
}

// Quick says that Collect neither waits nor runs foreign code.
func (*wrappedSource) Quick() {}

func (s *wrappedSource) collector() Collector { return s.c }

// Collect adds the series that the source has now.
func (s *wrappedSource) Collect(b *registry.Batch) { b.Add(s.run()) }

func (s *wrappedSource) run() registry.Run { return s.of(s.nativeSource.run()) }

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
	runs []wrappedRun // in the order of the store's
}

// Quick says that Collect neither waits nor runs foreign code.
func (*wrappedStore) Quick() {}

func (s *wrappedStore) collector() Collector { return s.c }

// Collect adds the series that the store has now.
func (s *wrappedStore) Collect(b *registry.Batch) {
	for i, run := range s.objectSource.runs() {
		b.Add(s.runs[i].of(run))
	}
}

// wrappedRun is a run of series under another name and with more labels. Those are
// rendered once for each series.
//
// Any number of gathers may want them at once. The first one renders what is new, and
// the others wait for that, which takes less time than doing it once more; no update
// of a metric ever does.
type wrappedRun struct {
	desc *registry.Desc

	mu       sync.Mutex    // guards rendered
	rendered wrappedLabels // of the last gather; the slices never change
}

// wrappedLabels are the labels of all series of a source: those that it has and,
// in the same order, those after the wrapping. The order stays the right one, for
// every series gets the same label with the same value.
type wrappedLabels struct{ inner, outer []*exposition.Labels }

func (s *wrappedRun) of(run registry.Run) registry.Run {
	if len(s.desc.Const) > len(run.Desc.Const) {
		run.Rows = wrappedRows{run.Rows, s.labels(run.Rows)}
	}
	run.Desc = s.desc
	return run
}

// labels returns the labels after the wrapping, and renders only those of series
// that were not there at the last gather.
func (s *wrappedRun) labels(rows registry.Rows) []*exposition.Labels {
	inner := make([]*exposition.Labels, rows.Len())
	for i := range inner {
		inner[i] = rows.Labels(i)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.rendered
	if slices.Equal(inner, last.inner) {
		return last.outer
	}
	known := make(map[*exposition.Labels]*exposition.Labels, len(last.inner))
	for i, l := range last.inner {
		known[l] = last.outer[i]
	}
	outer := make([]*exposition.Labels, len(inner))
	for i, l := range inner {
		if outer[i] = known[l]; outer[i] == nil {
			outer[i] = s.wrapped(l)
		}
	}
	s.rendered = wrappedLabels{inner, outer}
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
