// Package theirs does everything to client_golang that its sibling, package ours,
// does to ours. The files of the two are the same but for the import path, which
// is what users of the drop-in change; TestSameSource sees to it.
package theirs

import (
	"slices"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// Scenarios returns everything there is.
func Scenarios() []script.Scenario {
	return slices.Concat(metrics, vectors, constrained, constants, exemplars, registering, wrapping, collecting, gathering, formats, native, objectives, auto, pushing, graphs, transactions, common, testing, instrumenting)
}
