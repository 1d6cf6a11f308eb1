// Package draw draws random programs.
//
// What client_golang leaves to chance is not drawn, nor what is a named
// difference: no two collectors expose the same series or disagree in a type,
// exemplars have at most one label, a unit is what a name ends in, and so on.
package draw

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

var (
	names  = []string{"a", "b.c", "d"}
	values = []string{"", "1", "2", "\n\"\\", "ö", "X", "x", "\xff"}
	good   = values[:len(values)-1]
	// kinds have names of their own, so that no two types meet in one family.
	kinds = []string{"counter", "gauge", "histogram", "summary", "func", "native", "quantiles", "countfunc", "untyped"}
)

// programs draws what a program consists of.
type programs struct {
	*rapid.T
	units      bool // have some metrics units; Gatherers drop them
	collectors int
}

// Program draws a program. It begins with things that are made, so that there is
// something to do.
func Program(t *rapid.T) script.Program {
	p := &programs{T: t, units: rapid.Bool().Draw(t, "units")}
	ops := rapid.SliceOfN(rapid.Custom(p.making), 1, 8).Draw(t, "beginning")
	// Slices are mostly short; of slices of them, many are long enough.
	for _, part := range rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(p.any), 0, 20), 0, 20).Draw(t, "program") {
		ops = append(ops, part...)
	}
	return script.Program{
		Pedantic: rapid.Bool().Draw(t, "pedantic"),
		Apart:    p.units,
		Ops:      ops,
		Last:     rapid.SliceOfNDistinct(rapid.SampledFrom(script.Formats), 3, 6, rapid.ID).Draw(t, "last"),
	}
}

var (
	updates = []string{"inc", "dec", "add", "sub", "set", "observe", "exemplar", "inc", "add"}
	others  = []string{
		"single", "vector", "vector", "collector", "unchecked collector", "function", "register", "register", "register", "unregister", "hold", "curry",
		"delete values", "delete", "delete partial match", "reset", "gather", "wrap", "prefix", "wrap collector", "pause", "pause",
	}
)

func (p *programs) making(t *rapid.T) script.Op {
	return p.op(t, rapid.SampledFrom([]string{"single", "vector", "vector"}).Draw(t, "do"))
}

func (p *programs) any(t *rapid.T) script.Op {
	return p.op(t, rapid.OneOf(rapid.SampledFrom(updates), rapid.SampledFrom(others)).Draw(t, "do"))
}

func (p *programs) op(t *rapid.T, do string) script.Op {
	p.T = t
	op := script.Op{
		Do:     do,
		Place:  rapid.IntRange(0, 6).Draw(t, "place"),
		Where:  rapid.IntRange(0, 4).Draw(t, "where"),
		Values: rapid.SliceOfN(rapid.SampledFrom(values), 0, 4).Draw(t, "values"),

		Register: rapid.IntRange(0, 3).Draw(t, "register") > 0,
		Fit:      rapid.IntRange(0, 2).Draw(t, "fit") > 0,
	}
	switch op.Do {
	case "single", "vector":
		op.Metric = p.metric()
		op.Value = p.value()
	case "gather":
		op.Format = rapid.SampledFrom(script.Formats).Draw(t, "format")
	case "pause":
		op.Pause = p.duration()
	case "wrap", "wrap collector": // of several labels that are taken, chance takes the one to complain of
		op.Labels = rapid.MapOfN(rapid.SampledFrom([]string{"a", "zone", "const"}), rapid.SampledFrom(good), 0, 1).Draw(t, "wrapping")
		for name := range op.Labels { // of series whose values are the same, chance takes the first
			op.Labels[name] += name
		}
	case "prefix":
		op.Metric.Name = rapid.SampledFrom([]string{"", "p_", "q."}).Draw(t, "prefix")
	case "curry": // what is not UTF-8 is a named difference
		op.Labels = p.labels("labels", append(names, "x"), good)
	case "delete", "delete partial match":
		op.Labels = p.labels("labels", append(names, "const"), values)
	case "collector", "unchecked collector", "function":
		p.collector(&op)
	default:
		op.Value = p.value()
		op.Exemplar = rapid.SampledFrom([]map[string]string{nil, {}, {"id": "1"}, {"trace_id": "\n\"\\ö"}, {"": "1"}, {"id": "\xff"}, {"id": strings.Repeat("x", 127)}}).Draw(t, "exemplar")
		if rapid.Bool().Draw(t, "by labels") {
			op.Labels = p.labels("labels", append(names, "x"), values)
		}
	}
	return op
}

// value draws an amount. What is not a number is a named difference. Sums of
// amounts are exact, because a scrape in between has client_golang add them in
// another order.
func (p *programs) value() float64 {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{0, 1, 2, 0.5, -1, -0.25, 1e6, 0x1p-20, math.Inf(1), math.Inf(-1), 0x1p1000, math.SmallestNonzeroFloat64}),
		rapid.Map(rapid.IntRange(-200, 200), func(i int) float64 {
			size := math.Exp(math.Abs(float64(i))/7 - 14)
			return math.Copysign(math.Ceil(size*0x1p20)/0x1p20, float64(i))
		}),
	).Draw(p.T, "value")
}

func (p *programs) duration() time.Duration {
	return rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, 7 * time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, time.Hour}).Draw(p.T, "duration")
}

func (p *programs) metric() script.Metric {
	t := p.T
	m := script.Metric{
		Kind:        rapid.SampledFrom(kinds).Draw(t, "kind"),
		Help:        rapid.SampledFrom([]string{"", "h", "h", "h", "other"}).Draw(t, "help"),
		Names:       rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "names"),
		Constrained: rapid.Bool().Draw(t, "constrained"),
	}
	m.Name = m.Kind + rapid.SampledFrom([]string{"_1", ".2", "_total"}).Draw(t, "name")
	if p.units && m.Kind != "untyped" && rapid.Bool().Draw(t, "unit") {
		m.Name, m.Unit = m.Kind+"_seconds", rapid.SampledFrom([]string{"", "seconds"}).Draw(t, "unit")
	}
	m.Const = p.labels("const", []string{"const", "d"}, good)
	switch m.Kind {
	case "histogram":
		m.Buckets = p.buckets()
	case "native":
		m.Buckets = p.buckets()
		m.Native = p.native()
	case "quantiles":
		m.Objectives = rapid.SampledFrom([]map[float64]float64{nil, {0.5: 0.05}, {0: 0.1, 0.9: 0.01, 1: 0}}).Draw(t, "objectives")
		m.MaxAge = rapid.SampledFrom([]time.Duration{0, 10 * time.Second, time.Minute}).Draw(t, "max age")
		m.AgeBuckets = rapid.Uint32Range(0, 3).Draw(t, "age buckets")
	}
	return m
}

func (p *programs) buckets() []float64 {
	return rapid.SampledFrom([][]float64{nil, {}, {-1, 0, 1.5}, {1, math.Inf(1)}}).Draw(p.T, "buckets")
}

func (p *programs) native() script.Native {
	t := p.T
	return script.Native{
		Factor:           rapid.SampledFrom([]float64{0, 1.005, 1.1, 2, 300}).Draw(t, "factor"),
		ZeroThreshold:    rapid.SampledFrom([]float64{0, -1, 0.01, 3}).Draw(t, "zero threshold"),
		MaxBuckets:       rapid.Uint32Range(0, 4).Draw(t, "max buckets"),
		MinReset:         rapid.SampledFrom([]time.Duration{0, 10 * time.Second, time.Hour}).Draw(t, "min reset"),
		MaxZeroThreshold: rapid.SampledFrom([]float64{0, 0.1, 1e9}).Draw(t, "max zero threshold"),
		MaxExemplars:     rapid.IntRange(-1, 3).Draw(t, "max exemplars"),
		ExemplarTTL:      rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "exemplar TTL"),
	}
}

func (p *programs) labels(what string, names, values []string) map[string]string {
	labels := rapid.MapOfN(rapid.SampledFrom(names), rapid.SampledFrom(values), 0, 3).Draw(p.T, what)
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

func (p *programs) collector(op *script.Op) {
	t := p.T
	p.collectors++
	op.Metric.Name = fmt.Sprint("collected_", p.collectors)
	for i := range rapid.IntRange(0, 2).Draw(t, "descs") {
		d := script.Metric{
			Name: op.Metric.Name, Help: "h", Const: p.labels("const", []string{"const", "d"}, good),
			Names: rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "names"),
		}
		d.Const["desc"] = fmt.Sprint("d", i) // no other label has such a value
		op.Descs = append(op.Descs, d)
	}
	op.Send = rapid.SliceOfN(rapid.Custom(drawSample), 0, 5).Draw(t, "send")
	// A metric that is left out and takes its name with it is a named
	// difference, so there is one at most without a desc that is registered, and it
	// comes last.
	slices.SortStableFunc(op.Send, func(a, b script.Sample) int {
		return min(a.Desc, len(op.Descs)) - min(b.Desc, len(op.Descs))
	})
	if i := slices.IndexFunc(op.Send, func(s script.Sample) bool { return s.Desc >= len(op.Descs) }); i >= 0 {
		op.Send = op.Send[:i+1]
	}
}

func drawSample(t *rapid.T) script.Sample {
	s := script.Sample{
		Desc:    rapid.IntRange(0, 2).Draw(t, "desc"),
		Type:    rapid.SampledFrom([]int{1, 2, 2, 2, 2, 2, 3, 4, 5, 6, 0}).Draw(t, "type"),
		Value:   rapid.SampledFrom([]float64{0, 0.5, 7}).Draw(t, "value"),
		Values:  rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(t, "values"),
		Stamped: rapid.Bool().Draw(t, "stamped"),
		Stamp:   rapid.Int64Range(-2, 2).Draw(t, "stamp"),
		Created: rapid.Bool().Draw(t, "created"),
	}
	if s.Type != 6 { // those of native histograms pile up with every gather
		s.Exemplars = rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.5, 3}), 0, 2).Draw(t, "exemplars")
	}
	return s
}
