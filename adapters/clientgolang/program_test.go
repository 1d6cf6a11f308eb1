package clientgolang_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/draw"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/ours"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/theirs"
)

// TestPrograms does random things to both libraries. A program in which they
// disagree is made as short as it can be.
func TestPrograms(t *testing.T) {
	differ := func(program script.Program) string {
		got := script.Traced(t, func(trace *script.Trace) { ours.Run(trace, program) })
		want := script.Traced(t, func(trace *script.Trace) { theirs.Run(trace, program) })
		return firstDifference(got, want)
	}
	rapid.Check(t, func(r *rapid.T) {
		program := draw.Program(r)
		if differ(program) == "" {
			return
		}
		for i := len(program.Ops) - 1; i >= 0; i-- {
			shorter := program
			shorter.Ops = slices.Delete(slices.Clone(program.Ops), i, i+1)
			if differ(shorter) != "" {
				program = shorter
			}
		}
		r.Fatalf("%s\nin %#v", differ(program), program)
	})
}

// TestCrowds has several goroutines update both libraries, while others look.
// What they see is consistent at any time, and in the end both have the same.
func TestCrowds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		crowd := draw.Crowd(r)
		run := func(name string, runAtOnce func(*script.Trace, script.Crowd) ([]script.Page, []string)) *script.Trace {
			return script.Traced(t, func(trace *script.Trace) {
				if _, wrong := runAtOnce(trace, crowd); len(wrong) > 0 {
					r.Errorf("%s: %q", name, wrong)
				}
			})
		}
		got, want := run("ours", ours.RunAtOnce), run("theirs", theirs.RunAtOnce)
		if diff := firstDifference(got, want); diff != "" {
			r.Fatal(diff)
		}
	})
}
