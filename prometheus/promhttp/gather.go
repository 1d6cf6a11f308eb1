package promhttp

import (
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// gathered is a page, and what is missing from it.
type gathered struct {
	page      *registry.Page
	err       error   // of the Gatherer
	malformed []error // of families that no format can express
}

// gatherFunc returns how a page is had from a Gatherer.
func gatherFunc(g prometheus.Gatherer) func() gathered {
	if r, ok := g.(*prometheus.Registry); ok {
		return func() gathered {
			page, err := r.Page()
			return gathered{page: page, err: err}
		}
	}
	return func() gathered {
		families, err := g.Gather()
		page, malformed := message.Page(families)
		return gathered{page: page, err: err, malformed: malformed}
	}
}
