package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Difference is how two sets of alerts or samples differ. It is empty when they
// are equal.
type Difference struct {
	changed    []pair    // the same thing, with something about it that differs
	missing    []element // expected, not there
	unexpected []element // there, not expected
	equal      int       // elements that are as expected
}

// element is an alert or a sample: labels, and what is told of what they name.
type element struct {
	labels labels.Labels
	facts  []fact
}

// title is the labels as people write them: with a metric's name before the
// braces, and without empty braces behind it.
func (e element) title() string {
	name := e.labels.Get(model.MetricNameLabel)
	if !model.LegacyValidation.IsValidMetricName(name) {
		return e.labels.String()
	}
	rest := labels.NewBuilder(e.labels).Del(model.MetricNameLabel).Labels()
	if rest.IsEmpty() {
		return name
	}
	return name + rest.String()
}

type fact struct{ name, value string }

func (e *element) add(name, value string) { e.facts = append(e.facts, fact{name, value}) }

// pair is an element that is expected, and the one that was there in its place.
type pair struct{ expected, found element }

// maxPaired bounds the effort of finding out which element stands for which.
const maxPaired = 1000

// compare returns how the two sets differ. Elements are the same thing if they
// have the same labels, or, as far as that leaves any, if they share most of
// them.
func compare[T any](expected, found []T, same func(a, b T) bool, shown func(T) element) Difference {
	var d Difference
	found = slices.Clone(found)
	var missing, unexpected []element
	for _, e := range expected {
		if i := slices.IndexFunc(found, func(f T) bool { return same(e, f) }); i >= 0 {
			found = slices.Delete(found, i, i+1)
			d.equal++
		} else {
			missing = append(missing, shown(e))
		}
	}
	for _, f := range found {
		unexpected = append(unexpected, shown(f))
	}
	for _, s := range [][]element{missing, unexpected} {
		slices.SortStableFunc(s, func(a, b element) int { return labels.Compare(a.labels, b.labels) })
	}
	d.missing, d.unexpected = missing, unexpected
	if len(missing) > maxPaired || len(unexpected) > maxPaired {
		return d
	}
	d.pair(func(a, b labels.Labels) int {
		if labels.Equal(a, b) {
			return 1
		}
		return 0
	})
	d.pair(likeness)
	slices.SortStableFunc(d.changed, func(a, b pair) int { return labels.Compare(a.expected.labels, b.expected.labels) })
	return d
}

// pair finds for each element that is missing the unexpected one that is most
// like it, if any is at all.
func (d *Difference) pair(like func(a, b labels.Labels) int) {
	d.missing = slices.DeleteFunc(slices.Clone(d.missing), func(m element) bool {
		best, most := -1, 0
		for i, u := range d.unexpected {
			if n := like(m.labels, u.labels); n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			return false
		}
		d.changed = append(d.changed, pair{m, d.unexpected[best]})
		d.unexpected = slices.Delete(slices.Clone(d.unexpected), best, best+1)
		return true
	})
}

// likeness is how many labels two sets share, or 0 if those are less than half
// of the larger set. The name of an alert or metric counts as any other label.
func likeness(a, b labels.Labels) int {
	shared := 0
	a.Range(func(l labels.Label) {
		if b.Has(l.Name) && b.Get(l.Name) == l.Value {
			shared++
		}
	})
	if 2*shared < max(a.Len(), b.Len()) {
		return 0
	}
	return shared
}

func (d Difference) empty() bool { return len(d.changed)+len(d.missing)+len(d.unexpected) == 0 }

// summary says in words how much differs; what is the name of one element.
func (d Difference) summary(what string) string {
	var parts []string
	for _, p := range []struct {
		n    int
		text string
	}{
		{len(d.changed), "different"}, {len(d.missing), "missing"}, {len(d.unexpected), "unexpected"}, {d.equal, "as expected"},
	} {
		if p.n > 0 {
			if len(parts) == 0 {
				parts = append(parts, fmt.Sprintf("%d %s %s", p.n, plural(p.n, what), p.text))
			} else {
				parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
			}
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

// Line is one line of a difference.
type Line struct {
	Kind LineKind
	Text string
}

// LineKind says what a line tells.
type LineKind byte

// What a line tells.
const (
	LineCommon   LineKind = ' ' // what both have, to say what the next lines are about
	LineExpected LineKind = '-' // what was expected, and is not there
	LineFound    LineKind = '+' // what is there, and was not expected
)

// Lines shows the difference: only what differs, each fact with what was
// expected above what was found.
func (d Difference) Lines() []Line {
	var out []Line
	for _, p := range d.changed {
		out = append(out, p.lines()...)
	}
	for _, e := range d.missing {
		out = append(out, e.lines(LineExpected)...)
	}
	for _, e := range d.unexpected {
		out = append(out, e.lines(LineFound)...)
	}
	return out
}

func (e element) lines(kind LineKind) []Line {
	out := []Line{{kind, e.title()}}
	for _, f := range e.facts {
		out = append(out, Line{kind, "  " + f.String()})
	}
	return out
}

// String shows the fact in one line, in which no blank gets lost.
func (f fact) String() string {
	if f.value == "" || f.value != strings.TrimSpace(f.value) || strings.ContainsFunc(f.value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return f.name + ": " + strconv.Quote(f.value)
	}
	return f.name + ": " + f.value
}

func (p pair) lines() []Line {
	var out []Line
	if labels.Equal(p.expected.labels, p.found.labels) {
		out = append(out, Line{LineCommon, p.expected.title()})
	} else {
		out = append(out, Line{LineExpected, p.expected.title()}, Line{LineFound, p.found.title()})
	}
	for _, name := range factNames(p.expected.facts, p.found.facts) {
		e, f := factOf(p.expected.facts, name), factOf(p.found.facts, name)
		switch {
		case e != nil && f != nil && *e == *f && e.value == "NaN":
			out = append(out, Line{LineExpected, "  value: NaN (which is equal to nothing, not even to itself)"}, Line{LineFound, "  value: NaN"})
			continue
		case e != nil && f != nil && *e == *f:
			continue
		}
		if e != nil {
			out = append(out, Line{LineExpected, "  " + e.String()})
		}
		if f != nil {
			out = append(out, Line{LineFound, "  " + f.String()})
		}
	}
	return out
}

// factNames are the names of the facts of both, in order, each once.
func factNames(a, b []fact) []string {
	var names []string
	for _, f := range slices.Concat(a, b) {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

func factOf(facts []fact, name string) *fact {
	if i := slices.IndexFunc(facts, func(f fact) bool { return f.name == name }); i >= 0 {
		return &facts[i]
	}
	return nil
}
