package validations

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// LintHelp wants a help text. An empty one will do.
func LintHelp(mf *dto.MetricFamily) []error {
	if mf.Help == nil {
		return []error{errors.New("no help text")}
	}
	return nil
}

// LintDuplicateMetric wants the labels of each metric to be its own, in whatever
// order they stand. Of n metrics with the same labels it finds n-1 too many.
func LintDuplicateMetric(mf *dto.MetricFamily) []error {
	var errs []error
	seen := make(map[string]bool, len(mf.GetMetric()))
	for _, m := range mf.GetMetric() {
		id := identity(m)
		if seen[id] {
			errs = append(errs, errors.New("metric not unique"))
		}
		seen[id] = true
	}
	return errs
}

// identity returns a text that two metrics of a family share if and only if
// they have the same labels.
func identity(m *dto.Metric) string {
	labels := make([]string, len(m.GetLabel()))
	for i, l := range m.GetLabel() {
		labels[i] = strconv.Quote(l.GetName()) + "=" + strconv.Quote(l.GetValue())
	}
	slices.Sort(labels)
	return strings.Join(labels, ",")
}
