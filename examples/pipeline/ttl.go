package main

import (
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// byTTL counts steps. It fits what only ever hears that something happened, and
// never that something is over: a series goes a minute after its last update.
type byTTL struct{ steps *prometheus.CounterVec }

func newByTTL(ttl time.Duration) byTTL {
	return byTTL{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pipeline_steps_total",
		Help: "Steps that were run, by pipeline and step; those of the last minute.",
		TTL:  ttl,
	}, []string{"pipeline", "step"})}
}

func (w byTTL) collector() prometheus.Collector { return w.steps }

func (w byTTL) finished(r run) {
	for _, s := range r.steps {
		w.steps.WithLabelValues(r.pipeline, s.name).Inc()
	}
}

// removed could do nothing, and the series would go by themselves. Those that must
// go at once are deleted, whatever steps they are of.
func (w byTTL) removed(pipeline string) {
	w.steps.DeletePartialMatch(prometheus.Labels{"pipeline": pipeline})
}
