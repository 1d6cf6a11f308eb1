package metric

import (
	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/series"
)

// The kinds below are those of series that can expire. What they do is done to
// the present life of the series; an update that finds that it was over is made
// once more, on the next one (see series.Handle). An exemplar is not: it is no
// loss if it ends with the life that the update was in.

// A life has counters and gauges by a pointer: what says when it was last updated
// is read with each update, and must not be in one line of memory with a number
// that several processors write.

// ExpiringCounter is a Counter that can expire.
type ExpiringCounter struct{ series.Handle[*Counter] }

// BeginCounter begins a life of a counter.
func BeginCounter(state **Counter) {
	c := NewCounter()
	*state = &c
}

// Inc adds one.
func (c *ExpiringCounter) Inc() {
	for {
		life := c.Life()
		life.State.Inc()
		if c.Updated(life) || c.Renew(life) {
			return
		}
	}
}

// Add adds an amount, which must not be negative and must be a number.
func (c *ExpiringCounter) Add(amount float64) {
	for {
		life := c.Life()
		life.State.Add(amount)
		if c.Updated(life) || c.Renew(life) {
			return
		}
	}
}

// SetExemplar keeps the exemplar of an amount that was added.
func (c *ExpiringCounter) SetExemplar(e *exposition.Exemplar) { c.Life().State.SetExemplar(e) }

// Fill stores the state into s, all of whose fields it sets but Labels.
func (c *ExpiringCounter) Fill(s *exposition.Series) { c.Latest().State.Fill(s) }

// ExpiringGauge is a Gauge that can expire.
type ExpiringGauge struct{ series.Handle[*Gauge] }

// BeginGauge begins a life of a gauge.
func BeginGauge(state **Gauge) { *state = new(Gauge) }

// Set replaces the value.
func (g *ExpiringGauge) Set(v float64) {
	for {
		life := g.Life()
		life.State.Set(v)
		if g.Updated(life) || g.Renew(life) {
			return
		}
	}
}

// Add adds to the value.
func (g *ExpiringGauge) Add(v float64) {
	for {
		life := g.Life()
		life.State.Add(v)
		if g.Updated(life) || g.Renew(life) {
			return
		}
	}
}

// Fill stores the state into s, all of whose fields it sets but Labels.
func (g *ExpiringGauge) Fill(s *exposition.Series) { g.Latest().State.Fill(s) }

// ExpiringHistogram is a Histogram that can expire.
type ExpiringHistogram struct{ series.Handle[Histogram] }

// Observe counts one observation. NaN is counted above all bounds.
func (h *ExpiringHistogram) Observe(v float64) {
	for {
		life := h.Life()
		life.State.Observe(v)
		if h.Updated(life) || h.Renew(life) {
			return
		}
	}
}

// Bounds returns the upper bounds of the buckets.
func (h *ExpiringHistogram) Bounds() *cell.Bounds { return h.Life().State.Bounds() }

// Add counts many observations in one step: how many there are for each bucket,
// and their sum.
func (h *ExpiringHistogram) Add(counts []uint64, sum float64) {
	for {
		life := h.Life()
		life.State.Add(counts, sum)
		if h.Updated(life) || h.Renew(life) {
			return
		}
	}
}

// SetExemplar keeps the exemplar of an observation for the bucket that counts
// it.
func (h *ExpiringHistogram) SetExemplar(e *exposition.Exemplar) { h.Life().State.SetExemplar(e) }

// Fill stores the state into s, all of whose fields it sets but Labels.
func (h *ExpiringHistogram) Fill(s *exposition.Series) { h.Latest().State.Fill(s) }

// ExpiringNativeHistogram is a NativeHistogram that can expire.
type ExpiringNativeHistogram struct{ series.Handle[NativeHistogram] }

// Observe counts one observation. NaN counts, but is in no bucket.
func (h *ExpiringNativeHistogram) Observe(v float64) {
	for {
		life := h.Life()
		life.State.Observe(v)
		if h.Updated(life) || h.Renew(life) {
			return
		}
	}
}

// SetExemplar keeps the exemplar of an observation wherever there is room for
// it.
func (h *ExpiringNativeHistogram) SetExemplar(e *exposition.Exemplar) { h.Life().State.SetExemplar(e) }

// Fill stores the state into s, all of whose fields it sets but Labels.
func (h *ExpiringNativeHistogram) Fill(s *exposition.Series) { h.Latest().State.Fill(s) }

// ExpiringSummary is a Summary that can expire.
type ExpiringSummary struct{ series.Handle[Summary] }

// Observe counts one observation.
func (s *ExpiringSummary) Observe(v float64) {
	for {
		life := s.Life()
		life.State.Observe(v)
		if s.Updated(life) || s.Renew(life) {
			return
		}
	}
}

// Fill stores the state into out, all of whose fields it sets but Labels.
func (s *ExpiringSummary) Fill(out *exposition.Series) { s.Latest().State.Fill(out) }

// ExpiringQuantileSummary is a QuantileSummary that can expire.
type ExpiringQuantileSummary struct{ series.Handle[QuantileSummary] }

// Observe counts one observation. For the quantiles, NaN is less than any
// number.
func (s *ExpiringQuantileSummary) Observe(v float64) {
	for {
		life := s.Life()
		life.State.Observe(v)
		if s.Updated(life) || s.Renew(life) {
			return
		}
	}
}

// Fill stores the state into out, all of whose fields it sets but Labels.
func (s *ExpiringQuantileSummary) Fill(out *exposition.Series) { s.Latest().State.Fill(out) }
