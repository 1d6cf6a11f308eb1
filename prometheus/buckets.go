package prometheus

import "math"

// DefBuckets are the upper bounds of a histogram that is given none. They suit
// the response times, in seconds, of a network service.
var DefBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// LinearBuckets returns count upper bounds, the first one being start, each
// width above the one before. It panics if count is not positive.
func LinearBuckets(start, width float64, count int) []float64 {
	if count < 1 {
		panic("LinearBuckets needs a positive count")
	}
	bounds := make([]float64, 0, count)
	for bound := start; len(bounds) < count; bound += width {
		bounds = append(bounds, bound)
	}
	return bounds
}

// ExponentialBuckets returns count upper bounds, the first one being start,
// each factor times the one before. It panics if count or start is not positive
// or factor is not greater than one.
func ExponentialBuckets(start, factor float64, count int) []float64 {
	if count < 1 {
		panic("ExponentialBuckets needs a positive count")
	}
	if start <= 0 {
		panic("ExponentialBuckets needs a positive start value")
	}
	if factor <= 1 {
		panic("ExponentialBuckets needs a factor greater than 1")
	}
	bounds := make([]float64, 0, count)
	for bound := start; len(bounds) < count; bound *= factor {
		bounds = append(bounds, bound)
	}
	return bounds
}

// ExponentialBucketsRange returns count upper bounds from minBucket to
// maxBucket, each the same factor times the one before. It panics if count or
// minBucket is not positive.
func ExponentialBucketsRange(minBucket, maxBucket float64, count int) []float64 {
	if count < 1 {
		panic("ExponentialBucketsRange count needs a positive count")
	}
	if minBucket <= 0 {
		panic("ExponentialBucketsRange min needs to be greater than 0")
	}
	factor := math.Pow(maxBucket/minBucket, 1/float64(count-1))
	bounds := make([]float64, count)
	for i := range bounds {
		bounds[i] = minBucket * math.Pow(factor, float64(i))
	}
	return bounds
}
