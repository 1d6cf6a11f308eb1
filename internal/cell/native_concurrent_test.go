package cell

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The observations of these tests are powers of two, both signs, and each has a
// classic bucket for itself. So a state can be judged by the classic buckets:
// they tell which observations it contains, and thereby what must be in all its
// other parts. All sums are exact.
const (
	lowestPower  = -12
	highestPower = 12
)

var powers = func() (powers []float64) {
	for i := highestPower; i >= lowestPower; i-- {
		powers = append(powers, -math.Ldexp(1, i))
	}
	for i := lowestPower; i <= highestPower; i++ {
		powers = append(powers, math.Ldexp(1, i))
	}
	return powers
}()

// checkWhole fails unless all parts of the state are those of one and the same
// set of observations.
func checkWhole(t *testing.T, d NativeDistribution) {
	t.Helper()
	want := NativeDistribution{
		Distribution:  Distribution{Counts: d.Counts},
		Schema:        d.Schema,
		ZeroThreshold: d.ZeroThreshold,
		Since:         d.Since,
	}
	add := func(v float64, count uint64) {
		want.Count += count
		want.Sum += v * float64(count)
		side := &want.Positive
		if v < 0 {
			side = &want.Negative
		}
		switch {
		case count == 0:
		case math.Abs(v) <= d.ZeroThreshold:
			want.ZeroCount += count
		default:
			*side = appendBucket(*side, bucketBySearch(math.Abs(v), d.Schema, nil), count)
		}
	}
	for i := len(powers)/2 - 1; i >= 0; i-- {
		add(powers[i], d.Counts[i])
	}
	for i := len(powers) / 2; i < len(powers); i++ {
		add(powers[i], d.Counts[i])
	}
	if !same(d, want) {
		t.Fatalf("torn state:\ngot  %s\nwant %s", describe(d), describe(want))
	}
}

func TestNativeIsWholeWhileHammered(t *testing.T) {
	tests := []struct {
		name    string
		options NativeOptions
	}{
		{"no limit", NativeOptions{}},
		{"wider buckets", NativeOptions{MaxBuckets: 20}},
		{"a wider zero bucket", NativeOptions{MaxBuckets: 20, MaxZeroThreshold: 1}},
		{"both", NativeOptions{MaxBuckets: 5, MaxZeroThreshold: 0.01}},
		{"a limit out of reach", NativeOptions{Schema: -4, MaxBuckets: 1}},
		{"resets", NativeOptions{MaxBuckets: 10, MinResetDuration: -1}},
		{"resets by a timer", NativeOptions{MaxBuckets: 10, MaxZeroThreshold: 1, MinResetDuration: 100 * time.Microsecond}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const writers, each = 8, 5_000
			test.options.Bounds = NewBounds(powers)
			n := NewNative(test.options)
			var wg sync.WaitGroup
			for i := range writers {
				random := rand.New(rand.NewPCG(uint64(i), 1))
				wg.Go(func() {
					for j := range each {
						// More of them as time goes by, so that buckets are
						// populated all the time.
						v := powers[len(powers)/2-1-random.IntN(1+j*(len(powers)/2)/each)]
						if random.IntN(2) == 0 {
							v = -v
						}
						n.Observe(v)
					}
				})
			}
			var done atomic.Bool
			go func() { wg.Wait(); done.Store(true) }()

			made := readNative(n).Since
			last := NativeDistribution{Since: made}
			for !done.Load() {
				d := readNative(n)
				checkWhole(t, d)
				if d.Since < last.Since || d.Since == last.Since && d.Count < last.Count {
					t.Errorf("got %d observations since %d after %d since %d", d.Count, d.Since, last.Count, last.Since)
				}
				last = d
				runtime.Gosched()
			}
			wg.Wait()
			d := readNative(n)
			checkWhole(t, d)
			if test.options.MinResetDuration == 0 && d.Count != writers*each {
				t.Errorf("got %d observations in the end, want %d", d.Count, writers*each)
			}
			if test.options.MinResetDuration != 0 {
				for deadline := time.Now().Add(10 * time.Second); readNative(n).Since == made; runtime.Gosched() {
					if time.Now().After(deadline) {
						t.Fatal("nothing has been reset")
					}
				}
			}
			// What one observation could not do, others go on with.
			for range FinestSchema - CoarsestSchema + len(powers) {
				n.Observe(1)
			}
			d = readNative(n)
			checkWhole(t, d)
			if limit := test.options.MaxBuckets; limit > 1 && d.populated() > int64(limit) {
				t.Errorf("got %d buckets, want no more than %d", d.populated(), limit)
			}
		})
	}
}

// stall starts an update and does not go on with it before finish is called.
func stall(n *Native, v float64) (finish func()) {
	p := n.parts.take()
	if p == nil {
		p = n.parts.takeOther(n.fresh)
		n.catchUp(&p.state)
	}
	return func() {
		n.observe(p, v)
		p.give()
	}
}

// elsewhere does something while the first part is held, so that updates go to
// others.
func elsewhere(n *Native, do func()) {
	if !n.parts.first.take() {
		panic("the first part is held already")
	}
	do()
	n.parts.first.give()
}

func TestNativeReadDoesNotWaitForAStalledUpdate(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds(powers)})
	n.Observe(1)
	readNative(n)

	finish := stall(n, 2)
	n.Observe(1) // goes to another part
	for range 3 {
		d := readNative(n)
		checkWhole(t, d)
		if d.Count != 1 {
			t.Fatalf("got %d observations while an update is stalled, want the last whole state of 1", d.Count)
		}
		n.Observe(4)
	}
	finish()
	d := readNative(n)
	checkWhole(t, d)
	if d.Count != 6 || d.Sum != 1+2+1+3*4 {
		t.Errorf("got count %d and sum %v after the update went on, want 6 and 16", d.Count, d.Sum)
	}
}

// While an update is stalled the limit cannot be applied. Others are counted
// nevertheless, and the limit is applied as soon as that one has gone on.
func TestNativeLimitDoesNotWaitForAStalledUpdate(t *testing.T) {
	const limit = 4
	for _, values := range [][]float64{powers[:limit+1], powers} {
		n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: limit})
		finish := stall(n, values[0])
		observeAll(n, values...)
		finish()
		for range -CoarsestSchema {
			n.Observe(values[0])
		}
		d := readNative(n)
		checkWhole(t, d)
		if want := uint64(1 + len(values) - CoarsestSchema); d.Count != want {
			t.Errorf("%d values: got %d observations, want %d", len(values), d.Count, want)
		}
		if d.populated() > limit {
			t.Errorf("%d values: got %d buckets, want no more than %d", len(values), d.populated(), limit)
		}
	}
}

// An update that began in one part before a limit was applied to another one, and ends
// after it, is counted by the later layout.
func TestNativeCountsALateUpdateByTheLaterLayout(t *testing.T) {
	for _, options := range []NativeOptions{
		{Bounds: NewBounds(powers), MaxBuckets: 3},
		{Bounds: NewBounds(powers), MaxBuckets: 3, MaxZeroThreshold: 0.5},
	} {
		n := NewNative(options)
		observeAll(n, 0.5, -0.5, 4)
		d := readNative(n)

		var finish func()
		elsewhere(n, func() { finish = stall(n, 0.5) })
		n.Observe(8)

		n.Observe(4)
		before := readNative(n)
		checkWhole(t, before)
		if before.Schema == d.Schema && before.ZeroThreshold == d.ZeroThreshold {
			t.Error("got the old layout, want the new one")
		}
		finish()
		after := readNative(n)
		checkWhole(t, after)
		if before.Count != 5 || after.Count != 6 {
			t.Errorf("%+v: got counts %d and %d, want 5 and 6", options, before.Count, after.Count)
		}
	}
}

// A reset that is due while an update is stalled is made as soon as it goes on.
func TestNativeResetWaitsForAStalledUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: 2, MinResetDuration: time.Minute})
		observeAll(n, 1, 2, 4) // schedules a reset
		finish := stall(n, 1)
		last := readNative(n)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if d := readNative(n); !same(d, last) {
			t.Errorf("\ngot  %s\nwant %s", describe(d), describe(last))
		}
		finish()
		gone := time.Now()
		time.Sleep(time.Second)
		n.Observe(8)
		d := readNative(n)
		checkWhole(t, d)
		if d.Count != 1 || d.Since < gone.UnixNano() || d.Since > gone.Add(resetPause).UnixNano() {
			t.Errorf("got %s, want the one observation of after the reset, which was due at %d", describe(d), gone.UnixNano())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if again := readNative(n); !same(d, again) {
			t.Errorf("reset twice:\ngot  %s\nwant %s", describe(again), describe(d))
		}
	})
}

// What was under way when a reset was made belongs to the time before.
func TestNativeDropsALateUpdateOfBeforeAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: 2, MinResetDuration: time.Minute})
		observeAll(n, 1, 2, 4)
		var finish func()
		elsewhere(n, func() { finish = stall(n, 1) })
		time.Sleep(time.Minute)
		synctest.Wait()
		n.Observe(8)
		for range 2 {
			if d := readNative(n); d.Count != 1 || d.Since != time.Now().UnixNano() {
				t.Errorf("got %s, want one since now", describe(d))
			}
			finish()
			finish = func() {}
		}
		d := readNative(n)
		checkWhole(t, d)
		if d.Count != 1 || d.Sum != 8 {
			t.Errorf("got count %d and sum %v, want the one of after the reset, 8", d.Count, d.Sum)
		}
	})
}

// Where several updates touch a new bucket at once, all of them are counted. Of two
// writers on the same way, the one ahead has to make room for what it touches, so the
// other catches up.
func TestNativeCountsAllThatTouchABucketFirst(t *testing.T) {
	const writers, buckets = 2, 2000
	for range 50 {
		n := NewNative(NativeOptions{Schema: FinestSchema})
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for i := range buckets {
					n.Observe(math.Ldexp(1, i-buckets/2))
				}
			})
		}
		wg.Wait()
		d := readNative(n)
		if d.Count != writers*buckets || len(d.Positive) != buckets {
			t.Fatalf("got %d observations in %d buckets, want %d in %d", d.Count, len(d.Positive), writers*buckets, buckets)
		}
		for _, bucket := range d.Positive {
			if bucket.Count != writers {
				t.Fatalf("bucket %d: got %d observations, want %d", bucket.Index, bucket.Count, writers)
			}
		}
	}
}
