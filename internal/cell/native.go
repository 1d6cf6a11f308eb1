package cell

import (
	"math"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Native counts observations in exponential buckets, in classic ones besides if
// it is given bounds, and keeps their sum. Exponential buckets take memory where
// there are observations, and how many are populated can be limited.
//
// Many goroutines may observe while one reads: an update never waits, and a
// reader always gets a whole state. It works as Histogram does, with two sides
// and totals. What is different:
//
//   - A side has a layout, which tells the bucket of a value. It is written while
//     the side is idle, which is to say closed with all its updates
//     through, by whoever holds mu; updates read it after started has told them
//     that the side is open. The open side has the layout of the totals.
//   - What an update does last is to add one to a counter of its side: that of an
//     exponential bucket, of the zero bucket or of NaN. So the updates of a closed
//     side are through when its counters add up to the number that started
//     there.
//   - The top bit of a counter says that the bucket is populated in the totals.
//     So an update whose addition returns one has populated a bucket, and
//     takes one from the room that is left under the limit. When the totals
//     get a bucket, the bit is set on both sides, and one is taken from
//     the room of the open side, unless the counter has been used there already:
//     then its first update has taken it.
//   - The sum moves from a closed side to the open one rather than to the totals.
//     So observations of one goroutine are added one after the other, and
//     reading in between changes nothing, not even the last bit.
//
// An update that finds no room left applies the limit (see limit), unless somebody
// holds mu; then the next one does.
type Native struct {
	options NativeOptions
	_       apart

	started atomic.Uint64 // top bit: the open side; the rest: updates ever started
	_       apart
	sides   [2]nativeSide

	mu       sync.Mutex // guards what follows, and an idle side
	totals   NativeDistribution
	scratch  []NativeBucket
	draining bool   // the closed side is not idle
	expected uint64 // updates that started on the closed side, if draining
	swapped  uint64 // updates that had started when the sides were last swapped

	allowed   int64     // how many buckets may be populated before the limit is applied
	since     time.Time // when the histogram was made or reset
	dropped   bool      // the closed side belongs to the time before since
	scheduled bool      // a reset is going to happen, by a timer
	due       bool      // the timer has fired, and the reset could not be made yet
}

// NativeOptions say what a Native counts and how its size is limited.
type NativeOptions struct {
	// Bounds are the upper bounds of the classic buckets: increasing, finite,
	// shared and never written to. They may be empty.
	Bounds []float64
	// Schema says how wide the exponential buckets are: from CoarsestSchema
	// to FinestSchema, where that is explained.
	Schema int32
	// ZeroThreshold is the largest absolute value that is counted in the zero
	// bucket. It must not be negative.
	ZeroThreshold float64

	// MaxBuckets is how many exponential buckets may be populated, not
	// counting the zero bucket; 0 means no limit. An update that finds more
	// does the first of these that is possible:
	//
	//   - It resets everything to the beginning, and counts itself again, if
	//     MinResetDuration has passed since the last reset.
	//   - It widens the zero bucket by the buckets next to it, if the
	//     threshold stays within MaxZeroThreshold.
	//   - It makes buckets twice as wide, if they are not the widest.
	//
	// What the latter two change is undone by a reset as soon as
	// MinResetDuration has passed since the last one.
	MaxBuckets       uint32
	MaxZeroThreshold float64
	// MinResetDuration is the shortest time between two resets; 0 means no
	// resets.
	MinResetDuration time.Duration
}

// NativeDistribution is one whole state of a Native. Count is the number of
// observations in the zero bucket and in all exponential ones, and of those
// that were NaN.
type NativeDistribution struct {
	Distribution  // Counts are those of the classic buckets
	Schema        int32
	ZeroThreshold float64
	ZeroCount     uint64
	// Positive and Negative are the populated exponential buckets, ascending
	// by index. A negative bucket contains what its positive counterpart
	// does with the other sign.
	Positive, Negative []NativeBucket
	// Since is when the histogram was made or last reset, in nanoseconds
	// of Unix time.
	Since int64
}

// NativeBucket is a populated exponential bucket.
type NativeBucket struct {
	Index int32 // see FinestSchema
	Count uint64
}

// NewNative returns a histogram without observations.
func NewNative(options NativeOptions) *Native {
	prepareOctave()
	n := &Native{options: options}
	classic := make([]atomic.Uint64, 2*len(options.Bounds))
	n.sides[0].classic, n.sides[1].classic = classic[:len(options.Bounds)], classic[len(options.Bounds):]
	n.totals.Counts = make([]uint64, len(options.Bounds)+1)
	n.restart()
	n.prepare(&n.sides[0])
	n.prepare(&n.sides[1])
	return n
}

// Bounds returns the upper bounds of the classic buckets; they must not be
// written to.
func (n *Native) Bounds() []float64 { return n.options.Bounds }

// Bucket returns which classic bucket v is counted in, as Histogram.Bucket does.
func (n *Native) Bucket(v float64) int {
	if len(n.options.Bounds) == 0 {
		return 0
	}
	return sort.SearchFloat64s(n.options.Bounds, v)
}

// Observe counts one observation. NaN is counted in no exponential bucket, and
// above all bounds.
func (n *Native) Observe(v float64) {
	bucket := n.Bucket(v)
	s := &n.sides[n.started.Add(1)/openSide]
	s.add(v, bucket)
	// By now the side may be in a later life. Then this asks about that one,
	// which is as good.
	if s.room.Load() < 0 && !math.IsNaN(v) {
		n.limit(v)
	}
}

// Read stores the state into d, using its slices again if they are large enough.
func (n *Native) Read(d *NativeDistribution) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gather(takeAttempts, runtime.Gosched)
	counts, positive, negative := d.Counts, d.Positive, d.Negative
	*d = n.totals
	d.Counts = append(counts[:0], n.totals.Counts...)
	d.Positive = append(positive[:0], n.totals.Positive...)
	d.Negative = append(negative[:0], n.totals.Negative...)
}
