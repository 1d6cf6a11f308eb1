package promhttp

import (
	"time"

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
	leftOut  bool                // something is missing, of which the quarantine has told
	done     func()              // to be called once, when all has been written; never nil
}

// empty tells whether there is nothing.
func (g gathered) empty() bool {
	if g.page != nil {
		return g.page.Len() == 0
	}
	return len(g.families) == 0
}

// source is what a handler gathers from.
type source struct {
	// gather is given the deadline of the request, the zero time if it has none.
	gather func(deadline time.Time) gathered
	// punctual says that gather keeps the deadline.
	punctual bool
}

// sourceOf returns how a Gatherer is asked. It goes by the exact type: one that
// embeds ours may have a Gather of its own.
func sourceOf(g prometheus.Gatherer, opts HandlerOpts) source {
	if s, ok := inQuarantine(g, opts); ok {
		return s
	}
	if r, ok := g.(*prometheus.Registry); ok {
		return fromRegistry(r)
	}
	return fromTransactional(prometheus.ToTransactionalGatherer(g))
}

func fromRegistry(r *prometheus.Registry) source {
	return source{gather: func(time.Time) gathered {
		page, err := r.Page()
		return gathered{page: page, err: err, done: func() {}}
	}}
}

func fromTransactional(t prometheus.TransactionalGatherer) source {
	return source{gather: func(time.Time) gathered {
		families, done, err := t.Gather()
		if done == nil {
			done = func() {}
		}
		return gathered{families: families, err: err, done: done}
	}}
}
