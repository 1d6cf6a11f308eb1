// Package rule turns rules into recorded samples and alerts.
//
// A rule file is loaded into a File of Groups of Rules (load.go). The Engine
// (engine.go) keeps one goroutine per group. A schedule says at which instants
// a group is due (schedule.go), the group then evaluates its rules one after
// the other, so that a rule sees what the rules before it recorded (group.go).
// The alerts of one alerting rule go through a life cycle (lifecycle.go).
//
// Schedule and life cycle are told the time and do nothing by themselves: the
// goroutine of a group is the only place that looks at a clock.
package rule

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
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

// equal reports whether both rules do the same.
func (r *Rule) equal(o *Rule) bool {
	return r.Kind == o.Kind && r.Name == o.Name && r.Query == o.Query &&
		r.For == o.For && r.KeepFiringFor == o.KeepFiringFor &&
		labels.Equal(r.Labels, o.Labels) && labels.Equal(r.Annotations, o.Annotations)
}

// identity is what a rule keeps when its expression, its durations or its
// annotations change. Rules of one group may share an identity.
func (r *Rule) identity() string {
	return string(r.Kind) + "\xff" + r.Name + "\xff" + labelsKey(r.Labels)
}

func equalRules(a, b []Rule) bool {
	return slices.EqualFunc(a, b, func(x, y Rule) bool { return x.equal(&y) })
}

// labelsKey is a string that is equal for equal labels, and for those only.
func labelsKey(l labels.Labels) string {
	var buf [1024]byte
	return string(l.Bytes(buf[:]))
}
