package cell

import (
	"math"
	"slices"
)

// signs returns the exponential buckets by sign.
func (d *NativeDistribution) signs() [2]*[]NativeBucket {
	return [...]*[]NativeBucket{positive: &d.Positive, negative: &d.Negative}
}

// populated returns how many exponential buckets are.
func (d *NativeDistribution) populated() int64 {
	return int64(len(d.Positive) + len(d.Negative))
}

// widenZero makes the zero bucket take in the buckets nearest to it, one or two
// of different signs, and tells whether it could: its threshold must stay
// within limit.
func (d *NativeDistribution) widenZero(limit float64) bool {
	if d.populated() == 0 {
		return false
	}
	nearest := int32(math.MaxInt32)
	for _, buckets := range d.signs() {
		if len(*buckets) > 0 {
			nearest = min(nearest, (*buckets)[0].Index)
		}
	}
	threshold := upperBound(d.Schema, nearest)
	if threshold > limit {
		return false
	}
	d.ZeroThreshold = threshold
	for _, buckets := range d.signs() {
		if b := *buckets; len(b) > 0 && b[0].Index == nearest {
			d.ZeroCount += b[0].Count
			*buckets = slices.Delete(b, 0, 1)
		}
	}
	return true
}

// coarsen makes the exponential buckets twice as wide, and tells whether it
// could.
func (d *NativeDistribution) coarsen() bool {
	if d.Schema <= CoarsestSchema {
		return false
	}
	d.Schema--
	for _, buckets := range d.signs() {
		finer := *buckets
		*buckets = finer[:0] // what is written is never ahead of what is read
		for _, b := range finer {
			*buckets = appendBucket(*buckets, coarser(b.Index, 1), b.Count)
		}
	}
	return true
}

// appendBucket adds to the last bucket, or appends the next one.
func appendBucket(buckets []NativeBucket, index int32, count uint64) []NativeBucket {
	if last := len(buckets) - 1; last >= 0 && buckets[last].Index == index {
		buckets[last].Count += count
		return buckets
	}
	return append(buckets, NativeBucket{index, count})
}
