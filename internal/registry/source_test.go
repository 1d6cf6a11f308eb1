package registry_test

import (
	"bytes"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// source adds always the same runs and errors.
type source struct {
	runs []registry.Run
	errs []error
}

func (s *source) Collect(b *registry.Batch) {
	for _, run := range s.runs {
		b.Add(run)
	}
	for _, err := range s.errs {
		b.Fail(err)
	}
}

// quickSource is one that a registry asks without a goroutine.
type quickSource struct{ *source }

func (quickSource) Quick() {}

// rows are gauges, or whatever their run says they are.
type rows []exposition.Series

func (r rows) Len() int                          { return len(r) }
func (r rows) Labels(i int) *exposition.Labels   { return r[i].Labels }
func (r rows) Fill(i int, s []exposition.Series) { registry.Fixed(r).Fill(i, s) }
func (r rows) at(stamp int64, i int) rows        { r[i].Timestamp, r[i].HasTimestamp = stamp, true; return r }
func (r rows) run(d *registry.Desc) registry.Run {
	return registry.Run{Desc: d, Type: exposition.Gauge, Rows: r}
}
func (r rows) collector(d *registry.Desc) *source { return &source{runs: []registry.Run{r.run(d)}} }
func (r rows) ordered(d *registry.Desc) *source {
	s := r.collector(d)
	s.runs[0].Ordered = true
	return s
}
func ofType(t exposition.Type, s *source) *source { s.runs[0].Type = t; return s }
func describe(name string, labels ...string) *registry.Desc {
	return registry.NewDesc(name, "help", "", labels, nil)
}

// values makes a row per value, with the labels of the desc.
func values(d *registry.Desc, value float64, labelValues ...string) rows {
	if len(d.Schema.Variable()) == 0 {
		labels := d.Schema.Labels(nil)
		return rows{{Labels: &labels, Value: value}}
	}
	var r rows
	for _, v := range labelValues {
		labels := d.Schema.Labels([]string{v})
		r = append(r, exposition.Series{Labels: &labels, Value: value})
	}
	return r
}

// explain shows a series by its labels.
func explain(run *registry.Run, i int) string { return "<" + run.Rows.Labels(i).Text() + ">" }

func mustRegister(t *testing.T, r *registry.Registry, s registry.Source, descs ...*registry.Desc) {
	t.Helper()
	if err := r.Register(s, descs); err != nil {
		t.Fatal(err)
	}
}

// text returns what a page looks like, without the help.
func text(t interface{ Fatal(...any) }, p *registry.Page, names ...string) string {
	var out bytes.Buffer
	e := exposition.NewText(&out, exposition.Underscores)
	p.Write(withoutHelp{e}, names...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type withoutHelp struct{ exposition.Encoder }

func (w withoutHelp) Family(f *exposition.Family) {
	bare := *f
	bare.HasHelp = false
	w.Encoder.Family(&bare)
}
