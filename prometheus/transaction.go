package prometheus

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// TransactionalGatherer is a Gatherer that is told when its families are no
// longer needed, so that it can use their memory again.
type TransactionalGatherer interface {
	// Gather returns what Gatherer's method does. The caller calls done once,
	// also after an error, and does not look at the families after that.
	Gather() (_ []*dto.MetricFamily, done func(), err error)
}

// ToTransactionalGatherer makes a TransactionalGatherer of a Gatherer. Its done
// does nothing.
func ToTransactionalGatherer(g Gatherer) TransactionalGatherer {
	return untransacted{g}
}

type untransacted struct{ g Gatherer }

// Untransacted returns the Gatherer itself, so that a handler can serve it as it
// serves a Gatherer.
func (u untransacted) Untransacted() Gatherer { return u.g }

func (u untransacted) Gather() ([]*dto.MetricFamily, func(), error) {
	families, err := u.g.Gather()
	return families, func() {}, err
}

// MultiTRegistry is several TransactionalGatherers as one. It does not merge:
// that no two of them have a family of the same name is up to its user. Where
// they may have, use Gatherers.
type MultiTRegistry struct{ gatherers []TransactionalGatherer }

// NewMultiTRegistry makes one TransactionalGatherer of several.
func NewMultiTRegistry(tGatherers ...TransactionalGatherer) *MultiTRegistry {
	return &MultiTRegistry{slices.Clone(tGatherers)}
}

// Gather returns the families of all, sorted by name, and all that went wrong.
// Families of the same name keep the order of their gatherers. The done that it
// returns calls the done of each.
func (r *MultiTRegistry) Gather() (mfs []*dto.MetricFamily, done func(), err error) {
	var errs MultiError
	dones := make([]func(), 0, len(r.gatherers))
	for _, g := range r.gatherers {
		families, done, err := g.Gather()
		mfs = append(mfs, families...)
		dones = append(dones, done)
		errs.Append(err)
	}
	slices.SortStableFunc(mfs, func(a, b *dto.MetricFamily) int {
		return strings.Compare(a.GetName(), b.GetName())
	})
	return mfs, func() {
		for _, done := range dones {
			done()
		}
	}, errs.MaybeUnwrap()
}
