// Package script holds what both libraries are made to do, and a trace of what
// came of it, in a form that knows neither of them.
package script

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Scenario is a piece of code that is the same for both libraries.
type Scenario struct {
	Name string
	Run  func(*Trace)
}

// Trace is what a scenario shows of itself, line by line.
type Trace struct{ lines []string }

// String returns the trace.
func (t *Trace) String() string { return strings.Join(t.lines, "\n") + "\n" }

// Note adds a line: what was looked at, and what was seen. Errors are shown with
// their types.
func (t *Trace) Note(what string, seen ...any) {
	line := what + ":"
	for _, v := range seen {
		switch v := v.(type) {
		case runtime.Error: // that it happens counts, not where
			line += fmt.Sprintf(" %T", v)
		case error:
			line += " " + shown(v)
		default:
			line += fmt.Sprintf(" %v", v)
		}
	}
	t.lines = append(t.lines, line)
}

// shown returns an error with its type, and without the times in it.
func shown(err error) string { return untimedText(fmt.Sprintf("%T %q", err, err)) }

// Try runs a function and notes what it panics with, if it does.
func (t *Trace) Try(what string, f func()) {
	defer func() {
		if cause := recover(); cause != nil {
			t.Note("panic of "+what, cause)
		}
	}()
	f()
}

// Gathered notes what a Gather returned. The order of several errors says
// nothing.
func (t *Trace) Gathered(families []*dto.MetricFamily, errs ...error) {
	for _, mf := range families {
		mf = proto.Clone(mf).(*dto.MetricFamily)
		for _, m := range mf.GetMetric() {
			untimed(m)
		}
		t.Note("family", mf)
	}
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = shown(err)
	}
	slices.Sort(lines)
	for _, line := range lines {
		t.Note("error", line)
	}
}

// Written notes what the Write method of a metric did.
func (t *Trace) Written(what string, m *dto.Metric, err error) {
	m = proto.Clone(m).(*dto.Metric) // it may share parts with the metric
	untimed(m)
	t.Note(what, m, err)
}

// untimed makes the times of a message equal if they are of the
// present: two libraries do not make their metrics at the same instant.
func untimed(m *dto.Metric) {
	times := []*timestamppb.Timestamp{
		m.GetCounter().GetCreatedTimestamp(), m.GetHistogram().GetCreatedTimestamp(), m.GetSummary().GetCreatedTimestamp(),
		m.GetCounter().GetExemplar().GetTimestamp(),
	}
	for _, b := range m.GetHistogram().GetBucket() {
		times = append(times, b.GetExemplar().GetTimestamp())
	}
	for _, e := range m.GetHistogram().GetExemplars() {
		times = append(times, e.GetTimestamp())
	}
	for _, t := range times {
		if t != nil && time.Since(t.AsTime()).Abs() < time.Hour {
			t.Seconds, t.Nanos = 1, 0
		}
	}
}

// Op is a step of a random program. Which of its fields count depends on what
// it does. Places count what was made so far, and start again at the first one
// behind the last.
type Op struct {
	Do     string
	Place  int
	Metric Metric
	Descs  []Metric // of a collector
	Send   []Sample // of a collector
	Values []string
	Labels map[string]string
	Value  float64
}

// Metric says what a metric, a vector or a Desc is made of.
type Metric struct {
	Kind    string
	Name    string
	Help    string
	Unit    string
	Names   []string // of variable labels
	Const   map[string]string
	Buckets []float64
}

// Sample is a constant metric that a collector sends.
type Sample struct {
	Desc    int // the place of its Desc; one further than those described is a Desc of its own
	Type    int
	Value   float64
	Values  []string
	Stamped bool
	Stamp   int64
}
