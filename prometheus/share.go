package prometheus

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// FromNative returns a Registry that is one with a registry of the native API:
// what is registered with either is gathered and served by both, each name exists
// once for both, and the native one's way of dealing with errors goes for both: in
// quarantine unless it is strict, and counting wrong calls where others panic.
// So both APIs share a page, whichever handler serves it, and Collectors such as
// those of package collectors can stand beside native metrics:
//
//	native := cresset.NewRegistry()
//	prometheus.FromNative(native).MustRegister(collectors.NewGoCollector())
//	http.Handle("/metrics", native.Handler())
//
// A Collector that describes what a native metric is described by is refused with
// an AlreadyRegisteredError, whose ExistingCollector can only be collected and
// unregistered.
func FromNative(native *cresset.Registry) *Registry { return &Registry{shared: native.Engine()} }

// Native returns a registry of the native API that is one with this Registry: as
// FromNative does, but in the other direction. It is as strict as this Registry is,
// so that what is wrong is an error of the whole page unless this one was made with
// QuarantineOpts.
func (r *Registry) Native() *cresset.Registry { return cresset.On(r.engine()) }

// collectorOf returns a source as a Collector. The descs are what it was
// registered with, as far as it is going to be asked for them.
func collectorOf(s registry.Source, descs []*registry.Desc) Collector {
	if ours, ok := s.(source); ok {
		return ours.collector()
	}
	return nativeCollector{s, &descs}
}

// nativeCollector is a source of the native API as a Collector. It has the descs by
// a pointer, so that two of them can be compared.
type nativeCollector struct {
	source registry.Source
	descs  *[]*registry.Desc
}

// Describe implements Collector.
func (c nativeCollector) Describe(ch chan<- *Desc) {
	for _, d := range *c.descs {
		ch <- &Desc{d}
	}
}

// Collect implements Collector.
func (c nativeCollector) Collect(ch chan<- Metric) {
	var batch registry.Batch
	c.source.Collect(&batch)
	for _, run := range batch.Runs() {
		desc := &Desc{run.Desc}
		for i := range run.Rows.Len() {
			ch <- &nativeMetric{run: run, i: i, desc: desc}
		}
	}
	for _, err := range batch.Errors() {
		ch <- NewInvalidMetric(NewInvalidDesc(err), err)
	}
}

// nativeMetric is a series of the native API as a Metric.
type nativeMetric struct {
	run  registry.Run
	i    int
	desc *Desc
}

func (m *nativeMetric) Desc() *Desc                      { return m.desc }
func (m *nativeMetric) Write(out *dto.Metric) error      { return writeNative(m, out) }
func (m *nativeMetric) registryDesc() *registry.Desc     { return m.run.Desc }
func (m *nativeMetric) seriesLabels() *exposition.Labels { return m.run.Rows.Labels(m.i) }
func (m *nativeMetric) seriesType() exposition.Type      { return m.run.Type }

func (m *nativeMetric) fill(s *exposition.Series) {
	one := []exposition.Series{*s}
	m.run.Rows.Fill(m.i, one)
	*s = one[0]
}
