package prometheus

import (
	"errors"
	"math"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
)

const (
	// DefNativeHistogramZeroThreshold is how far from zero an observation may
	// be to count as zero, unless HistogramOpts says otherwise. It is 2^-128, a
	// bound between two buckets under every schema.
	DefNativeHistogramZeroThreshold = metric.DefaultZeroThreshold

	// NativeHistogramZeroThresholdZero is given as NativeHistogramZeroThreshold
	// to have zero alone count as zero; any negative number will do.
	NativeHistogramZeroThresholdZero = -1
)

// NewConstNativeHistogram makes a native histogram that does not change, which
// is what a Collector of your own sends that takes exponential histograms over
// from another system.
//
// The schema is a number from -4 to 8; the bounds of the buckets are the powers
// of 2^(2^-schema). The bucket of index i counts, in positiveBuckets, what is
// above the power i-1 and at or below the power i, and in negativeBuckets what
// mirrors that. What is no further from zero than zeroThreshold is counted in
// zeroBucket.
//
// It returns an error if the Desc is not valid, if there are not as many label
// values as variable labels or one is not valid UTF-8, if there is no such
// schema, or if the counts of the buckets do not add up to the count; if the sum
// is NaN they may add up to less, because NaN is in no bucket.
func NewConstNativeHistogram(
	desc *Desc,
	count uint64,
	sum float64,
	positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64,
	schema int32,
	zeroThreshold float64,
	createdTimestamp time.Time,
	labelValues ...string,
) (Metric, error) {
	m, err := newConst(desc, exposition.Histogram, labelValues)
	if err != nil {
		return nil, err
	}
	if schema < cell.CoarsestSchema || schema > cell.FinestSchema {
		return nil, errors.New("invalid native histogram schema")
	}
	inBuckets := int64(zeroBucket)
	for _, buckets := range [...]map[int]int64{positiveBuckets, negativeBuckets} {
		for _, n := range buckets {
			inBuckets += n
		}
	}
	if inBuckets > int64(count) || inBuckets < int64(count) && !math.IsNaN(sum) {
		return nil, errors.New("the sum of all bucket populations exceeds the count of observations")
	}
	native := &exposition.Native{
		Schema:        schema,
		ZeroThreshold: zeroThreshold,
		ZeroCount:     zeroBucket,
		Positive:      metric.SpansOf(positiveBuckets),
		Negative:      metric.SpansOf(negativeBuckets),
	}
	metric.MarkNative(native)
	m.series.Dist = exposition.Distribution{Count: exposition.Count{Whole: count}, Sum: sum, Native: native}
	m.series.Created = exposition.TimeOf(createdTimestamp)
	return m, nil
}

// MustNewConstNativeHistogram is NewConstNativeHistogram, but panics where that
// returns an error.
func MustNewConstNativeHistogram(
	desc *Desc,
	count uint64,
	sum float64,
	positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64,
	nativeHistogramSchema int32,
	nativeHistogramZeroThreshold float64,
	createdTimestamp time.Time,
	labelValues ...string,
) Metric {
	return must(NewConstNativeHistogram(desc, count, sum, positiveBuckets, negativeBuckets, zeroBucket,
		nativeHistogramSchema, nativeHistogramZeroThreshold, createdTimestamp, labelValues...))
}
