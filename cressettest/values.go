package cressettest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Value returns the value of the one sample that has this name and exactly these
// labels, which are given as pairs of names and values in any order. A sample is a
// line of the text format: histograms and summaries have samples whose names end
// in _count, _sum and, with the label le, _bucket, or that have the label
// quantile.
//
// The test fails, and ends, if there is no such sample.
func Value(t testing.TB, reg *cresset.Registry, name string, labels ...string) float64 {
	t.Helper()
	all := samplesOf(t, reg, name)
	wanted := identity(t, name, labels)
	value, ok := all[wanted]
	if !ok {
		t.Fatalf("there is no %s; of that name there is%s", wanted, list(all))
	}
	return value
}

// Absent has the test fail if there is a sample of that name with exactly these
// labels, which are given as for Value.
func Absent(t testing.TB, reg *cresset.Registry, name string, labels ...string) {
	t.Helper()
	wanted := identity(t, name, labels)
	if value, ok := samplesOf(t, reg, name)[wanted]; ok {
		t.Errorf("there is %s, with value %v, which should be absent", wanted, value)
	}
}

// identity returns a sample as a page would show it, but for the order of labels.
func identity(t testing.TB, name string, labels []string) string {
	t.Helper()
	if len(labels)%2 != 0 {
		t.Fatalf("labels are given as pairs of names and values, not as %q", labels)
	}
	byName := make(map[string]string)
	for i := 0; i < len(labels); i += 2 {
		if _, twice := byName[labels[i]]; twice {
			t.Fatalf("label %q is given twice", labels[i])
		}
		byName[labels[i]] = labels[i+1]
	}
	return notation(name, byName)
}

func notation(name string, labels map[string]string) string {
	if len(labels) == 0 {
		return name
	}
	var pairs []string
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", label, labels[label]))
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// listed is how many samples a failure lists.
const listed = 20

func list(samples map[string]float64) string {
	if len(samples) == 0 {
		return " nothing"
	}
	var out strings.Builder
	for i, one := range slices.Sorted(maps.Keys(samples)) {
		if i == listed {
			fmt.Fprintf(&out, "\n\t... and %d more", len(samples)-listed)
			break
		}
		fmt.Fprintf(&out, "\n\t%s %v", one, samples[one])
	}
	return out.String()
}

// samplesOf returns the values of all samples of a name, by their identity.
func samplesOf(t testing.TB, reg *cresset.Registry, name string) map[string]float64 {
	t.Helper()
	s := &samples{name: name, found: make(map[string]float64)}
	writeTo(t, reg, s, []string{
		name, strings.TrimSuffix(name, "_count"), strings.TrimSuffix(name, "_sum"), strings.TrimSuffix(name, "_bucket"),
	})
	return s.found
}

// samples is an encoder that keeps the samples of one name.
type samples struct {
	name   string
	family exposition.Family
	found  map[string]float64
}

func (s *samples) Family(f *exposition.Family) { s.family = *f }

func (s *samples) Close() error { return nil }

func (s *samples) Series(series *exposition.Series) {
	dist := &series.Dist
	switch s.family.Type {
	case exposition.Histogram, exposition.GaugeHistogram:
		s.add(series, "_bucket", "le", math.Inf(+1), dist.Count.Value())
		for _, b := range dist.Buckets {
			s.add(series, "_bucket", "le", b.UpperBound, b.Count.Value())
		}
	case exposition.Summary:
		for _, q := range dist.Quantiles {
			s.add(series, "", "quantile", q.Rank, q.Value)
		}
	default:
		s.add(series, "", "", 0, series.Value)
		return
	}
	s.add(series, "_sum", "", 0, dist.Sum)
	s.add(series, "_count", "", 0, dist.Count.Value())
}

// add keeps a sample if it has the name. The extra label (le or quantile) is none
// if its name is empty.
func (s *samples) add(series *exposition.Series, suffix, extra string, bound, value float64) {
	if s.family.Name+suffix != s.name {
		return
	}
	labels := make(map[string]string)
	for name, value := range series.Labels.All() {
		labels[name] = value
	}
	if extra != "" {
		labels[extra] = strconv.FormatFloat(bound, 'g', -1, 64)
	}
	s.found[notation(s.name, labels)] = value
}

// Count returns how many series the registry exposes, in the families of these
// names or in all. A histogram or a summary is one series.
func Count(t testing.TB, reg *cresset.Registry, names ...string) int {
	t.Helper()
	return countOf(t, reg, names).total
}

// AtMost has the test fail if the registry exposes more than n series, in the
// families of these names or in all. The failure lists the largest families, and
// how many values each of their labels has.
func AtMost(t testing.TB, reg *cresset.Registry, n int, names ...string) {
	t.Helper()
	if c := countOf(t, reg, names); c.total > n {
		t.Errorf("the registry exposes %d series, which should be %d at most:%s", c.total, n, c.largest())
	}
}

func countOf(t testing.TB, reg *cresset.Registry, names []string) *census {
	t.Helper()
	c := &census{}
	writeTo(t, reg, c, names)
	return c
}

// census is an encoder that counts series and the values of labels.
type census struct {
	total    int
	families []familyCount
}

type familyCount struct {
	name   string
	series int
	labels map[string]map[string]bool // the values of each
}

func (c *census) Family(f *exposition.Family) {
	c.families = append(c.families, familyCount{name: f.Name, labels: make(map[string]map[string]bool)})
}

func (c *census) Close() error { return nil }

func (c *census) Series(s *exposition.Series) {
	c.total++
	f := &c.families[len(c.families)-1]
	f.series++
	for name, value := range s.Labels.All() {
		if f.labels[name] == nil {
			f.labels[name] = make(map[string]bool)
		}
		f.labels[name][strings.Clone(value)] = true
	}
}

// largest lists the largest families.
func (c *census) largest() string {
	slices.SortStableFunc(c.families, func(a, b familyCount) int { return cmp.Compare(b.series, a.series) })
	var out strings.Builder
	for i, f := range c.families {
		if i == listed {
			fmt.Fprintf(&out, "\n\t... and %d families more", len(c.families)-listed)
			break
		}
		fmt.Fprintf(&out, "\n\t%s: %d series", f.name, f.series)
		var values []string
		for _, label := range slices.Sorted(maps.Keys(f.labels)) {
			values = append(values, fmt.Sprintf("%s has %d values", label, len(f.labels[label])))
		}
		if len(values) > 0 {
			out.WriteString(" (" + strings.Join(values, ", ") + ")")
		}
	}
	return out.String()
}
