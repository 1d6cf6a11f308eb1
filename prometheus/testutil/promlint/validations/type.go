package validations

import (
	"errors"
	"iter"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// LintCounter wants the suffix _total for counters, and for nothing else whose
// type is known.
func LintCounter(mf *dto.MetricFamily) []error {
	total := strings.HasSuffix(mf.GetName(), "_total")
	switch mf.GetType() {
	case dto.MetricType_UNTYPED:
		return nil
	case dto.MetricType_COUNTER:
		if !total {
			return []error{errors.New(`counter metrics should have "_total" suffix`)}
		}
	default:
		if total {
			return []error{errors.New(`non-counter metrics should not have "_total" suffix`)}
		}
	}
	return nil
}

// LintHistogramSummaryReserved wants the suffixes and labels of the lines that
// histograms and summaries are written as not to be used by other types.
func LintHistogramSummaryReserved(mf *dto.MetricFamily) []error {
	if mf.GetType() == dto.MetricType_UNTYPED {
		return nil
	}
	histogram := mf.GetType() == dto.MetricType_HISTOGRAM
	summary := mf.GetType() == dto.MetricType_SUMMARY

	var errs []error
	want := func(fits bool, text string) {
		if !fits {
			errs = append(errs, errors.New(text))
		}
	}
	suffix := func(s string) bool { return strings.HasSuffix(mf.GetName(), s) }
	want(histogram || !suffix("_bucket"), `non-histogram metrics should not have "_bucket" suffix`)
	want(histogram || summary || !suffix("_count"), `non-histogram and non-summary metrics should not have "_count" suffix`)
	want(histogram || summary || !suffix("_sum"), `non-histogram and non-summary metrics should not have "_sum" suffix`)
	for l := range labels(mf) {
		want(histogram || l != "le", `non-histogram metrics should not have "le" label`)
		want(summary || l != "quantile", `non-summary metrics should not have "quantile" label`)
	}
	return errs
}

// labels returns the names of the labels of all metrics.
func labels(mf *dto.MetricFamily) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, m := range mf.GetMetric() {
			for _, l := range m.GetLabel() {
				if !yield(l.GetName()) {
					return
				}
			}
		}
	}
}
