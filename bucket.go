package cresset

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/metric"
)

// DefaultBuckets returns the upper bounds of a histogram that is given none. They
// suit the response times, in seconds, of a network service.
func DefaultBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

// LinearBuckets returns n upper bounds, the first one being start, each width
// above the one before.
func LinearBuckets(start, width float64, n int) []float64 {
	bounds := make([]float64, 0, max(n, 0))
	for i := range n {
		bounds = append(bounds, start+float64(i)*width)
	}
	return bounds
}

// ExponentialBuckets returns n upper bounds from first to last, each the same
// factor times the one before.
func ExponentialBuckets(first, last float64, n int) []float64 {
	bounds := make([]float64, 0, max(n, 0))
	for i := range n {
		bound := first
		if i > 0 {
			bound = first * math.Pow(last/first, float64(i)/float64(n-1))
		}
		bounds = append(bounds, bound)
	}
	if n > 1 {
		bounds[n-1] = last
	}
	return bounds
}

// Buckets are the upper bounds of the classic buckets, which count what is at or
// below them, in increasing order. The one of +Inf need not be given. Without
// the option they are DefaultBuckets, or, in a native histogram, there are none.
func Buckets(bounds ...float64) BucketOption {
	bounds = slices.Clone(bounds)
	return BucketOption{option: option{func(c *config) { c.buckets, c.hasBuckets = bounds, true }}}
}

// What a native histogram has whose options do not say otherwise: memory that is
// bounded, whatever is observed.
var defaultNative = metric.NativeOptions{MaxBuckets: 160, MinResetDuration: time.Hour}

// NativeBuckets makes the histogram a native one: its buckets need not be chosen,
// for they cover all numbers, each of them wider than the one before by a factor.
// That is the largest number of the form 2^(2^-n), with n from -4 to 8, which is
// not above the one given here. 1.1 is a good choice: it makes 8 buckets for each
// power of two, which grow by 9%.
//
// Scrapers get these buckets in the protobuf format alone. In the text formats a
// native histogram without Buckets has only its sum and count.
func NativeBuckets(factor float64) BucketOption {
	return BucketOption{option: option{func(c *config) {
		if c.native.Factor = factor; !(factor > 1) || math.IsInf(factor, 1) {
			c.refuse("the factor of NativeBuckets is %v; it must be greater than 1", factor)
		}
	}}}
}

// MaxNativeBuckets is how many native buckets may be in use, the one of zero not
// counted: 160 without the option; there is no limit if it is zero. When an
// observation goes beyond it, the first of these is done that is allowed and
// enough:
//
// If resetAfter is not zero and as long has passed since the histogram was made
// or last reset, it is reset. What counts as zero is extended, by as many buckets
// as have to go, but not beyond MaxZeroThreshold. Every bucket is merged with its
// neighbour, again and again if need be, but not beyond a factor of 65536.
//
// After either of the latter two, the histogram is reset once resetAfter has
// passed, if that is not zero. Without the option it is one hour.
func MaxNativeBuckets(n uint32, resetAfter time.Duration) BucketOption {
	return nativeOption("MaxNativeBuckets", func(c *config) {
		if c.native.MaxBuckets, c.native.MinResetDuration = n, resetAfter; resetAfter < 0 {
			c.refuse("the duration of MaxNativeBuckets is %v; it must not be negative", resetAfter)
		}
	})
}

// ZeroThreshold is how far from zero an observation may be to count as zero in a
// native histogram, and limit how far MaxNativeBuckets may extend that. Without the
// option they are 2^-128 and zero, which stands for no extension.
func ZeroThreshold(threshold, limit float64) BucketOption {
	return nativeOption("ZeroThreshold", func(c *config) {
		if !(threshold >= 0) || !(limit >= 0) {
			c.refuse("the thresholds of ZeroThreshold are %v and %v; they must not be negative", threshold, limit)
		}
		c.native.ZeroThreshold, c.native.MaxZeroThreshold = threshold, limit
		if threshold == 0 {
			c.native.ZeroThreshold = -1 // which stands for zero
		}
	})
}

// NativeExemplars is how many exemplars a native histogram keeps, besides those of
// classic buckets, and the age beyond which one goes first when there are too
// many: 10 and 5 minutes without the option. Zero of them means none.
func NativeExemplars(n int, maxAge time.Duration) BucketOption {
	return nativeOption("NativeExemplars", func(c *config) {
		if n < 0 || maxAge < 0 {
			c.refuse("NativeExemplars are %d for %v; neither may be negative", n, maxAge)
		}
		c.native.MaxExemplars, c.native.ExemplarTTL = n, maxAge
		if n == 0 {
			c.native.MaxExemplars = -1 // which stands for none
		}
		if maxAge == 0 {
			c.native.ExemplarTTL = -1 // which stands for no time
		}
	})
}

// nativeOption is an option that has no meaning without NativeBuckets.
func nativeOption(name string, set func(*config)) BucketOption {
	return BucketOption{option: option{func(c *config) {
		c.needNative = append(c.needNative, name)
		set(c)
	}}}
}

func (c *config) isNative() bool { return c.native.Factor != 0 }

// bounds returns the upper bounds of the classic buckets as a cell takes them, and
// takes note of what is wrong about the buckets.
func (c *config) bounds() *cell.Bounds {
	for _, name := range c.needNative {
		if !c.isNative() {
			c.refuse("%s has no meaning without NativeBuckets", name)
		}
	}
	buckets := c.buckets
	if !c.hasBuckets && !c.isNative() {
		buckets = DefaultBuckets()
	}
	if slices.ContainsFunc(buckets, math.IsNaN) {
		c.problems = append(c.problems, errors.New("a histogram bucket is NaN"))
	}
	bounds, err := metric.Bounds(buckets)
	if err != nil {
		c.problems = append(c.problems, err)
	}
	return bounds
}

func (c *config) nativeOptions(bounds *cell.Bounds) *metric.NativeOptions {
	options := c.native
	options.Bounds = bounds
	return &options
}
