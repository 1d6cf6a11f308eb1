package theirs

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
)

// Run runs a program.
func Run(t *script.Trace, program script.Program) {
	m := newMachine(t, program.Pedantic)
	if program.Apart {
		m.gatherers = m.gatherers[:2]
	}
	for _, op := range program.Ops {
		t.Try(op.Do, func() { m.step(op) })
	}
	for _, g := range m.gatherers {
		showIn(t, g, program.Last...)
	}
}

// machine is what a program works with: two registries, ways to register with
// them and to gather from them, and what was made.
type machine struct {
	*script.Trace
	registerers []registerer
	gatherers   []prometheus.Gatherer
	made        []thing
}

// registerer is a Registerer, and the labels that it wraps Collectors with, those
// that come last first.
type registerer struct {
	prometheus.Registerer
	labels []prometheus.Labels
}

// wrapped returns a Collector as the registry inside sees it, but for its name.
func (r registerer) wrapped(c prometheus.Collector) prometheus.Collector {
	for _, labels := range slices.Backward(r.labels) {
		c = prometheus.WrapCollectorWith(labels, c)
	}
	return c
}

func newMachine(t *script.Trace, pedantic bool) *machine {
	create := prometheus.NewRegistry
	if pedantic {
		create = prometheus.NewPedanticRegistry
	}
	a, b := create(), create()
	return &machine{
		Trace:       t,
		registerers: []registerer{{Registerer: a}, {Registerer: b}},
		gatherers:   []prometheus.Gatherer{a, b, inOrder(prometheus.Gatherers{a, b})},
	}
}

// inOrder gathers what g does, with the metrics that have the same label values
// sorted by label names: their order is left to chance.
func inOrder(g prometheus.Gatherer) prometheus.Gatherer {
	return prometheus.GathererFunc(func() (families, error) {
		found, err := g.Gather()
		for _, mf := range found {
			slices.SortFunc(mf.GetMetric(), func(a, b *dto.Metric) int {
				return cmp.Or(slices.CompareFunc(a.GetLabel(), b.GetLabel(), byValue), slices.CompareFunc(a.GetLabel(), b.GetLabel(), byName), cmp.Compare(a.GetTimestampMs(), b.GetTimestampMs()))
			})
		}
		return found, err
	})
}

func byValue(a, b *dto.LabelPair) int { return cmp.Compare(a.GetValue(), b.GetValue()) }
func byName(a, b *dto.LabelPair) int  { return cmp.Compare(a.GetName(), b.GetName()) }

func (m *machine) step(op script.Op) {
	switch op.Do {
	case "single":
		m.make(op, single(op.Metric, op.Value))
	case "vector":
		m.make(op, vector(op.Metric))
	case "collector", "unchecked collector", "function":
		m.make(op, thing{Collector: m.collector(op)})
	case "wrap":
		inner := m.registerers[op.Where%len(m.registerers)]
		m.registerers = append(m.registerers, registerer{prometheus.WrapRegistererWith(op.Labels, inner.Registerer), append(slices.Clone(inner.labels), op.Labels)})
	case "prefix":
		inner := m.registerers[op.Where%len(m.registerers)]
		m.registerers = append(m.registerers, registerer{prometheus.WrapRegistererWithPrefix(op.Metric.Name, inner.Registerer), inner.labels})
	case "gather":
		showIn(m.Trace, m.gatherers[op.Where%len(m.gatherers)], op.Format)
	case "pause":
		script.Pause(op.Pause)
	default:
		if len(m.made) > 0 {
			m.stepWith(m.made[op.Place%len(m.made)], op)
		}
	}
}

// make keeps what was made.
func (m *machine) make(op script.Op, made thing) {
	m.made = append(m.made, made)
	if op.Register {
		register(m.Trace, m.registerers[op.Where%len(m.registerers)], "new thing", made.Collector)
	}
}

// stepWith does something with what was made before.
func (m *machine) stepWith(at thing, op script.Op) {
	registerer := m.registerers[op.Where%len(m.registerers)]
	switch op.Do {
	case "register":
		register(m.Trace, registerer, "thing", at.Collector)
	case "unregister":
		if sound(registerer.wrapped(at.Collector)) { // what is not valid inside a wrapping is a named difference
			m.Note("unregister", registerer.Unregister(at.Collector))
		}
	case "wrap collector":
		m.make(op, thing{Collector: prometheus.WrapCollectorWith(op.Labels, at.Collector)})
	case "hold":
		if child, ok := m.found(at, op); ok {
			m.made = append(m.made, child)
		}
	case "curry":
		if at.curry != nil {
			curried, err := at.curry(op.Labels)
			m.Note("curry", err)
			if err == nil {
				curried.names = slices.DeleteFunc(slices.Clone(at.names), func(name string) bool {
					_, set := op.Labels[name]
					return set
				})
				curried.mustFit = at.constrained // too few values are a named difference
				curried.constrained = at.constrained
				m.made = append(m.made, curried)
			}
		}
	case "delete values", "delete", "delete partial match", "reset":
		if at.deleting != nil {
			m.remove(op, at)
		}
	default:
		if at.find != nil {
			child, ok := m.found(at, op)
			if !ok {
				return
			}
			at = child
		}
		if at.update != nil {
			at.update(op)
		}
	}
}

// sound tells whether all that a collector describes is valid.
func sound(c prometheus.Collector) bool {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	valid := true
	for d := range descs {
		valid = valid && d.Err() == nil
	}
	return valid
}

// found finds a child of a vector, in one of two ways.
func (m *machine) found(vec thing, op script.Op) (thing, bool) {
	if vec.find == nil {
		return thing{}, false
	}
	values, labels := op.Values, op.Labels
	if op.Fit || vec.mustFit {
		values, labels = fitting(op, vec.names)
	}
	var child thing
	var err error
	if op.Labels != nil {
		child, err = vec.findMap(labels)
	} else {
		child, err = vec.find(values)
	}
	m.Note("find", err)
	return child, err == nil
}

// fitting returns values for these labels. Of several that are not UTF-8, chance
// would take the one to complain of.
func fitting(op script.Op, names []string) ([]string, prometheus.Labels) {
	values, labels, bad := make([]string, len(names)), prometheus.Labels{}, false
	for i, name := range names {
		values[i] = "1"
		if i < len(op.Values) {
			values[i] = op.Values[i]
		}
		if !utf8.ValidString(values[i]) {
			if bad {
				values[i] = "3"
			}
			bad = true
		}
		labels[name] = values[i]
	}
	return values, labels
}

func (m *machine) remove(op script.Op, at thing) {
	vec, values, labels := at.deleting, op.Values, op.Labels
	if op.Fit || at.mustFit {
		values, _ = fitting(op, at.names)
	}
	switch op.Do {
	case "delete values":
		m.Note(op.Do, vec.DeleteLabelValues(values...))
	case "delete":
		m.Note(op.Do, vec.Delete(labels))
	case "delete partial match":
		m.Note(op.Do, vec.DeletePartialMatch(labels))
	case "reset":
		vec.Reset()
	}
}

func newDesc(of script.Metric) *prometheus.Desc {
	return prometheus.NewDesc(of.Name, of.Help, of.Names, of.Const)
}

func (m *machine) collector(op script.Op) prometheus.Collector {
	var s sender
	for _, of := range op.Descs {
		s.descs = append(s.descs, newDesc(of))
	}
	for _, sample := range op.Send {
		d := newDesc(script.Metric{Name: op.Metric.Name, Help: "h", Names: []string{"own"}})
		if sample.Desc < len(s.descs) {
			d = s.descs[sample.Desc]
		}
		metric, err := m.sample(d, sample)
		m.Note("sample", err)
		if err != nil {
			metric = prometheus.NewInvalidMetric(d, err)
		}
		s.metrics = append(s.metrics, metric)
	}
	switch op.Do {
	case "unchecked collector":
		s.descs = nil
	case "function":
		return prometheus.CollectorFunc(s.Collect)
	}
	return s
}

// The types of samples that are not of a prometheus.ValueType.
const (
	histogramSample = 4 + iota
	summarySample
	nativeSample
)

func (m *machine) sample(d *prometheus.Desc, s script.Sample) (prometheus.Metric, error) {
	metric, err := constant(d, s)
	if err == nil && len(s.Exemplars) > 0 {
		var exemplars []prometheus.Exemplar
		for i, v := range s.Exemplars {
			exemplars = append(exemplars, prometheus.Exemplar{Value: v, Labels: prometheus.Labels{"id": fmt.Sprint(i)}, Timestamp: at(int64(i))})
		}
		metric, err = prometheus.NewMetricWithExemplars(metric, exemplars...)
	}
	if err == nil && s.Stamped {
		metric = prometheus.NewMetricWithTimestamp(time.UnixMilli(s.Stamp), metric)
	}
	return metric, err
}

func constant(d *prometheus.Desc, s script.Sample) (prometheus.Metric, error) {
	buckets, quantiles := map[float64]uint64{1: 2, s.Value: 1}, map[float64]float64{0.5: s.Value, 0.9: 1}
	switch {
	case s.Type == histogramSample && s.Created:
		return prometheus.NewConstHistogramWithCreatedTimestamp(d, 3, s.Value, buckets, at(9), s.Values...)
	case s.Type == histogramSample:
		return prometheus.NewConstHistogram(d, 3, s.Value, buckets, s.Values...)
	case s.Type == summarySample && s.Created:
		return prometheus.NewConstSummaryWithCreatedTimestamp(d, 3, s.Value, quantiles, at(9), s.Values...)
	case s.Type == summarySample:
		return prometheus.NewConstSummary(d, 3, s.Value, quantiles, s.Values...)
	case s.Type == nativeSample:
		return prometheus.NewConstNativeHistogram(d, 4, s.Value, map[int]int64{1: 1, 4: 2}, map[int]int64{-2: 1}, 0, 2, 1e-3, at(9), s.Values...)
	case s.Created:
		return prometheus.NewConstMetricWithCreatedTimestamp(d, prometheus.ValueType(s.Type), s.Value, at(9), s.Values...)
	default:
		return prometheus.NewConstMetric(d, prometheus.ValueType(s.Type), s.Value, s.Values...)
	}
}
