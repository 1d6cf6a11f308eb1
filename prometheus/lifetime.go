package prometheus

import (
	"fmt"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// lifetime is what options say of how long series live and how many there may be.
type lifetime struct {
	ttl        time.Duration
	max        int
	onOverflow func(name string, labelValues []string)
}

// check panics if there can be no such lifetime.
func (l lifetime) check(desc *Desc) {
	if l.ttl < 0 {
		panic(fmt.Errorf("TTL of %q must not be negative, but is %v", desc.described().Name, l.ttl))
	}
	if l.max < 0 {
		panic(fmt.Errorf("MaxSeries of %q must not be negative, but is %d", desc.described().Name, l.max))
	}
}

// settings returns what those who share a metric must agree in.
func (l lifetime) settings() (all []registry.Setting) {
	if l.ttl != 0 {
		all = append(all, registry.Setting{Name: "TTL", Value: l.ttl})
	}
	if l.max != 0 {
		all = append(all, registry.Setting{Name: "MaxSeries", Value: l.max})
	}
	return all
}

// report returns what is called with the values of a vector that there is no room
// for, nil if nothing is.
func (l lifetime) report(desc *Desc) func(values []string) {
	if l.onOverflow == nil {
		return nil
	}
	name := desc.described().Name
	return func(values []string) { l.onOverflow(name, values) }
}

// kind is how metrics of one type and with the same options are made: such as
// last, and such as can expire. Which of them a family has is decided once, so
// that those that last do not pay for the others.
type kind struct {
	typ      exposition.Type
	plain    func(member) held
	expiring func(*series.Table[Metric], time.Duration) lived
}

// lived is how a metric that can expire is made.
type lived struct {
	metric func(member) held // without a life yet
	begin  func(*series.Child[Metric])
}

// expiring returns how metrics that can expire are made for a table: from what
// begins a life of one, what makes one without a life, and what returns its
// handle.
func expiring[S any](begin func(*S), metric func(member) held, handle func(Metric) *series.Handle[S]) func(*series.Table[Metric], time.Duration) lived {
	return func(table *series.Table[Metric], ttl time.Duration) lived {
		lives := series.Expire(table, ttl, begin, handle)
		return lived{metric, func(c *series.Child[Metric]) { lives.Begin(handle(c.Item), c) }}
	}
}

// table returns a table of such metrics, for a Desc and a time to live of zero for
// those that last.
func (k kind) table(desc *Desc, ttl time.Duration) *series.Table[Metric] {
	if ttl == 0 {
		return series.NewTableOf(desc.d.Schema, func(e series.Entry) *series.Child[Metric] {
			return &newMember(desc, e, k.plain).child
		})
	}
	var how lived
	table := series.NewTableOf(desc.d.Schema, func(e series.Entry) *series.Child[Metric] {
		m := newMember(desc, e, how.metric)
		how.begin(&m.child)
		return &m.child
	})
	how = k.expiring(table, ttl)
	return table
}

// newMetric makes the only metric of a Desc without variable labels.
func newMetric(desc *Desc, kind kind, life lifetime) Metric {
	life.check(desc)
	desc.d.Settings = append(desc.d.Settings, lifetime{ttl: life.ttl}.settings()...)
	if life.ttl == 0 {
		return newMember(desc, series.Entry{Labels: desc.d.Schema.Labels(nil)}, kind.plain).child.Item
	}
	return kind.table(desc, life.ttl).Create(nil).Item
}
