package cresset

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Summary tells the number and the sum of observations and, if it has
// Objectives, quantiles of the latest ones.
//
// The quantiles are found in the program, so they are about this instance alone,
// and they cannot be aggregated: an average of quantiles says nothing. A
// Histogram leaves that to the query, is cheaper to observe, and is nearly always
// the better choice where there are several instances.
//
// A Summary is a handle: copies count in the same series. The zero value is no
// summary; it panics.
type Summary struct{ series summarySeries }

// summarySeries is the series of a summary: with objectives or without, one that
// stays or one that expires.
type summarySeries interface {
	shown
	observer
}

// NewSummary makes a summary and registers it. It panics where TryNewSummary
// returns an error.
func NewSummary(reg *Registry, name, help string, options ...SummaryOption) Summary {
	return must(TryNewSummary(reg, name, help, options...))
}

// TryNewSummary is NewSummary, but returns an error if the name or an option is
// not valid, or if the registry has a metric of that name which does not go with
// this one.
func TryNewSummary(reg *Registry, name, help string, options ...SummaryOption) (Summary, error) {
	c := configOf(options)
	if cells := c.summaryCells(); cells != nil {
		return newScalar(reg, name, help, c, quantileSummaries(cells))
	}
	return newScalar(reg, name, help, c, summaries)
}

// NewSummaryVec makes a family of summaries, whose labels are the fields of L,
// and registers it. It panics where TryNewSummaryVec returns an error.
func NewSummaryVec[L comparable](reg *Registry, name, help string, options ...SummaryVecOption) *SummaryVec[L] {
	return must(TryNewSummaryVec[L](reg, name, help, options...))
}

// TryNewSummaryVec is NewSummaryVec, but returns an error if the name, an option
// or a field of L is not valid, or if the registry has a metric of that name
// which does not go with this one.
func TryNewSummaryVec[L comparable](reg *Registry, name, help string, options ...SummaryVecOption) (*SummaryVec[L], error) {
	c := configOf(options)
	if cells := c.summaryCells(); cells != nil {
		return newVec[L](reg, name, help, c, quantileSummaries(cells))
	}
	return newVec[L](reg, name, help, c, summaries)
}

// SummaryVec is a family of summaries that differ in the values of their labels.
type SummaryVec[L comparable] = Vec[L, Summary]

var summaries = kind[Summary, metric.Summary]{
	typ: exposition.Summary,
	lasting: func(*family) Summary {
		s := metric.NewSummary()
		return Summary{&s}
	},
	expiring: func(*family) Summary { return Summary{new(metric.ExpiringSummary)} },
	begin:    func(s *metric.Summary) { *s = metric.NewSummary() },
	handle:   func(s Summary) *series.Handle[metric.Summary] { return &s.series.(*metric.ExpiringSummary).Handle },
}

func quantileSummaries(cells *cell.SummaryOptions) kind[Summary, metric.QuantileSummary] {
	return kind[Summary, metric.QuantileSummary]{
		typ: exposition.Summary,
		lasting: func(*family) Summary {
			s := metric.NewQuantileSummary(cells)
			return Summary{&s}
		},
		expiring: func(*family) Summary { return Summary{new(metric.ExpiringQuantileSummary)} },
		begin:    func(s *metric.QuantileSummary) { *s = metric.NewQuantileSummary(cells) },
		handle: func(s Summary) *series.Handle[metric.QuantileSummary] {
			return &s.series.(*metric.ExpiringQuantileSummary).Handle
		},
	}
}

// Observe counts one observation. For the quantiles, NaN is less than any number;
// the sum is NaN from then on.
func (s Summary) Observe(v float64) { s.series.Observe(v) }

// ObserveDuration counts a duration in seconds.
func (s Summary) ObserveDuration(d time.Duration) { s.series.Observe(d.Seconds()) }

// Start starts a timer whose time the summary is going to observe, as that of a
// histogram.
func (s Summary) Start() *Timer {
	return &Timer{start: time.Now(), into: s.series}
}

func (Summary) touch() bool                  { return false }
func (s Summary) fill(to *exposition.Series) { s.series.Fill(to) }
func (s Summary) over() bool                 { return over(s.series) }

// Objectives are the quantiles to tell: their ranks, from 0 (the least observation)
// to 1 (the greatest), with the error that is allowed in the rank. {0.5: 0.05,
// 0.99: 0.001} asks for a value that between 45% and 55% of the observations are
// below, and one that between 98.9% and 99.1% are below.
//
// Memory grows with the inverse of the errors. The error 0 at a rank between 0
// and 1 keeps every different value of the window.
func Objectives(errorOf map[float64]float64) QuantileOption {
	errorOf = maps.Clone(errorOf)
	return QuantileOption{option: option{func(c *config) {
		c.objectives = errorOf
		for _, rank := range slices.Sorted(maps.Keys(errorOf)) {
			if !(rank >= 0 && rank <= 1) {
				c.refuse("the objective %v is no rank; it must be between 0 and 1", rank)
			}
			if e := errorOf[rank]; !(e >= 0) || math.IsInf(e, 1) {
				c.refuse("the error of the objective %v is %v; it must not be negative", rank, e)
			}
		}
	}}}
}

// Window is how long an observation counts for the quantiles: 10 minutes without
// the option. The oldest are forgotten in steps, 5 without the option, so that
// quantiles are about observations of a time between the window less one step and
// the window. Each step has its memory.
func Window(window time.Duration, steps uint32) QuantileOption {
	return QuantileOption{option: option{func(c *config) {
		if c.window, c.windowSteps = window, steps; window <= 0 || steps == 0 {
			c.refuse("the window is %v in %d steps; both must be positive", window, steps)
		}
	}}}
}

// pendingObservations is how many observations a summary gathers before it takes
// them into its quantiles.
const pendingObservations = 500

// summaryCells returns what the cells of the summaries have in common, or nil if
// there are no objectives.
func (c *config) summaryCells() *cell.SummaryOptions {
	if len(c.problems) > 0 || len(c.objectives) == 0 {
		if len(c.objectives) == 0 && c.window != 0 {
			c.refuse("Window has no meaning without Objectives")
		}
		return nil
	}
	if c.window == 0 {
		c.window, c.windowSteps = 10*time.Minute, 5
	}
	return cell.NewSummaryOptions(c.objectives, c.window, c.windowSteps, pendingObservations)
}
