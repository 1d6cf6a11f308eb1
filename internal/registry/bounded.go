package registry

import (
	"maps"
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Bounded is a source whose number of series can be limited. Its methods are
// called under the lock of the registry.
type Bounded interface {
	Source
	// Limit puts the source under a limit, and Unlimit takes it out from under it.
	// The function is told of the label values that there is no room for.
	Limit(l *series.Limit, report func(values []string))
	Unlimit(l *series.Limit)
	// Refused returns how often there was no room for a series, whatever limit
	// it was that left none.
	Refused() uint64
}

// LimitSeries limits how many series all that is Bounded may have together. The
// function, unless it is nil, is called with the name of a family and label values
// whenever there is no room for them, by whoever asks for the series. It is called
// before the registry is used.
func (r *Registry) LimitSeries(most int, report func(name string, values []string)) {
	r.reserve(overflowDesc.Name)
	r.limit = &series.Limit{Max: most}
	r.onOverflow = report
}

// limitSource puts a source that comes under the limit. It needs the lock.
func (r *Registry) limitSource(e *entry) {
	b, ok := e.source.(Bounded)
	if !ok || r.limit == nil {
		return
	}
	var report func(values []string)
	if r.onOverflow != nil {
		name := e.descs[0].Name
		report = func(values []string) { r.onOverflow(name, values) }
	}
	b.Limit(r.limit, report)
}

// unlimitSource takes a source that goes out from under the limit. It needs the
// lock.
func (r *Registry) unlimitSource(e *entry) {
	if b, ok := e.source.(Bounded); ok && r.limit != nil {
		b.Unlimit(r.limit)
	}
}

var overflowDesc = NewDesc("cresset_series_overflow_total",
	"How often there was no room for a series, which then was the one called __overflow__, by the family.", "", []string{"metric"}, nil)

// overflows are what cresset_series_overflow_total says, nil if there was room
// always. Whether or not the registry has a limit, its sources may; one without can
// have a source of that name, which then keeps it. It needs the lock.
func (r *Registry) overflows() Source {
	if r.limit == nil && r.names[overflowDesc.Name].uses > 0 {
		return nil
	}
	var refused map[string]uint64
	for _, e := range r.checked.all {
		b, ok := e.source.(Bounded)
		if !ok {
			continue
		}
		if n := b.Refused(); n > 0 {
			if refused == nil {
				refused = make(map[string]uint64)
			}
			refused[e.descs[0].Name] += n
		}
	}
	if refused == nil {
		return nil
	}
	var rows Fixed
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		labels := overflowDesc.Schema.Labels([]string{name})
		rows = append(rows, exposition.Series{Labels: &labels, Value: float64(refused[name])})
	}
	return fixedSource{Run{Desc: overflowDesc, Type: exposition.Counter, Rows: rows, Ordered: true}}
}

// fixedSource exposes what is known already.
type fixedSource struct{ run Run }

// Quick says that Collect neither waits nor runs foreign code.
func (fixedSource) Quick() {}

// Collect adds the run.
func (s fixedSource) Collect(b *Batch) { b.Add(s.run) }
