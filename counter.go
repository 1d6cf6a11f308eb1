package cresset

import (
	"context"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Counter is a value that only grows: requests served, errors seen, bytes sent.
// To follow a value that can fall, use a Gauge.
//
// A Counter is a handle: copies count in the same series. The zero value is no
// counter; it panics.
type Counter struct {
	series counterSeries
	family *family
}

// counterSeries is the series of a counter: one that stays, or one that expires.
type counterSeries interface {
	shown
	Inc()
	Add(amount float64)
	SetExemplar(*exposition.Exemplar)
}

// NewCounter makes a counter and registers it. It starts at zero. It panics
// where TryNewCounter returns an error.
func NewCounter(reg *Registry, name, help string, options ...CounterOption) Counter {
	return must(TryNewCounter(reg, name, help, options...))
}

// TryNewCounter is NewCounter, but returns an error if the name or an option is
// not valid, or if the registry has a metric of that name which does not go
// with this one.
func TryNewCounter(reg *Registry, name, help string, options ...CounterOption) (Counter, error) {
	return newScalar(reg, name, help, configOf(options), counters)
}

// NewCounterVec makes a family of counters, whose labels are the fields of L, and
// registers it. It panics where TryNewCounterVec returns an error.
func NewCounterVec[L comparable](reg *Registry, name, help string, options ...CounterVecOption) *CounterVec[L] {
	return must(TryNewCounterVec[L](reg, name, help, options...))
}

// TryNewCounterVec is NewCounterVec, but returns an error if the name, an option
// or a field of L is not valid, or if the registry has a metric of that name
// which does not go with this one.
func TryNewCounterVec[L comparable](reg *Registry, name, help string, options ...CounterVecOption) (*CounterVec[L], error) {
	return newVec[L](reg, name, help, configOf(options), counters)
}

// CounterVec is a family of counters that differ in the values of their labels.
type CounterVec[L comparable] = Vec[L, Counter]

var counters = kind[Counter, *metric.Counter]{
	typ: exposition.Counter,
	lasting: func(f *family) Counter {
		c := metric.NewCounter()
		return Counter{&c, f}
	},
	expiring: func(f *family) Counter { return Counter{new(metric.ExpiringCounter), f} },
	begin:    metric.BeginCounter,
	handle:   func(c Counter) *series.Handle[*metric.Counter] { return &c.series.(*metric.ExpiringCounter).Handle },
}

// Inc adds one.
func (c Counter) Inc() { c.series.Inc() }

// Add adds an amount. What would make the counter fall, or no number of it, is
// left out: amounts that are negative or NaN.
func (c Counter) Add(amount float64) {
	if amount >= 0 {
		c.series.Add(amount)
	} else {
		c.family.refuse(amount)
	}
}

// IncContext adds one and, if the counter has Exemplars, keeps one of the context
// when it is its turn.
func (c Counter) IncContext(ctx context.Context) { c.AddContext(ctx, 1) }

// AddContext adds an amount as Add does and, if the counter has Exemplars, keeps
// one of the context when it is its turn.
func (c Counter) AddContext(ctx context.Context, amount float64) {
	c.Add(amount)
	if !(amount >= 0) {
		return
	}
	if e := c.family.exemplar(ctx, amount); e != nil {
		c.series.SetExemplar(e)
	}
}

func (c Counter) touch() bool {
	m, lasting := c.series.(*metric.Counter)
	return lasting && m.Touch()
}

func (c Counter) fill(s *exposition.Series) { c.series.Fill(s) }
func (c Counter) over() bool                { return over(c.series) }
