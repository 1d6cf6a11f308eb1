package main

import (
	"sync"

	"github.com/cresset-metrics/cresset/prometheus"
)

var pipelineSteps = prometheus.NewDesc("pipeline_last_run_steps",
	"How many steps a pipeline's last run had.", []string{"pipeline"}, nil)

// byCollector makes its metrics when it is asked. It fits what the program knows in
// any case: nothing is kept twice, so nothing can differ.
type byCollector struct {
	mu    sync.Mutex // guards steps
	steps map[string]int
}

func newByCollector() *byCollector { return &byCollector{steps: make(map[string]int)} }

func (w *byCollector) collector() prometheus.Collector { return w }

func (w *byCollector) finished(r run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps[r.pipeline] = len(r.steps)
}

func (w *byCollector) removed(pipeline string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.steps, pipeline)
}

// Describe implements prometheus.Collector.
func (w *byCollector) Describe(ch chan<- *prometheus.Desc) { ch <- pipelineSteps }

// Collect implements prometheus.Collector.
func (w *byCollector) Collect(ch chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for pipeline, n := range w.steps {
		ch <- prometheus.MustNewConstMetric(pipelineSteps, prometheus.GaugeValue, float64(n), pipeline)
	}
}
