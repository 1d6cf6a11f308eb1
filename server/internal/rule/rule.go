// Package rule turns rules into recorded samples and alerts. docs/rules.md says how
// its parts fit together.
//
// What a rule is, package definition knows. The Engine (engine.go) keeps one
// goroutine per group. A schedule says at which instants a group is due
// (schedule.go), the group then evaluates its rules, so that a rule sees what the
// rules before it recorded (group.go, evaluate.go). The alerts of one alerting rule
// go through a life cycle (lifecycle.go). A reload finds for each new rule the one
// that it continues (reload.go, heirs.go), a start what was there before
// (restore.go, journal.go).
//
// Schedule, life cycle, heirs and restoring are told the time and do nothing by
// themselves: the goroutine of a group is the only place that looks at a clock.
package rule

import "github.com/prometheus/prometheus/model/labels"

// labelsKey is a string that is equal for equal labels, and for those only.
func labelsKey(l labels.Labels) string {
	var buf [1024]byte
	return string(l.Bytes(buf[:]))
}
