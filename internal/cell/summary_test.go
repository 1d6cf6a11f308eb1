package cell

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var usual = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

func stateOf(s *Summary) SummaryState {
	var state SummaryState
	s.Read(&state)
	return state
}

// equal compares two lists of floats, NaN being equal to NaN.
func equal(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
}

func TestSummaryTellsCountSumAndQuantiles(t *testing.T) {
	options := NewSummaryOptions(map[float64]float64{0: 0, 0.5: 0.05, 1: 0}, time.Hour, 5, 500)
	s := NewSummary(options)
	nan := math.NaN()
	if got := stateOf(s); got.Count != 0 || got.Sum != 0 || !equal(got.Quantiles, []float64{nan, nan, nan}) {
		t.Errorf("before the first observation: got %v, want 0, 0 and NaN", got)
	}
	sum := 0.0
	for i := range 400 {
		s.Observe(float64(i) / 10)
		sum += float64(i) / 10 // in the same order
	}
	if got := stateOf(s); got.Count != 400 || got.Sum != sum || !equal(got.Quantiles, []float64{0, 19.9, 39.9}) {
		t.Errorf("got %v, want 400, %v and [0 19.9 39.9]", got, sum)
	}
	if got, want := options.Ranks(), []float64{0, 0.5, 1}; !slices.Equal(got, want) {
		t.Errorf("got ranks %v, want %v", got, want)
	}
}

func TestSummaryOfSpecialValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	// Every float that is not a number is the same, also the one with all bits set.
	strange := math.Float64frombits(math.MaxUint64)
	tests := []struct {
		values   []float64
		sum      float64
		extremes []float64
	}{
		{[]float64{0}, 0, []float64{0, 0}},
		{[]float64{inf, 1}, inf, []float64{1, inf}},
		{[]float64{-inf, 1}, -inf, []float64{-inf, 1}},
		{[]float64{inf, -inf}, nan, []float64{-inf, inf}},
		{[]float64{1, nan, -1}, nan, []float64{nan, 1}},
		{[]float64{strange, -1}, nan, []float64{nan, -1}},
		{[]float64{math.MaxFloat64, 5e-324}, math.MaxFloat64, []float64{5e-324, math.MaxFloat64}},
	}
	for _, test := range tests {
		s := NewSummary(NewSummaryOptions(map[float64]float64{0: 0, 1: 0}, time.Hour, 1, 0))
		for _, v := range test.values {
			s.Observe(v)
		}
		got := stateOf(s)
		if got.Count != uint64(len(test.values)) || !equal([]float64{got.Sum}, []float64{test.sum}) || !equal(got.Quantiles, test.extremes) {
			t.Errorf("%v: got %v, want sum %v and extremes %v", test.values, got, test.sum, test.extremes)
		}
	}
}

// The end of a generation belongs to it, to the nanosecond, whether or not
// anybody observes or reads in between.
func TestSummaryWindowMoves(t *testing.T) {
	const generation = 2 * time.Minute
	type step struct {
		after   time.Duration // since the step before
		observe float64       // 0 for none
		want    float64       // median; -1 to not read
	}
	nan := math.NaN()
	tests := []struct {
		name  string
		ages  uint32
		steps []step
	}{
		{"one observation lives through all generations", 5, []step{
			{0, 7, 7}, {generation, 0, 7}, {4*generation - 1, 0, 7}, {1, 0, 7}, {1, 0, nan},
		}},
		{"observed in the second generation", 3, []step{
			{generation + 1, 7, 7}, {3*generation - 1, 0, 7}, {1, 0, nan},
		}},
		{"observed at the end of the first", 3, []step{
			{generation, 7, -1}, {2 * generation, 0, 7}, {1, 0, nan},
		}},
		{"not read when generations pass", 3, []step{
			{0, 7, -1}, {2 * generation, 8, -1}, {generation, 0, 7}, {1, 0, 8}, {generation - 1, 0, 8}, {1, 0, nan},
		}},
		{"idle for a year", 3, []step{
			{1, 7, -1}, {365 * 24 * time.Hour, 8, 8}, {2 * generation, 0, 8}, {2 * generation, 0, nan},
		}},
		{"one generation", 1, []step{
			{0, 7, 7}, {generation, 8, 7}, {1, 9, 9}, {generation - 1, 0, 9}, {1, 0, nan},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewSummary(NewSummaryOptions(map[float64]float64{0.5: 0}, time.Duration(test.ages)*generation, test.ages, 500))
				for i, step := range test.steps {
					time.Sleep(step.after)
					if step.observe != 0 {
						s.Observe(step.observe)
					}
					if step.want < 0 {
						continue
					}
					if got := stateOf(s); !equal(got.Quantiles, []float64{step.want}) {
						t.Errorf("step %d: got %v, want %v", i, got.Quantiles, step.want)
					}
				}
			})
		})
	}
}

// Whatever happens when, quantiles are those of the generations that count, and
// count and sum are of everything. Windows stay small enough to be exact.
func TestSummaryAgainstPlainList(t *testing.T) {
	type step struct {
		after   time.Duration
		observe []float64
		read    bool
	}
	rapid.Check(t, func(r *rapid.T) {
		ages := rapid.Uint32Range(1, 6).Draw(r, "ages")
		room := rapid.SampledFrom([]uint32{1, 17, 500, 5000}).Draw(r, "room")
		generation := time.Duration(rapid.Int64Range(1, 1e10).Draw(r, "generation"))
		after := rapid.OneOf(rapid.Just(time.Duration(0)), rapid.Just(generation), rapid.Custom(func(r *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(2*generation)).Draw(r, "after"))
		}))
		steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
			return step{after.Draw(r, "after"), rapid.SliceOfN(rapid.Float64Range(-10, 10), 0, 15).Draw(r, "observe"), rapid.Bool().Draw(r, "read")}
		}), 1, 30).Draw(r, "steps")

		// Inside the bubble, only time passes.
		var got, want []SummaryState
		synctest.Test(t, func(*testing.T) {
			s := NewSummary(NewSummaryOptions(map[float64]float64{0: 0, 0.3: 0.1, 1: 0}, generation*time.Duration(ages), ages, room))
			start := time.Now()
			var values []float64
			var generations []int // per value
			for _, step := range steps {
				time.Sleep(step.after)
				now := int(max(time.Since(start)-1, 0) / generation)
				for _, v := range step.observe {
					s.Observe(v)
					values, generations = append(values, v), append(generations, now)
				}
				if !step.read {
					continue
				}
				var sum float64
				var window []float64
				for i, v := range values {
					sum += v
					if now-generations[i] < int(ages) {
						window = append(window, v)
					}
				}
				slices.Sort(window)
				quantiles := []float64{math.NaN(), math.NaN(), math.NaN()}
				if n := len(window); n > 0 {
					quantiles = []float64{window[0], window[int(math.Ceil(0.3*float64(n)))-1], window[n-1]}
				}
				got, want = append(got, stateOf(s)), append(want, SummaryState{uint64(len(values)), sum, quantiles})
			}
		})
		for i, want := range want {
			if got := got[i]; got.Count != want.Count || got.Sum != want.Sum || !equal(got.Quantiles, want.Quantiles) {
				r.Fatalf("read %d: got %v, want %v", i, got, want)
			}
		}
	})
}

// A MaxAge of less than a nanosecond per generation must not make it spin.
func TestSummaryOfTheShortestGenerations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSummary(NewSummaryOptions(usual, 1, 1000, 500))
		s.Observe(1)
		time.Sleep(1000)
		if got := stateOf(s); got.Quantiles[0] != 1 {
			t.Errorf("got %v at the end of 1,000 generations of a nanosecond, want 1", got.Quantiles)
		}
		time.Sleep(time.Hour)
		if got := stateOf(s); got.Count != 1 || !math.IsNaN(got.Quantiles[0]) {
			t.Errorf("got %v an hour later, want count 1 and NaN", got)
		}
	})
}
