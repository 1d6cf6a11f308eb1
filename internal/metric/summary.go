package metric

import (
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Summary is the number and the sum of observations.
type Summary struct {
	cell    *cell.Histogram // without bounds: a whole pair of count and sum
	created int64
}

var noBounds = cell.NewBounds(nil)

// NewSummary returns a summary that begins now.
func NewSummary() Summary {
	return Summary{cell: cell.NewHistogram(noBounds), created: time.Now().UnixNano()}
}

// Observe counts one observation.
func (s *Summary) Observe(v float64) { s.cell.ObserveIn(0, v) }

// Fill stores the state into out, all of whose fields it sets but Labels.
func (s *Summary) Fill(out *exposition.Series) {
	state := states.Get().(*cell.Distribution)
	defer states.Put(state)
	s.cell.Read(state)
	out.SetValue(0)
	out.Created = exposition.UnixNano(s.created)
	out.Dist.Count.Whole, out.Dist.Sum = state.Count, state.Sum
}

// QuantileSummary is the number and the sum of observations, and quantiles of the
// latest ones.
type QuantileSummary struct {
	ranks   []float64
	cell    *cell.Summary
	created int64
}

// NewQuantileSummary returns a summary that begins now.
func NewQuantileSummary(options *cell.SummaryOptions) QuantileSummary {
	created := time.Now().UnixNano()
	return QuantileSummary{ranks: options.Ranks(), cell: cell.NewSummary(options), created: created}
}

// Observe counts one observation. For the quantiles, NaN is less than any
// number.
func (s *QuantileSummary) Observe(v float64) { s.cell.Observe(v) }

// Fill stores the state into out, all of whose fields it sets but Labels.
func (s *QuantileSummary) Fill(out *exposition.Series) {
	state := summaryStates.Get().(*cell.SummaryState)
	defer summaryStates.Put(state)
	s.cell.Read(state)
	out.SetValue(0)
	out.Created = exposition.UnixNano(s.created)
	out.Dist.Count.Whole, out.Dist.Sum = state.Count, state.Sum
	for i, rank := range s.ranks {
		out.Dist.Quantiles = append(out.Dist.Quantiles, exposition.Quantile{Rank: rank, Value: state.Quantiles[i]})
	}
}

// summaryStates are kept for the next reader of any summary.
var summaryStates = sync.Pool{New: func() any { return new(cell.SummaryState) }}
