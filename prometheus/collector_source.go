package prometheus

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// collectorSource is any other Collector.
type collectorSource struct {
	c     Collector
	base  Collector   // what is inside all wrappings
	wraps []*wrapping // those next to base come first
}

func (s *collectorSource) collector() Collector { return s.c }

// Name implements registry.Foreign: a function that tells a value is called by the
// name of its metric, one that collects by its own, anything else by its type.
func (s *collectorSource) Name() (name string, isFamily bool) {
	switch c := s.base.(type) {
	case *valueFunc:
		return wrapDesc(s.wraps, c.desc.d).Name, true
	case CollectorFunc:
		return nameOf(c), false
	default:
		return fmt.Sprintf("%T", c), false
	}
}

// nameOf returns the name of a function.
func nameOf(function any) string {
	return runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name()
}

// Collect receives what the Collector sends. A panic costs the Collector what it
// had not sent by then, and nobody else anything. So does leaving by
// runtime.Goexit: in Collect that ends the sender's goroutine, in a metric this
// one, but for what is deferred.
//
// A goroutine that the Collector leaves behind, and that goes on sending, panics,
// for the channel is closed by then. In quarantine it is not, as nobody could keep
// that panic from ending the program, and what is sent so late is lost.
func (s *collectorSource) Collect(b *registry.Batch) {
	ch := make(chan Metric, 64)
	collect := s.collect(b)
	var panicked error // written before the sender has ended, read after
	ended := startUnclosed(ch, b.InQuarantine(), func(ch chan<- Metric) {
		panicked = s.guard(nil, func() error { collect(ch); return nil })
	})
	all := received{ch: ch}
	collected := collection{wrapper: wrapper{wraps: s.wraps}}
	exited := true
	defer func() {
		for more := true; more; _, more = all.next() { // the sender must not wait for ever
		}
		if cause := <-ended; panicked != nil {
			b.Fail(panicked)
		} else if cause != nil {
			b.Fail(fmt.Errorf("prometheus collector of type %T: %v", s.base, cause))
		}
		if exited {
			b.Fail(fmt.Errorf("a metric of prometheus collector of type %T: %w", s.base, errExited))
		}
		for _, run := range collected.runs {
			b.Add(registry.Run{Desc: run.desc, Type: run.typ, Rows: run.rows})
		}
	}()
	for m, more := all.next(); more; m, more = all.next() {
		if err := s.guard(&collected.family, func() error { return collected.add(m, b.Pedantic()) }); err != nil {
			b.Fail(err)
		}
	}
	exited = false
}

// last is sent after all that a Collector sends, where the channel is not closed.
type last struct{ Metric }

// received is what a Collector sends.
type received struct {
	ch   <-chan Metric
	over bool
}

// next returns the next metric, until there is none.
func (r *received) next() (m Metric, more bool) {
	if r.over {
		return nil, false
	}
	m, more = <-r.ch
	if _, end := m.(last); end || !more {
		r.over = true
		return nil, false
	}
	return m, true
}

// collect returns the method that collects.
func (s *collectorSource) collect(b *registry.Batch) func(chan<- Metric) {
	if c, ok := s.base.(ContextCollector); ok {
		if ctx := b.Context(); ctx != nil {
			return func(ch chan<- Metric) { c.CollectContext(ctx, ch) }
		}
	}
	return s.base.Collect
}

// guard runs foreign code and makes an error of its panic. The code may say which
// family it is at.
func (s *collectorSource) guard(family *string, f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			stack := make([]byte, 64<<10)
			stack = stack[:runtime.Stack(stack, false)]
			err = fmt.Errorf("prometheus collector panic recovered: type=%T: error=%v\nstack trace=%s", s.base, cause, stack)
			at := ""
			if family != nil {
				at = *family
			}
			err = registry.Because(registry.Panic, at, err)
		}
	}()
	return f()
}

// collection sorts collected metrics into runs.
type collection struct {
	wrapper
	runs   []*collectedRun
	byKey  map[runKey]*collectedRun
	family string // of the metric that is being taken in, once it is known
}

type collectedRun struct {
	runKey
	rows rows
}

type runKey struct {
	desc *registry.Desc
	typ  exposition.Type
}

// rows are collected metrics of one family.
type rows []row

// row is a metric that can be exposed: a native one, or one that was written to
// a message.
type row interface {
	seriesLabels() *exposition.Labels
	fill(*exposition.Series)
}

func (r rows) Len() int                        { return len(r) }
func (r rows) Labels(i int) *exposition.Labels { return r[i].seriesLabels() }
func (r rows) Fill(i int, s []exposition.Series) {
	for k, row := range r[i : i+len(s)] {
		s[k].Labels = row.seriesLabels()
		row.fill(&s[k])
	}
}

// written is a series as it was collected, however its metric changes after
// that.
type written struct{ series exposition.Series }

func (w *written) seriesLabels() *exposition.Labels { return w.series.Labels }
func (w *written) fill(s *exposition.Series)        { s.Set(&w.series) }

// add takes a metric in, or says why it cannot be exposed.
func (c *collection) add(m Metric, pedantic bool) error {
	c.family = ""
	if m == nil {
		return c.invalid(errors.New("a collector sent a nil metric"))
	}
	m = c.metric(m)
	desc := m.Desc()
	if desc == nil || desc.d == nil {
		return c.invalid(fmt.Errorf("a collector sent a metric of type %T without a descriptor", m))
	}
	c.family = desc.d.Name
	if err := desc.Err(); err != nil {
		return c.invalid(err)
	}
	if c.family == "" {
		return c.invalid(fmt.Errorf("a collector sent a metric of type %T whose descriptor has no name", m))
	}
	typ, r, err := rowOf(m, c.family)
	if err != nil {
		return err
	}
	one := registry.Run{Desc: desc.d, Type: typ, Rows: rows{r}}
	if err := checkCollected(&one, pedantic); err != nil {
		return c.invalid(err)
	}
	run := c.runFor(runKey{desc.d, typ})
	run.rows = append(run.rows, r)
	return nil
}

func (c *collection) invalid(err error) error {
	return registry.Because(registry.Invalid, c.family, err)
}

func (c *collection) runFor(key runKey) *collectedRun {
	// Metrics of one Desc mostly come one after the other.
	if last := len(c.runs) - 1; last >= 0 && c.runs[last].runKey == key {
		return c.runs[last]
	}
	run, known := c.byKey[key]
	if !known {
		if c.byKey == nil {
			c.byKey = make(map[runKey]*collectedRun)
		}
		run = &collectedRun{runKey: key}
		c.byKey[key] = run
		c.runs = append(c.runs, run)
	}
	return run
}

// rowOf returns the metric as it can be exposed later. What runs foreign code
// to tell its value does so here.
func rowOf(m Metric, family string) (exposition.Type, row, error) {
	switch m := m.(type) {
	case *valueFunc:
		w := &written{exposition.Series{Labels: m.labels}}
		m.fill(&w.series)
		return m.typ, w, nil
	case native:
		return m.seriesType(), m, nil
	}
	out := &dto.Metric{}
	if err := m.Write(out); err != nil {
		return 0, nil, registry.Because(registry.Failed, family, fmt.Errorf("error collecting metric %v: %w", m.Desc(), err))
	}
	typ, series, ok := message.Load(out)
	if !ok {
		return 0, nil, registry.Because(registry.Invalid, family, fmt.Errorf("empty metric collected: %s", out))
	}
	return typ, &written{series}, nil
}

// checkCollected checks the labels of the only series of a run, which may be
// anything if foreign code wrote them.
func checkCollected(run *registry.Run, pedantic bool) error {
	labels, name := run.Rows.Labels(0), run.Desc.Name
	last, first := "", true
	for label, value := range labels.All() {
		switch {
		case label == last && !first:
			return fmt.Errorf("collected metric %q { %s} has two or more labels with the same name: %s", name, explain(run, 0), label)
		case !registry.ValidLabelName(label):
			return fmt.Errorf("collected metric %q { %s} has a label with an invalid name: %s", name, explain(run, 0), label)
		case run.Type == exposition.Summary && label == quantileLabel:
			return fmt.Errorf("collected metric %q { %s} must not have an explicit %q label", name, explain(run, 0), quantileLabel)
		case !utf8.ValidString(value):
			return fmt.Errorf("collected metric %q { %s} has a label named %q whose value is not utf8: %#v", name, explain(run, 0), label, value)
		}
		last, first = label, false
	}
	if pedantic && !run.Desc.Schema.Matches(labels) {
		return fmt.Errorf("labels in collected metric %s %s are inconsistent with descriptor %s", name, explain(run, 0), run.Desc)
	}
	return nil
}
