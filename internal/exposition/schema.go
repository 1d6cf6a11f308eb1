package exposition

import (
	"slices"
	"strings"
)

// Schema says which labels the series of one family have: constant ones with
// their values, and variable ones whose values a caller gives in the order in
// which the names were declared. It is what the Labels of all those series share.
type Schema struct {
	variable []string // in the order of declaration
	names    []string // of all labels, sorted
	labels   []label  // in the order of names
	legacy   bool     // every name is one that needs no quotes

	// Of the text of a series:
	gaps  []Gap
	fixed int // how long it is if the values of variable labels are empty
}

// label is what a schema knows of one label.
type label struct {
	before   string // the text between the value of the last label and this one's
	field    string // the name as a field of a protobuf message, and the tag of the value's
	constant string // the value, if source < 0
	source   int    // the value is filled from this place of the caller's
}

// Gap is where the value of a variable label stands in the text of a series.
type Gap struct {
	Before int // how much text there is between the gap before and this one
	Place  int // of the value among those of the variable labels
}

// NewSchema makes a schema. What is given is copied. The names should be unique
// over both kinds, for series of other schemas cannot be exposed; all else works
// with them all the same.
func NewSchema(constant map[string]string, variable []string) *Schema {
	type named struct {
		name string
		label
	}
	s := &Schema{variable: make([]string, len(variable))}
	all := make([]named, 0, len(constant)+len(variable))
	for name, value := range constant {
		all = append(all, named{strings.Clone(name), label{constant: strings.Clone(value), source: -1}})
	}
	for place, name := range variable {
		s.variable[place] = strings.Clone(name)
		all = append(all, named{s.variable[place], label{source: place}})
	}
	slices.SortStableFunc(all, func(a, b named) int { return strings.Compare(a.name, b.name) })
	s.names, s.labels = make([]string, len(all)), make([]label, len(all))
	for i, l := range all {
		s.names[i], s.labels[i] = l.name, l.label
	}
	s.prepare()
	return s
}

// schemaOf returns a schema of variable labels that are declared in the order of
// their names, which become the schema's.
func schemaOf(names []string) *Schema {
	s := &Schema{variable: names, names: names, labels: make([]label, len(names))}
	for i := range names {
		s.labels[i].source = i
	}
	s.prepare()
	return s
}

// prepare makes the text around the values.
func (s *Schema) prepare() {
	s.legacy = true
	text := make([]byte, 0, 256)
	ends := make([]int, 0, 16)
	for i, name := range s.names {
		s.legacy = s.legacy && isLegacyLabel(name)
		if i > 0 {
			text = append(text, `",`...)
		}
		text = appendLabelName(text, name, AllowUTF8)
		text = append(text, `="`...)
		ends = append(ends, len(text))
	}
	s.gaps = make([]Gap, 0, len(s.variable))
	around, start, before := string(text), 0, 0
	for i, end := range ends {
		l := &s.labels[i]
		l.before, start = around[start:end], end
		l.field = string(appendTag(appendString(nil, labelName, s.names[i]), labelValue, wireBytes))
		s.fixed += len(l.before)
		before += len(l.before)
		if l.source >= 0 {
			s.gaps = append(s.gaps, Gap{before, l.source})
			before = 0
			continue
		}
		constant := len(appendValue(nil, l.constant))
		s.fixed += constant
		before += constant
	}
	if len(ends) > 0 {
		s.fixed += len(`"`)
	}
}

// Variable returns the names of the variable labels in the order of their
// declaration. They must not be written to.
func (s *Schema) Variable() []string { return s.variable }

// Names returns the names of all labels, sorted. They must not be written to.
func (s *Schema) Names() []string { return s.names }

// Gaps returns where the values of variable labels stand, in the order of the text,
// as long as nothing of them is escaped. They must not be written to.
func (s *Schema) Gaps() []Gap { return s.gaps }

// Labels renders the labels of one series. The values, one for each variable
// label, are copied.
func (s *Schema) Labels(values []string) Labels {
	if len(s.names) == 0 {
		return Labels{schema: s}
	}
	size := s.fixed
	for _, value := range values {
		size += len(value)
	}
	var stack [256]byte
	buf := stack[:0]
	if size > len(stack) {
		buf = make([]byte, 0, size)
	}
	for i := range s.labels {
		l := &s.labels[i]
		value := l.constant
		if l.source >= 0 {
			value = values[l.source]
		}
		buf = append(buf, l.before...)
		buf = appendValue(buf, value)
	}
	return Labels{s, string(append(buf, '"'))}
}

// Matches tells whether labels are those of a series of this schema.
func (s *Schema) Matches(l *Labels) bool {
	if l.schema == s {
		return true
	}
	if !slices.Equal(l.Names(), s.names) {
		return false
	}
	i := 0
	for _, value := range l.All() {
		if s.labels[i].source < 0 && value != s.labels[i].constant {
			return false
		}
		i++
	}
	return true
}
