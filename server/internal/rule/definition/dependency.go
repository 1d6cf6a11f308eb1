package definition

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The series that alerting rules write.
const (
	alertsSeries         = "ALERTS"
	alertsForStateSeries = "ALERTS_FOR_STATE"
)

// Batches says which rules of a group may be evaluated at the same time: the
// indexes of the rules, in batches that are to be evaluated one after the other.
// It is nil if all rules are to be evaluated one after the other, in their order:
// because each depends on another, or because an expression selects series without
// saying their name, so that nobody knows what it depends on.
//
// A rule depends on the rules before it whose series one of its selectors may
// select. The first batch are the rules that depend on none, the last those that
// depend on others while none depends on them; those between go one by one. A rule
// that selects what a later rule writes does not depend on it: one after the other
// it sees what that wrote the last time; at the same time, either that or the new.
func Batches(rules []Rule) [][]int {
	dependent := make([]bool, len(rules)) // whether a rule depends on another
	needed := make([]bool, len(rules))    // whether another depends on it
	for i := range rules {
		for _, selector := range selectors(rules[i].Expr) {
			name := nameMatcher(selector)
			if name == nil {
				return nil
			}
			for j := range rules[:i] {
				if selects(selector, name, &rules[j]) {
					dependent[i], needed[j] = true, true
				}
			}
		}
	}

	var first, last []int
	var between [][]int
	for i := range rules {
		switch {
		case !dependent[i]:
			first = append(first, i)
		case needed[i]:
			between = append(between, []int{i})
		default:
			last = append(last, i)
		}
	}
	if len(first) <= 1 && len(last) <= 1 {
		return nil // the order of the file
	}
	batches := append([][]int{first}, between...)
	if len(last) > 0 {
		batches = append(batches, last)
	}
	return batches
}

// selectors are the vector selectors of an expression.
func selectors(expr parser.Expr) []*parser.VectorSelector {
	var all []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all = append(all, s)
		}
		return nil
	})
	return all
}

// nameMatcher is what a selector says of the name of its series, or nil.
func nameMatcher(s *parser.VectorSelector) *labels.Matcher {
	if s.Name != "" {
		return labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, s.Name)
	}
	return matcher(s, model.MetricNameLabel)
}

// matcher is the first matcher of a selector for a label, or nil.
func matcher(s *parser.VectorSelector, label string) *labels.Matcher {
	for _, m := range s.LabelMatchers {
		if m.Name == label {
			return m
		}
	}
	return nil
}

// selects reports whether a selector, of which name is the matcher of the name,
// may select what a rule writes. The name of an alert counts as that of a series
// too, although no series has it.
func selects(s *parser.VectorSelector, name *labels.Matcher, r *Rule) bool {
	if name.Matches(r.Name) {
		return true
	}
	if r.Kind != KindAlerting || !name.Matches(alertsSeries) && !name.Matches(alertsForStateSeries) {
		return false
	}
	alert := matcher(s, labels.AlertName)
	return alert == nil || alert.Matches(r.Name)
}
