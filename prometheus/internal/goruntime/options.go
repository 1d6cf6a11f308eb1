// Package goruntime chooses metrics of Go's runtime/metrics and translates
// their names and histograms. It stands apart from package prometheus so that
// package collectors can offer the options without their being public.
package goruntime

import (
	"regexp"
	"runtime/metrics"
)

// Options say what the collector of the Go runtime exposes.
type Options struct {
	WithoutMemStats bool
	Rules           []Rule
}

// Rule lets the runtime's metrics through whose names match, or keeps them
// back. Of several rules that match, the last one counts.
type Rule struct {
	Matcher *regexp.Regexp
	Deny    bool
}

// Default returns the options of a collector for which nothing is asked.
func Default() Options {
	return Options{Rules: []Rule{
		{Matcher: regexp.MustCompile(`^(/gc/gogc:percent|/gc/gomemlimit:bytes|/sched/gomaxprocs:threads)$`)},
	}}
}

// Chosen returns the metrics that the rules let through and that have a name
// and a kind that can be exposed.
func (o Options) Chosen() []Metric {
	var chosen []Metric
	for _, description := range metrics.All() {
		if !o.allows(description.Name) {
			continue
		}
		if m, ok := translate(description); ok {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (o Options) allows(name string) bool {
	allowed := false
	for _, rule := range o.Rules {
		if rule.Matcher.MatchString(name) {
			allowed = !rule.Deny
		}
	}
	return allowed
}
