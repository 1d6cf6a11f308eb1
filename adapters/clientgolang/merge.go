package clientgolang

import (
	"errors"

	ours "github.com/cresset-metrics/cresset/prometheus"
	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Merge makes one Gatherer of several, of either library. A family that several
// of them have is taken from the one that stands first, and left out of what the
// others gather, without an error. So a program whose dependencies use
// client_golang's default registry has one page:
//
//	clientgolang.Merge(ours.DefaultGatherer, theirs.DefaultGatherer)
//
// on which the metrics of the Go runtime and of the process stand once.
//
// The rest is as with prometheus.Gatherers: an error says which of the Gatherers,
// counted from one, it is of, and what could be had in spite of it is there.
func Merge(gatherers ...ours.Gatherer) ours.Gatherer {
	return merged(append([]ours.Gatherer(nil), gatherers...))
}

type merged []ours.Gatherer

// Gather relies on Gatherers to ask one after the other, in order.
func (m merged) Gather() ([]*dto.MetricFamily, error) {
	taken := make(map[string]bool)
	parts := make(ours.Gatherers, len(m))
	for i, g := range m {
		parts[i] = ours.GathererFunc(func() ([]*dto.MetricFamily, error) {
			families, err := g.Gather()
			var left []*dto.MetricFamily
			for _, mf := range families {
				if !taken[mf.GetName()] {
					left = append(left, mf)
				}
			}
			for _, mf := range left {
				taken[mf.GetName()] = true
			}
			return left, severally(err)
		})
	}
	return parts.Gather()
}

// severally makes several errors of client_golang several of ours, which are
// told one by one.
func severally(err error) error {
	if several, ok := errors.AsType[theirs.MultiError](err); ok {
		return ours.MultiError(several)
	}
	return err
}
