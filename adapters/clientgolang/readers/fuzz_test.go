package readers_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// FuzzNames gives all that a user can name: a metric, its help and unit, the
// label of a series and its value.
func FuzzNames(f *testing.F) {
	f.Add("requests_total", "Requests.", "", "code", "200", uint8(0))
	f.Add("http.request.seconds", "Line\nbreak, \\ and \"quotes\".", "seconds", "http.code", "\\\"\n", uint8(1))
	f.Add("größe_bytes", "\xff\xfe", "bytes", "ß", "", uint8(2))
	f.Add("_total", "\x00", "total", "a:b", "\x00", uint8(0))
	f.Add("x_created", "# EOF\n", "created", "le", "1", uint8(3))
	f.Add("花火\n\"_seconds_total", " ", "seconds", "{", "}", uint8(0))
	f.Add("a:b", "a\x00b", "b", "__", "=", uint8(4))
	f.Fuzz(func(t *testing.T, name, help, unit, label, value string, kind uint8) {
		readBack(t, func(r *prometheus.Registry) error {
			opts := prometheus.Opts{Name: name, Help: help, Unit: unit}
			c, err := child(opts, label, value, kind)
			if err != nil {
				return err
			}
			return r.Register(c)
		})
	})
}

// child returns a vector of some kind with one metric.
func child(opts prometheus.Opts, label, value string, kind uint8) (c prometheus.Collector, err error) {
	defer func() {
		if cause := recover(); cause != nil { // a label that the kind needs for itself
			c, err = nil, fmt.Errorf("panic: %v", cause)
		}
	}()
	labels := []string{label}
	switch kind % 5 {
	case 0:
		vec := prometheus.NewCounterVec(prometheus.CounterOpts(opts), labels)
		_, err = vec.GetMetricWithLabelValues(value)
		return vec, err
	case 1:
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts(opts), labels)
		_, err = vec.GetMetricWithLabelValues(value)
		return vec, err
	case 2:
		vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Name: opts.Name, Help: opts.Help, Unit: opts.Unit, Objectives: map[float64]float64{0.5: 0.1},
		}, labels)
		return vec, observed(vec, value)
	case 3:
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: opts.Name, Help: opts.Help, Unit: opts.Unit, Buckets: []float64{1, 10},
		}, labels)
		return vec, observed(vec, value)
	default:
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: opts.Name, Help: opts.Help, Unit: opts.Unit, Buckets: []float64{1}, NativeHistogramBucketFactor: 1.5,
		}, labels)
		return vec, observed(vec, value)
	}
}

func observed(vec prometheus.ObserverVec, value string) error {
	o, err := vec.GetMetricWithLabelValues(value)
	if err == nil {
		o.Observe(2.5)
	}
	return err
}

// FuzzValues gives all that a user can say in numbers and exemplars.
func FuzzValues(f *testing.F) {
	f.Add(1.5, "trace_id", "7", int64(0))
	f.Add(math.Copysign(0, -1), "trace.id", "\\\"\n", int64(1_700_000_000_123))
	f.Add(1e300, "größe", "", int64(-1))
	f.Add(-7.0, "a", "\x00", int64(1))
	f.Fuzz(func(t *testing.T, v float64, label, value string, stamp int64) {
		readBack(t, func(r *prometheus.Registry) (err error) {
			defer func() {
				if cause := recover(); cause != nil { // an exemplar that cannot be
					err = fmt.Errorf("panic: %v", cause)
				}
			}()
			exemplar := prometheus.Labels{label: value}
			counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "counter_total"})
			counter.(prometheus.ExemplarAdder).AddWithExemplar(max(v, 0), exemplar)
			gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gauge"})
			gauge.Set(v)
			histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "histogram", Buckets: []float64{-1, 1e6}})
			histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(v, exemplar)
			native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native", NativeHistogramBucketFactor: 1.1})
			native.(prometheus.ExemplarObserver).ObserveWithExemplar(v, exemplar)
			native.Observe(v / 3)
			summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "summary", Objectives: map[float64]float64{0.5: 0.1}})
			summary.Observe(v)
			r.MustRegister(counter, gauge, histogram, native, summary, stamped{gauge: v, milliseconds: stamp % (1 << 40)})
			return nil
		})
	})
}

// readBack registers something, if it can be registered, and has Prometheus read
// it in every format.
func readBack(t *testing.T, register func(*prometheus.Registry) error) {
	r := prometheus.NewRegistry()
	if register(r) != nil {
		t.Skip("nothing that can be exposed")
	}
	families, err := r.Gather()
	if err != nil {
		t.Skip("nothing that can be gathered")
	}
	var trace script.Trace
	trace.Exposed(families, nil, func(created bool) http.Handler {
		return promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: created})
	}, script.Formats...)
	if check(t, trace.Exposures[0]) == 0 {
		t.Error("no page was read")
	}
}

// stamped is a collector of a gauge that has a timestamp.
type stamped struct {
	gauge        float64
	milliseconds int64
}

var stampedDesc = prometheus.NewDesc("stamped", "A gauge with a timestamp.", nil, nil)

func (s stamped) Describe(ch chan<- *prometheus.Desc) { ch <- stampedDesc }

func (s stamped) Collect(ch chan<- prometheus.Metric) {
	m := prometheus.MustNewConstMetric(stampedDesc, prometheus.GaugeValue, s.gauge)
	ch <- prometheus.NewMetricWithTimestamp(time.UnixMilli(s.milliseconds), m)
}
