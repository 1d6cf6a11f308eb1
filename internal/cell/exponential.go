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
	smallestExp  = 1 << mantissaBits // as bits: the smallest number that is not subnormal
	infinity     = 0x7ff << mantissaBits
	bias         = 1023
)

// octave has what is needed to find the place of a number between a power of
// two and the next. The mantissas are cut into slots that are narrower than any
// bucket, so that no more than one bound lies within a slot.
var octave struct {
	once sync.Once
	// bounds are the lower bounds of the buckets, as mantissas, and one
	// that no mantissa is above.
	bounds [perOctave + 1]uint64
	// first is, per slot, the place of the first bound that is not below
	// the slot.
	first [1 << slotBits]uint16
}

const slotBits = FinestSchema + 1

// prepareOctave fills the table. Clients and servers must agree on the bounds
// to the last bit, or one value would be in two buckets. The numbers that all of
// them use are not the nearest to the true bounds: each is the product of
// the bound before it and the schema's factor, and the factor of schema 1 is
// one step below the root of two.
func prepareOctave() {
	octave.once.Do(func() {
		var bounds [perOctave]float64
		bounds[0] = 1
		factor := 2.0
		for step := perOctave / 2; step > 0; step /= 2 {
			factor = math.Sqrt(factor)
			exact := factor
			if step == perOctave/2 {
				exact = math.Nextafter(factor, 1)
			}
			for i := step; i < perOctave; i += 2 * step {
				bounds[i] = bounds[i-step] * exact
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
	if magnitude-smallestExp >= infinity-smallestExp {
		return finestOfExtreme(magnitude)
	}
	mantissa := magnitude & mantissaMask
	place := int(octave.first[mantissa>>(mantissaBits-slotBits)])
	if mantissa > octave.bounds[place] {
		place++
	}
	return (int(magnitude>>mantissaBits)-bias)*perOctave + place
}

// finestOfExtreme is finestBucket for infinity and for subnormal numbers.
func finestOfExtreme(magnitude uint64) int {
	if magnitude >= infinity {
		return infinityFinest
	}
	// A subnormal number is one with its highest bit where the mantissa of
	// others begins, that many octaves lower.
	shift := bits.LeadingZeros64(magnitude) - (63 - mantissaBits)
	normal := 1<<mantissaBits | magnitude<<shift&mantissaMask
	return finestBucket(normal) - shift*perOctave
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
