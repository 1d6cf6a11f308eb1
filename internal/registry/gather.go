package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Batch receives what one source exposes.
type Batch struct {
	pedantic bool
	ctx      context.Context // nil if the gather waits for as long as it takes
	heeded   bool            // the source asked for the context
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
	// Fill stores as many series as s has room for into s, beginning with series
	// i, and sets all their fields. The slices that they bring are used again.
	//
	// It is asked for many at once so that it can look at each step at all of
	// them: then the memory of many series is on its way at the same time.
	Fill(i int, s []exposition.Series)
}

// Add adds a run to the batch.
func (b *Batch) Add(run Run) { b.runs = append(b.runs, run) }

// Fail reports that something of the source could not be collected. Because
// makes errors that say more.
func (b *Batch) Fail(err error) { b.errs = append(b.errs, err) }

// Runs returns what was added.
func (b *Batch) Runs() []Run { return b.runs }

// Errors returns what could not be collected.
func (b *Batch) Errors() []error {
	errs := make([]error, len(b.errs))
	for i, err := range b.errs {
		errs[i] = reasonOf(err).err
	}
	return errs
}

// Context returns a context that ends when nobody waits for the source any
// longer, or nil where a gather waits for as long as it takes. What a source
// that has asked for it collects is not used once it has ended.
func (b *Batch) Context() context.Context {
	b.heeded = b.ctx != nil
	return b.ctx
}

// InQuarantine tells whether a Quarantine gathers, which wants nothing of what the
// source does to harm anybody else.
func (b *Batch) InQuarantine() bool { return b.ctx != nil }

// Pedantic tells whether the source should check its series against their
// descs.
func (b *Batch) Pedantic() bool { return b.pedantic }

// Gather asks all sources at once and returns what may stand on one page,
// together with an error for each thing that may not. Where two sources
// disagree, the one registered first is right. The function shows a series of a
// run in an error message.
//
// A registry in quarantine returns no errors, and waits no longer than the
// quarantine's Timeout.
func (r *Registry) Gather(explain func(run *Run, i int) string) (*Page, []error) {
	if r.Quarantine != nil {
		page, _ := r.Quarantine.Gather(r, time.Time{}, explain)
		return page, nil
	}
	s := r.snapshot()
	batches := make([]Batch, len(s.sources))
	var wg sync.WaitGroup
	ask := func(i int, source Source) {
		batches[i].pedantic = s.idsFor(i) != nil
		if _, quick := source.(Quick); quick {
			source.Collect(&batches[i])
			return
		}
		wg.Go(func() { source.Collect(&batches[i]) })
	}
	for i, source := range s.sources {
		ask(i, source)
	}
	wg.Wait()

	m := merger{families: make(map[string]*family), explain: explain}
	for i := range batches {
		for _, err := range batches[i].errs {
			m.errs = append(m.errs, reasonOf(err).err)
		}
		for _, run := range batches[i].runs {
			m.add(run, s.idsFor(i))
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

// snapshot is what a registry had when a gather began.
type snapshot struct {
	sources []Source
	checked int                 // how many of the sources, those in front, are
	ids     map[string]struct{} // what is registered; nil unless the registry is pedantic
}

func (r *Registry) snapshot() snapshot {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var s snapshot
	s.sources, s.checked = r.sources()
	if r.misuse != nil {
		s.sources = append(s.sources, r.misuse)
	}
	if overflows := r.overflows(); overflows != nil {
		s.sources = append(s.sources, overflows)
	}
	if r.Pedantic {
		s.ids = make(map[string]struct{}, len(r.ids))
		for id := range r.ids {
			s.ids[id] = struct{}{}
		}
	}
	return s
}

// idsFor returns what a source may expose, nil for anything, without a check.
func (s *snapshot) idsFor(source int) map[string]struct{} {
	if source >= s.checked {
		return nil
	}
	return s.ids
}

// merger brings the runs of all sources together.
type merger struct {
	families map[string]*family
	explain  func(*Run, int) string
	whole    bool // a run whose name collides is one error, not one for each series
	errs     []error
	tally    *tally // counts what is left out, instead of errs; nil outside quarantine
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
		if err := m.collision(f); err != nil {
			if m.tally != nil {
				m.tally.series(d.Name, Conflict, run.Rows.Len(), func() error { return err })
				return
			}
			times := run.Rows.Len()
			if m.whole {
				times = 1
			}
			m.errs = append(m.errs, slices.Repeat([]error{err}, times)...)
			return
		}
	case f.Help != d.Help:
		m.refuse(Conflict, &run, 0, run.Rows.Len(), func(shown string) error {
			return fmt.Errorf("collected metric %s %s has help %q but should have %q", d.Name, shown, d.Help, f.Help)
		})
		return
	case f.Type != run.Type:
		m.refuse(Conflict, &run, 0, run.Rows.Len(), func(shown string) error {
			return fmt.Errorf("collected metric %s %s should be %s", d.Name, shown, withArticle[f.Type])
		})
		return
	}
	if _, ok := registered[d.id]; !ok && registered != nil {
		m.refuse(Invalid, &run, 0, run.Rows.Len(), func(shown string) error {
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

// refuse leaves out n series of a run, beginning with series i, and says why: of
// each, or, in quarantine, of the first.
func (m *merger) refuse(reason Reason, run *Run, i, n int, format func(shown string) error) {
	if m.tally != nil {
		m.tally.series(run.Desc.Name, reason, n, func() error { return format(m.explain(run, i)) })
		return
	}
	for at := i; at < i+n; at++ {
		m.errs = append(m.errs, format(m.explain(run, at)))
	}
}

// collision tells why a new family may not have its name.
func (m *merger) collision(f *family) error {
	if m.tally != nil && isOwnFamily(f.Name) {
		return fmt.Errorf("collected metric named %q: a registry in quarantine has that name for a metric of its own", f.Name)
	}
	return m.suffixCollision(f)
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
		f.join()
		if len(f.runs) > 1 || !f.runs[0].Ordered {
			m.order(f)
		}
		p.families = append(p.families, f)
	}
	p.sort()
	return p
}

func (p *Page) sort() {
	slices.SortFunc(p.families, func(a, b *family) int { return strings.Compare(a.Name, b.Name) })
}
