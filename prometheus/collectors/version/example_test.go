package version_test

import (
	"fmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors/version"
)

// A shop says which edition it is, besides what every build says.
func ExampleNewCollector() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(version.NewCollector("shop",
		version.WithExtraConstLabels(prometheus.Labels{"edition": "small"})))
	for _, family := range reg.MustGather() {
		for _, label := range family.GetMetric()[0].GetLabel() {
			if label.GetName() == "edition" {
				fmt.Println(family.GetName(), label.GetValue())
			}
		}
	}
	// Output:
	// shop_build_info small
}
