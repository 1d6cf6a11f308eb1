package cell

import (
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

func TestNativeLimit(t *testing.T) {
	powers := func(first, last int) (values []float64) {
		for i := first; i <= last; i++ {
			values = append(values, math.Ldexp(1, i))
		}
		return values
	}
	tests := []struct {
		name    string
		options NativeOptions
		values  []float64
		want    NativeDistribution
	}{
		{
			name:    "within it",
			options: NativeOptions{MaxBuckets: 3, MaxZeroThreshold: 100},
			values:  powers(0, 2),
			want:    NativeDistribution{Positive: []NativeBucket{{0, 1}, {1, 1}, {2, 1}}},
		},
		{
			name:    "the zero bucket is widened by one bucket of each sign",
			options: NativeOptions{MaxBuckets: 3, MaxZeroThreshold: 1},
			values:  []float64{1, -1, 2, 4},
			want:    NativeDistribution{ZeroThreshold: 1, ZeroCount: 2, Positive: []NativeBucket{{1, 1}, {2, 1}}},
		},
		{
			name:    "it is not widened beyond its limit",
			options: NativeOptions{MaxBuckets: 3, MaxZeroThreshold: math.Nextafter(1, 0)},
			values:  powers(0, 3),
			want:    NativeDistribution{Schema: -1, Positive: []NativeBucket{{0, 1}, {1, 2}, {2, 1}}},
		},
		{
			name:    "one step per observation, until it is enough",
			options: NativeOptions{MaxBuckets: 1},
			values:  []float64{1, 65536, 65536, 65536, 65536},
			want:    NativeDistribution{Schema: -4, Positive: []NativeBucket{{0, 1}, {1, 4}}},
		},
		{
			name:    "NaN takes no step",
			options: NativeOptions{MaxBuckets: 1},
			values:  []float64{1, 65536, math.NaN(), math.NaN()},
			want:    NativeDistribution{Schema: -1, Positive: []NativeBucket{{0, 1}, {8, 1}}},
		},
		{
			name:    "at the widest, buckets are populated beyond it",
			options: NativeOptions{Schema: -4, MaxBuckets: 1},
			values:  []float64{1, 2, 1e10, 1e20, -1},
			want:    NativeDistribution{Schema: -4, Positive: []NativeBucket{{0, 1}, {1, 1}, {3, 1}, {5, 1}}, Negative: []NativeBucket{{0, 1}}},
		},
		{
			name:    "a new bucket near zero is taken in when nothing else is left",
			options: NativeOptions{Schema: -4, MaxBuckets: 1, MaxZeroThreshold: 1e-3},
			values:  []float64{1, 2, 1e10, 1e-10},
			want:    NativeDistribution{Schema: -4, ZeroThreshold: 0x1p-32, ZeroCount: 1, Positive: []NativeBucket{{0, 1}, {1, 1}, {3, 1}}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := NewNative(test.options)
			observeAll(n, test.values...)
			got := readNative(n)
			want := test.want
			want.Distribution = got.Distribution
			want.Since = got.Since
			if !same(got, want) || got.Count != uint64(len(test.values)) {
				t.Errorf("\ngot  %s\nwant %s", describe(got), describe(want))
			}
		})
	}
}

func TestNativeResetKeepsTheObservationThatAskedForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNative(NativeOptions{Bounds: NewBounds([]float64{1}), MaxBuckets: 2, MinResetDuration: time.Minute})
		made := time.Now()
		observeAll(n, 1, 2)
		time.Sleep(time.Minute)
		n.Observe(2)
		if d := readNative(n); d.Since != made.UnixNano() || d.Count != 3 {
			t.Errorf("got count %d since %d, want 3 since %d: no limit has been reached", d.Count, d.Since, made.UnixNano())
		}
		n.Observe(4)
		want := NativeDistribution{
			Distribution: Distribution{Count: 1, Sum: 4, Counts: []uint64{0, 1}},
			Positive:     []NativeBucket{{2, 1}},
			Since:        time.Now().UnixNano(),
		}
		if d := readNative(n); !same(d, want) {
			t.Errorf("\ngot  %s\nwant %s", describe(d), describe(want))
		}
	})
}

func TestNativeGetsItsLayoutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNative(NativeOptions{Schema: 0, MaxBuckets: 2, MaxZeroThreshold: 1, MinResetDuration: time.Minute})
		time.Sleep(20 * time.Second)
		observeAll(n, 1, 2, 4, 8)
		d := readNative(n)
		if d.Schema != -1 || d.ZeroThreshold != 1 {
			t.Fatalf("got schema %d and threshold %v, want -1 and 1", d.Schema, d.ZeroThreshold)
		}
		time.Sleep(40*time.Second - time.Nanosecond)
		synctest.Wait()
		if again := readNative(n); !same(d, again) {
			t.Errorf("changed before its time:\ngot  %s\nwant %s", describe(again), describe(d))
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		want := NativeDistribution{Distribution: Distribution{Counts: []uint64{0}}, Since: time.Now().UnixNano()}
		if d := readNative(n); !same(d, want) {
			t.Errorf("after a minute:\ngot  %s\nwant %s", describe(d), describe(want))
		}
		observeAll(n, 1, 2)
		want.Count, want.Sum, want.Counts = 2, 3, []uint64{2}
		want.Positive = []NativeBucket{{0, 1}, {1, 1}}
		if d := readNative(n); !same(d, want) {
			t.Errorf("later:\ngot  %s\nwant %s", describe(d), describe(want))
		}
	})
}

// Where the limit cannot be kept, it is not tried again before there is another
// bucket; and after a reset it is the limit again.
func TestNativeBeyondItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNative(NativeOptions{Schema: -4, MaxBuckets: 2, MinResetDuration: time.Minute})
		observeAll(n, 1, 1e10, 1e20, 1e30)
		if got := n.parts.first.state.room; got != 0 {
			t.Errorf("got room for %d buckets, want 0, so that the limit is not tried again for those that there are", got)
		}
		observeAll(n, 1, 1e10, 1e20, 1e30)
		if d := readNative(n); len(d.Positive) != 4 || d.Count != 8 {
			t.Errorf("got %s, want 8 observations in 4 buckets", describe(d))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		time.Sleep(time.Minute)
		observeAll(n, 1, 1e10, 1e20)
		if d := readNative(n); len(d.Positive) != 1 || d.Count != 1 || d.Since != time.Now().UnixNano() {
			t.Errorf("got %s, want the last observation alone, since now", describe(d))
		}
	})
}

// A timer that waits for days must not keep what it is for.
func TestScheduledResetKeepsNothingAlive(t *testing.T) {
	n := NewNative(NativeOptions{MaxBuckets: 1, MinResetDuration: 24 * time.Hour})
	observeAll(n, 1, 2)
	if !n.scheduled {
		t.Fatal("no reset is scheduled")
	}
	gone := weak.Make(n)
	n = nil
	for deadline := time.Now().Add(10 * time.Second); gone.Value() != nil; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("the histogram is still there")
		}
	}
}

// Values that are ever different cost no more than the limit allows.
func TestNativeMemoryIsBoundedByTheLimit(t *testing.T) {
	const limit = 10
	for _, options := range []NativeOptions{
		{Schema: FinestSchema, MaxBuckets: limit, MaxZeroThreshold: math.Inf(1)},
		{Schema: FinestSchema, MaxBuckets: limit, MinResetDuration: time.Nanosecond},
		{Schema: FinestSchema, MaxBuckets: limit},
	} {
		n := NewNative(options)
		for i := range 10_000 {
			n.Observe(math.Ldexp(1+float64(i%7)/7, i/5-1000))
			if i%10 > 0 {
				continue
			}
			if got, want := n.counters(), smallWindow+32*(limit+1); got > want {
				t.Fatalf("%+v: got %d counters after %d observations, want no more than %d", options, got, i+1, want)
			}
			if i%100 == 0 {
				readNative(n)
			}
		}
	}
}
