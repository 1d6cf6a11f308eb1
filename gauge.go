package cresset

import (
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Gauge is a value that goes up and down: a temperature, memory in use, requests
// in flight.
//
// A Gauge is a handle: copies move the same series. The zero value is no gauge;
// it panics.
type Gauge struct{ series gaugeSeries }

// gaugeSeries is the series of a gauge: one that stays, or one that expires.
type gaugeSeries interface {
	shown
	Set(v float64)
	Add(v float64)
}

// NewGauge makes a gauge and registers it. It starts at zero. It panics where
// TryNewGauge returns an error.
func NewGauge(reg *Registry, name, help string, options ...GaugeOption) Gauge {
	return must(TryNewGauge(reg, name, help, options...))
}

// TryNewGauge is NewGauge, but returns an error if the name or an option is not
// valid, or if the registry has a metric of that name which does not go with
// this one.
func TryNewGauge(reg *Registry, name, help string, options ...GaugeOption) (Gauge, error) {
	return newScalar(reg, name, help, configOf(options), gauges)
}

// NewGaugeVec makes a family of gauges, whose labels are the fields of L, and
// registers it. It panics where TryNewGaugeVec returns an error.
func NewGaugeVec[L comparable](reg *Registry, name, help string, options ...GaugeVecOption) *GaugeVec[L] {
	return must(TryNewGaugeVec[L](reg, name, help, options...))
}

// TryNewGaugeVec is NewGaugeVec, but returns an error if the name, an option or
// a field of L is not valid, or if the registry has a metric of that name which
// does not go with this one.
func TryNewGaugeVec[L comparable](reg *Registry, name, help string, options ...GaugeVecOption) (*GaugeVec[L], error) {
	return newVec[L](reg, name, help, configOf(options), gauges)
}

// GaugeVec is a family of gauges that differ in the values of their labels.
type GaugeVec[L comparable] = Vec[L, Gauge]

var gauges = kind[Gauge, *metric.Gauge]{
	typ:      exposition.Gauge,
	lasting:  func(*family) Gauge { return Gauge{new(metric.Gauge)} },
	expiring: func(*family) Gauge { return Gauge{new(metric.ExpiringGauge)} },
	begin:    metric.BeginGauge,
	handle:   func(g Gauge) *series.Handle[*metric.Gauge] { return &g.series.(*metric.ExpiringGauge).Handle },
}

// Set replaces the value.
func (g Gauge) Set(v float64) { g.series.Set(v) }

// SetTime replaces the value by an instant: its seconds since the Unix epoch.
func (g Gauge) SetTime(t time.Time) {
	g.series.Set(float64(t.Unix()) + float64(t.Nanosecond())/1e9)
}

// Add adds to the value.
func (g Gauge) Add(v float64) { g.series.Add(v) }

// Sub subtracts from the value.
func (g Gauge) Sub(v float64) { g.series.Add(-v) }

// Inc adds one.
func (g Gauge) Inc() { g.series.Add(1) }

// Dec subtracts one.
func (g Gauge) Dec() { g.series.Add(-1) }

func (g Gauge) touch() bool {
	m, lasting := g.series.(*metric.Gauge)
	return lasting && m.Touch()
}

func (g Gauge) fill(s *exposition.Series) { g.series.Fill(s) }
func (g Gauge) over() bool                { return over(g.series) }
