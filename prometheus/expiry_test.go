package prometheus_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// seriesOf returns the series of a Collector with their values, one to a line.
func seriesOf(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() +
				float64(m.GetHistogram().GetSampleCount()) + float64(m.GetSummary().GetSampleCount())
			lines = append(lines, fmt.Sprintf("%s %v", strings.Join(labels, ","), value))
		}
	}
	return strings.Join(lines, "\n")
}

func TestSeriesLeaveWhenTheyAreNotUpdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = time.Minute
		began := time.Now()
		steps := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "steps_total", TTL: ttl}, []string{"step"})
		want := func(series string) {
			t.Helper()
			if got := seriesOf(t, steps); got != series {
				t.Errorf("after %v: got %q, want %q", time.Since(began), got, series)
			}
		}
		clone, build := steps.WithLabelValues("clone"), steps.WithLabelValues("build")
		clone.Inc()
		build.Inc()
		time.Sleep(ttl - 1)
		want("build 1\nclone 1")
		build.Inc()
		time.Sleep(time.Nanosecond)
		want("build 2") // one nanosecond ago it was still there
		steps.WithLabelValues("build")
		time.Sleep(ttl - 1)
		want("")
		clone.Inc()
		want("clone 1")
		steps.WithLabelValues("clone").Inc()
		clone.Inc()
		want("clone 3")
		clone2 := steps.WithLabelValues("clone")
		time.Sleep(ttl)
		steps.WithLabelValues("clone").Inc() // a new one
		clone.Inc()
		clone2.Inc()
		want("clone 3")
	})
}
