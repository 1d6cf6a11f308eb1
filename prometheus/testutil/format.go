package testutil

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
)

// CollectAndFormat returns the families of the Collector in a format: those of
// these names, or all if there are no names.
func CollectAndFormat(c prometheus.Collector, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	reg, err := registryOf(c)
	if err != nil {
		return nil, err
	}
	return GatherAndFormat(reg, format, metricNames...)
}

// GatherAndFormat returns the families of the Gatherer in a format: those of
// these names, or all if there are no names. It is a whole page: OpenMetrics
// ends with "# EOF". It panics if it is given expfmt.TypeUnknown.
func GatherAndFormat(g prometheus.Gatherer, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	families, err := gather(g, metricNames)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := expfmt.NewEncoder(&out, expfmt.NewFormat(format))
	for _, mf := range families {
		if err := e.Encode(mf); err != nil {
			return nil, fmt.Errorf("encoding gathered metrics failed: %w", err)
		}
	}
	if c, ok := e.(expfmt.Closer); ok {
		if err := c.Close(); err != nil {
			return nil, fmt.Errorf("finalizing gathered metrics failed: %w", err)
		}
	}
	return out.Bytes(), nil
}
