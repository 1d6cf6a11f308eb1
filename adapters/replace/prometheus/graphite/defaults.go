package graphite

import (
	"github.com/prometheus/client_golang/prometheus"

	ours "github.com/cresset-metrics/cresset/prometheus/graphite"
)

// NewBridge makes a Bridge. Without a Gatherer it sends what the DefaultGatherer
// has that client_golang's package prometheus has now.
func NewBridge(c *Config) (*Bridge, error) {
	config := *c
	if config.Gatherer == nil {
		config.Gatherer = prometheus.DefaultGatherer
	}
	return ours.NewBridge(&config)
}
