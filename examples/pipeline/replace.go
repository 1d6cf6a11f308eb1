package main

import "github.com/cresset-metrics/cresset/prometheus"

// byReplace tells how long the steps of the last run took. It fits what knows all
// that there is whenever something changes: the vector is told, and needs no
// memory of what it was told before.
type byReplace struct{ durations *prometheus.GaugeVec }

func newByReplace() byReplace {
	return byReplace{prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "pipeline_last_run_step_duration_seconds",
		Help: "How long each step of a pipeline's last run took.",
	}, []string{"pipeline", "step"})}
}

func (w byReplace) collector() prometheus.Collector { return w.durations }

// finished replaces the part of the vector that is this pipeline's. No scrape sees
// steps of two runs.
func (w byReplace) finished(r run) {
	of := w.durations.MustCurryWith(prometheus.Labels{"pipeline": r.pipeline})
	of.Replace(func(next *prometheus.GaugeVec) {
		for _, s := range r.steps {
			next.WithLabelValues(s.name).Set(s.took.Seconds())
		}
	})
}

func (w byReplace) removed(pipeline string) {
	of := w.durations.MustCurryWith(prometheus.Labels{"pipeline": pipeline})
	of.Replace(func(*prometheus.GaugeVec) {})
}
