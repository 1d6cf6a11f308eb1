package definition

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

// Duplicate is a rule that has the name and the labels of a rule before it in the
// same file. Both write the same series, if their expressions give the same labels.
type Duplicate struct {
	Name     string
	Labels   labels.Labels // those of the group, overridden by those of the rule
	Position string        // "path:line:column"
	Rule     string        // where it stands, in words
	First    string        // where the rule stands that it repeats, in words
}

// Warning says what may be wrong with the rule, on one line that begins with its
// position.
func (d Duplicate) Warning() string {
	return fmt.Sprintf("%s: %s: it has the name and the labels of %s; where their expressions give the same series, they overwrite each other's samples",
		d.Position, d.Rule, d.First)
}

// DuplicateWarnings are the warnings of all duplicates.
func (f *File) DuplicateWarnings() []string {
	var all []string
	for _, d := range f.Duplicates {
		all = append(all, d.Warning())
	}
	return all
}

// repeats finds the duplicates of one file.
type repeats struct {
	loader *loader
	first  map[string]place // by name and labels
	found  []Duplicate
}

func newRepeats(l *loader) *repeats { return &repeats{loader: l, first: make(map[string]place)} }

// add takes the next rule of the file. Alerts and records are one name space, as
// promtool has it.
func (r *repeats) add(p place, all labels.Labels) {
	key := identity("", p.name, all)
	first, ok := r.first[key]
	if !ok {
		r.first[key] = p
		return
	}
	r.found = append(r.found, Duplicate{
		Name: p.name, Labels: all, Position: r.loader.at(p.node).String(), Rule: p.String(),
		First: fmt.Sprintf("group %q, rule %d (line %d)", first.group, first.index+1, first.node.Line),
	})
}
