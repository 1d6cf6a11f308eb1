package goruntime

import (
	"math"
	"path"
	"runtime/metrics"
	"strings"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Metric is one of the runtime's metrics as it is exposed.
type Metric struct {
	Source string // its name in runtime/metrics, like "/gc/heap/allocs:bytes"
	Name   string // like "go_gc_heap_allocs_bytes_total"
	Help   string
	Unit   string
	Type   exposition.Type
	// SumSource is the name of another metric of the runtime that is the exact
	// sum of this histogram, empty if there is none.
	SumSource string
}

// exactSums are the histograms of whose sum the runtime keeps count elsewhere.
var exactSums = map[string]string{
	"/gc/heap/allocs-by-size:bytes": "/gc/heap/allocs:bytes",
	"/gc/heap/frees-by-size:bytes":  "/gc/heap/frees:bytes",
}

var (
	wordEnds = strings.NewReplacer("/", "_", "-", "_")
	unitEnds = strings.NewReplacer("/", "_per_", "-", "_", "*", "_")
)

// translate returns false for what cannot be exposed.
func translate(d metrics.Description) (Metric, bool) {
	key, unit, _ := strings.Cut(d.Name, ":")
	m := Metric{
		Source:    d.Name,
		Unit:      unitEnds.Replace(unit),
		Help:      d.Description + " Sourced from " + d.Name + ".",
		SumSource: exactSums[d.Name],
	}
	m.Name = "go_" + wordEnds.Replace(strings.TrimPrefix(path.Clean(key), "/")) + "_" + m.Unit
	switch {
	case d.Kind == metrics.KindFloat64Histogram:
		m.Type = exposition.Histogram
	case d.Kind != metrics.KindUint64 && d.Kind != metrics.KindFloat64:
		return Metric{}, false
	case d.Cumulative:
		m.Type = exposition.Counter
		m.Name += "_total"
	default:
		m.Type = exposition.Gauge
	}
	return m, exposition.IsLegacyName(m.Name)
}

// Number returns the value of a sample that is not a histogram, 0 if the
// runtime does not know the metric.
func Number(v metrics.Value) float64 {
	switch v.Kind() {
	case metrics.KindUint64:
		return float64(v.Uint64())
	case metrics.KindFloat64:
		return v.Float64()
	default:
		return 0
	}
}

// Distribution brings a histogram of the runtime into the form in which
// histograms are exposed. The runtime's hundreds of buckets are merged into
// those that matter for the unit. Its bounds belong to the bucket above them,
// ours to the one below, so each moves down by the least possible amount.
//
// The sum is not known; what is returned is the least that it can be.
func Distribution(h *metrics.Float64Histogram, unit string) exposition.Distribution {
	bounds := reduced(h.Buckets, unit)
	var d exposition.Distribution
	bucket, count := 0, uint64(0)
	flush := func() {
		d.Count.Whole += count
		if count > 0 {
			d.Sum += bounds[bucket] * float64(count)
		}
		if upper := bounds[bucket+1]; !math.IsInf(upper, +1) {
			d.Buckets = append(d.Buckets, exposition.Bucket{UpperBound: math.Nextafter(upper, bounds[bucket]), Count: d.Count})
		}
		bucket, count = bucket+1, 0
	}
	for i, n := range h.Counts {
		count += n
		if h.Buckets[i+1] == bounds[bucket+1] {
			flush()
		}
	}
	return d
}

// reduced returns the bounds that are left for a unit, beginning with the lower
// bound of the first bucket. What lies below a first bound of -Inf is counted in
// the bucket above it.
func reduced(bounds []float64, unit string) []float64 {
	switch unit {
	case "bytes":
		bounds = spread(bounds, 2)
	case "seconds":
		bounds = upToOne(spread(bounds, 10))
	}
	if math.IsInf(bounds[0], -1) {
		bounds = bounds[1:]
	}
	return bounds
}

// spread leaves out bounds that are less than the factor above the last one
// kept; the first and the last one stay.
func spread(bounds []float64, factor float64) []float64 {
	var kept []float64
	if math.IsInf(bounds[0], -1) {
		kept, bounds = append(kept, bounds[0]), bounds[1:]
	}
	last := bounds[0]
	for _, bound := range bounds[1:] {
		next := last * factor
		if last < 0 {
			next = last / factor
		}
		if bound >= next {
			kept, last = append(kept, last), bound
		}
	}
	return append(kept, last)
}

// upToOne merges all buckets that end above one into the last one.
func upToOne(bounds []float64) []float64 {
	for i, bound := range bounds {
		if bound > 1 {
			return append(bounds[:i:i], math.Inf(+1))
		}
	}
	return bounds
}
