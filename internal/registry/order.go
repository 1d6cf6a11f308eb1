package registry

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// order brings the series of all runs of a family into one order, and leaves out
// those that are there already. Series that are otherwise the same have the order of
// their runs.
func (m *merger) order(f *family) {
	merged := make(merge, 0, len(f.runs))
	n := 0
	for i := range f.runs {
		s := sequenceOf(i, &f.runs[i])
		n += s.rows.Len()
		merged = append(merged, s)
	}
	merged.init()
	f.rows = make([]row, 0, n)
	var last place
	for len(merged) > 0 {
		s := merged[0]
		if len(f.rows) > 0 && compare(&last, &s.place) == 0 {
			m.refuse(Duplicate, &f.runs[s.run], s.i, 1, func(shown string) error {
				return fmt.Errorf("collected metric %q { %s} was collected before with the same name and label values", f.Name, shown)
			})
		} else {
			f.rows = append(f.rows, row{s.run, s.i})
			last = s.place
		}
		merged.advance()
	}
}

// place is where a series stands in the order.
type place struct {
	i      int // among the rows of its run
	labels *exposition.Labels
	stamp  int64 // if timed
	timed  bool
}

func compare(a, b *place) int {
	if c := a.labels.Compare(b.labels); c != 0 {
		return c
	}
	switch { // series without a timestamp stand last
	case a.timed && b.timed:
		return cmp.Compare(a.stamp, b.stamp)
	case a.timed:
		return -1
	case b.timed:
		return 1
	}
	return 0
}

// sequence goes through the series of a run in order.
type sequence struct {
	place // the present one
	run   int
	rows  Rows
	all   []place // in order; nil if the rows are in order as they are
	at    int
}

// sequenceOf returns the sequence of a run, which is not empty, at its first series.
func sequenceOf(run int, r *Run) *sequence {
	s := &sequence{run: run, rows: r.Rows}
	if !r.Ordered {
		s.all = make([]place, s.rows.Len())
		var one [1]exposition.Series
		for i := range s.all {
			s.rows.Fill(i, one[:]) // only foreign series have timestamps
			s.all[i] = place{i, s.rows.Labels(i), one[0].Timestamp, one[0].HasTimestamp}
		}
		slices.SortStableFunc(s.all, func(a, b place) int { return compare(&a, &b) })
	}
	s.look()
	return s
}

func (s *sequence) look() {
	if s.all != nil {
		s.place = s.all[s.at]
		return
	}
	s.place = place{i: s.at, labels: s.rows.Labels(s.at)}
}

// next goes to the next series and tells whether there is one.
func (s *sequence) next() bool {
	if s.at++; s.at == s.rows.Len() {
		return false
	}
	s.look()
	return true
}

// merge has the sequences of which series are left as a heap, so that the first one
// has the series that is next of all.
type merge []*sequence

func (m merge) init() {
	for i := len(m)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
}

// advance goes to the series after the one that is first.
func (m *merge) advance() {
	if s := *m; !s[0].next() {
		last := len(s) - 1
		s[0] = s[last]
		*m = s[:last]
	}
	m.down(0)
}

func (m merge) down(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(m) && m.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		m[i], m[least] = m[least], m[i]
		i = least
	}
}

func (m merge) before(a, b int) bool {
	c := compare(&m[a].place, &m[b].place)
	return c < 0 || c == 0 && m[a].run < m[b].run
}
