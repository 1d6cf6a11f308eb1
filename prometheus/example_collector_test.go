package prometheus_test

import (
	"errors"
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

// A function will do where a Collector has nothing to keep.
func ExampleCollectorFunc() {
	reg := prometheus.NewRegistry()
	tide := prometheus.NewDesc("tide_height_meters", "Height of the tide.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(tide, prometheus.GaugeValue, 2.5)
	}))
	show(reg)
	// Output:
	// tide_height_meters 2.5
}

// A Desc is made once. What is wrong with it comes out where it is used.
func ExampleDesc() {
	good := prometheus.NewDesc(
		prometheus.BuildFQName("harbour", "tide", "height_meters"),
		"Height of the tide.", []string{"gauge"}, prometheus.Labels{"harbour": "Brest"},
	)
	fmt.Println(good.Err())

	twice := prometheus.NewDesc("tide_height_meters", "Height of the tide.", []string{"gauge", "gauge"}, nil)
	fmt.Println(twice.Err())
	// Output:
	// <nil>
	// duplicate label names in constant and variable labels for metric "tide_height_meters"
}

func ExampleWithUnit() {
	reg := prometheus.NewRegistry()
	tide := prometheus.V2.NewDesc("tide_height_meters", "Height of the tide.",
		prometheus.UnconstrainedLabels{"gauge"}, nil, prometheus.WithUnit("meters"))
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(tide, prometheus.GaugeValue, 2.5, "north")
	}))
	fmt.Println(reg.MustGather()[0].GetUnit())
	// Output:
	// meters
}

func ExampleValueType() {
	reg := prometheus.NewRegistry()
	ships := prometheus.NewDesc("harbour_ships_total", "Ships that came in.", nil, nil)
	quays := prometheus.NewDesc("harbour_quays_free", "Quays that are free.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(ships, prometheus.CounterValue, 310)
		ch <- prometheus.MustNewConstMetric(quays, prometheus.GaugeValue, 4)
	}))
	for _, family := range reg.MustGather() {
		fmt.Println(family.GetName(), family.GetType())
	}
	// Output:
	// harbour_quays_free GAUGE
	// harbour_ships_total COUNTER
}

func ExampleNewConstMetric() {
	tide := prometheus.NewDesc("tide_height_meters", "Height of the tide.", []string{"gauge"}, nil)
	m, err := prometheus.NewConstMetric(tide, prometheus.GaugeValue, 2.5, "north")
	if err != nil {
		panic(err)
	}
	fmt.Println(testutil.ToFloat64(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) { ch <- m })))

	_, err = prometheus.NewConstMetric(tide, prometheus.GaugeValue, 2.5)
	fmt.Println(err)
	// Output:
	// 2.5
	// inconsistent label cardinality: expected 1 label values but got 0 in []string(nil)
}

// The quantiles come from whoever has seen the single waits.
func ExampleNewConstSummary() {
	reg := prometheus.NewRegistry()
	desc := prometheus.NewDesc("lock_wait_seconds", "Waits at the lock.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstSummary(desc, 20, 5400, map[float64]float64{0.5: 240, 0.9: 600})
	}))
	show(reg)
	// Output:
	// lock_wait_seconds{quantile="0.5"} 240
	// lock_wait_seconds{quantile="0.9"} 600
	// lock_wait_seconds_sum 5400
	// lock_wait_seconds_count 20
}

// Native buckets have no bounds of their own: bucket i of schema 0 ends at 2^i.
func ExampleNewConstNativeHistogram() {
	reg := prometheus.NewRegistry()
	desc := prometheus.NewDesc("wave_height_meters", "Heights of waves.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstNativeHistogram(desc, 9, 21.5,
			map[int]int64{0: 4, 1: 2, 3: 1}, nil, // so many of up to 1, 2 and 8 meters
			2, 0, 0.01, // and two that are flat
			time.Unix(1700000000, 0))
	}))
	h := reg.MustGather()[0].Metric[0].Histogram
	fmt.Println(h.GetSampleCount(), h.GetZeroCount(), h.GetPositiveDelta())
	// Output:
	// 9 2 [4 -2 -2 1]
}

// A logbook knows when it was written.
func ExampleNewMetricWithTimestamp() {
	reg := prometheus.NewRegistry()
	desc := prometheus.NewDesc("ship_latitude_degrees", "Latitude by the logbook.", nil, nil)
	noon := time.Date(1872, time.December, 4, 12, 0, 0, 0, time.UTC)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		m := prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 38.3)
		ch <- prometheus.NewMetricWithTimestamp(noon, m)
	}))
	show(reg)
	// Output:
	// ship_latitude_degrees 38.3 -3063355200000
}

func ExampleExemplar() {
	desc := prometheus.NewDesc("ship_delay_days", "Delays of ships.", nil, nil)
	late := prometheus.Exemplar{
		Value:     12,
		Labels:    prometheus.Labels{"ship": "Mary Celeste"},
		Timestamp: time.Unix(1700000000, 0),
	}
	page, err := testutil.CollectAndFormat(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		m := prometheus.MustNewConstHistogram(desc, 3, 16, map[float64]uint64{5: 2, 20: 3})
		ch <- prometheus.MustNewMetricWithExemplars(m, late)
	}), expfmt.TypeOpenMetrics)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(page))
	// Output:
	// # HELP ship_delay_days Delays of ships.
	// # TYPE ship_delay_days histogram
	// ship_delay_days_bucket{le="5.0"} 2
	// ship_delay_days_bucket{le="20.0"} 3 # {ship="Mary Celeste"} 12.0 1.7e+09
	// ship_delay_days_bucket{le="+Inf"} 3
	// ship_delay_days_sum 16.0
	// ship_delay_days_count 3
	// # EOF
}

// A Collector that cannot tell a value says so, and spoils no other metric.
func ExampleNewInvalidMetric() {
	reg := prometheus.NewRegistry()
	depth := prometheus.NewDesc("harbour_depth_meters", "Depth by the sounding line.", nil, nil)
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.NewInvalidMetric(depth, errors.New("the line is gone"))
	}))
	families, err := reg.Gather()
	fmt.Println(len(families))
	fmt.Println(errors.Unwrap(err))
	// Output:
	// 0
	// the line is gone
}

// wave is a metric of a type of its own: it keeps the highest value.
type wave struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	height float64
}

func (w *wave) Desc() *prometheus.Desc { return w.desc }

func (w *wave) Write(out *dto.Metric) error {
	out.Label = w.labels
	out.Gauge = &dto.Gauge{Value: &w.height}
	return nil
}

func (w *wave) Rise(height float64) { w.height = max(w.height, height) }

func ExampleMetric() {
	highest := &wave{desc: prometheus.NewDesc("wave_highest_meters", "Height of the highest wave.", nil, nil)}
	highest.Rise(3)
	highest.Rise(2)

	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) { ch <- highest }))
	show(reg)
	// Output:
	// wave_highest_meters 3
}

// waves is a vector of waves.
type waves struct{ *prometheus.MetricVec }

func newWaves() waves {
	desc := prometheus.NewDesc("wave_highest_meters", "Height of the highest wave.", []string{"coast"}, nil)
	return waves{prometheus.NewMetricVec(desc, func(values ...string) prometheus.Metric {
		return &wave{desc: desc, labels: prometheus.MakeLabelPairs(desc, values)}
	})}
}

func (w waves) WithLabelValues(values ...string) *wave {
	m, err := w.GetMetricWithLabelValues(values...)
	if err != nil {
		panic(err)
	}
	return m.(*wave)
}

// A vector of metrics of one's own type has what every vector has.
func ExampleMetricVec() {
	reg := prometheus.NewRegistry()
	highest := newWaves()
	reg.MustRegister(highest)

	highest.WithLabelValues("north").Rise(4)
	highest.WithLabelValues("south").Rise(1)
	highest.WithLabelValues("north").Rise(2)
	highest.DeleteLabelValues("south")
	show(reg)
	// Output:
	// wave_highest_meters{coast="north"} 4
}
