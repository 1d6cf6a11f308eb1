package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Batch receives what one source exposes.
type Batch struct {
	pedantic bool
	runs     []Run
	errs     []error
}

// Run is a sequence of series of one family that one source exposes.
type Run struct {
	Desc *Desc
	Type exposition.Type
	Rows Rows
	// Ordered is set by a source that knows its rows to be in label order and
	// without duplicates.
	Ordered bool
}

// Rows gives access to the series of a run. They stay the same for as long as
// the run is used, but their values are read when they are asked for.
type Rows interface {
	Len() int
	Labels(i int) *exposition.Labels
	// Fill stores series i into s, all of whose fields it sets. The slices
	// that s brings are used again.
	Fill(i int, s *exposition.Series)
}

// Add adds a run to the batch.
func (b *Batch) Add(run Run) { b.runs = append(b.runs, run) }

// Fail reports that something of the source could not be collected.
func (b *Batch) Fail(err error) { b.errs = append(b.errs, err) }

// Pedantic tells whether the source should check its series against their
// descs.
func (b *Batch) Pedantic() bool { return b.pedantic }

// Page is what all sources of a registry expose: a snapshot of which series
// there are, whose values are read as the page is written.
type Page struct {
	families []*family
}

type family struct {
	exposition.Family
	runs []Run
	rows []row // the series in order; nil if they are those of the only run, as they are
}

// row is a series of one of the runs of a family.
type row struct{ run, i int }

// Gather asks all sources at once and returns what may stand on one page,
// together with an error for each thing that may not. Where two sources
// disagree, the one registered first is right. The function shows a series of a
// run in an error message.
func (r *Registry) Gather(explain func(run *Run, i int) string) (*Page, []error) {
	r.mu.RLock()
	sources, checked := r.sources()
	ids := r.idsIfPedantic()
	r.mu.RUnlock()

	batches := make([]Batch, len(sources))
	var wg sync.WaitGroup
	ask := func(i int, source Source) {
		batches[i].pedantic = r.Pedantic && i < checked
		if _, quick := source.(Quick); quick {
			source.Collect(&batches[i])
			return
		}
		wg.Go(func() { source.Collect(&batches[i]) })
	}
	for i, source := range sources {
		ask(i, source)
	}
	wg.Wait()

	m := merger{families: make(map[string]*family), explain: explain}
	for i := range batches {
		m.errs = append(m.errs, batches[i].errs...)
		for _, run := range batches[i].runs {
			if i < checked {
				m.add(run, ids)
			} else {
				m.add(run, nil)
			}
		}
	}
	return m.page(), m.errs
}

// Merge brings together runs, each of them a whole family, that were had without
// a registry. The function is as in Gather.
func Merge(runs []Run, explain func(run *Run, i int) string) (*Page, []error) {
	m := merger{families: make(map[string]*family), explain: explain, whole: true}
	for _, run := range runs {
		m.add(run, nil)
	}
	return m.page(), m.errs
}

// Quick marks a source whose Collect neither waits nor runs foreign code, so
// that a goroutine for it would cost more than the call.
type Quick interface{ Quick() }

func (r *Registry) idsIfPedantic() map[string]struct{} {
	if !r.Pedantic {
		return nil
	}
	ids := make(map[string]struct{}, len(r.ids))
	for id := range r.ids {
		ids[id] = struct{}{}
	}
	return ids
}

// merger brings the runs of all sources together.
type merger struct {
	families map[string]*family
	explain  func(*Run, int) string
	whole    bool // a run whose name collides is one error, not one for each series
	errs     []error
}

// add puts a run into its family, which the first run of that name makes. Its
// desc must be one of the registered ones, unless those are nil.
func (m *merger) add(run Run, registered map[string]struct{}) {
	if run.Rows == nil || run.Rows.Len() == 0 {
		return
	}
	d := run.Desc
	f := m.families[d.Name]
	switch {
	case f == nil:
		f = &family{Family: exposition.Family{Name: d.Name, Help: d.Help, HasHelp: !d.NoHelp, Unit: d.Unit, Type: run.Type}}
		if err := m.suffixCollision(f); err != nil {
			times := run.Rows.Len()
			if m.whole {
				times = 1
			}
			m.errs = append(m.errs, slices.Repeat([]error{err}, times)...)
			return
		}
	case f.Help != d.Help:
		m.failAll(&run, func(shown string) error {
			return fmt.Errorf("collected metric %s %s has help %q but should have %q", d.Name, shown, d.Help, f.Help)
		})
		return
	case f.Type != run.Type:
		m.failAll(&run, func(shown string) error {
			return fmt.Errorf("collected metric %s %s should be %s", d.Name, shown, withArticle[f.Type])
		})
		return
	}
	if _, ok := registered[d.id]; !ok && registered != nil {
		m.failAll(&run, func(shown string) error {
			return fmt.Errorf("collected metric %s %s with unregistered descriptor %s", d.Name, shown, d)
		})
		return
	}
	m.families[d.Name] = f
	f.runs = append(f.runs, run)
}

var withArticle = map[exposition.Type]string{
	exposition.Counter:        "a Counter",
	exposition.Gauge:          "a Gauge",
	exposition.Summary:        "a Summary",
	exposition.Untyped:        "Untyped",
	exposition.Histogram:      "a Histogram",
	exposition.GaugeHistogram: "a GaugeHistogram",
}

// failAll adds an error for each series of a run that is left out.
func (m *merger) failAll(run *Run, format func(shown string) error) {
	for i := range run.Rows.Len() {
		m.errs = append(m.errs, format(m.explain(run, i)))
	}
}

// suffixCollision tells whether the lines of a new family would look like
// those of a summary or histogram, or the other way round.
func (m *merger) suffixCollision(f *family) error {
	for _, suffix := range [...]string{"_count", "_sum", "_bucket"} {
		base, ok := strings.CutSuffix(f.Name, suffix)
		if !ok {
			continue
		}
		other := m.families[base]
		if other == nil {
			break
		}
		if other.Type == exposition.Summary && suffix != "_bucket" || other.Type == exposition.Histogram {
			return fmt.Errorf("collected metric named %q collides with previously collected %s named %q", f.Name, other.Type, base)
		}
	}
	switch f.Type {
	case exposition.Summary, exposition.Histogram:
		for _, suffix := range [...]string{"_count", "_sum"} {
			if m.families[f.Name+suffix] != nil {
				return fmt.Errorf("collected histogram or summary named %q collides with previously collected metric named %q", f.Name, f.Name+suffix)
			}
		}
	}
	if f.Type == exposition.Histogram && m.families[f.Name+"_bucket"] != nil {
		return fmt.Errorf("collected histogram named %q collides with previously collected metric named %q", f.Name, f.Name+"_bucket")
	}
	return nil
}

func (m *merger) page() *Page {
	p := &Page{families: make([]*family, 0, len(m.families))}
	for _, f := range m.families {
		if len(f.runs) > 1 || !f.runs[0].Ordered {
			m.order(f)
		}
		p.families = append(p.families, f)
	}
	slices.SortFunc(p.families, func(a, b *family) int { return strings.Compare(a.Name, b.Name) })
	return p
}

// order sorts the series of all runs of a family and leaves out those that are
// there already.
func (m *merger) order(f *family) {
	type sortable struct {
		row
		labels *exposition.Labels
		stamp  int64
		timed  bool
	}
	var all []sortable
	var s exposition.Series
	for run := range f.runs {
		rows := f.runs[run].Rows
		for i := range rows.Len() {
			one := sortable{row: row{run, i}, labels: rows.Labels(i)}
			if !f.runs[run].Ordered { // only foreign series have timestamps
				rows.Fill(i, &s)
				one.stamp, one.timed = s.Timestamp, s.HasTimestamp
			}
			all = append(all, one)
		}
	}
	compare := func(a, b sortable) int {
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
	slices.SortStableFunc(all, compare)
	f.rows = make([]row, 0, len(all))
	for i, one := range all {
		if i > 0 && compare(all[i-1], one) == 0 {
			m.errs = append(m.errs, fmt.Errorf("collected metric %q { %s} was collected before with the same name and label values",
				f.Name, m.explain(&f.runs[one.run], one.i)))
			continue
		}
		f.rows = append(f.rows, one.row)
	}
}

// Len returns the number of families.
func (p *Page) Len() int { return len(p.families) }

// Write writes the page, or, if there are names, only the families of those
// names. The encoder is not closed.
func (p *Page) Write(e exposition.Encoder, names ...string) {
	wanted := make(map[string]bool, len(names)) // who asks may ask for thousands
	for _, name := range names {
		wanted[name] = true
	}
	var s exposition.Series
	for _, f := range p.families {
		if len(names) > 0 && !wanted[f.Name] {
			continue
		}
		e.Family(&f.Family)
		for i := range f.len() {
			f.fill(i, &s)
			e.Series(&s)
		}
	}
}

// Freeze reads all values now, so that the page shows the same however late and
// however often it is written.
func (p *Page) Freeze() {
	for _, f := range p.families {
		series := make(Fixed, f.len())
		for i := range series {
			f.fill(i, &series[i])
		}
		f.runs, f.rows = []Run{{Type: f.Type, Rows: series, Ordered: true}}, nil
	}
}

// Append adds a family that is given whole to the end of a page, for those who
// gather without a registry of ours.
func (p *Page) Append(f exposition.Family, rows Rows) {
	p.families = append(p.families, &family{Family: f, runs: []Run{{Type: f.Type, Rows: rows, Ordered: true}}})
}

func (f *family) len() int {
	if f.rows == nil {
		return f.runs[0].Rows.Len()
	}
	return len(f.rows)
}

// fill stores series i of the family, in its order, into s.
func (f *family) fill(i int, s *exposition.Series) {
	at := row{i: i}
	if f.rows != nil {
		at = f.rows[i]
	}
	f.runs[at.run].Rows.Fill(at.i, s)
}

// Fixed are series whose values are known already.
type Fixed []exposition.Series

// Len returns the number of series.
func (f Fixed) Len() int { return len(f) }

// Labels returns the labels of series i.
func (f Fixed) Labels(i int) *exposition.Labels { return f[i].Labels }

// Fill stores series i into s.
func (f Fixed) Fill(i int, s *exposition.Series) { s.Set(&f[i]) }
