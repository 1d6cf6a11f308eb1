package testutil

import (
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint"
)

// CollectAndLint returns what promlint finds in the families of the Collector:
// in those of these names, or in all if there are no names.
func CollectAndLint(c prometheus.Collector, metricNames ...string) ([]promlint.Problem, error) {
	reg, err := registryOf(c)
	if err != nil {
		return nil, err
	}
	return GatherAndLint(reg, metricNames...)
}

// GatherAndLint returns what promlint finds in the families of the Gatherer: in
// those of these names, or in all if there are no names.
func GatherAndLint(g prometheus.Gatherer, metricNames ...string) ([]promlint.Problem, error) {
	families, err := gather(g, metricNames)
	if err != nil {
		return nil, err
	}
	return promlint.NewWithMetricFamilies(families).Lint()
}
