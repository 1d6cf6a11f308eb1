package exposition

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// wantFloat is how the text formats write numbers: the shortest text that reads
// back as the same number, without a sign for zero.
func wantFloat(v float64) string {
	switch {
	case v == 0:
		return "0"
	case math.IsInf(v, +1):
		return "+Inf"
	default:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
}

func TestFloatsAtTheEdges(t *testing.T) {
	edges := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 1.5, 999_999, 1e6, 1e6 - 0.5, 1e6 + 1, 123456789, 1e20, 1e21, 1e22,
		math.MaxUint32, math.MaxUint32 + 1, 1 << 53, 1<<53 + 2, math.MaxUint64, math.Inf(1), math.Inf(-1), math.NaN(),
		math.Float64frombits(0x7ff8000000000123), math.Float64frombits(0xfff8000000000000),
		math.SmallestNonzeroFloat64, math.MaxFloat64, -math.MaxFloat64, 1e-4, 1e-5, 0.00012345,
	}
	for _, v := range edges {
		for _, v := range []float64{v, -v, math.Nextafter(v, math.Inf(1)), math.Nextafter(v, math.Inf(-1))} {
			if got, want := string(appendFloat(nil, v)), wantFloat(v); got != want {
				t.Errorf("%x: got %s, want %s", math.Float64bits(v), got, want)
			}
		}
	}
}

func TestFloatsOfAllBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Map(rapid.Uint64(), math.Float64frombits),
			rapid.Map(rapid.Uint32(), func(n uint32) float64 { return float64(n) }),
			rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) / 1000 }),
			rapid.Float64(),
		).Draw(t, "v")
		got := string(appendFloat(nil, v))
		if want := wantFloat(v); got != want {
			t.Fatalf("%x: got %s, want %s", math.Float64bits(v), got, want)
		}
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || back != v && !math.IsNaN(v) {
			t.Fatalf("%s reads back as %v, %v, want %v", got, back, err, v)
		}
	})
}
