package prometheus

import (
	"iter"
	"slices"

	"github.com/cresset-metrics/cresset/internal/series"
)

// Lookup returns the metric with these label values, in the order of the label
// names, and whether there is one. Other than WithLabelValues it makes none. It
// panics if there are not as many values as names.
func (m *MetricVec) Lookup(lvs ...string) (Metric, bool) {
	var stack [stackLabels]string
	values, err := m.complete(stack[:0], lvs)
	if err != nil {
		m.misused(err)
		return nil, false
	}
	var c *series.Child[Metric]
	if m.set != nil {
		c = m.set.Find(values)
	} else {
		c = m.table.Find(values)
	}
	if c == nil {
		return nil, false
	}
	return c.Item, true
}

// All yields all metrics that there are when it begins, with the label values by
// which WithLabelValues would find them, which must not be written to. The order is
// that of exposition. In a curried vector those are only the metrics that it
// reaches, without the values that are curried.
func (m *MetricVec) All() iter.Seq2[[]string, Metric] {
	return func(yield func([]string, Metric) bool) {
		for _, c := range m.ordered() {
			if values := c.Values(); m.reaches(values) && !yield(m.uncurried(values), c.Item) {
				return
			}
		}
	}
}

// Pin returns the metric with these label values, and makes it if there is none, as
// WithLabelValues does. It does not expire from then on, whatever TTL the options
// have; deleting it is still possible. It is for series that should be there from
// the beginning.
func (m *MetricVec) Pin(lvs ...string) Metric {
	values, err := m.complete(make([]string, 0, len(m.names())), lvs)
	if err == nil {
		values = cloneAll(values) // before they are checked, see create
		err = checkPlacedValues(m.names(), values)
	}
	switch {
	case err != nil:
		return m.misused(err)
	case m.set != nil:
		return m.set.Pin(values).Item
	default:
		return m.table.Pin(values).Item
	}
}

// Replace makes what the function asks of next all that the vector has: other
// metrics go, and new ones appear, in one step for whoever collects. A metric that
// was there before stays the same, and what is done to it takes effect at once. In
// a curried vector only what it reaches is replaced.
//
// If the function panics, no metric goes and none appears. Next is a vector like
// this one, also to call Replace of, or of what is curried from it; when the
// function has returned, it is this one.
func (m *MetricVec) Replace(f func(next *MetricVec)) {
	next := *m
	next.direct = nil
	if m.set != nil {
		next.set = m.set.Stage(m.part())
	} else {
		next.set = m.table.Stage(m.part())
	}
	defer next.set.Abandon()
	f(&next)
	next.set.Commit()
}

// part returns what tells the metrics that a curried vector reaches, nil if it is
// not curried.
func (m *MetricVec) part() func(values []string) bool {
	if len(m.curry) == 0 {
		return nil
	}
	return m.reaches
}

// reaches tells whether a metric with these values of all labels is one of the
// vector, which may be curried.
func (m *MetricVec) reaches(values []string) bool {
	for _, c := range m.curry {
		if values[c.place] != c.value {
			return false
		}
	}
	return true
}

// uncurried returns the values of those labels that are not curried.
func (m *MetricVec) uncurried(values []string) []string {
	if len(m.curry) == 0 {
		return values
	}
	var rest []string
	for place, value := range values {
		if !slices.ContainsFunc(m.curry, func(c curriedLabel) bool { return c.place == place }) {
			rest = append(rest, value)
		}
	}
	return rest
}

// ordered returns what the vector has in the order of exposition.
func (m *MetricVec) ordered() []*series.Child[Metric] {
	if m.set != nil {
		return m.set.Ordered()
	}
	return m.table.Ordered()
}

// typed yields metrics as what they are.
func typed[M any](all iter.Seq2[[]string, Metric], as func(Metric) M) iter.Seq2[[]string, M] {
	return func(yield func([]string, M) bool) {
		for values, m := range all {
			if !yield(values, as(m)) {
				return
			}
		}
	}
}
