package cell

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func readNative(n *Native) NativeDistribution {
	var d NativeDistribution
	n.Read(&d)
	return d
}

func observeAll(n *Native, values ...float64) {
	for _, v := range values {
		n.Observe(v)
	}
}

func TestNativeCountsByLayout(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name    string
		options NativeOptions
		values  []float64
		want    NativeDistribution
	}{
		{
			name:    "nothing",
			options: NativeOptions{Schema: 3},
			want:    NativeDistribution{Distribution: Distribution{Counts: []uint64{0}}, Schema: 3},
		},
		{
			name:    "a bucket contains its upper bound",
			options: NativeOptions{Schema: 0},
			values:  []float64{1, math.Nextafter(1, 2), 2, math.Nextafter(2, 3), 0.5, -1, -2},
			want: NativeDistribution{
				Distribution: Distribution{Count: 7, Sum: 3.5, Counts: []uint64{7}},
				Positive:     []NativeBucket{{-1, 1}, {0, 1}, {1, 2}, {2, 1}},
				Negative:     []NativeBucket{{0, 1}, {1, 1}},
			},
		},
		{
			name:    "a zero bucket without width",
			options: NativeOptions{Schema: 0},
			values:  []float64{0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64},
			want: NativeDistribution{
				Distribution: Distribution{Count: 4, Counts: []uint64{4}},
				ZeroCount:    2,
				Positive:     []NativeBucket{{-1074, 1}},
				Negative:     []NativeBucket{{-1074, 1}},
			},
		},
		{
			name:    "the zero bucket contains its threshold, of both signs",
			options: NativeOptions{Schema: 1, ZeroThreshold: 0.25},
			values:  []float64{0.25, -0.25, 0.5, -0.5},
			want: NativeDistribution{
				Distribution:  Distribution{Count: 4, Counts: []uint64{4}},
				Schema:        1,
				ZeroThreshold: 0.25,
				ZeroCount:     2,
				Positive:      []NativeBucket{{-2, 1}},
				Negative:      []NativeBucket{{-2, 1}},
			},
		},
		{
			name:    "infinity has a bucket of its own, NaN none",
			options: NativeOptions{Bounds: NewBounds([]float64{0, 1}), Schema: -4},
			values:  []float64{inf, math.MaxFloat64, -math.MaxFloat64, math.NaN()},
			want: NativeDistribution{
				Distribution: Distribution{Count: 4, Sum: math.NaN(), Counts: []uint64{1, 0, 3}},
				Schema:       -4,
				Positive:     []NativeBucket{{64, 1}, {65, 1}},
				Negative:     []NativeBucket{{64, 1}},
			},
		},
		{
			name:    "a zero bucket that takes in all numbers",
			options: NativeOptions{Schema: 0, ZeroThreshold: math.MaxFloat64},
			values:  []float64{inf, 1},
			want: NativeDistribution{
				Distribution:  Distribution{Count: 2, Sum: inf, Counts: []uint64{2}},
				ZeroThreshold: math.MaxFloat64,
				ZeroCount:     2,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := NewNative(test.options)
			observeAll(n, test.values...)
			got := readNative(n)
			test.want.Since = got.Since
			if !same(got, test.want) {
				t.Errorf("\ngot  %s\nwant %s", describe(got), describe(test.want))
			}
		})
	}
}

func TestBucketIsWhereAnObservationIsCounted(t *testing.T) {
	bounds := []float64{-1, 0, 2.5}
	for _, v := range []float64{-2, -1, 0, 1, 2.5, 3, math.Inf(1), math.Inf(-1), math.NaN()} {
		h, n := NewHistogram(NewBounds(bounds)), NewNative(NativeOptions{Bounds: NewBounds(bounds)})
		h.Observe(v)
		n.Observe(v)
		var d Distribution
		h.Read(&d)
		if got, want := h.Bounds().Bucket(v), slices.Index(d.Counts, 1); got != want {
			t.Errorf("bucket of %v in a histogram: got %d, want %d", v, got, want)
		}
		if got, want := n.Bucket(v), slices.Index(readNative(n).Counts, 1); got != want {
			t.Errorf("bucket of %v in a native one: got %d, want %d", v, got, want)
		}
	}
	if got := NewNative(NativeOptions{}).Bucket(7); got != 0 {
		t.Errorf("bucket without bounds: got %d, want 0", got)
	}
}

func TestNativeReadUsesItsSlicesAgain(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds([]float64{1})})
	observeAll(n, 0.5, 2, -3)
	var d NativeDistribution
	n.Read(&d)
	counts, positive, negative := &d.Counts[0], &d.Positive[0], &d.Negative[0]
	n.Observe(2)
	n.Read(&d)
	if counts != &d.Counts[0] || positive != &d.Positive[0] || negative != &d.Negative[0] {
		t.Error("got other slices, want the same")
	}
	d.Counts[0], d.Positive[0].Count = 99, 99
	if d := readNative(n); d.Counts[0] != 2 || d.Positive[0].Count != 1 {
		t.Errorf("a reader wrote into the histogram: %s", describe(d))
	}
}

func TestNativeAllocatesNothing(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds([]float64{1}), Schema: 3, MaxBuckets: 160})
	values := []float64{0.001, 0.5, 3, 1e9, -4, 0, math.NaN(), math.Inf(1)}
	var d NativeDistribution
	observeAll(n, values...)
	n.Read(&d)
	for name, f := range map[string]func(){
		"Observe":          func() { observeAll(n, values...) },
		"Observe and Read": func() { observeAll(n, values...); n.Read(&d) },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: got %v allocations, want none", name, got)
		}
	}
}

// counters returns how many counters all parts have, in windows and lists.
func (n *Native) counters() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	counters := 0
	n.parts.each(func(s *nativePart) {
		for sign := range s.windows {
			counters += cap(s.windows[sign].counters)
			if far := s.windows[sign].far; far != nil {
				counters += 2 * cap(far.buckets)
			}
		}
	})
	return counters
}

func TestNativeTakesMemoryForWhatIsPopulated(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name  string
		value func(i int) float64
	}{
		{"one", func(int) float64 { return 3 }},
		{"close together", func(i int) float64 { return 1 + float64(i%1000)/1000 }},
		{"two places", func(i int) float64 { return math.Ldexp(1+float64(i%100)/100, i%2*1000) }},
		{"far apart, upwards", func(i int) float64 { return math.Ldexp(1, i%2000-1000) }},
		{"far apart, downwards", func(i int) float64 { return math.Ldexp(1, 1000-i%2000) }},
		{"from the middle", func(i int) float64 { return math.Ldexp(1, (i%2*2-1)*(i%2000)/2) }},
		{"any", func(int) float64 { return math.Float64frombits(random.Uint64()) }},
	}
	for _, test := range tests {
		for _, schema := range []int32{CoarsestSchema, 0, 3, FinestSchema} {
			t.Run(fmt.Sprint(test.name, ", schema ", schema), func(t *testing.T) {
				n := NewNative(NativeOptions{Schema: schema})
				for i := range 20_000 {
					n.Observe(test.value(i))
					if i > 50 && i%499 > 0 {
						continue
					}
					d := readNative(n)
					limit := 2*smallWindow + 32*int(d.populated())
					if got := n.counters(); got > limit {
						t.Fatalf("got room for %d counters for %d populated buckets, want no more than %d", got, d.populated(), limit)
					}
				}
			})
		}
	}
}

// The first values may be far from where nearly all the others are.
func TestNativeFindsWhereMostBucketsAre(t *testing.T) {
	n := NewNative(NativeOptions{Schema: FinestSchema})
	observeAll(n, 1e-200, 1e200, -1e-200, -1e200)
	for i := range 2000 {
		v := math.Exp2(float64(i%100) / 256)
		observeAll(n, v, -v)
	}
	for sign := range n.parts.first.state.windows {
		far := n.parts.first.state.windows[sign].far
		if got := len(far.buckets); got > 2+100/32 {
			t.Errorf("sign %d: got %d buckets in the list, want the two that are far away, and a few", sign, got)
		}
	}
}
