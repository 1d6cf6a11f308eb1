package sketch_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/sketch"
)

var usual = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

// streams are orders and distributions that observations come in, each a
// function of how many came before.
var streams = map[string]func(*rand.Rand) func(i int) float64{
	"random":       func(r *rand.Rand) func(int) float64 { return func(int) float64 { return r.ExpFloat64() } },
	"sorted":       func(*rand.Rand) func(int) float64 { return func(i int) float64 { return float64(i) } },
	"reversed":     func(*rand.Rand) func(int) float64 { return func(i int) float64 { return -float64(i) } },
	"constant":     func(*rand.Rand) func(int) float64 { return func(int) float64 { return 1.5 } },
	"few distinct": func(r *rand.Rand) func(int) float64 { return func(int) float64 { return float64(r.IntN(7)) } },
	"bimodal": func(r *rand.Rand) func(int) float64 {
		return func(int) float64 { return r.NormFloat64() + 1000*float64(r.IntN(2)) }
	},
	"flood": func(r *rand.Rand) func(int) float64 {
		return func(i int) float64 {
			if i%10 != 0 {
				return 0
			}
			return r.NormFloat64()
		}
	},
	"shifting": func(r *rand.Rand) func(int) float64 {
		return func(i int) float64 { return r.Float64() * math.Pow(10, float64(i/700%9)) }
	},
	"sawtooth": func(*rand.Rand) func(int) float64 { return func(i int) float64 { return float64(i * 7919 % 10007) } },
	// Each new one falls right where the least is known.
	"into the middle": func(*rand.Rand) func(int) float64 {
		return func(i int) float64 { return (1 - 2*float64(i%2)) / float64(i+1) }
	},
	"under the top": func(*rand.Rand) func(int) float64 {
		return func(i int) float64 {
			if i%50 == 0 {
				return 1 / float64(i+1)
			}
			return -1 / float64(i+1)
		}
	},
	"numbers and others": func(r *rand.Rand) func(int) float64 {
		return func(int) float64 {
			others := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 0, math.Copysign(0, -1)}
			return append(others, r.NormFloat64())[r.IntN(len(others)+1)]
		}
	},
}

var streamNames = func() []string {
	var names []string
	for name := range streams {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

func drawErrors(t *rapid.T) map[float64]float64 {
	rank := rapid.OneOf(rapid.SampledFrom([]float64{0, 1e-9, 0.001, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1}), rapid.Float64Range(0, 1))
	allowed := rapid.OneOf(rapid.SampledFrom([]float64{0, 0.0001, 0.001, 0.01, 0.05, 0.5, 1}), rapid.Float64Range(0, 0.2))
	return rapid.MapOfN(rank, allowed, 1, 5).Draw(t, "errors")
}

func TestQuantilesAreWithinTheirErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(drawErrors(t), rapid.IntRange(1, 4).Draw(t, "windows"), rapid.IntRange(1, 6).Draw(t, "generations"))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		i := 0
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			next := streams[rapid.SampledFrom(streamNames).Draw(t, "stream")](r)
			for range rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 3000)).Draw(t, "observations") {
				m.insert(next(i))
				i++
			}
			if rapid.IntRange(0, 9).Draw(t, "many") == 0 {
				m.insert(slices.Repeat([]float64{next(i)}, rapid.IntRange(0, 2000).Draw(t, "of them"))...)
			}
			if rapid.Bool().Draw(t, "read") {
				m.check(t)
			}
			m.advance(rapid.SampledFrom([]int{0, 0, 1, 1, 1, 2, 5, 100}).Draw(t, "new generations"))
		}
		m.check(t)
	})
}

// Long streams, where most observations are merged away, of one Window and of many.
func TestQuantilesOfLongStreams(t *testing.T) {
	for _, name := range streamNames {
		for _, windows := range []int{1, 9} {
			t.Run(fmt.Sprintf("%s, %d", name, windows), func(t *testing.T) {
				t.Parallel()
				next := streams[name](rand.New(rand.NewPCG(1, 2)))
				errors := map[float64]float64{0: 0, 0.01: 0.002, 0.5: 0.05, 0.9: 0.01, 0.99: 0.001, 1: 0}
				m := newModel(errors, windows, 3)
				for i := range 60_000 {
					m.insert(next(i))
					if i%17_000 == 16_999 {
						m.check(t)
						m.advance(1)
					}
				}
				m.check(t)
			})
		}
	}
}

// Generations of very different sizes and values, so that a rank of all of them
// is another one in each.
func TestQuantilesOverUnlikeGenerations(t *testing.T) {
	m := newModel(usual, 1, 4)
	r := rand.New(rand.NewPCG(3, 4))
	for _, generation := range []struct {
		n             int
		least, range_ float64
	}{{40_000, 0, 1}, {300, 0.5, 100}, {4_000, 10, 1}, {1_000, -50, 60}} {
		m.advance(1)
		for range generation.n {
			m.insert(generation.least + generation.range_*r.Float64())
		}
		m.check(t)
	}
}

func TestQuantilesOfFewAreExact(t *testing.T) {
	m := newModel(map[float64]float64{0: 1, 0.25: 1, 0.5: 1, 0.75: 1, 1: 1}, 1, 3)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 2_000 {
		m.insert(r.NormFloat64())
		if i%100 == 99 {
			m.advance(1) // never 500 in three generations
		}
		m.check(t)
	}
}

// A window that was large, and has become small again, is exact as if the
// others had never been.
func TestQuantilesAreExactAgain(t *testing.T) {
	m := newModel(usual, 1, 2)
	for i := range 10_000 {
		m.insert(float64(i * 7 % 1009))
	}
	m.advance(1)
	for i := range 400 {
		m.insert(float64(i * 7 % 1009))
	}
	m.check(t)
	m.advance(1)
	m.check(t)
	m.advance(1)
	m.check(t)
}

func TestQuantilesOfNothing(t *testing.T) {
	w := sketch.NewWindow(sketch.NewTargets(usual), 1, 100)
	for range 3 {
		for i, v := range quantiles(&w, sketch.NewTargets(usual)) {
			if !math.IsNaN(v) {
				t.Errorf("quantile %d of an empty window: got %v, want NaN", i, v)
			}
		}
		w.Insert(1)
		w.Advance(1)
	}
}

// quantiles returns those of one Window.
func quantiles(w *sketch.Window, targets *sketch.Targets) []float64 {
	var u sketch.Union
	u.Add(w)
	return u.Quantiles(targets, nil)
}

// Objectives that make no sense must not break the others.
func TestStrangeTargets(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, errors := range []map[float64]float64{
		{0.5: nan}, {0.5: -1}, {0.5: inf}, {0.5: 5}, {-3: 0.1}, {3: 0.1}, {inf: 0}, {-inf: 0}, {nan: 0.1}, {},
	} {
		w := sketch.NewWindow(sketch.NewTargets(errors), 0, 0)
		for i := range 2_000 {
			w.Insert(float64(i))
			if i%100 == 0 {
				w.Flush()
			}
		}
		for i, rank := range sketch.NewTargets(errors).Ranks() {
			got := quantiles(&w, sketch.NewTargets(errors))[i]
			switch {
			case math.IsNaN(rank):
				if !math.IsNaN(got) {
					t.Errorf("%v: got %v, want NaN", errors, got)
				}
			case rank == 0.5 && errors[rank] >= 1:
				if got < 0 || got > 1_999 {
					t.Errorf("%v: got %v, want an observation", errors, got)
				}
			default:
				want := map[bool]float64{rank < 0: 0, rank > 1: 1_999, rank == 0.5: 999}[true]
				if math.Abs(got-want) > 200 || rank == 0.5 && got != want {
					t.Errorf("%v: got %v, want %v", errors, got, want)
				}
			}
		}
	}
}

func TestRanksAreInOrder(t *testing.T) {
	got := sketch.NewTargets(map[float64]float64{0.9: 0, 0.1: 0, 0.5: 0}).Ranks()
	if want := []float64{0.1, 0.5, 0.9}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUseAllocatesNothing(t *testing.T) {
	targets := sketch.NewTargets(usual)
	w := sketch.NewWindow(targets, 5, 500)
	r := rand.New(rand.NewPCG(7, 8))
	generation := func() {
		for range 5_000 {
			if w.Insert(r.NormFloat64()) {
				w.Flush()
			}
		}
		w.Advance(1)
	}
	for range 10 {
		generation()
	}
	if got := testing.AllocsPerRun(10, generation); got != 0 {
		t.Errorf("5,000 observations and a new generation: got %v allocations, want none", got)
	}
	var u sketch.Union
	var values []float64
	look := func() {
		u.Reset()
		u.Add(&w)
		values = u.Quantiles(targets, values[:0])
	}
	look()
	if got := testing.AllocsPerRun(10, look); got != 0 {
		t.Errorf("Quantiles: got %v allocations, want none", got)
	}
}

func FuzzWindow(f *testing.F) {
	f.Add([]byte("some observations, in groups of eight bytes, and a few generations"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, span uint8) {
		m := newModel(map[float64]float64{0: 0, 0.3: 0.02, 0.5: 0.05, 0.99: 0.001, 1: 0}, 1+int(span)%3, 1+int(span))
		for len(data) >= 8 {
			v := math.Float64frombits(binary.LittleEndian.Uint64(data))
			switch data[0] % 16 {
			case 0:
				m.advance(int(data[1] % 8))
			case 1:
				m.insert(slices.Repeat([]float64{v}, int(data[1]))...)
			case 2:
				for i := range int(data[1]) * 4 {
					m.insert(v * float64(i))
				}
			default:
				m.insert(v)
			}
			data = data[1+len(data)%8:]
		}
		m.check(t)
	})
}

func ExampleWindow() {
	targets := sketch.NewTargets(map[float64]float64{0.5: 0.05, 1: 0})
	window := sketch.NewWindow(targets, 2, 100)
	var union sketch.Union
	show := func() {
		union.Reset()
		union.Add(&window)
		fmt.Println(union.Quantiles(targets, nil))
	}
	for weight := range 9 {
		window.Insert(float64(weight))
	}
	window.Advance(1)
	window.Insert(70)
	show()
	window.Advance(1)
	show()
	// Output:
	// [4 70]
	// [70 70]
}

func ExampleUnion() {
	targets := sketch.NewTargets(map[float64]float64{0.5: 0.05, 1: 0})
	morning := sketch.NewWindow(targets, 1, 100)
	evening := sketch.NewWindow(targets, 1, 100)
	for guests := range 5 {
		morning.Insert(float64(guests))
		evening.Insert(float64(10 * guests))
	}
	var union sketch.Union
	union.Add(&morning)
	union.Add(&evening)
	fmt.Println(union.Count(), union.Quantiles(targets, nil))
	// Output:
	// 10 [3 40]
}
