// Package script holds what both libraries are made to do, and a trace of what
// came of it, in a form that knows neither of them.
package script

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Scenario is a piece of code that is the same for both libraries.
type Scenario struct {
	Name string
	Run  func(*Trace)
}

// Trace is what a scenario shows of itself, line by line.
type Trace struct {
	lines []string
	// Exposures are the pages among it, for those who read them as a server
	// does.
	Exposures []Exposure
}

// Traced runs a piece of code and returns its trace. Every run begins at the
// same instant of a clock that only moves while all sleep, so that times are
// compared like any other value.
func Traced(t *testing.T, run func(*Trace)) *Trace {
	trace := &Trace{}
	synctest.Test(t, func(*testing.T) { run(trace) })
	return trace
}

// Pause lets time pass in what is traced. Whatever else was to happen until then
// has happened when it returns.
func Pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

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

// shown returns an error with its type.
func shown(err error) string { return fmt.Sprintf("%T %q", err, err) }

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
func (t *Trace) Written(what string, m *dto.Metric, err error) { t.Note(what, m, err) }
