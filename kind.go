package cresset

import (
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Metric is what a vector can have as its series: the handles of this package.
type Metric interface {
	Counter | Gauge | Histogram | Summary

	fill(*exposition.Series)
	touch() bool // brings what fill reads into the cache, where that pays
	over() bool  // it can expire, and has
}

// mayBeOver is a series that can expire.
type mayBeOver interface{ Over() bool }

func over(s shown) bool {
	e, expires := s.(mayBeOver)
	return expires && e.Over()
}

// kind is how metrics of one type and with the same options are made: such as
// last, and such as can expire, whose lives have the state S. Which of them a
// family has is decided once, so that those that last do not pay for the others.
type kind[M Metric, S any] struct {
	typ      exposition.Type
	lasting  func(*family) M
	expiring func(*family) M // without a life yet
	begin    func(*S)
	handle   func(M) *series.Handle[S] // of one that can expire
}

// newTable returns a table of such metrics, for a time to live of zero for those
// that last. An item of the table has a metric.
func newTable[T any, M Metric, S any](f *family, k kind[M, S], ttl time.Duration, itemOf func(M) T, metricOf func(T) M) *series.Table[T] {
	if ttl == 0 {
		return series.NewTable(f.desc.Schema, func(*series.Child[T]) T { return itemOf(k.lasting(f)) })
	}
	var lives *series.Lives[T, S]
	table := series.NewTable(f.desc.Schema, func(c *series.Child[T]) T {
		m := k.expiring(f)
		lives.Begin(k.handle(m), c)
		return itemOf(m)
	})
	lives = series.Expire(table, ttl, k.begin, func(item T) *series.Handle[S] { return k.handle(metricOf(item)) })
	return table
}

// newScalar makes a metric without labels and registers it.
func newScalar[M Metric, S any](reg *Registry, name, help string, c *config, k kind[M, S]) (m M, err error) {
	f, err := newFamily(k.typ, name, help, nil, c)
	if err != nil {
		return m, err
	}
	if c.ttl == 0 {
		m = k.lasting(f)
		return m, f.register(reg, newSingle(f, m))
	}
	table := newTable(f, k, c.ttl, itself[M], itself[M])
	if err := f.register(reg, expiringScalar[M]{f, table}); err != nil {
		return m, err
	}
	return table.Create(nil).Item, nil
}

func itself[M any](m M) M { return m }

// single is a metric that has one series for ever.
type single[M Metric] struct {
	*family
	labels exposition.Labels
	metric M
}

func newSingle[M Metric](f *family, m M) *single[M] {
	return &single[M]{f, f.desc.Schema.Labels(nil), m}
}

// Quick says that Collect neither waits nor runs foreign code.
func (*single[M]) Quick() {}

// Collect adds the series.
func (s *single[M]) Collect(b *registry.Batch) {
	b.Add(s.run(s))
}

func (*single[M]) Len() int                        { return 1 }
func (s *single[M]) Labels(int) *exposition.Labels { return &s.labels }
func (s *single[M]) Fill(_ int, to []exposition.Series) {
	to[0].Labels = &s.labels
	s.metric.fill(&to[0])
}

// expiringScalar is a metric without labels that can expire: the only one of its
// table.
type expiringScalar[M Metric] struct {
	*family
	table *series.Table[M]
}

// Quick says that Collect neither waits nor runs foreign code.
func (expiringScalar[M]) Quick() {}

// Collect adds the series if it is there.
func (s expiringScalar[M]) Collect(b *registry.Batch) {
	b.Add(s.run(scalars[M](s.table.Ordered())))
}

type scalars[M Metric] []*series.Child[M]

func (s scalars[M]) Len() int                        { return len(s) }
func (s scalars[M]) Labels(i int) *exposition.Labels { return &s[i].Labels }
func (s scalars[M]) Fill(i int, to []exposition.Series) {
	for k, c := range s[i : i+len(to)] {
		to[k].Labels = &c.Labels
		c.Item.fill(&to[k])
	}
}
