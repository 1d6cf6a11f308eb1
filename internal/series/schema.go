// Package series keeps the series of a vector: which ones exist, how one is
// found by its label values, and the order in which they are exposed. It does
// not know what a series holds.
package series

import (
	"slices"
	"strings"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Schema says which labels the series of one family have: constant ones with
// their values, and variable ones whose values a caller gives in the order in
// which the names were declared.
type Schema struct {
	variable []string // in the order of declaration
	names    []string // of all labels, sorted
	constant []string // constant[i] is the value of names[i] if source[i] < 0
	source   []int    // names[i] is filled from this place of the caller's values
}

// NewSchema makes a schema. What is given is copied. The names should be unique
// over both kinds, for series of other schemas cannot be exposed; a table of
// them works all the same.
func NewSchema(constant map[string]string, variable []string) *Schema {
	type label struct {
		name, constant string
		source         int
	}
	s := &Schema{variable: cloneAll(variable)}
	labels := make([]label, 0, len(constant)+len(variable))
	for name, value := range constant {
		labels = append(labels, label{strings.Clone(name), strings.Clone(value), -1})
	}
	for place, name := range s.variable {
		labels = append(labels, label{name, "", place})
	}
	slices.SortStableFunc(labels, func(a, b label) int { return strings.Compare(a.name, b.name) })
	for _, l := range labels {
		s.names = append(s.names, l.name)
		s.constant = append(s.constant, l.constant)
		s.source = append(s.source, l.source)
	}
	return s
}

// Variable returns the names of the variable labels in the order of their
// declaration. They must not be written to.
func (s *Schema) Variable() []string { return s.variable }

// Names returns the names of all labels, sorted. They must not be written to.
func (s *Schema) Names() []string { return s.names }

// Labels renders the labels of one series. The values, one for each variable
// label, are copied.
func (s *Schema) Labels(values []string) exposition.Labels {
	all := make([]string, len(s.names))
	for i := range s.names {
		if from := s.source[i]; from >= 0 {
			all[i] = values[from]
		} else {
			all[i] = s.constant[i]
		}
	}
	return exposition.NewLabels(s.names, all)
}

// Matches tells whether labels are those of a series of this schema.
func (s *Schema) Matches(l *exposition.Labels) bool {
	if !slices.Equal(l.Names, s.names) {
		return false
	}
	for i, from := range s.source {
		if from < 0 && l.Values[i] != s.constant[i] {
			return false
		}
	}
	return true
}

func cloneAll(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.Clone(v)
	}
	return out
}
