package registry

import (
	"fmt"
	"slices"
)

// Setting is an option of a source that its desc does not tell otherwise, such as
// the buckets of a histogram. It does not change.
type Setting struct {
	Name  string
	Value any
}

// Difference tells in what two sources, described by these descs, differ beyond
// what makes a registry take them for the same: the order of labels, which of them
// have a constraint, and settings. It is empty if there is no difference.
func Difference(existing, other []*Desc) string {
	if len(existing) == 1 && len(other) == 1 {
		return difference(existing[0], other[0])
	}
	byID := make(map[string]*Desc)
	for _, d := range existing {
		byID[d.id] = d
	}
	for _, d := range other {
		if e, known := byID[d.id]; known {
			if differ := difference(e, d); differ != "" {
				return fmt.Sprintf("%s of %q", differ, d.Name)
			}
		}
	}
	return ""
}

func difference(existing, other *Desc) string {
	existing, other = existing.root(), other.root()
	is, wants := existing.Schema.Variable(), other.Schema.Variable()
	if !slices.Equal(is, wants) {
		return differing("label names", is, wants)
	}
	if is, wants := existing.constrained(), other.constrained(); !slices.Equal(is, wants) {
		return differing("labels with a constraint", is, wants)
	}
	for _, s := range slices.Concat(existing.Settings, other.Settings) {
		if is, wants := existing.setting(s.Name), other.setting(s.Name); is != wants {
			return differing(s.Name, is, wants)
		}
	}
	return ""
}

func differing(what string, is, wants any) string {
	return fmt.Sprintf("%s: %v in the existing one, %v in the new one", what, is, wants)
}

// constrained returns the names of the labels that have a constraint.
func (d *Desc) constrained() []string {
	var names []string
	for place, constraint := range d.Constraints {
		if constraint != nil {
			names = append(names, d.Schema.Variable()[place])
		}
	}
	return names
}

// setting shows the value of a setting. Values that look the same are the same.
func (d *Desc) setting(name string) string {
	for _, s := range d.Settings {
		if s.Name == name {
			return fmt.Sprint(s.Value)
		}
	}
	return "not set"
}
