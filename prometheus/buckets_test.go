package prometheus_test

import (
	"math"
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestBucketHelpers(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
	tests := []struct {
		name string
		got  []float64
		want []float64
	}{
		{"linear", prometheus.LinearBuckets(1, 10, 4), []float64{1, 11, 21, 31}},
		{"linear downwards start", prometheus.LinearBuckets(-1, 0.5, 3), []float64{-1, -0.5, 0}},
		{"linear one", prometheus.LinearBuckets(3, 10, 1), []float64{3}},
		{"exponential", prometheus.ExponentialBuckets(0.5, 2, 4), []float64{0.5, 1, 2, 4}},
		{"exponential one", prometheus.ExponentialBuckets(5, 1.5, 1), []float64{5}},
		{"range", prometheus.ExponentialBucketsRange(1, 100, 3), []float64{1, 10, 100}},
		{"range of one", prometheus.ExponentialBucketsRange(1, 100, 1), []float64{1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !slices.EqualFunc(test.got, test.want, near) {
				t.Errorf("got %v, want %v", test.got, test.want)
			}
		})
	}
}

func TestBucketHelpersPanic(t *testing.T) {
	tests := []struct {
		make func()
		want any
	}{
		{func() { prometheus.LinearBuckets(1, 1, 0) }, "LinearBuckets needs a positive count"},
		{func() { prometheus.ExponentialBuckets(1, 2, 0) }, "ExponentialBuckets needs a positive count"},
		{func() { prometheus.ExponentialBuckets(0, 2, 1) }, "ExponentialBuckets needs a positive start value"},
		{func() { prometheus.ExponentialBuckets(1, 1, 1) }, "ExponentialBuckets needs a factor greater than 1"},
		{func() { prometheus.ExponentialBucketsRange(1, 2, 0) }, "ExponentialBucketsRange count needs a positive count"},
		{func() { prometheus.ExponentialBucketsRange(0, 2, 1) }, "ExponentialBucketsRange min needs to be greater than 0"},
	}
	for _, test := range tests {
		if got := panicOf(test.make); got != test.want {
			t.Errorf("got panic %v, want %v", got, test.want)
		}
	}
}
