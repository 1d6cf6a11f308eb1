package prometheus

import "strings"

// LabelConstraint turns a label value into the one that is used instead of it,
// to bound how many there are: lower case, "other" for all that is not known. It
// must always return the same for the same value, and not keep what it is given,
// whose memory may be the caller's.
type LabelConstraint func(string) string

// ConstrainableLabels are the variable labels of a vector or Desc that V2 makes:
// ConstrainedLabels or UnconstrainedLabels.
type ConstrainableLabels interface {
	labelNames() []string
	constraint(place int) LabelConstraint // nil for none
}

// ConstrainedLabel is a label name and, unless it is nil, the constraint that
// the label's values go through.
type ConstrainedLabel struct {
	Name       string
	Constraint LabelConstraint
}

// ConstrainedLabels are variable labels of which some have a constraint. Every
// value that is given for one of them, to find, make, curry or delete a metric,
// goes through it first.
type ConstrainedLabels []ConstrainedLabel

func (cls ConstrainedLabels) labelNames() []string {
	names := make([]string, len(cls))
	for i, label := range cls {
		names[i] = label.Name
	}
	return names
}

func (cls ConstrainedLabels) constraint(place int) LabelConstraint { return cls[place].Constraint }

// UnconstrainedLabels are the names of variable labels without any constraint.
type UnconstrainedLabels []string

func (uls UnconstrainedLabels) labelNames() []string { return uls }

func (UnconstrainedLabels) constraint(int) LabelConstraint { return nil }

// constraintsOf returns the constraints of all labels by place, nil if there are
// none.
func constraintsOf(labels ConstrainableLabels) []func(string) string {
	var constraints []func(string) string
	if labels == nil {
		return nil
	}
	for place := range labels.labelNames() {
		if c := labels.constraint(place); c != nil {
			if constraints == nil {
				constraints = make([]func(string) string, len(labels.labelNames()))
			}
			constraints[place] = c
		}
	}
	return constraints
}

// constrain returns what the constraint of a label makes of a value.
func (m *MetricVec) constrain(place int, value string) string {
	if m.constraints == nil || m.constraints[place] == nil {
		return value
	}
	return m.constraints[place](value)
}

// constrainAll returns copies of the values, given for the labels that are not
// curried, as their constraints leave them.
func (m *MetricVec) constrainAll(lvs []string) []string {
	constrained := cloneAll(lvs)
	curry, names := m.curry, len(m.names())
	i := 0
	for place := 0; i < len(constrained) && place < names; place++ {
		if len(curry) > 0 && curry[0].place == place {
			curry = curry[1:]
			continue
		}
		constrained[i] = m.constrain(place, constrained[i])
		i++
	}
	return constrained
}

// constrainMap is constrainAll for labels given by name.
func (m *MetricVec) constrainMap(labels Labels) Labels {
	constrained := make(Labels, len(labels))
	for name, value := range labels {
		constrained[strings.Clone(name)] = strings.Clone(value)
	}
	for place, name := range m.names() {
		if value, given := constrained[name]; given {
			constrained[name] = m.constrain(place, value)
		}
	}
	return constrained
}
