package registry

import (
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// joins tells of the metrics that registries have of themselves how the values of
// two registries become one, where both stand on a page and their labels are the
// same. Each of them is right, so that none can be an error.
var joins = map[string]func(a, b float64) float64{
	misuseDesc.Name:   sum,
	overflowDesc.Name: sum,
	ownSeries:         sum,
	ownFailures:       sum,
	ownSuccess:        func(a, b float64) float64 { return min(a, b) },
	ownDuration:       func(a, b float64) float64 { return max(a, b) },
	ownAge:            func(a, b float64) float64 { return max(a, b) },
}

func sum(a, b float64) float64 { return a + b }

// ownHelps are the help texts of these metrics. A family with another one is
// somebody else's.
var ownHelps = func() map[string]string {
	helps := map[string]string{misuseDesc.Name: misuseDesc.Help, overflowDesc.Name: overflowDesc.Help}
	for name, f := range ownFamilies {
		helps[name] = f.Help
	}
	return helps
}()

// join makes one run of several that say what registries have of themselves. All
// other families stay as they are.
func (f *family) join() {
	with := joins[f.Name]
	if with == nil || len(f.runs) < 2 || f.Help != ownHelps[f.Name] {
		return
	}
	var all Fixed
	for i := range f.runs {
		for row := range f.runs[i].Rows.Len() {
			var one [1]exposition.Series
			f.runs[i].Rows.Fill(row, one[:])
			s := &one[0]
			if s.HasTimestamp { // not as ours are
				return
			}
			all = append(all, exposition.Series{Labels: s.Labels, Value: s.Value, Created: s.Created})
		}
	}
	slices.SortStableFunc(all, func(a, b exposition.Series) int { return a.Labels.Compare(b.Labels) })
	joined := all[:0]
	for _, s := range all {
		if last := len(joined) - 1; last >= 0 && joined[last].Labels.Compare(s.Labels) == 0 {
			joined[last].Value = with(joined[last].Value, s.Value)
			continue
		}
		joined = append(joined, s)
	}
	f.runs = []Run{{Desc: f.runs[0].Desc, Type: f.Type, Rows: joined, Ordered: true}}
}
