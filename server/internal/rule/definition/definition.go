// Package definition says what rules are: it reads rule files into groups of
// rules, says what is wrong with them and where, and how the rules of a group
// depend on each other. It evaluates nothing.
package definition

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Kind tells the two kinds of rules apart.
type Kind string

const (
	KindAlerting  Kind = "alerting"
	KindRecording Kind = "recording"
)

// File is a rule file that was found to be good.
type File struct {
	Path   string
	Groups []Group
}

// Group is a group of rules as its file defines it.
type Group struct {
	Name        string
	Interval    time.Duration  // between two evaluations; 0 is the default of the configuration
	QueryOffset *time.Duration // how far in the past queries look; nil is the default of the configuration
	Limit       int            // most series or alerts of each rule; 0 is no limit
	Rules       []Rule
}

// Rule is one rule as its file defines it.
type Rule struct {
	Kind   Kind
	Name   string        // of the alert, or of the recorded series
	Expr   parser.Expr   // parsed once; nobody may change it
	Query  string        // Expr, as the parser prints it
	Labels labels.Labels // those of the group, overridden by those of the rule

	// These are set for alerting rules only.
	For           time.Duration
	KeepFiringFor time.Duration
	Annotations   labels.Labels
}

// Equal reports whether both rules do the same.
func (r *Rule) Equal(o *Rule) bool {
	return r.Kind == o.Kind && r.Name == o.Name && r.Query == o.Query &&
		r.For == o.For && r.KeepFiringFor == o.KeepFiringFor &&
		labels.Equal(r.Labels, o.Labels) && labels.Equal(r.Annotations, o.Annotations)
}

// EqualRules reports whether both lists have the same rules in the same order.
func EqualRules(a, b []Rule) bool {
	return slices.EqualFunc(a, b, func(x, y Rule) bool { return x.Equal(&y) })
}

// Identity is what a rule keeps when its expression, its durations or its
// annotations change: equal for the same kind, name and labels, and for those
// only. Rules of one group may share an identity.
func (r *Rule) Identity() string {
	var buf [1024]byte
	return string(r.Kind) + "\xff" + r.Name + "\xff" + string(r.Labels.Bytes(buf[:]))
}
