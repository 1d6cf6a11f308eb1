package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// ValueType is the type of a metric that is a plain value.
type ValueType int

// The types of plain values.
const (
	_ ValueType = iota
	CounterValue
	GaugeValue
	UntypedValue
)

// The same types, as messages hold them.
var (
	CounterMetricTypePtr = dto.MetricType_COUNTER.Enum()
	GaugeMetricTypePtr   = dto.MetricType_GAUGE.Enum()
	UntypedMetricTypePtr = dto.MetricType_UNTYPED.Enum()
)

// ToDTO returns the type as messages hold it, which is untyped for what is none
// of the three.
func (v ValueType) ToDTO() *dto.MetricType {
	switch v {
	case CounterValue:
		return CounterMetricTypePtr
	case GaugeValue:
		return GaugeMetricTypePtr
	default:
		return UntypedMetricTypePtr
	}
}

func (v ValueType) seriesType() (exposition.Type, error) {
	switch v {
	case CounterValue:
		return exposition.Counter, nil
	case GaugeValue:
		return exposition.Gauge, nil
	case UntypedValue:
		return exposition.Untyped, nil
	default:
		return 0, fmt.Errorf("encountered unknown type %v", v)
	}
}

// valueFunc is a plain value that a function tells.
type valueFunc struct {
	identity
	typ      exposition.Type
	function func() float64
}

func newValueFunc(desc *Desc, typ ValueType, function func() float64) *valueFunc {
	t, err := typ.seriesType()
	if err != nil {
		panic(err) // the callers name one of the three
	}
	return &valueFunc{identity: identityOf(desc), typ: t, function: function}
}

func (f *valueFunc) Collect(ch chan<- Metric)    { ch <- f }
func (f *valueFunc) Write(out *dto.Metric) error { return writeNative(f, out) }
func (f *valueFunc) seriesType() exposition.Type { return f.typ }
func (f *valueFunc) fill(s *exposition.Series)   { s.SetValue(f.function()) }

// constMetric is a metric that does not change: a plain value, a histogram or
// a summary.
type constMetric struct {
	identity
	typ    exposition.Type
	series exposition.Series
}

func (m *constMetric) Write(out *dto.Metric) error { return writeNative(m, out) }
func (m *constMetric) seriesType() exposition.Type { return m.typ }
func (m *constMetric) fill(s *exposition.Series)   { s.Set(&m.series) }

// newConst checks what all metrics that do not change have in common.
func newConst(desc *Desc, typ exposition.Type, labelValues []string) (*constMetric, error) {
	if err := desc.Err(); err != nil {
		return nil, err
	}
	if err := checkLabelCount(labelValues, len(desc.d.Schema.Variable())); err != nil {
		return nil, err
	}
	if err := checkLabelValues(labelValues); err != nil {
		return nil, err
	}
	labels := desc.d.Schema.Labels(labelValues)
	m := &constMetric{identity: identity{described{desc}, &labels}, typ: typ}
	m.series.Labels = &labels
	return m, nil
}

// NewConstMetric makes a metric that does not change, which is what the Collect
// method of a Collector of your own sends. It returns an error if the Desc is
// not valid, if there are not as many values as variable labels, or if one of
// them is not valid UTF-8.
func NewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) (Metric, error) {
	return newConstValue(desc, valueType, value, exposition.Time{}, labelValues)
}

func newConstValue(desc *Desc, valueType ValueType, value float64, created exposition.Time, labelValues []string) (Metric, error) {
	m, err := newConst(desc, exposition.Untyped, labelValues)
	if err != nil {
		return nil, err
	}
	if m.typ, err = valueType.seriesType(); err != nil {
		return nil, err
	}
	m.series.Value = value
	m.series.Created = created
	return m, nil
}

// MustNewConstMetric is NewConstMetric, but panics where that returns an error.
func MustNewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) Metric {
	return must(NewConstMetric(desc, valueType, value, labelValues...))
}

func must(m Metric, err error) Metric {
	if err != nil {
		panic(err)
	}
	return m
}

// NewConstMetricWithCreatedTimestamp is NewConstMetric with the time at which
// counting began. Only counters have one.
func NewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) (Metric, error) {
	m, err := newConstValue(desc, CounterValue, value, exposition.TimeOf(ct), labelValues)
	if err == nil && valueType != CounterValue {
		return nil, errors.New("created timestamps are only supported for counters")
	}
	return m, err
}

// MustNewConstMetricWithCreatedTimestamp is NewConstMetricWithCreatedTimestamp,
// but panics where that returns an error.
func MustNewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) Metric {
	return must(NewConstMetricWithCreatedTimestamp(desc, valueType, value, ct, labelValues...))
}

// NewConstHistogram makes a histogram that does not change. The buckets map
// upper bounds to how many observations were at or below them; the one of +Inf
// is the count and is left out.
func NewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) (Metric, error) {
	return newConstHistogram(desc, count, sum, buckets, exposition.Time{}, labelValues)
}

// MustNewConstHistogram is NewConstHistogram, but panics where that returns an
// error.
func MustNewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) Metric {
	return must(NewConstHistogram(desc, count, sum, buckets, labelValues...))
}

// NewConstHistogramWithCreatedTimestamp is NewConstHistogram with the time at
// which counting began.
func NewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) (Metric, error) {
	return newConstHistogram(desc, count, sum, buckets, exposition.TimeOf(ct), labelValues)
}

// MustNewConstHistogramWithCreatedTimestamp is
// NewConstHistogramWithCreatedTimestamp, but panics where that returns an
// error.
func MustNewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) Metric {
	return must(NewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, ct, labelValues...))
}

func newConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, created exposition.Time, labelValues []string) (Metric, error) {
	m, err := newConst(desc, exposition.Histogram, labelValues)
	if err != nil {
		return nil, err
	}
	d := exposition.Distribution{Count: exposition.Count{Whole: count}, Sum: sum}
	for bound, n := range buckets {
		d.Buckets = append(d.Buckets, exposition.Bucket{UpperBound: bound, Count: exposition.Count{Whole: n}})
	}
	slices.SortFunc(d.Buckets, func(a, b exposition.Bucket) int { return cmp.Compare(a.UpperBound, b.UpperBound) })
	m.series.Dist, m.series.Created = d, created
	return m, nil
}

// NewConstSummary makes a summary that does not change. The quantiles map ranks
// (0 to 1) to the values there.
func NewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) (Metric, error) {
	return newConstSummary(desc, count, sum, quantiles, exposition.Time{}, labelValues)
}

// MustNewConstSummary is NewConstSummary, but panics where that returns an
// error.
func MustNewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) Metric {
	return must(NewConstSummary(desc, count, sum, quantiles, labelValues...))
}

// NewConstSummaryWithCreatedTimestamp is NewConstSummary with the time at which
// counting began.
func NewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) (Metric, error) {
	return newConstSummary(desc, count, sum, quantiles, exposition.TimeOf(ct), labelValues)
}

// MustNewConstSummaryWithCreatedTimestamp is
// NewConstSummaryWithCreatedTimestamp, but panics where that returns an error.
func MustNewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) Metric {
	return must(NewConstSummaryWithCreatedTimestamp(desc, count, sum, quantiles, ct, labelValues...))
}

func newConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, created exposition.Time, labelValues []string) (Metric, error) {
	m, err := newConst(desc, exposition.Summary, labelValues)
	if err != nil {
		return nil, err
	}
	d := exposition.Distribution{Count: exposition.Count{Whole: count}, Sum: sum}
	for rank, value := range quantiles {
		d.Quantiles = append(d.Quantiles, exposition.Quantile{Rank: rank, Value: value})
	}
	slices.SortFunc(d.Quantiles, func(a, b exposition.Quantile) int { return cmp.Compare(a.Rank, b.Rank) })
	m.series.Dist, m.series.Created = d, created
	return m, nil
}
