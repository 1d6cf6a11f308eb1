package promhttp

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
)

// gathered is what a Gatherer had: the page of a Registry, or the families of
// any other.
type gathered struct {
	page     *registry.Page
	families []*dto.MetricFamily // if there is no page
	err      error               // tells what is missing
	done     func()              // to be called once, when all has been written; never nil
}

// empty tells whether there is nothing.
func (g gathered) empty() bool {
	if g.page != nil {
		return g.page.Len() == 0
	}
	return len(g.families) == 0
}

func fromRegistry(r *prometheus.Registry) func() gathered {
	return func() gathered {
		page, err := r.Page()
		return gathered{page: page, err: err, done: func() {}}
	}
}

func fromTransactional(t prometheus.TransactionalGatherer) func() gathered {
	return func() gathered {
		families, done, err := t.Gather()
		if done == nil {
			done = func() {}
		}
		return gathered{families: families, err: err, done: done}
	}
}
