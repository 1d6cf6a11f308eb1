package clientgolang_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/ours"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/theirs"
)

// TestPrograms does random things to both libraries. What client_golang leaves
// to chance is not done: no two collectors expose the same series or disagree in
// a type, and so it does not matter which of them is faster.
func TestPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pedantic := rapid.Bool().Draw(t, "pedantic")
		program := drawProgram(t)
		var got, want script.Trace
		ours.Run(&got, pedantic, program)
		theirs.Run(&want, pedantic, program)
		if diff := firstDifference(got.String(), want.String()); diff != "" {
			t.Fatal(diff)
		}
	})
}

var (
	names  = []string{"a", "b.c", "d"}
	values = []string{"", "1", "2", "\n\"\\", "ö", "\xff"}
	// kinds have names of their own, so that no two types meet in one family.
	kinds = []string{"counter", "gauge", "histogram", "summary", "func"}
)

func drawMetric(t *rapid.T) script.Metric {
	m := script.Metric{
		Kind:  rapid.SampledFrom(kinds).Draw(t, "kind"),
		Help:  rapid.SampledFrom([]string{"", "h", "h", "h", "other"}).Draw(t, "help"),
		Unit:  rapid.SampledFrom([]string{"", "", "", "seconds"}).Draw(t, "unit"),
		Names: rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "names"),
	}
	m.Name = m.Kind + rapid.SampledFrom([]string{"_1", ".2", "_total"}).Draw(t, "name")
	m.Const = drawLabels(t, "const", []string{"const", "d"}, values[:5])
	if rapid.Bool().Draw(t, "has buckets") {
		m.Buckets = []float64{-1, 0, 1.5}
	}
	return m
}

func drawLabels(t *rapid.T, what string, names, values []string) map[string]string {
	labels := rapid.MapOfN(rapid.SampledFrom(names), rapid.SampledFrom(values), 0, 3).Draw(t, what)
	// Of several values that are not UTF-8, chance takes the one to complain of.
	first := true
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !utf8.ValidString(labels[name]) {
			if !first {
				labels[name] = "3"
			}
			first = false
		}
	}
	return labels
}

func drawProgram(t *rapid.T) []script.Op {
	value := rapid.SampledFrom([]float64{0, 1, 2, 0.5, -1, -0.25, 1e6, 1e-9, math.Inf(1), math.Inf(-1), math.NaN()})
	updates := []string{"inc", "dec", "add", "sub", "set", "observe", "inc", "add"}
	others := []string{
		"single", "vector", "vector", "collector", "register", "register", "unregister", "hold", "curry",
		"delete values", "delete", "delete partial match", "reset", "gather",
	}
	collectors := 0
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) script.Op {
		op := script.Op{
			Do:     rapid.OneOf(rapid.SampledFrom(updates), rapid.SampledFrom(others)).Draw(t, "do"),
			Place:  rapid.IntRange(0, 6).Draw(t, "place"),
			Metric: drawMetric(t),
			Values: rapid.SliceOfN(rapid.SampledFrom(values), 0, 4).Draw(t, "values"),
			Value:  value.Draw(t, "value"),
		}
		switch op.Do {
		case "curry": // what is not UTF-8 is a named difference
			op.Labels = drawLabels(t, "labels", append(names, "x"), values[:5])
		case "delete", "delete partial match":
			op.Labels = drawLabels(t, "labels", append(names, "const"), values)
		case "collector":
			collectors++
			op.Metric.Name = fmt.Sprint("collected_", collectors)
			for i := range rapid.IntRange(0, 2).Draw(t, "descs") {
				d := drawMetric(t)
				d.Name, d.Help = op.Metric.Name, "h"
				d.Const["desc"] = fmt.Sprint(i)
				op.Descs = append(op.Descs, d)
			}
			op.Send = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) script.Sample {
				return script.Sample{
					Desc:    rapid.IntRange(0, 2).Draw(t, "desc"),
					Type:    rapid.SampledFrom([]int{1, 2, 2, 2, 2, 2, 3, 4, 5, 0}).Draw(t, "type"),
					Value:   rapid.SampledFrom([]float64{0, 0.5, 7}).Draw(t, "value"),
					Values:  rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(t, "values"),
					Stamped: rapid.Bool().Draw(t, "stamped"),
					Stamp:   rapid.Int64Range(-2, 2).Draw(t, "stamp"),
				}
			}), 0, 5).Draw(t, "send")
			// A metric that is left out and takes its name with it is a named
			// difference, so those without a registered desc come last.
			slices.SortStableFunc(op.Send, func(a, b script.Sample) int {
				return min(a.Desc, len(op.Descs)) - min(b.Desc, len(op.Descs))
			})
		default:
			if rapid.Bool().Draw(t, "by labels") {
				op.Labels = drawLabels(t, "labels", append(names, "x"), values)
			}
		}
		return op
	}), 1, 60).Draw(t, "program")
}
