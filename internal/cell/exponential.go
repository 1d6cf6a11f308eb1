package cell

import (
	"math"
	"math/bits"
	"sync"
)

// Exponential buckets. With schema s, from -4 to 8, the upper bound of bucket i
// is 2^(i/2^s), so that there are 2^s buckets between a number and its double;
// bucket 0 ends at 1. A bucket contains its upper bound and not its lower one.
//
// The bounds of one schema are every second bound of the next finer one. So a
// value is looked up in the finest schema only, and the bucket of a coarser one
// follows by a shift that rounds up.
const (
	FinestSchema   = 8
	CoarsestSchema = -4
)

const (
	perOctave = 1 << FinestSchema // buckets between a number and its double

	lowestFinest   = -1074 * perOctave // the bucket of the smallest number above zero
	infinityFinest = 1024*perOctave + 1

	mantissaBits = 52
	mantissaMask = 1<<mantissaBits - 1
	bias         = 1023 // of the exponent

	smallestNormal = 1 << mantissaBits     // the smallest number that is not subnormal, as bits
	infinity       = 0x7ff << mantissaBits // as bits
	signBit        = 1 << 63
)

// octave has what it takes to find the place of a number between a power of two
// and the next: mantissas are cut into slots that are narrower than any bucket,
// so that no more than one bound lies within a slot.
var octave struct {
	once sync.Once
	// bounds are the lower bounds of the buckets, as mantissas, and one
	// that no mantissa is above.
	bounds [perOctave + 1]uint64
	// first is, for each slot, the place of the first bound that is not below
	// it.
	first [1 << slotBits]uint16
}

const slotBits = FinestSchema + 1

// prepareOctave fills the table. Clients and servers must agree on the bounds to
// the last bit, or some values would be in one bucket here and in another there.
// The numbers that all of them use are not those nearest to the true bounds: each
// is the bound before it, times the factor of the schema, and the factor
// of schema 1 is the number below the root of two.
func prepareOctave() {
	octave.once.Do(func() {
		var bounds [perOctave]float64
		bounds[0] = 1
		root := 2.0
		for step := perOctave / 2; step > 0; step /= 2 {
			root = math.Sqrt(root)
			factor := root
			if step == perOctave/2 {
				factor = math.Nextafter(root, 1)
			}
			for i := step; i < perOctave; i += 2 * step {
				bounds[i] = bounds[i-step] * factor
			}
		}
		for i, bound := range bounds {
			octave.bounds[i] = math.Float64bits(bound) & mantissaMask
		}
		octave.bounds[perOctave] = math.MaxUint64
		place := 0
		for slot := range octave.first {
			for octave.bounds[place] < uint64(slot)<<(mantissaBits-slotBits) {
				place++
			}
			octave.first[slot] = uint16(place)
		}
	})
}

// finestBucket returns the bucket of a number above zero, given as its bits, in
// the finest schema. Infinity has a bucket of its own, the last one.
func finestBucket(magnitude uint64) int {
	switch {
	case isNormal(magnitude):
		return finestOfNormal(magnitude)
	case magnitude >= infinity:
		return infinityFinest
	}
	// A subnormal number is a normal one, so many octaves lower, whose highest
	// bit is not implied but stands at the place of the others.
	octaves := bits.LeadingZeros64(magnitude) - (63 - mantissaBits)
	normal := smallestNormal | magnitude<<octaves&mantissaMask
	return finestOfNormal(normal) - octaves*perOctave
}

// isNormal tells whether the number is finite and not subnormal.
func isNormal(magnitude uint64) bool {
	return magnitude-smallestNormal < infinity-smallestNormal
}

// finestOfNormal is finestBucket for normal numbers.
func finestOfNormal(magnitude uint64) int {
	mantissa := magnitude & mantissaMask
	place := int(octave.first[mantissa>>(mantissaBits-slotBits)])
	if mantissa > octave.bounds[place] {
		place++
	}
	return int(magnitude>>mantissaBits)*perOctave - bias*perOctave + place
}

// upperBound returns the upper bound of a bucket. The last bucket of finite
// numbers ends at the largest one.
func upperBound(schema, bucket int32) float64 {
	finest := int(bucket) << (FinestSchema - schema)
	exponent, place := finest>>FinestSchema, finest&(perOctave-1)
	if place == 0 && exponent == 1024 {
		return math.MaxFloat64
	}
	bound := math.Float64frombits(bias<<mantissaBits | octave.bounds[place])
	return math.Ldexp(bound, exponent)
}

// coarser returns the bucket that contains a bucket when there are 2^steps times
// fewer of them.
func coarser(bucket, steps int32) int32 {
	return (bucket + 1<<steps - 1) >> steps
}
