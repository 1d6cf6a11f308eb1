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

// File is a rule file.
type File struct {
	Path   string
	Groups []Group // the good ones, in the order of the file

	// Duplicates are rules that repeat another rule of the file.
	Duplicates []Duplicate

	// Broken says why nothing of the file can be used: it cannot be read, or it is
	// not YAML. Bad are the groups that cannot be used. Both are for files that were
	// loaded leniently; a file that was not has neither.
	Broken error
	Bad    []BadGroup
}

// BadGroup is a group that cannot be used, whatever its rules are. The name may be
// empty, and may be that of a good group before it, if being repeated is what is
// wrong.
type BadGroup struct {
	Index int    // place among the groups of the file, good or bad, from 0
	Name  string // empty if there is none, or none that can be read
	Err   error  // one or more, joined, with positions
}

// Group is a group of rules as its file defines it.
type Group struct {
	Name        string
	Interval    time.Duration  // between two evaluations; 0 is the default of the configuration
	QueryOffset *time.Duration // how far in the past queries look; nil is the default of the configuration
	Limit       int            // most series or alerts of each rule; 0 is no limit
	Rules       []Rule         // the good ones, in the order of the file

	// Bad are the rules that cannot be used, in the order of the file, of a group that
	// was loaded leniently.
	Bad []BadRule
}

// BadRule is a rule that cannot be used, with what is needed to find the version
// of it that was in use before. What cannot be read is empty.
type BadRule struct {
	Index  int           // place among the rules of the group, good or bad, from 0
	Kind   Kind          // empty if it is neither an alert nor a record, or both
	Name   string        // of the alert, or of the recorded series
	Labels labels.Labels // those of the group, overridden by those of the rule
	Err    error         // one or more, joined, with positions
}

// Identity is that of the rule as it is meant to be; see Rule.Identity.
func (r *BadRule) Identity() string { return identity(r.Kind, r.Name, r.Labels) }

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
func (r *Rule) Identity() string { return identity(r.Kind, r.Name, r.Labels) }

func identity(kind Kind, name string, l labels.Labels) string {
	var buf [1024]byte
	return string(kind) + "\xff" + name + "\xff" + string(l.Bytes(buf[:]))
}
