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

func TestDigits(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, n uint64) {
		if got, want := string(appendDigits([]byte("x"), n)), "x"+strconv.FormatUint(n, 10); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := string(appendWhole(nil, n)), wantFloat(float64(n)); got != want {
			t.Errorf("%d as a float: got %s, want %s", n, got, want)
		}
	}
	check(t, 0)
	check(t, math.MaxUint64)
	for n := uint64(1); n < 1e19; n *= 10 {
		for _, n := range []uint64{n - 1, n, n + 1, 3 * n, 10*n - 1} {
			check(t, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.Uint64().Draw(t, "n")>>rapid.IntRange(0, 63).Draw(t, "shift")) })
}

// TestFloatsOfFewDecimals: as people write numbers, and the floats next to them.
func TestFloatsOfFewDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := float64(rapid.Int64Range(0, 1e13).Draw(t, "n")>>rapid.IntRange(0, 40).Draw(t, "shift")) /
			math.Pow10(rapid.IntRange(0, 9).Draw(t, "decimals"))
		for _, v := range []float64{v, math.Nextafter(v, 0), math.Nextafter(v, 1e300)} {
			if got, want := string(appendFloat(nil, v)), wantFloat(v); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	})
}
