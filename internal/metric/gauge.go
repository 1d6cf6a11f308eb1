package metric

import (
	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Gauge is a value that goes up and down. Its zero value is ready and is zero.
type Gauge struct{ value cell.Float }

// Set replaces the value.
func (g *Gauge) Set(v float64) { g.value.Set(v) }

// Add adds to the value.
func (g *Gauge) Add(v float64) { g.value.Add(v) }

// Fill stores the state into s, all of whose fields it sets but Labels.
func (g *Gauge) Fill(s *exposition.Series) { s.SetValue(g.value.Load()) }

// Touch looks at the gauge as Counter.Touch does.
func (g *Gauge) Touch() bool { return g.value.Load() > 0 }
