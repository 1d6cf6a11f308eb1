// Package promlint finds what is unusual about metrics: names without their
// unit or with one that is not a base unit, counters without the suffix _total,
// missing help, and the like. Such metrics work, but surprise whoever queries
// them. Package validations has the rules; a Linter can be given more of them.
package promlint

import (
	"cmp"
	"io"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint/validations"
)

// Problem is what one rule says about one family.
type Problem struct {
	// Metric is the name of the family.
	Metric string
	// Text says what is wrong, and what would be right.
	Text string
}

// Validation is a rule. It returns an error for each breach that it finds in a
// family, which it must not change.
type Validation = func(mf *dto.MetricFamily) []error

var rules = []Validation{
	validations.LintHelp,
	validations.LintMetricUnits,
	validations.LintCounter,
	validations.LintHistogramSummaryReserved,
	validations.LintMetricTypeInName,
	validations.LintReservedChars,
	validations.LintCamelCase,
	validations.LintUnitAbbreviations,
	validations.LintDuplicateMetric,
}

// Linter applies the rules to metrics, which it is given as text or as
// messages.
type Linter struct {
	text     io.Reader // nil if there is none
	families []*dto.MetricFamily
	custom   []Validation
}

// New makes a Linter of metrics in the Prometheus text format.
func New(r io.Reader) *Linter { return &Linter{text: r} }

// NewWithMetricFamilies makes a Linter of families as Gather returns them.
func NewWithMetricFamilies(mfs []*dto.MetricFamily) *Linter {
	return &Linter{families: slices.Clone(mfs)}
}

// AddCustomValidations adds rules to those that every Linter has.
func (l *Linter) AddCustomValidations(vs ...Validation) {
	l.custom = append(l.custom, vs...)
}

// Lint returns the problems of all families, sorted by name and text, or an
// error if the text cannot be read. As reading it consumes it, a Linter of text
// finds nothing more the second time.
func (l *Linter) Lint() ([]Problem, error) {
	families := l.families
	if l.text != nil {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		parsed, err := parser.TextToMetricFamilies(l.text)
		if err != nil {
			return nil, err
		}
		families = slices.Collect(maps.Values(parsed))
	}
	var problems []Problem
	for _, mf := range families {
		for _, rule := range slices.Concat(rules, l.custom) {
			for _, err := range rule(mf) {
				problems = append(problems, Problem{Metric: mf.GetName(), Text: err.Error()})
			}
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Text, b.Text))
	})
	return problems, nil
}
