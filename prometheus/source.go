package prometheus

import (
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// source is a Collector as the registry asks it. There are four kinds, by how
// much is known of it: a vector, a single metric and a store of objects of this
// package are exposed straight from their state; of everything else the metrics are
// collected. What is wrapped is of the kind of what is inside.
type source interface {
	registry.Source
	collector() Collector // that was registered
}

// nativeSource is one of the first two kinds.
type nativeSource interface {
	source
	run() registry.Run
}

// sourceOf goes by the exact type of a vector: a type that embeds one of ours
// may have a Collect of its own. Metrics of ours cannot be embedded but by their
// interfaces, which hides that they are native.
func sourceOf(c Collector) source {
	switch m := c.(type) {
	case *CounterVec:
		return sourceOfVec(c, m.MetricVec)
	case *GaugeVec:
		return sourceOfVec(c, m.MetricVec)
	case *SummaryVec:
		return sourceOfVec(c, m.MetricVec)
	case *HistogramVec:
		return sourceOfVec(c, m.MetricVec)
	case *valueFunc: // runs foreign code
		return &collectorSource{c: c, base: c}
	case native:
		return metricSource{m, c}
	case objectSource:
		if m.self() == c { // and not of a type that embeds one
			return storeSource{m, c}
		}
		return &collectorSource{c: c, base: c}
	case *wrappingCollector:
		return sourceOfWrapped(m)
	case *Registry:
		return &nestedRegistry{collectorSource: collectorSource{c: c, base: c}, inner: m}
	default:
		return &collectorSource{c: c, base: c}
	}
}

// sourceOfWrapped has whatever may come to have a label that it must not have
// collected, which checks the labels of each metric.
func sourceOfWrapped(c *wrappingCollector) source {
	base, wraps := c.unwrapped()
	switch s := sourceOf(base).(type) {
	case nativeSource:
		run := s.run()
		desc := wrapDesc(wraps, run.Desc)
		if desc.Err == nil && (run.Type != exposition.Summary || !hasQuantileLabel(desc)) {
			wrapped := &wrappedSource{s, c, newWrappedRun(desc)}
			if of, ok := s.(vecSource); ok {
				of.vec.table.OnForget(&wrapped.forget)
			}
			return wrapped
		}
	case storeSource:
		runs := s.runs()
		wrapped := &wrappedStore{objectSource: s.objectSource, c: c, runs: make([]*wrappedRun, len(runs))}
		for i, run := range runs {
			wrapped.runs[i] = newWrappedRun(wrapDesc(wraps, run.Desc))
			if desc := wrapped.runs[i].desc; desc.Err != nil || hasQuantileLabel(desc) { // and may be a summary one day
				return &collectorSource{c, base, wraps}
			}
		}
		for _, run := range wrapped.runs {
			s.onForget(&run.forget)
		}
		return wrapped
	case *nestedRegistry:
		return &nestedRegistry{collectorSource: collectorSource{c, base, wraps}, inner: s.inner}
	}
	return &collectorSource{c, base, wraps}
}

// sourceOfVec looks at what the vector holds, too: somebody may have put it
// together of a MetricVec of their own.
func sourceOfVec(c Collector, vec *MetricVec) source {
	if vec.isNative {
		return vecSource{vec, c}
	}
	return &collectorSource{c: c, base: c}
}

// vecSource exposes a vector of native metrics straight from its table.
type vecSource struct {
	vec *MetricVec
	c   Collector
}

func (s vecSource) collector() Collector { return s.c }

// Quick says that Collect neither waits nor runs foreign code.
func (vecSource) Quick() {}

// Collect adds the metrics that the vector has now.
func (s vecSource) Collect(b *registry.Batch) { b.Add(s.run()) }

// Limit, Unlimit and Refused implement registry.Bounded.
func (s vecSource) Limit(l *series.Limit, report func(values []string)) { s.vec.table.Limit(l, report) }
func (s vecSource) Unlimit(l *series.Limit)                             { s.vec.table.Unlimit(l) }
func (s vecSource) Refused() uint64                                     { return s.vec.table.Refused() }

func (s vecSource) run() registry.Run {
	return registry.Run{Desc: s.vec.desc.d, Type: s.vec.native, Rows: children(s.vec.ordered()), Ordered: true}
}

// children are the series of a table of native metrics.
type children []*series.Child[Metric]

func (c children) Len() int                        { return len(c) }
func (c children) Labels(i int) *exposition.Labels { return &c[i].Labels }

// Fill looks at all series before it looks at the first metric, and then at all of
// those before it reads the first one: what is not in the cache yet is brought there
// for many series at once.
func (c children) Fill(i int, s []exposition.Series) {
	const most = 64
	for c = c[i : i+len(s)]; len(c) > 0; {
		var metrics [most]Metric
		n := min(len(c), most)
		for k, child := range c[:n] {
			s[k].Labels, metrics[k] = &child.Labels, child.Item
		}
		touch(metrics[:n])
		for k, m := range metrics[:n] {
			fill(m, &s[k])
		}
		c, s = c[n:], s[n:]
	}
}

// touch looks at what those metrics hold of which there are most.
func touch(metrics []Metric) {
	seen := 0
	for _, m := range metrics {
		switch m := m.(type) {
		case *counter:
			if m.Touch() {
				seen++
			}
		case *gauge:
			if m.Touch() {
				seen++
			}
		}
	}
	exposition.Touched(seen)
}

// fill stores the state of a native metric into s, all of whose fields it sets but
// Labels. It saves those of which there are most the way through an interface.
func fill(m Metric, s *exposition.Series) {
	switch m := m.(type) {
	case *counter:
		m.Fill(s)
	case *gauge:
		m.Fill(s)
	default:
		m.(native).fill(s)
	}
}

// metricSource is a single native metric.
type metricSource struct {
	metric native
	c      Collector
}

func (s metricSource) collector() Collector { return s.c }

// Quick says that Collect neither waits nor runs foreign code.
func (metricSource) Quick() {}

// Collect adds the metric.
func (s metricSource) Collect(b *registry.Batch) { b.Add(s.run()) }

func (s metricSource) run() registry.Run {
	run := registry.Run{Desc: s.metric.registryDesc(), Type: s.metric.seriesType(), Rows: rows{s.metric}, Ordered: true}
	if m, ok := s.metric.(interface{ Alive() bool }); ok && !m.Alive() {
		run.Rows = rows(nil)
	}
	return run
}

// objectSource is an ObjectStore, whatever its keys are.
type objectSource interface {
	self() Collector      // the store, also if this is a type that embeds it
	runs() []registry.Run // always of the same descs
	onForget(*func())
}

// storeSource exposes an ObjectStore from what it has rendered.
type storeSource struct {
	objectSource
	c Collector
}

func (s storeSource) collector() Collector { return s.c }

// Quick says that Collect neither waits nor runs foreign code.
func (storeSource) Quick() {}

// Collect adds the metrics that all objects have now.
func (s storeSource) Collect(b *registry.Batch) {
	for _, run := range s.runs() {
		b.Add(run)
	}
}
