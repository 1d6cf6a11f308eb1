package cresset

import (
	"iter"
	"slices"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/labels"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Vec is a family of metrics that differ in the values of their labels, which
// are the fields of the struct type L. CounterVec, GaugeVec, HistogramVec and
// SummaryVec are its four kinds.
//
// Each exported field of L has the name of its label in a tag:
//
//	type call struct {
//		Method string `label:"method"`
//		Code   int    `label:"code"`
//	}
//
// A field is a string, a boolean, an integer, or of a type made of those (a
// struct or an array of them, too) that has a MarshalText or String method, which
// then gives the text. Structs that are embedded without a tag stand for their
// fields. Bytes that are not UTF-8 become U+FFFD in the text, and so does a value
// whose MarshalText fails. Values whose texts are the same share one series.
//
// Any number of goroutines may use a Vec. What its methods are given is copied.
type Vec[L comparable, M Metric] struct {
	family *family
	plan   *labels.Plan
	table  *series.Table[*item[L, M]] // the one truth about which series exist
	// index follows the table, from values instead of texts. What is in it is in
	// the table; it is changed under the lock of the table, and whoever does not
	// find something in it asks the table.
	index labels.Index[L, M]
	// set is what Replace collects in, nil otherwise. Its index stays empty, for
	// each series has to be asked of the set.
	set *series.Staging[*item[L, M]]
}

// item is what the table holds for a series. All but the metric, which does not
// change, is guarded by the lock of the table.
type item[L comparable, M Metric] struct {
	// first has the metric, and the value that it was first asked for with.
	first labels.Entry[L, M]
	// others are the entries of other values that have the same texts. There are
	// few in a sensible program, and never more than maxOthers, so that the
	// number of texts bounds the memory, not that of values.
	others *[]*labels.Entry[L, M] // nil for none

	known   bool // first has the value
	indexed bool // and is in the index
}

const maxOthers = 16

func (it *item[L, M]) metric() M { return it.first.Item }

func newItem[L comparable, M Metric](m M) *item[L, M] {
	return &item[L, M]{first: labels.Entry[L, M]{Item: m}}
}

// newVec makes a vector and registers it.
func newVec[L comparable, M Metric, S any](reg *Registry, name, help string, c *config, k kind[M, S]) (*Vec[L, M], error) {
	plan, err := newPlan[L](k.typ)
	if err != nil {
		return nil, invalid(name, append(c.problems, err)...)
	}
	f, err := newFamily(k.typ, name, help, plan.Names(), c)
	if err != nil {
		return nil, err
	}
	v := &Vec[L, M]{
		family: f,
		plan:   plan,
		table:  newTable(f, k, c.ttl, newItem[L, M], (*item[L, M]).metric),
	}
	v.index.Init(plan)
	v.table.OnRemove(v.removed)
	v.table.OnReturn(v.returned)
	if c.maxSeries > 0 {
		v.table.Limit(&series.Limit{Max: c.maxSeries}, c.reportOverflow(name))
	}
	if err := f.register(reg, v.source()); err != nil {
		return nil, err
	}
	return v, nil
}

// With returns the metric with these labels, and makes it if there is none. It
// takes a few nanoseconds if there is one, so that it can be called for each
// update.
func (v *Vec[L, M]) With(labels L) M {
	if e := v.index.Candidate(&labels); e != nil && e.Key == labels && (v.table.Settled() || !e.Item.over()) {
		return e.Item
	}
	return v.find(labels)
}

// find is With for values that are not in the index.
func (v *Vec[L, M]) find(labels L) M {
	own := v.own(labels)
	texts := v.texts(own)
	var c *child[L, M]
	if v.set != nil {
		c = v.set.Create(texts)
	} else {
		c = v.table.Create(texts)
	}
	return v.known(c, own, texts)
}

// Pin returns the metric with these labels as With does, and keeps it from
// expiring, whatever TTL the vector has; deleting it is still possible. It is for
// series that should be there from the beginning.
func (v *Vec[L, M]) Pin(labels L) M {
	own := v.own(labels)
	texts := v.texts(own)
	var c *child[L, M]
	if v.set != nil {
		c = v.set.Pin(texts)
	} else {
		c = v.table.Pin(texts)
	}
	return v.known(c, own, texts)
}

// Lookup returns the metric with these labels and whether there is one. It does
// not make any.
func (v *Vec[L, M]) Lookup(labels L) (metric M, ok bool) {
	own := v.own(labels)
	texts := v.texts(own)
	var c *child[L, M]
	if v.set != nil {
		c = v.set.Find(texts)
	} else {
		c = v.table.Find(texts)
	}
	if c == nil {
		return metric, false
	}
	return v.known(c, own, texts), true
}

// Delete removes the metric with these labels and tells whether there was one.
// Whoever still holds its handle can go on using it, but nobody sees that.
func (v *Vec[L, M]) Delete(labels L) bool {
	texts := v.texts(v.own(labels))
	if v.set != nil {
		return v.set.DeleteFunc(func(values []string) bool { return slices.Equal(values, texts) }) > 0
	}
	return v.table.Delete(texts)
}

// DeleteFunc removes all metrics for whose labels the function returns true, and
// returns how many those were.
func (v *Vec[L, M]) DeleteFunc(match func(labels L) bool) int {
	n := 0
	for labels := range v.All() {
		if match(labels) && v.Delete(labels) {
			n++
		}
	}
	return n
}

// Reset removes all metrics.
func (v *Vec[L, M]) Reset() {
	if v.set != nil {
		v.set.DeleteFunc(func([]string) bool { return true })
		return
	}
	v.table.Reset()
}

// All yields all metrics that there are when it begins with their labels, in the
// order in which they are exposed. The one that stands for those beyond MaxSeries
// is not among them, for it has no labels of type L.
func (v *Vec[L, M]) All() iter.Seq2[L, M] {
	return func(yield func(L, M) bool) {
		children := v.table.Ordered
		if v.set != nil {
			children = v.set.Ordered
		}
		for _, c := range children() {
			var labels L
			var known bool
			v.table.Locked(c, func(bool) { labels, known = c.Item.first.Key, c.Item.known })
			if known && !yield(labels, c.Item.metric()) {
				return
			}
		}
	}
}

// Replace makes what the function asks of next all that the vector has: other
// metrics go, and new ones appear, in one step for every scrape. A metric that was
// there before stays the same, and what is done to it takes effect at once.
//
// If the function panics, no metric goes and none appears. Next is a vector like
// this one; when the function has returned, it is this one, if a slower one.
func (v *Vec[L, M]) Replace(f func(next *Vec[L, M])) {
	next := &Vec[L, M]{family: v.family, plan: v.plan, table: v.table}
	if v.set != nil {
		next.set = v.set.Stage(nil)
	} else {
		next.set = v.table.Stage(nil)
	}
	next.index.Init(v.plan)
	defer next.set.Abandon()
	f(next)
	next.set.Commit()
}

// own returns the value with strings of its own.
func (v *Vec[L, M]) own(labels L) L {
	v.plan.Own(unsafe.Pointer(&labels))
	return labels
}

func (v *Vec[L, M]) texts(labels L) []string { return v.plan.Texts(unsafe.Pointer(&labels)) }

type child[L comparable, M Metric] = series.Child[*item[L, M]]

// known takes note of which value a series was asked for with, and returns its
// metric. The value must be its own. If the series is the one beyond the limit,
// there is nothing to note: room may come.
func (v *Vec[L, M]) known(c *child[L, M], own L, texts []string) M {
	if c.Has(texts) {
		v.table.Locked(c, func(there bool) { v.note(c, own, there && v.set == nil) })
	}
	return c.Item.metric()
}

func (v *Vec[L, M]) note(c *child[L, M], own L, there bool) {
	it := c.Item
	if !it.known {
		v.plan.Share(unsafe.Pointer(&own), c.Values())
		it.first.Key, it.known = own, true
	}
	switch {
	case !there || v.index.Find(&own) != nil:
	case it.first.Key == own:
		it.indexed = true
		v.index.Add(&it.first)
	case it.others == nil || len(*it.others) < maxOthers:
		if it.others == nil {
			it.others = new([]*labels.Entry[L, M])
		}
		e := &labels.Entry[L, M]{Key: own, Item: it.metric()}
		*it.others = append(*it.others, e)
		v.index.Add(e)
	}
}

// removed takes a series out of the index that the table does not have any more.
func (v *Vec[L, M]) removed(c *child[L, M]) {
	it := c.Item
	if it.indexed {
		v.index.Remove(&it.first)
	}
	if it.others != nil {
		for _, e := range *it.others {
			v.index.Remove(e)
		}
	}
	it.indexed, it.others = false, nil
}

// returned hands on the value of a series that has come back.
func (v *Vec[L, M]) returned(now, before *child[L, M]) {
	if !now.Item.known {
		now.Item.first.Key, now.Item.known = before.Item.first.Key, before.Item.known
	}
}

func (v *Vec[L, M]) source() registry.Source { return vecSource[L, M]{v} }

// vecSource exposes a vector straight from its table.
type vecSource[L comparable, M Metric] struct{ vec *Vec[L, M] }

// Quick says that Collect neither waits nor runs foreign code.
func (vecSource[L, M]) Quick() {}

// Limit, Unlimit and Refused implement registry.Bounded.
func (s vecSource[L, M]) Limit(l *series.Limit, report func(values []string)) {
	s.vec.table.Limit(l, report)
}
func (s vecSource[L, M]) Unlimit(l *series.Limit) { s.vec.table.Unlimit(l) }
func (s vecSource[L, M]) Refused() uint64         { return s.vec.table.Refused() }

// Collect adds the metrics that the vector has now.
func (s vecSource[L, M]) Collect(b *registry.Batch) {
	b.Add(s.vec.family.run(rows[L, M](s.vec.table.Ordered())))
}

// rows are the series of a vector.
type rows[L comparable, M Metric] []*child[L, M]

func (r rows[L, M]) Len() int                        { return len(r) }
func (r rows[L, M]) Labels(i int) *exposition.Labels { return &r[i].Labels }

// Fill looks at all series before it looks at the first item, and so on down to what
// the metrics hold: what is not in the cache yet is brought there for many series at
// once.
func (r rows[L, M]) Fill(i int, s []exposition.Series) {
	const most = 64
	for r = r[i : i+len(s)]; len(r) > 0; {
		var items [most]*item[L, M]
		var metrics [most]M
		n := min(len(r), most)
		for k, c := range r[:n] {
			s[k].Labels, items[k] = &c.Labels, c.Item
		}
		for k, it := range items[:n] {
			metrics[k] = it.first.Item
		}
		seen := 0
		for _, m := range metrics[:n] {
			if m.touch() {
				seen++
			}
		}
		exposition.Touched(seen)
		for k, m := range metrics[:n] {
			m.fill(&s[k])
		}
		r, s = r[n:], s[n:]
	}
}
