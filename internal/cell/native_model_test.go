package cell

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// model is a native histogram by the rules of NativeOptions, for one goroutine
// and without any haste.
type model struct {
	options NativeOptions
	upper   []float64
	bounds  [FinestSchema + 1][]float64

	allowed        int       // how many buckets may be populated before the limit is applied
	since, resetAt time.Time // resetAt is zero unless a reset is going to happen
	schema         int32
	zeroThreshold  float64
	count, zero    uint64
	sum            float64
	classic        []uint64
	buckets        map[modelBucket]uint64
}

type modelBucket struct {
	negative bool
	index    int32
}

func newModel(options NativeOptions) *model {
	m := &model{options: options}
	if options.Bounds != nil {
		m.upper = options.Bounds.Upper()
	}
	for schema := int32(1); schema <= FinestSchema; schema++ {
		m.bounds[schema] = boundsOf(schema)
	}
	m.reset(time.Now())
	return m
}

func (m *model) reset(at time.Time) {
	m.since, m.resetAt = at, time.Time{}
	m.schema, m.zeroThreshold = m.options.Schema, m.options.ZeroThreshold
	m.allowed = int(m.options.MaxBuckets)
	m.count, m.zero, m.sum = 0, 0, 0
	m.classic = make([]uint64, len(m.upper)+1)
	m.buckets = map[modelBucket]uint64{}
}

func (m *model) add(v float64) {
	m.count++
	m.sum += v
	i := 0
	for i < len(m.upper) && !(v <= m.upper[i]) {
		i++
	}
	m.classic[i]++
	switch absolute := math.Abs(v); {
	case math.IsNaN(v):
	case min(absolute, math.MaxFloat64) <= m.zeroThreshold:
		m.zero++
	default:
		m.buckets[modelBucket{v < 0, bucketBySearch(absolute, m.schema, m.bounds[max(0, m.schema)])}]++
	}
}

func (m *model) observe(v float64) {
	m.add(v)
	if math.IsNaN(v) || m.options.MaxBuckets == 0 || len(m.buckets) <= int(m.options.MaxBuckets) {
		return
	}
	now := time.Now()
	if shortest := m.options.MinResetDuration; shortest > 0 && m.resetAt.IsZero() {
		if now.Sub(m.since) >= shortest {
			m.reset(now)
			m.add(v)
			return
		}
		m.resetAt = m.since.Add(shortest)
	}
	if m.widen() {
		return
	}
	if m.schema == CoarsestSchema {
		m.allowed = len(m.buckets)
		return
	}
	m.double()
}

func (m *model) widen() bool {
	nearest := int32(math.MaxInt32)
	for bucket := range m.buckets {
		nearest = min(nearest, bucket.index)
	}
	threshold := upperBound(m.schema, nearest)
	if m.zeroThreshold >= m.options.MaxZeroThreshold || threshold > m.options.MaxZeroThreshold {
		return false
	}
	m.zeroThreshold = threshold
	for _, negative := range []bool{false, true} {
		bucket := modelBucket{negative, nearest}
		m.zero += m.buckets[bucket]
		delete(m.buckets, bucket)
	}
	return true
}

func (m *model) double() {
	m.schema--
	wide := map[modelBucket]uint64{}
	for bucket, count := range m.buckets {
		bucket.index = int32(math.Ceil(float64(bucket.index) / 2))
		wide[bucket] += count
	}
	m.buckets = wide
}

// sleep lets time pass, with what happens in it.
func (m *model) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	if !m.resetAt.IsZero() && !time.Now().Before(m.resetAt) {
		m.reset(m.resetAt)
	}
}

func (m *model) state() NativeDistribution {
	d := NativeDistribution{
		Distribution:  Distribution{Count: m.count, Sum: m.sum, Counts: m.classic},
		Schema:        m.schema,
		ZeroThreshold: m.zeroThreshold,
		ZeroCount:     m.zero,
		Since:         m.since.UnixNano(),
	}
	for bucket, count := range m.buckets {
		side := &d.Positive
		if bucket.negative {
			side = &d.Negative
		}
		*side = append(*side, NativeBucket{bucket.index, count})
	}
	for _, side := range d.signs() {
		slices.SortFunc(*side, func(a, b NativeBucket) int { return int(a.Index - b.Index) })
	}
	return d
}

func describe(d NativeDistribution) string {
	return fmt.Sprintf("count %d, sum %v (%#x), classic %v, schema %d, zero %d up to %v, positive %v, negative %v, since %d",
		d.Count, d.Sum, math.Float64bits(d.Sum), d.Counts, d.Schema, d.ZeroCount, d.ZeroThreshold, d.Positive, d.Negative, d.Since)
}

// same compares all but which NaN a sum is.
func same(a, b NativeDistribution) bool {
	if math.IsNaN(a.Sum) && math.IsNaN(b.Sum) {
		a.Sum, b.Sum = 0, 0
	}
	return a.Count == b.Count && math.Float64bits(a.Sum) == math.Float64bits(b.Sum) && slices.Equal(a.Counts, b.Counts) &&
		a.Schema == b.Schema && a.ZeroThreshold == b.ZeroThreshold && a.ZeroCount == b.ZeroCount &&
		slices.Equal(a.Positive, b.Positive) && slices.Equal(a.Negative, b.Negative) && a.Since == b.Since
}

var (
	anyNumber = rapid.OneOf(
		rapid.Float64Range(-10, 10),
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.Map(rapid.IntRange(-1074, 1023), func(exponent int) float64 { return math.Ldexp(1, exponent) }),
		rapid.Map(rapid.IntRange(-2048, 2048), func(i int) float64 { return math.Exp2(float64(i) / 256) }),
		rapid.Map(rapid.IntRange(-100, 100), func(i int) float64 { return float64(i) * math.SmallestNonzeroFloat64 }),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}),
	)
	anyOptions = rapid.Custom(func(t *rapid.T) NativeOptions {
		return NativeOptions{
			Bounds:           rapid.SampledFrom([]*Bounds{nil, NewBounds([]float64{0}), NewBounds([]float64{-1, 0.5, 2, 1e10})}).Draw(t, "bounds"),
			Schema:           rapid.Int32Range(CoarsestSchema, FinestSchema).Draw(t, "schema"),
			ZeroThreshold:    rapid.SampledFrom([]float64{0, 0x1p-128, 1e-300, 0.1, 1, 1e100, math.MaxFloat64, math.Inf(1)}).Draw(t, "zero threshold"),
			MaxBuckets:       rapid.Uint32Range(0, 12).Draw(t, "max buckets"),
			MaxZeroThreshold: rapid.SampledFrom([]float64{0, 1e-310, 0.01, 1, 1e10, math.MaxFloat64, math.Inf(1)}).Draw(t, "max zero threshold"),
			MinResetDuration: rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute}).Draw(t, "min reset duration"),
		}
	})
)

// Whatever is observed, whenever, and however often it is read meanwhile, the
// state is the one that the rules ask for.
func TestNativeAgainstModel(t *testing.T) {
	type step struct {
		value float64
		sleep time.Duration
		read  bool
	}
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		s := step{value: anyNumber.Draw(t, "value"), read: rapid.Bool().Draw(t, "read")}
		if rapid.IntRange(0, 9).Draw(t, "pause") == 0 {
			s.sleep = time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second
		}
		return s
	}), 1, 100)

	rapid.Check(t, func(rt *rapid.T) {
		options := anyOptions.Draw(rt, "options")
		program := steps.Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(*testing.T) {
			want, native := newModel(options), NewNative(options)
			var d NativeDistribution
			for i, step := range program {
				if step.sleep > 0 {
					want.sleep(step.sleep)
				}
				want.observe(step.value)
				native.Observe(step.value)
				room := int64(want.allowed - len(want.buckets))
				got := room
				native.parts.first.read(func(first *nativePart) { got = first.room })
				if options.MaxBuckets > 0 && got != room {
					wrong = fmt.Sprintf("step %d: got room for %d, want %d", i, got, room)
					return
				}
				if !step.read && i < len(program)-1 {
					continue
				}
				if native.Read(&d); !same(d, want.state()) {
					wrong = fmt.Sprintf("step %d:\ngot  %s\nwant %s", i, describe(d), describe(want.state()))
					return
				}
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// Through whatever parts observations come, and whatever limit is applied on the way,
// a state is the one that its layout asks for.
func TestNativeInManyPartsAgainstModel(t *testing.T) {
	type step struct {
		value        float64
		spare, bound bool
		read         bool
	}
	// Where bounds are rounded, and at infinity, it depends on the order whether the
	// zero bucket has widened before.
	ordinary := rapid.Map(anyNumber, func(v float64) float64 {
		if math.Abs(v) < 1e-300 || math.IsInf(v, 0) {
			return 0
		}
		return v
	})
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			value: ordinary.Draw(t, "value"),
			spare: rapid.Bool().Draw(t, "spare"),
			bound: rapid.Bool().Draw(t, "bound"),
			read:  rapid.IntRange(0, 4).Draw(t, "read") == 0,
		}
	}), 1, 200)
	rapid.Check(t, func(t *rapid.T) {
		options := anyOptions.Draw(t, "options")
		options.MinResetDuration = 0
		options.MaxZeroThreshold = max(options.MaxZeroThreshold, options.ZeroThreshold)
		n, want := NewNative(options), newModel(options)
		var values []float64
		var d NativeDistribution
		for i, step := range append(steps.Draw(t, "steps"), step{read: true}) {
			if step.bound {
				spreadUpdates(n)
			}
			if step.spare {
				elsewhere(n, func() { n.Observe(step.value) })
			} else {
				n.Observe(step.value)
			}
			values = append(values, step.value)
			if !step.read {
				continue
			}
			n.Read(&d)
			since := want.since
			want.reset(since)
			want.schema, want.zeroThreshold = d.Schema, d.ZeroThreshold
			for _, v := range values {
				want.add(v)
			}
			state := want.state()
			state.Sum, state.Since = d.Sum, d.Since // they are added in another order
			if !same(d, state) {
				t.Fatalf("step %d:\ngot  %s\nwant %s", i, describe(d), describe(state))
			}
		}
	})
}
