package prometheus_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Vectors are hammered, and their metrics created and deleted, and collectors
// come and go, while others gather: every page is in order, whole, and has what
// is there all the time.
func TestGatherWhileEverythingChanges(t *testing.T) {
	const workers, each = 4, 150
	r := prometheus.NewPedanticRegistry()
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counters"}, []string{"z", "a"})
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "histograms", Buckets: []float64{1}}, []string{"z", "a"})
	own := prometheus.NewMetricVec(prometheus.NewDesc("own", "", []string{"z"}, nil), func(lvs ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(prometheus.NewDesc("own", "", []string{"z"}, nil), prometheus.GaugeValue, 1, lvs...)
	})
	r.MustRegister(counters, histograms, own)
	counters.WithLabelValues("stays", "")
	histograms.WithLabelValues("stays", "").Observe(0.5)

	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range workers {
		writers.Go(func() {
			curried := counters.MustCurryWith(prometheus.Labels{"z": fmt.Sprint(w)})
			gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: fmt.Sprint("comes_and_goes_", w)})
			for i := range each {
				value := fmt.Sprint(i % 20)
				curried.WithLabelValues(value).Inc()
				counters.With(prometheus.Labels{"z": value, "a": "x"}).Add(0.5)
				histograms.WithLabelValues("stays", "").Observe(0.5)
				histograms.WithLabelValues(value, "y").Observe(2)
				if _, err := own.GetMetricWithLabelValues(value); err != nil {
					t.Error(err)
				}
				switch i % 5 {
				case 0:
					counters.DeletePartialMatch(prometheus.Labels{"a": value})
				case 1:
					histograms.DeleteLabelValues(value, "y")
				case 2:
					own.Reset()
				case 3:
					r.MustRegister(gauge)
				case 4:
					if !r.Unregister(gauge) {
						t.Error("the gauge that was registered is not there")
					}
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				checkWhole(t, r)
				if families, err := r.Gather(); err != nil || len(families) < 2 {
					t.Errorf("Gather: got %d families and error %v", len(families), err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

// checkWhole checks that a page has the metrics that stay, and that the
// histogram among them, of which all observations are 0.5, is whole.
func checkWhole(t *testing.T, r *prometheus.Registry) {
	t.Helper()
	lines, err := exposed(t, r)
	if err != nil {
		t.Error(err)
	}
	var inBucket, sum, count float64
	for line := range strings.Lines(lines) {
		for prefix, into := range map[string]*float64{
			`histograms_bucket{a="",z="stays",le="1"} `: &inBucket, `histograms_sum{a="",z="stays"} `: &sum, `histograms_count{a="",z="stays"} `: &count,
		} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				if _, err := fmt.Sscan(rest, into); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if count == 0 || inBucket != count || sum != 0.5*count {
		t.Errorf("torn histogram: %v in the bucket, sum %v, count %v", inBucket, sum, count)
	}
	if !strings.Contains(lines, "counters{a=\"\",z=\"stays\"} ") {
		t.Errorf("the counter that stays is not on the page:\n%s", lines)
	}
}
