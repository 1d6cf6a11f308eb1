package rule

import (
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/prometheus/model/labels"
)

// Health says how the last evaluation of a rule went.
type Health string

const (
	HealthUnknown Health = "unknown" // not evaluated yet
	HealthGood    Health = "ok"
	HealthBad     Health = "err"
)

// State is where an alert, or an alerting rule, stands in its life cycle. The
// state of a rule is that of its most advanced alert.
type State string

const (
	StateUnknown  State = "unknown" // the rule was not evaluated yet
	StateInactive State = "inactive"
	StatePending  State = "pending"
	StateFiring   State = "firing"
)

// GroupStatus is what people and programs are shown of a rule group: a copy,
// taken at one instant, that nobody else writes to.
type GroupStatus struct {
	Name     string
	File     string
	Interval time.Duration
	Limit    int // most series or alerts per rule; 0 is no limit
	// QueryOffset is how far back the rules look, and how old what they record is.
	QueryOffset time.Duration

	Rules          []Status
	EvaluationTime time.Duration // how long the last evaluation took
	LastEvaluation time.Time     // zero before the first
}

// Status is what people and programs are shown of one rule.
type Status struct {
	Kind   definition.Kind
	Name   string // of the alert, or of the recorded series
	Query  string // PromQL, as the parser prints it
	Labels labels.Labels

	// These are set for alerting rules only.
	Annotations   labels.Labels
	For           time.Duration
	KeepFiringFor time.Duration
	State         State
	Alerts        []ActiveAlert // pending and firing ones

	Health         Health
	LastError      string
	EvaluationTime time.Duration
	LastEvaluation time.Time
}

// ActiveAlert is a pending or firing alert of one rule.
type ActiveAlert struct {
	Labels          labels.Labels
	Annotations     labels.Labels
	State           State
	ActiveAt        time.Time
	KeepFiringSince time.Time // zero unless only keep_firing_for holds the alert up
	Value           float64
}
