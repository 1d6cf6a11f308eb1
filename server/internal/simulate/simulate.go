// Package simulate runs rules against a time that a file tells, not a clock: it
// plays series that people wrote down into an empty storage, evaluates rules
// over them as the server would, step by step, and compares what came of it with
// what the file expects.
//
// The file format is that of promtool's rule tests, and so is the verdict on
// each file. The rules are evaluated by the server's own engine.
package simulate

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
)

// Options say how tests are run. The zero value runs all tests of each file.
type Options struct {
	Run      *regexp.Regexp // only tests whose name it matches; nil is all
	Parallel int            // tests that may run at once; 0 is one for each processor

	IgnoreUnknownFields bool // in rule files; those of test files are always errors

	Dump     bool      // have each test tell all series that it ended with
	Progress *Progress // kept up to date while tests run; nil for nobody

	features
}

// features are what PromQL has beyond what it has without flags.
type features struct {
	language           *parser.Options // nil is syntax.Default
	delayedNameRemoval bool
}

// Enable switches on a feature of PromQL by the name that --enable-feature has for
// it. It reports whether there is such a feature.
func (f *features) Enable(name string) bool {
	language := syntax.Default
	if f.language != nil {
		language = *f.language
	}
	if name == "promql-delayed-name-removal" {
		f.delayedNameRemoval = true
		return true
	}
	if !syntax.Enable(&language, name) {
		return false
	}
	f.language = &language
	return true
}

// Progress is how far a run is. It may be read at any time.
type Progress struct {
	Tests, Done atomic.Int64 // how many there are; how many have ended
	Evaluations atomic.Int64 // how often a group of rules was evaluated
}

// File is the outcome of one test file.
type File struct {
	Path     string
	Warnings []string
	Err      error // why none of its tests was run; nil if they were
	Tests    []Test
	Started  time.Time // zero if it could not be read
}

// Passed reports whether there was nothing to object to.
func (f *File) Passed() bool {
	for _, t := range f.Tests {
		if len(t.Failures) > 0 {
			return false
		}
	}
	return f.Err == nil
}

// Test is the outcome of one test of a file.
type Test struct {
	Name     string // "unnamed#N" for the Nth without one, counted from 0 in the file
	Failures []Failure
	Took     time.Duration
	Dump     string // all series, if asked for

	uses []RuleUse // what it made of the rules it loads
}

// Failure is one expectation that was not met, or one reason why nothing could
// be compared.
type Failure struct {
	Where  string     // "file:line:column", or less where no more is known
	What   string     // in one line
	Detail Difference // how what was expected and what was there differ, if that is what is wrong
}

// RunRuleTests runs the tests of the files and yields the outcome of each file,
// in the order given. Files and tests run at the same time; the outcome does not
// depend on that. When ctx ends, the tests that still run fail.
func RunRuleTests(ctx context.Context, o Options, paths ...string) iter.Seq[*File] {
	return func(yield func(*File) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer cancel()

		type work struct {
			file *File
			wait sync.WaitGroup // for its tests
		}
		all := make([]*work, len(paths))
		var jobs []func()
		for i, path := range paths {
			w := &work{file: &File{Path: path}}
			all[i] = w
			tests := load(w.file, o)
			w.file.Tests = make([]Test, len(tests))
			w.wait.Add(len(tests))
			for j, t := range tests {
				jobs = append(jobs, func() {
					defer w.wait.Done()
					w.file.Tests[j] = t.guarded(ctx)
					if o.Progress != nil {
						o.Progress.Done.Add(1)
					}
				})
			}
		}
		if o.Progress != nil {
			o.Progress.Tests.Store(int64(len(jobs)))
		}

		parallel := o.Parallel
		if parallel <= 0 {
			parallel = runtime.GOMAXPROCS(0)
		}
		var next atomic.Int64
		for range min(parallel, len(jobs)) {
			workers.Go(func() {
				for i := next.Add(1); int(i) <= len(jobs); i = next.Add(1) {
					jobs[i-1]()
				}
			})
		}
		for _, w := range all {
			w.wait.Wait()
			if !yield(w.file) {
				return
			}
		}
	}
}

// guarded runs the test. A test that panics is one that failed: its neighbours
// run on.
func (t *ruleTest) guarded(ctx context.Context) (result Test) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			result.Failures = append(result.Failures, Failure{Where: t.at.String(), What: fmt.Sprintf("panic while the test ran: %v", p)})
		}
		result.Name, result.Took = t.name, time.Since(start)
	}()
	t.run(ctx, &result)
	return result
}
