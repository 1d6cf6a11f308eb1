package prometheus

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/series"
)

// MetricVec is a family of metrics that differ in the values of their labels.
// CounterVec, GaugeVec and HistogramVec are built on it; use it directly to
// build a vector of metrics of your own type.
type MetricVec struct {
	desc   *Desc
	table  *series.Table[Metric]
	native exposition.Type // of the metrics, if isNative
	// isNative tells that all metrics are of one type of this package, which
	// the registry exposes without collecting them.
	isNative bool
	// set is what the vector is given to the function of Replace for, nil
	// otherwise.
	set *series.Staging[Metric]
	// direct is the table if label values are looked up there as they are given,
	// because nothing is curried, constrained or staged; otherwise it is nil.
	direct *series.Table[Metric]
	// curry holds the labels that are set already, by increasing place. It is
	// never written to after the vector is made.
	curry []curriedLabel
	// constraints are functions that label values go through first, by place;
	// nil for none, of one label or of all.
	constraints []func(string) string
	// discarded returns a metric that is never exposed, always the same, if
	// isNative.
	discarded func() Metric
}

type curriedLabel struct {
	place int // among the variable labels
	value string
}

// stackLabels is how many label values are put together without asking for
// memory.
const stackLabels = 16

// NewMetricVec makes a vector of metrics that the function makes, given the
// values of the variable labels of the Desc in their order. It is called once
// for each combination that is asked for, and must not use the vector.
func NewMetricVec(desc *Desc, newMetric func(lvs ...string) Metric) *MetricVec {
	return newVec(desc, series.NewTable(desc.d.Schema, func(c *series.Child[Metric]) Metric {
		return newMetric(c.Values()...)
	}))
}

func newVec(desc *Desc, table *series.Table[Metric]) *MetricVec {
	m := &MetricVec{desc: desc, table: table, constraints: desc.d.Constraints}
	if m.constraints == nil {
		m.direct = table
	}
	return m
}

// newNativeVec panics if the options of which it has the lifetime are not valid.
func newNativeVec(desc *Desc, kind kind, life lifetime) *MetricVec {
	life.check(desc)
	desc.d.Settings = append(desc.d.Settings, life.settings()...)
	m := newVec(desc, kind.table(desc, life.ttl))
	m.native, m.isNative = kind.typ, true
	m.discarded = sync.OnceValue(func() Metric { return discarded(desc, kind) })
	if life.max > 0 {
		m.table.Limit(&series.Limit{Max: life.max}, life.report(desc))
	}
	return m
}

// GetMetricWithLabelValues returns the metric with these label values, in the
// order of the label names, and makes it if there is none. It returns an error
// if there are not as many values as names or if a value is not valid UTF-8.
func (m *MetricVec) GetMetricWithLabelValues(lvs ...string) (Metric, error) { return m.find(lvs) }

// GetMetricWith returns the metric with these labels and makes it if there is
// none. It returns an error if the names are not exactly those of the vector or
// if a value is not valid UTF-8.
func (m *MetricVec) GetMetricWith(labels Labels) (Metric, error) { return m.findMap(labels) }

func (m *MetricVec) find(lvs []string) (Metric, error) {
	if m.direct != nil {
		if err := checkLabelCount(lvs, len(m.names())); err != nil {
			return nil, err
		}
		return m.get(lvs, checkPlacedValues)
	}
	var stack [stackLabels]string
	values, err := m.complete(stack[:0], lvs)
	if err != nil {
		return nil, err
	}
	return m.get(values, checkPlacedValues)
}

// present returns the series with these label values without anything further if
// it is there, or nil: then ask once more.
func (m *MetricVec) present(lvs []string) *series.Child[Metric] {
	if m.direct == nil {
		return nil
	}
	return m.direct.Quick(lvs)
}

func (m *MetricVec) findMap(labels Labels) (Metric, error) {
	var stack [stackLabels]string
	values, err := m.completeMap(stack[:0], labels)
	if err != nil {
		return nil, err
	}
	return m.get(values, checkNamedValues)
}

func (m *MetricVec) mustFind(lvs []string) Metric {
	metric, err := m.find(lvs)
	if err != nil {
		return m.misused(err)
	}
	return metric
}

func (m *MetricVec) mustFindMap(labels Labels) Metric {
	metric, err := m.findMap(labels)
	if err != nil {
		return m.misused(err)
	}
	return metric
}

// valueCheck says what is wrong with the values of all variable labels, in the
// words of the way that they were given.
type valueCheck func(names, values []string) error

// get returns the metric with these values of all variable labels.
func (m *MetricVec) get(values []string, check valueCheck) (Metric, error) {
	if m.set == nil {
		if c := m.table.Find(values); c != nil {
			return c.Item, nil
		}
	}
	return m.create(values, check)
}

// create makes a series of copies of the values: a caller may change what its
// strings point to as soon as the call returns.
func (m *MetricVec) create(values []string, check valueCheck) (Metric, error) {
	e := m.table.Entry(values)
	if !utf8.ValidString(e.Labels.Text()) {
		if err := check(m.names(), e.Values()); err != nil {
			return nil, err
		}
	}
	if m.set != nil {
		return m.set.Obtain(e).Item, nil
	}
	return m.table.Obtain(e).Item, nil
}

func (m *MetricVec) names() []string { return m.desc.d.Schema.Variable() }

// complete appends the values of all variable labels to dst: those that are
// curried and those that are given.
func (m *MetricVec) complete(dst, lvs []string) ([]string, error) {
	if want := len(m.names()) - len(m.curry); len(lvs) != want {
		return nil, checkLabelCount(m.constrainAll(lvs), want)
	}
	curry := m.curry
	for place := range m.names() {
		if len(curry) > 0 && curry[0].place == place {
			dst, curry = append(dst, curry[0].value), curry[1:]
		} else {
			dst, lvs = append(dst, m.constrain(place, lvs[0])), lvs[1:]
		}
	}
	return dst, nil
}

// completeMap is complete for labels given by name. Each is read once.
func (m *MetricVec) completeMap(dst []string, labels Labels) ([]string, error) {
	if want := len(m.names()) - len(m.curry); len(labels) != want {
		if m.constraints != nil {
			labels = m.constrainMap(labels)
		}
		return nil, checkLabelMapCount(labels, want)
	}
	curry := m.curry
	for place, name := range m.names() {
		value, given := labels[name]
		switch {
		case len(curry) > 0 && curry[0].place == place:
			if given {
				return nil, m.refusal(labels, "label name %q is already curried", name)
			}
			dst, curry = append(dst, curry[0].value), curry[1:]
		case given:
			dst = append(dst, m.constrain(place, value))
		default:
			return nil, m.refusal(labels, "label name %q missing in label map", name)
		}
	}
	return dst, nil
}

// refusal returns why labels are refused: values that are no text come first,
// whatever else is wrong.
func (m *MetricVec) refusal(labels Labels, format, name string) error {
	for name, value := range m.constrainMap(labels) {
		if !utf8.ValidString(value) {
			return invalidNamedValue(name, value)
		}
	}
	return fmt.Errorf(format, name)
}

// CurryWith returns a vector in which these labels are set already, so that
// only the others are given. Both share their metrics. It returns an error for
// a label that the vector does not have or that is set already.
func (m *MetricVec) CurryWith(labels Labels) (*MetricVec, error) {
	var curry []curriedLabel
	old, found := m.curry, 0
	for place, name := range m.names() {
		value, given := labels[name]
		if len(old) > 0 && old[0].place == place {
			if given {
				return nil, fmt.Errorf("label name %q is already curried", name)
			}
			curry, old = append(curry, old[0]), old[1:]
		} else if given {
			curry = append(curry, curriedLabel{place, strings.Clone(m.constrain(place, value))})
			found++
		}
	}
	if unknown := len(labels) - found; unknown > 0 {
		return nil, fmt.Errorf("%d unknown label(s) found during currying", unknown)
	}
	curried := *m
	curried.curry = curry
	if len(curry) > 0 {
		curried.direct = nil
	}
	return &curried, nil
}

// DeleteLabelValues removes the metric with these label values and tells
// whether there was one. Whoever still holds it can go on updating it, but it is
// not exposed any more.
func (m *MetricVec) DeleteLabelValues(lvs ...string) bool {
	var stack [stackLabels]string
	values, err := m.complete(stack[:0], lvs)
	return err == nil && m.delete(values)
}

// Delete removes the metric with these labels and tells whether there was one.
// Whoever still holds it can go on updating it, but it is not exposed any more.
func (m *MetricVec) Delete(labels Labels) bool {
	var stack [stackLabels]string
	values, err := m.completeMap(stack[:0], labels)
	return err == nil && m.delete(values)
}

func (m *MetricVec) delete(values []string) bool {
	if m.set == nil {
		return m.table.Delete(values)
	}
	return m.set.DeleteFunc(func(existing []string) bool { return slices.Equal(existing, values) }) > 0
}

// DeletePartialMatch removes all metrics that have these labels, whatever
// others they have, and returns how many those were. Labels that are curried do
// not match.
func (m *MetricVec) DeletePartialMatch(labels Labels) int {
	type pair struct {
		place int
		value string
	}
	var wanted []pair
	for name, value := range labels {
		place := slices.Index(m.names(), name)
		isCurried := slices.ContainsFunc(m.curry, func(c curriedLabel) bool { return c.place == place })
		if place < 0 || isCurried {
			return 0
		}
		wanted = append(wanted, pair{place, m.constrain(place, value)})
	}
	return m.deleteFunc(func(values []string) bool {
		for _, p := range wanted {
			if values[p.place] != p.value {
				return false
			}
		}
		return true
	})
}

func (m *MetricVec) deleteFunc(match func(values []string) bool) int {
	if m.set == nil {
		return m.table.DeleteFunc(match)
	}
	return m.set.DeleteFunc(match)
}

// Reset removes all metrics, also those beyond what a curried vector reaches.
func (m *MetricVec) Reset() { m.deleteFunc(func([]string) bool { return true }) }

// Describe sends the only Desc of the vector.
func (m *MetricVec) Describe(ch chan<- *Desc) { ch <- m.desc }

// Collect sends all metrics of the vector, also those beyond what a curried
// vector reaches.
func (m *MetricVec) Collect(ch chan<- Metric) {
	for _, c := range m.ordered() {
		ch <- c.Item
	}
}
