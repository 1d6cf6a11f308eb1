package cell

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// spreadUpdates makes updates go to the parts of their processors, as they do when
// they meet often.
func spreadUpdates(n *Native) {
	if n.parts.others.Load() == nil {
		n.parts.others.CompareAndSwap(nil, new(others[nativePart]))
	}
	n.parts.spread.Store(n.parts.others.Load().forProcessors(n.fresh))
}

// Every state that a reader sees is whole: with all observations equal, the
// sum is that value times the count, and the count is that of the only bucket.
func TestNativeIsWholeWhileAllObservationsAreEqual(t *testing.T) {
	const value = 0.5
	limits := []NativeOptions{
		{Schema: 3},
		{Schema: 3, Bounds: NewBounds([]float64{0.1, 0.5, 1}), MaxBuckets: 1},
	}
	for _, processors := range []int{1, 2, 8} {
		for _, writers := range []int{1, 2, 8, 64} {
			for _, options := range limits {
				t.Run(fmt.Sprintf("%d goroutines on %d, limit %d", writers, processors, options.MaxBuckets), func(t *testing.T) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
					n := NewNative(options)
					each := 20_000 / writers
					var updates, reads sync.WaitGroup
					for range writers {
						updates.Go(func() {
							for range each {
								n.Observe(value)
							}
						})
					}
					var finished atomic.Bool
					for range 2 {
						reads.Go(func() {
							var d NativeDistribution
							for more := true; more && !t.Failed(); runtime.Gosched() {
								more = !finished.Load()
								last := d.Count
								n.Read(&d)
								checkWholeNative(t, d, value)
								if d.Count < last {
									t.Errorf("count fell from %d to %d", last, d.Count)
								}
							}
						})
					}
					updates.Wait()
					finished.Store(true)
					reads.Wait()
					if d, want := readNative(n), uint64(writers*each); d.Count != want {
						t.Errorf("got %d observations in the end, want %d", d.Count, want)
					}
				})
			}
		}
	}
}

func checkWholeNative(t *testing.T, d NativeDistribution, value float64) {
	var exponential, classic uint64
	for _, b := range d.Positive {
		exponential += b.Count
	}
	for _, n := range d.Counts {
		classic += n
	}
	if exponential != d.Count || classic != d.Count || d.Sum != value*float64(d.Count) {
		t.Errorf("torn state: %s", describe(d))
	}
}

// Buckets that other parts populate count together, and the limit is applied at once
// if nobody holds the first part.
func TestNativeLimitHoldsForAllPartsTogether(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	const limit = 10
	for _, options := range []NativeOptions{
		{Schema: 0, MaxBuckets: limit},
		{Schema: 0, MaxBuckets: limit, MaxZeroThreshold: 1},
		{Schema: 0, MaxBuckets: limit, MinResetDuration: time.Nanosecond},
		{Schema: 0, MaxBuckets: limit, MinResetDuration: time.Hour},
	} {
		options.Bounds = NewBounds(powers)
		n := NewNative(options)
		spreadUpdates(n)
		for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(powers)) {
			n.Observe(powers[i])
			var d NativeDistribution
			n.parts.first.read(func(first *nativePart) { first.store(&d) })
			if got := d.populated(); got > limit {
				t.Fatalf("%+v: got %d buckets, want no more than %d", options, got, limit)
			}
		}
		d := readNative(n)
		checkWhole(t, d)
		if options.MinResetDuration != time.Nanosecond && d.Count != uint64(len(powers)) {
			t.Errorf("%+v: got %d observations, want %d", options, d.Count, len(powers))
		}
	}
}

// What an update has populated in another part while the first one was held is
// counted as soon as that is free.
func TestNativeLimitIsAppliedByALaterUpdate(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: 4})
	elsewhere(n, func() { observeAll(n, powers...) })
	spreadUpdates(n)
	n.Observe(1) // of no use to the part that has too many
	spare := n.parts.others.Load().spares.Load()
	if !spare.take() {
		t.Fatal("the spare part is held")
	}
	n.observe(&spare.part, 1)
	spare.give()
	var d NativeDistribution
	n.parts.first.read(func(first *nativePart) { first.store(&d) })
	if d.populated() > 4 || d.Count < uint64(len(powers)) {
		t.Errorf("got %s, want all observations in 4 buckets", describe(d))
	}
	d = readNative(n)
	checkWhole(t, d)
	if want := uint64(len(powers) + 2); d.Count != want {
		t.Errorf("got %d observations, want %d", d.Count, want)
	}
}

// A reset drops what other parts have counted, and nothing that comes later.
func TestNativeResetReachesAllParts(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: 2, MinResetDuration: time.Nanosecond})
	elsewhere(n, func() { observeAll(n, 1, 1) }) // in a spare part
	n.since = n.since.Add(-time.Hour)
	observeAll(n, 2, 4, 8) // the last one resets
	elsewhere(n, func() { n.Observe(8) })
	d := readNative(n)
	checkWhole(t, d)
	if d.Count != 2 || d.Sum != 16 {
		t.Errorf("got %s, want the last two observations alone", describe(d))
	}
}

func TestNativeResetByAnotherPartKeepsItsObservation(t *testing.T) {
	n := NewNative(NativeOptions{Bounds: NewBounds(powers), MaxBuckets: 2, MinResetDuration: time.Nanosecond})
	observeAll(n, 1, 2)
	n.since = n.since.Add(-time.Hour)
	spreadUpdates(n)
	n.Observe(4)
	d := readNative(n)
	checkWhole(t, d)
	if d.Count != 1 || d.Sum != 4 {
		t.Errorf("got %s, want the last observation alone", describe(d))
	}
}

// Once the first part knows a bucket, another part counts there by itself.
func TestNativePartsAskForTheLimitOnce(t *testing.T) {
	n := NewNative(NativeOptions{MaxBuckets: 8})
	elsewhere(n, func() { observeAll(n, 1, 2) })
	readNative(n)
	elsewhere(n, func() { observeAll(n, 1, 2) })
	spare := &n.parts.others.Load().spares.Load().state
	if spare.room != 0 {
		t.Errorf("got room %d after observations of known buckets, want 0: they asked again", spare.room)
	}
	elsewhere(n, func() { n.Observe(4) })
	if spare.room >= 0 {
		t.Error("an observation of an unknown bucket did not ask")
	}
}

func TestNativeAllocatesNothingInOtherParts(t *testing.T) {
	for _, limit := range []uint32{0, 160} {
		n := NewNative(NativeOptions{Bounds: NewBounds([]float64{1}), Schema: 3, MaxBuckets: limit})
		values := []float64{0.001, 0.5, 3, 1e9, -4, 0, math.NaN(), math.Inf(1)}
		var d NativeDistribution
		read := func() { n.Read(&d) }
		spare := func() { elsewhere(n, func() { observeAll(n, values...) }) }
		bound := func() { spreadUpdates(n); observeAll(n, values...) }
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // AllocsPerRun does so, too
		for range 2 {
			spare()
			bound()
			read()
		}
		for name, f := range map[string]func(){"spare": spare, "spare and read": func() { spare(); read() }, "spread and read": func() { bound(); read() }} {
			if got := testing.AllocsPerRun(100, f); got != 0 {
				t.Errorf("limit %d, %s: got %v allocations, want none", limit, name, got)
			}
		}
	}
}

// Each processor's part takes memory for what is populated, and under a limit no more
// than that allows.
func TestNativeMemoryIsBoundedOnManyProcessors(t *testing.T) {
	const processors, limit = 64, 10
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	for _, options := range []NativeOptions{
		{Schema: FinestSchema, MaxBuckets: limit},
		{Schema: FinestSchema, MaxBuckets: limit, MaxZeroThreshold: math.Inf(1)},
		{Schema: FinestSchema},
	} {
		n := NewNative(options)
		spreadUpdates(n)
		bound := *n.parts.spread.Load()
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			for i := range bound {
				p := &bound[i].part
				p.take()
				n.catchUp(&p.state)
				n.observe(p, math.Float64frombits(random.Uint64()))
				p.held.Store(0)
			}
		}
		d := readNative(n)
		populated := int(d.populated())
		if options.MaxBuckets > 0 {
			populated = limit + 1
		}
		if got, want := n.counters(), (1+processors)*(2*smallWindow+32*populated); got > want {
			t.Errorf("%+v: got %d counters, want no more than %d", options, got, want)
		}
	}
}
