package cresset

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/labels"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// family is what all series of one metric have in common. It does not change.
type family struct {
	desc      *registry.Desc
	typ       exposition.Type
	exemplars *exemplarSource // nil if none were asked for
}

// shown is what a series is shown by: Fill sets all fields of s but Labels.
type shown interface{ Fill(s *exposition.Series) }

// reserved are the labels that a type of metric has already.
var reserved = map[exposition.Type]map[string]string{
	exposition.Histogram: {"le": "it holds the bounds of a histogram's buckets"},
	exposition.Summary:   {"quantile": "it holds the ranks of a summary's quantiles"},
}

// newPlan reads the labels of a struct type.
func newPlan[L any](typ exposition.Type) (*labels.Plan, error) {
	return labels.NewPlan(reflect.TypeFor[L](), reserved[typ])
}

// newFamily checks what all metrics have in common. Variable labels are those that
// are not constant.
func newFamily(typ exposition.Type, name, help string, variable []string, c *config) (*family, error) {
	f := &family{typ: typ, exemplars: c.exemplars}
	problems := c.problems
	for _, label := range slices.Sorted(maps.Keys(c.constant)) {
		if reason := reserved[typ][label]; reason != "" {
			problems = append(problems, fmt.Errorf("constant label %q is reserved: %s", label, reason))
		}
		if slices.Contains(variable, label) {
			problems = append(problems, fmt.Errorf("constant label %q is one of the other labels already", label))
		}
	}
	if !utf8.ValidString(help) {
		problems = append(problems, errors.New("the help text is not valid UTF-8"))
	}
	if len(problems) == 0 {
		f.desc = registry.NewDesc(name, help, c.unit, variable, c.constant)
		if f.desc.Err != nil {
			problems = append(problems, f.desc.Err)
		}
	}
	if len(problems) > 0 {
		return nil, invalid(name, problems...)
	}
	return f, nil
}

// invalid says what is wrong with a metric.
func invalid(name string, problems ...error) error {
	return fmt.Errorf("cresset: metric %q: %w", name, errors.Join(problems...))
}

// register makes a family appear on the pages of a registry.
func (f *family) register(reg *Registry, source registry.Source) error {
	if reg == nil || reg.engine == nil { // which NewRegistry would have made
		return invalid(f.desc.Name, errors.New("there is no registry to register it with"))
	}
	if err := reg.register(f.desc, source); err != nil {
		return fmt.Errorf("cresset: %w", err)
	}
	return nil
}

// must returns what was made, or panics because it could not be.
func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// run is what a family exposes.
func (f *family) run(rows registry.Rows) registry.Run {
	return registry.Run{Desc: f.desc, Type: f.typ, Rows: rows, Ordered: true}
}

// refuse counts, if the registry does that, an amount that a counter was to add
// and could not.
func (f *family) refuse(amount float64) {
	if amount < 0 {
		f.desc.Misused(registry.NegativeAdd, fmt.Errorf("a counter cannot add %v", amount))
	}
}
