package cell

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Native counts observations in exponential buckets, in classic ones besides if
// it is given bounds, and keeps their sum. Its exponential buckets take memory
// where there are observations, and their number can be limited.
//
// Many goroutines may observe while one reads: an update never waits, and a
// reader always gets a whole state. It works as Histogram does, by two sides and
// totals; what is different is this:
//
//   - A side has a layout, which tells the bucket of a value. It is written, by
//     whoever holds mu, while the side is idle: closed, and all its updates
//     through. Updates read it after they have learned from started that
//     the side is open. The open side always has the layout of the totals.
//   - The last thing that an update does is to add one to a counter of its side:
//     of an exponential bucket, of the zero bucket or of NaN. So a closed side is
//     through when its counters have reached the number of updates
//     that started there.
//   - The top bit of a counter says that the bucket is populated in the totals
//     already. An update whose addition returns one has therefore populated
//     a bucket, and takes one from the room that is left under the limit.
//     Where the totals get a new bucket, the reader sets the bit on
//     both sides, and takes one from the room of the open side unless the
//     counter was in use there, when its first update has done that.
//   - The sum of the observations moves from a closed side to the open one, rather
//     than to the totals: so numbers are added in the order in which they
//     come, and reading between them changes nothing, not even the last bit.
//
// An update that finds no room left applies the limit (see limit), unless
// somebody is reading; then the next one does.
type Native struct {
	options NativeOptions

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
	// Schema says how wide the exponential buckets are, see FinestSchema.
	Schema int32
	// ZeroThreshold is the largest absolute value that is counted in the zero
	// bucket. It must not be negative.
	ZeroThreshold float64

	// MaxBuckets is how many exponential buckets may be populated, besides
	// the zero bucket; with 0 there is no limit. One more, and
	// one of the following is done to have fewer, the first that is possible:
	// everything is reset, if MinResetDuration has passed since that last
	// happened; the zero bucket takes in the buckets next to it, if its
	// threshold stays within MaxZeroThreshold; buckets are made twice as
	// wide, down to CoarsestSchema. What the latter two change comes back by
	// a reset, when MinResetDuration has passed.
	MaxBuckets       uint32
	MaxZeroThreshold float64
	// MinResetDuration is the shortest time between two resets; with 0 there
	// are none.
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
func (n *Native) Bucket(v float64) int { return bucketOf(n.options.Bounds, v) }

// Observe counts one observation. NaN is counted in no exponential bucket, and
// above all bounds.
func (n *Native) Observe(v float64) {
	bucket := bucketOf(n.options.Bounds, v)
	s := &n.sides[n.started.Add(1)/openSide]
	s.add(v, bucket)
	// By now the side may be in another of its lives. Then this asks about
	// that one, which is as good.
	if s.room.Load() < 0 && !math.IsNaN(v) {
		n.limit(v)
	}
}

// Read stores the state into d, using its slices again if they are large enough.
func (n *Native) Read(d *NativeDistribution) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gather(readAttempts, runtime.Gosched)
	counts, positive, negative := d.Counts, d.Positive, d.Negative
	*d = n.totals
	d.Counts = append(counts[:0], n.totals.Counts...)
	d.Positive = append(positive[:0], n.totals.Positive...)
	d.Negative = append(negative[:0], n.totals.Negative...)
}
