package cell

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bucketByWalking is what Bucket is documented to return.
func bucketByWalking(upper []float64, v float64) int {
	for i, bound := range upper {
		if v <= bound {
			return i
		}
	}
	return len(upper)
}

func TestBucket(t *testing.T) {
	subnormal, least := 3e-310, math.SmallestNonzeroFloat64
	for _, upper := range [][]float64{
		nil,
		{0},
		{1},
		{-1, 0, 1.5},
		{-3, -2, -1},
		{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		{1, math.Nextafter(1, 2), 2, 1e300},
		{least, subnormal, 1e-300, 1, math.MaxFloat64},
		{math.Inf(-1), 0, 4},
		{-1, 0, subnormal},
		{0, least, 1},
		{1e-5, math.NaN()},
		linear(1, 1, 1000),
		linear(0, 0.1, 40),
		linear(-20, 1, 40),
		linear(1e15, 1, 20),
	} {
		b := NewBounds(upper)
		values := []float64{math.NaN(), math.Inf(-1), math.Inf(1), 0, math.Copysign(0, -1), least, -least, subnormal, math.MaxFloat64, -math.MaxFloat64}
		for _, bound := range upper {
			values = append(values, bound, math.Nextafter(bound, math.Inf(-1)), math.Nextafter(bound, math.Inf(1)))
		}
		for _, v := range values {
			if got, want := b.Bucket(v), bucketByWalking(upper, v); got != want {
				t.Errorf("%v among %v: got bucket %d, want %d", v, upper, got, want)
			}
		}
	}
}

func linear(first, width float64, n int) []float64 {
	bounds := make([]float64, n)
	for i := range bounds {
		bounds[i] = first + width*float64(i)
	}
	return bounds
}

func TestBoundsBucketOfAnyNumber(t *testing.T) {
	number := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 2), rapid.Float64Range(0, 100))
	rapid.Check(t, func(t *rapid.T) {
		upper := rapid.SliceOfNDistinct(number, 0, 60, rapid.ID).Draw(t, "bounds")
		slices.Sort(upper)
		b := NewBounds(upper)
		for _, v := range append(rapid.SliceOf(number).Draw(t, "values"), upper...) {
			if got, want := b.Bucket(v), bucketByWalking(upper, v); got != want {
				t.Errorf("%v: got bucket %d, want %d", v, got, want)
			}
		}
	})
}

// The usual bounds need few slots.
func TestUsualBoundsAreLookedUp(t *testing.T) {
	for _, upper := range [][]float64{
		{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		{0, 0.5, 1, 2},
		linear(10, 10, 20),
		{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9},
	} {
		if b := NewBounds(upper); len(b.slots) == 0 || len(b.slots) > 128 {
			t.Errorf("%v: got %d slots, want some, at most 128", upper, len(b.slots))
		}
	}
}
