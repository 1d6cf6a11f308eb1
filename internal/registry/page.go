package registry

import "github.com/cresset-metrics/cresset/internal/exposition"

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

// Len returns the number of families.
func (p *Page) Len() int { return len(p.families) }

// Write writes the page, or, if there are names, only the families of those
// names. The encoder is not closed. If it fails, the rest is not written.
func (p *Page) Write(e exposition.Encoder, names ...string) {
	wanted := make(map[string]bool, len(names)) // who asks may ask for thousands
	for _, name := range names {
		wanted[name] = true
	}
	b := batchPool.Get().(*batch)
	defer b.free()
	for _, f := range p.families {
		if len(names) > 0 && !wanted[f.Name] {
			continue
		}
		if failed(e) {
			return
		}
		e.Family(&f.Family)
		f.write(e, b)
	}
}

// Freeze reads all values now, so that the page shows the same however late and
// however often it is written.
func (p *Page) Freeze() {
	for _, f := range p.families {
		series := make(Fixed, f.len())
		f.fill(0, series)
		f.runs, f.rows = []Run{{Type: f.Type, Rows: series, Ordered: true}}, nil
	}
}

// Append adds a family that is given whole to the end of a page, for those who
// gather without a registry of ours.
func (p *Page) Append(f exposition.Family, rows Rows) {
	p.families = append(p.families, &family{Family: f, runs: []Run{{Type: f.Type, Rows: rows, Ordered: true}}})
}

// Fixed are series whose values are known already.
type Fixed []exposition.Series

// Len returns the number of series.
func (f Fixed) Len() int { return len(f) }

// Labels returns the labels of series i.
func (f Fixed) Labels(i int) *exposition.Labels { return f[i].Labels }

// Fill stores series, beginning with series i, into s.
func (f Fixed) Fill(i int, s []exposition.Series) {
	for k := range s {
		s[k].Set(&f[i+k])
	}
}
