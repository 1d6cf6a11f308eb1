package prometheus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// WrapRegistererWith returns a Registerer that registers Collectors with reg, but
// adds these labels to everything that they collect. It is for several
// instances of the same thing in one process; labels of the whole process belong
// to the scraper.
//
// A label that a metric has already makes its registration fail. Collectors
// registered through different Registerers of one registry are checked against
// each other by what they expose in the end; the ExistingCollector of an
// AlreadyRegisteredError is the one that was given, without any wrapping. With
// nil for reg, nothing is registered and there is no error.
func WrapRegistererWith(labels Labels, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, newWrapping("", labels)}
}

// WrapRegistererWithPrefix returns a Registerer that registers Collectors with
// reg, but puts the prefix in front of the names of everything that they
// collect. Names that are the same everywhere, such as those of the Go
// collector, should not be changed by it. Otherwise it is like
// WrapRegistererWith.
func WrapRegistererWithPrefix(prefix string, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, newWrapping(prefix, nil)}
}

// WrapCollectorWith returns a Collector that collects what c does, with these
// labels added. Wrapped like this, a whole Registry that some library fills can
// be registered with another, and unregistered as one.
func WrapCollectorWith(labels Labels, c Collector) Collector {
	return &wrappingCollector{c, newWrapping("", labels)}
}

// WrapCollectorWithPrefix returns a Collector that collects what c does, with the
// prefix put in front of all names.
func WrapCollectorWithPrefix(prefix string, c Collector) Collector {
	return &wrappingCollector{c, newWrapping(prefix, nil)}
}

type wrappingRegisterer struct {
	reg  Registerer // may be nil
	wrap *wrapping
}

// Register implements Registerer.
func (r *wrappingRegisterer) Register(c Collector) error {
	if r.reg == nil {
		return nil
	}
	return r.reg.Register(&wrappingCollector{c, r.wrap})
}

// MustRegister implements Registerer.
func (r *wrappingRegisterer) MustRegister(cs ...Collector) {
	for _, c := range cs {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements Registerer.
func (r *wrappingRegisterer) Unregister(c Collector) bool {
	return r.reg != nil && r.reg.Unregister(&wrappingCollector{c, r.wrap})
}

// wrapping is what is added to names and labels. It never changes.
type wrapping struct {
	prefix string
	labels map[string]string
}

func newWrapping(prefix string, labels Labels) *wrapping {
	w := &wrapping{prefix: strings.Clone(prefix), labels: make(map[string]string, len(labels))}
	for name, value := range labels {
		w.labels[strings.Clone(name)] = strings.Clone(value)
	}
	return w
}

// desc returns the desc of what d describes after the wrapping.
func (w *wrapping) desc(d *registry.Desc) *registry.Desc {
	labels := maps.Clone(d.SoundConst())
	for _, name := range slices.Sorted(maps.Keys(w.labels)) {
		if _, taken := labels[name]; taken {
			return d.Refused(fmt.Errorf("attempted wrapping with already existing label name %q", name))
		}
		if labels == nil {
			labels = make(map[string]string)
		}
		labels[name] = w.labels[name]
	}
	wrapped := registry.NewDesc(w.prefix+d.Name, d.Help, d.Unit, d.Schema.Variable(), labels)
	wrapped.Constraints, wrapped.Base = d.Constraints, d
	if d.Err != nil {
		return wrapped.Refused(d.Err) // what was wrong first
	}
	return wrapped
}

type wrappingCollector struct {
	inner Collector
	wrap  *wrapping
}

// unwrapped returns the Collector inside all wrappings, and those, beginning
// with the one that is next to it.
func (c *wrappingCollector) unwrapped() (Collector, []*wrapping) {
	inner, ok := c.inner.(*wrappingCollector)
	if !ok {
		return c.inner, []*wrapping{c.wrap}
	}
	base, wraps := inner.unwrapped()
	return base, append(wraps, c.wrap)
}

// Describe implements Collector.
func (c *wrappingCollector) Describe(ch chan<- *Desc) {
	relay(c.inner.Describe, func(d *Desc) {
		if d != nil && d.d != nil {
			d = &Desc{c.wrap.desc(d.d)}
		}
		ch <- d
	})
}

// Collect implements Collector. A registry does not need it, for it asks the
// Collector inside.
func (c *wrappingCollector) Collect(ch chan<- Metric) {
	w := wrapper{wraps: []*wrapping{c.wrap}}
	relay(c.inner.Collect, func(m Metric) { ch <- w.metric(m) })
}

// wrapper wraps the metrics of one Collect. It remembers what it made of the
// Descs that it saw, for most metrics share a few.
type wrapper struct {
	wraps []*wrapping // those next to the metric come first
	known map[*Desc]*Desc
}

// metric returns the metric as it is after all wrappings. One that has no Desc
// stays as it is, for others to complain about.
func (w *wrapper) metric(m Metric) Metric {
	if len(w.wraps) == 0 || m == nil {
		return m
	}
	inner := m.Desc()
	if inner == nil || inner.d == nil {
		return m
	}
	desc, ok := w.known[inner]
	if !ok {
		desc = &Desc{wrapDesc(w.wraps, inner.d)}
		if w.known == nil {
			w.known = make(map[*Desc]*Desc)
		}
		w.known[inner] = desc
	}
	return &wrappingMetric{Metric: m, desc: desc, wraps: w.wraps}
}

func wrapDesc(wraps []*wrapping, d *registry.Desc) *registry.Desc {
	for _, w := range wraps {
		d = w.desc(d)
	}
	return d
}

// wrappingMetric is a metric as it is after the wrapping.
type wrappingMetric struct {
	Metric
	desc  *Desc
	wraps []*wrapping
}

func (m *wrappingMetric) Desc() *Desc { return m.desc }

func (m *wrappingMetric) Write(out *dto.Metric) error {
	if err := m.Metric.Write(out); err != nil {
		return err
	}
	// The slice may be shared with others who write the metric.
	pairs := slices.Clone(out.Label)
	for _, w := range m.wraps {
		for name, value := range w.labels {
			pairs = append(pairs, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
		}
	}
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	out.Label = pairs
	return nil
}
