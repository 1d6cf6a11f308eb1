package main

import "github.com/cresset-metrics/cresset/prometheus"

var (
	pipelineInfo = prometheus.NewDesc("pipeline_info",
		"The pipelines that there are, with the last step of their last run.", []string{"pipeline", "last_step"}, nil)
	pipelineDuration = prometheus.NewDesc("pipeline_last_run_duration_seconds",
		"How long a pipeline's last run took.", []string{"pipeline"}, nil)
)

// byObject exposes several metrics of each pipeline. It fits what looks after many
// objects of which few change between two scrapes: all that is exposed about one is
// set at once, and its lines are copied from then on.
type byObject struct {
	pipelines *prometheus.ObjectStore[string]
}

func newByObject() byObject {
	return byObject{prometheus.NewObjectStore[string](pipelineInfo, pipelineDuration)}
}

func (w byObject) collector() prometheus.Collector { return w.pipelines }

func (w byObject) finished(r run) {
	took := 0.0
	for _, s := range r.steps {
		took += s.took.Seconds()
	}
	last := r.steps[len(r.steps)-1].name
	err := w.pipelines.Set(r.pipeline,
		prometheus.MustNewConstMetric(pipelineInfo, prometheus.GaugeValue, 1, r.pipeline, last),
		prometheus.MustNewConstMetric(pipelineDuration, prometheus.GaugeValue, took, r.pipeline),
	)
	if err != nil {
		panic(err) // no two pipelines have one name
	}
}

func (w byObject) removed(pipeline string) { w.pipelines.Delete(pipeline) }
