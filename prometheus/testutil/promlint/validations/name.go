package validations

import (
	"errors"
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// LintReservedChars wants no colon in the name of the family: those are for the
// results of recording rules.
func LintReservedChars(mf *dto.MetricFamily) []error {
	if strings.Contains(mf.GetName(), ":") {
		return []error{errors.New("metric names should not contain ':'")}
	}
	return nil
}

// LintCamelCase wants the name of the family, and of each label of each metric,
// in snake_case.
func LintCamelCase(mf *dto.MetricFamily) []error {
	var errs []error
	if isCamelCase(mf.GetName()) {
		errs = append(errs, errors.New("metric names should be written in 'snake_case' not 'camelCase'"))
	}
	for l := range labels(mf) {
		if isCamelCase(l) {
			errs = append(errs, errors.New("label names should be written in 'snake_case' not 'camelCase'"))
		}
	}
	return errs
}

// isCamelCase looks for a small letter that a capital one follows.
func isCamelCase(name string) bool {
	for i := 1; i < len(name); i++ {
		if 'a' <= name[i-1] && name[i-1] <= 'z' && 'A' <= name[i] && name[i] <= 'Z' {
			return true
		}
	}
	return false
}

// LintMetricTypeInName wants the name of the family not to say its type, which
// the TYPE line says. A name that begins with the type is let pass.
func LintMetricTypeInName(mf *dto.MetricFamily) []error {
	if mf.GetType() == dto.MetricType_UNTYPED {
		return nil
	}
	typ := strings.ToLower(mf.GetType().String())
	if hasLaterWord(mf.GetName(), typ) {
		return []error{fmt.Errorf("metric name should not include type '%s'", typ)}
	}
	return nil
}

// hasLaterWord tells whether a name has the word, in letters of either case,
// between underscores or as its end, but not at its beginning.
func hasLaterWord(name, word string) bool {
	return strings.Contains(strings.ToLower(name)+"_", "_"+word+"_")
}
