package cell

import (
	"hash/fnv"
	"math"
	"math/big"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// boundsOf returns the bounds of a schema above zero between a half, which is
// the first, and one.
func boundsOf(schema int32) []float64 {
	prepareOctave()
	bounds := make([]float64, 1<<schema)
	for i := range bounds {
		bounds[i] = math.Float64frombits(bias<<mantissaBits|octave.bounds[i<<(FinestSchema-schema)]) / 2
	}
	return bounds
}

// bucketBySearch finds the bucket of a number above zero as the definition has
// it.
func bucketBySearch(v float64, schema int32, bounds []float64) int32 {
	if math.IsInf(v, 1) {
		return bucketBySearch(math.MaxFloat64, schema, bounds) + 1
	}
	fraction, exponent := math.Frexp(v)
	if schema > 0 {
		return int32(sort.SearchFloat64s(bounds, fraction) + (exponent-1)*len(bounds))
	}
	if fraction == 0.5 {
		exponent--
	}
	return int32(math.Ceil(math.Ldexp(float64(exponent), int(schema))))
}

// bucketOfSchema finds it as an update does.
func bucketOfSchema(v float64, s *nativePart) int32 {
	return s.bucket(finestBucket(math.Float64bits(v)))
}

func schemas(f func(schema int32, bounds []float64)) {
	for schema := int32(CoarsestSchema); schema <= FinestSchema; schema++ {
		if schema > 0 {
			f(schema, boundsOf(schema))
		} else {
			prepareOctave()
			f(schema, nil)
		}
	}
}

func TestBucketIsThatOfASearch(t *testing.T) {
	finest := boundsOf(FinestSchema)
	schemas(func(schema int32, bounds []float64) {
		var part nativePart
		part.use(schema, 0)
		check := func(v float64) {
			t.Helper()
			got, want := bucketOfSchema(v, &part), bucketBySearch(v, schema, bounds)
			if got != want {
				t.Fatalf("schema %d: bucket of %v: got %d, want %d", schema, v, got, want)
			}
		}
		// All bounds of the finest schema, so of all, and their neighbours,
		// in the octaves around one, in the outermost, and in subnormal ones.
		for _, exponent := range []int{-1074, -1073, -1050, -1023, -1022, -1021, -1, 0, 1, 2, 3, 1022, 1023, 1024} {
			for _, fraction := range finest {
				v := math.Ldexp(fraction, exponent)
				for _, v := range []float64{v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1))} {
					if v > 0 {
						check(v)
					}
				}
			}
		}
		for _, v := range []float64{math.SmallestNonzeroFloat64, math.MaxFloat64, math.Inf(1)} {
			check(v)
		}
	})
}

func TestBucketOfAnyNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Float64frombits(rapid.Uint64Range(1, infinity).Draw(t, "bits"))
		schemas(func(schema int32, bounds []float64) {
			var part nativePart
			part.use(schema, 0)
			got, want := bucketOfSchema(v, &part), bucketBySearch(v, schema, bounds)
			if got != want {
				t.Fatalf("schema %d: bucket of %v: got %d, want %d", schema, v, got, want)
			}
			// A bound between two neighbours of the smallest numbers is
			// rounded, but not below what is within.
			if upper := upperBound(schema, got); v > upper {
				t.Fatalf("schema %d: %v is in bucket %d, above its bound %v", schema, v, got, upper)
			}
			if lower := upperBound(schema, got-1); v <= lower && v > 0x1p-1022 && !math.IsInf(v, 1) {
				t.Fatalf("schema %d: %v is in bucket %d, not above its lower bound %v", schema, v, got, lower)
			}
		})
	})
}

// Whoever has other bounds counts some values in other buckets. The fingerprint
// is that of the bounds in Prometheus and its clients.
func TestBoundsAreThoseOfPrometheus(t *testing.T) {
	hash := fnv.New64a()
	for _, bound := range boundsOf(FinestSchema) {
		bits := math.Float64bits(bound)
		for i := range 8 {
			hash.Write([]byte{byte(bits >> (8 * i))})
		}
	}
	if got, want := hash.Sum64(), uint64(0x6e4907084012aac2); got != want {
		t.Errorf("got fingerprint %#x, want %#x", got, want)
	}
}

func TestBoundsAreNearTheTrueOnes(t *testing.T) {
	root := big.NewFloat(2).SetPrec(200)
	for range FinestSchema {
		root.Sqrt(root)
	}
	want := big.NewFloat(0.5).SetPrec(200)
	for i, got := range boundsOf(FinestSchema) {
		nearest, _ := want.Float64()
		if steps := int64(math.Float64bits(got)) - int64(math.Float64bits(nearest)); steps < -4 || steps > 4 {
			t.Errorf("bound %d: got %v, want %v or up to 4 numbers beside it", i, got, nearest)
		}
		want.Mul(want, root)
	}
}

func TestUpperBound(t *testing.T) {
	prepareOctave()
	tests := []struct {
		schema, bucket int32
		want           float64
	}{
		{0, 0, 1}, {0, 1, 2}, {0, -1, 0.5}, {1, 2, 2}, {8, 256, 2}, {8, -256, 0.5},
		{3, 4, 1.414213562373095}, {-1, 1, 4}, {-4, 1, 65536}, {-4, -1, 1 / 65536.0},
		{0, -1074, math.SmallestNonzeroFloat64}, {-4, -67, 0x1p-1072},
		{8, 1024 * 256, math.MaxFloat64}, {0, 1024, math.MaxFloat64}, {-1, 512, math.MaxFloat64}, {-4, 64, math.MaxFloat64},
		{8, 1024*256 + 1, math.Inf(1)}, {0, 1025, math.Inf(1)}, {-1, 513, math.Inf(1)}, {-4, 65, math.Inf(1)},
	}
	for _, test := range tests {
		if got := upperBound(test.schema, test.bucket); got != test.want {
			t.Errorf("schema %d, bucket %d: got %v, want %v", test.schema, test.bucket, got, test.want)
		}
	}
}

func TestCoarserIsTheBucketOfTheCoarserSchema(t *testing.T) {
	schemas(func(schema int32, bounds []float64) {
		if schema == CoarsestSchema {
			return
		}
		var wide []float64
		if schema > 1 {
			wide = boundsOf(schema - 1)
		}
		for _, v := range []float64{math.SmallestNonzeroFloat64, 1e-300, 0.3, 0.5, 0.7, 1, 1.1, 1.5, 2, 3, 1e300, math.MaxFloat64, math.Inf(1)} {
			got := coarser(bucketBySearch(v, schema, bounds), 1)
			if want := bucketBySearch(v, schema-1, wide); got != want {
				t.Errorf("%v from schema %d to the next: got bucket %d, want %d", v, schema, got, want)
			}
		}
	})
}
