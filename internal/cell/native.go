package cell

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Native counts observations in exponential buckets, in classic ones besides if
// it is given bounds, and keeps their sum. Exponential buckets take memory where
// there are observations, and how many are populated can be limited.
//
// Many goroutines may observe while some read: an update never waits, and a
// reader always gets a whole state. Observations are counted in parts, as those of
// a Histogram are. What is different:
//
//   - The first part has the state. Readers move there what others have counted,
//     and keep a copy of it, which is shown while an update is held up there. So the sum
//     is that of what one goroutine observes, one after the other, and reading in
//     between changes nothing, not even the last bit; and a limit is applied to
//     one part, by whoever holds it.
//   - A part has a layout, which tells the bucket of a value. A limit changes that of
//     the first part. Others follow when what they have counted is moved: by a
//     finer layout, so it fits into the wider buckets.
//   - A reset changes the first part and adds one to resets. What another part
//     has counted before is dropped by whoever takes it next; so an update that had
//     taken its part when the reset was made belongs to the time before.
//
// Whoever moves one part to another holds both. As locks are only tried, nobody
// waits for anybody, in whatever order they are taken.
type Native struct {
	parts   parts[nativePart]
	options NativeOptions
	resets  atomic.Uint64 // how often it has been reset; written by whoever holds the first part

	// These belong to whoever holds the first part.
	since     time.Time // when the histogram was made or reset
	scheduled bool      // a reset is going to happen, by a timer

	mu    sync.Mutex         // held by readers and the timer, never by updates; guards what follows
	due   bool               // the timer has fired, and the reset could not be made yet
	left  bool               // the first part was held when another one was to be moved there
	shown NativeDistribution // the last state that could be seen
}

// NativeOptions say what a Native counts and how its size is limited.
type NativeOptions struct {
	// Bounds are the upper bounds of the classic buckets. If there are none, or
	// it is nil, there are no such buckets.
	Bounds *Bounds
	// ZeroThreshold is the largest absolute value that is counted in the zero
	// bucket. It must not be negative.
	ZeroThreshold float64
	// Schema says how wide the exponential buckets are: from CoarsestSchema
	// to FinestSchema, where that is explained.
	Schema int32

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

var noBounds = NewBounds(nil)

// NewNative returns a histogram without observations.
func NewNative(options NativeOptions) *Native {
	prepareOctave()
	if options.Bounds == nil {
		options.Bounds = noBounds
	}
	n := &Native{options: options}
	first := &n.parts.first.state
	if classic := len(options.Bounds.Upper()); classic > 0 {
		first.classic = make([]uint64, classic+1)
	}
	n.beginFirst()
	n.show(first)
	return n
}

// Bounds returns the upper bounds of the classic buckets.
func (n *Native) Bounds() *Bounds { return n.options.Bounds }

// Bucket returns which classic bucket v is counted in, as Bounds.Bucket does.
func (n *Native) Bucket(v float64) int { return n.options.Bounds.Bucket(v) }

// Observe counts one observation. NaN is counted in no exponential bucket, and
// above all bounds.
//
// Nearly all observations are of a bucket that is populated and in reach: for those
// nothing is called that is not inlined.
func (n *Native) Observe(v float64) {
	number := math.Float64bits(v)
	finest := finestOfNormal(number &^ signBit)
	p := n.parts.take()
	if p == nil {
		p = n.parts.takeOther(n.fresh)
		n.catchUp(&p.state)
	}
	s := &p.state
	if counter := s.quickCounter(number, finest); counter != nil && *counter != 0 && s.room >= 0 {
		*counter++
		s.sum += v
		if s.classic != nil {
			s.countClassic(v, n.options.Bounds)
		}
	} else {
		n.observe(p, v)
	}
	p.give()
}

// observe is Observe for all observations, in a part that is held.
func (n *Native) observe(p *part[nativePart], v float64) {
	p.state.count(v, n.options.Bounds)
	if p.state.room < 0 {
		n.limit(p, v)
	}
}

// fresh makes what another part than the first holds. Its counters have lines of
// memory of their own.
func (n *Native) fresh() (s nativePart) {
	if classic := len(n.options.Bounds.Upper()); classic > 0 {
		s.classic = make([]uint64, classic+1, classic+1+len(apart{})/8)
	}
	n.begin(&s)
	return s
}

// begin makes a part as it is without observations. Where there is a limit, other
// parts than the first one have no room, see limit.
func (n *Native) begin(s *nativePart) {
	s.forget()
	s.use(n.options.Schema, n.options.ZeroThreshold)
	s.resets = n.resets.Load()
	s.room = 0
	if n.options.MaxBuckets == 0 {
		s.room = math.MaxInt64
	}
}

// catchUp drops what another part than the first has counted before a reset.
func (n *Native) catchUp(s *nativePart) {
	if s.resets != n.resets.Load() {
		n.begin(s)
	}
}

// Read stores the state into d, using its slices again if they are large enough.
// Everything that was observed before is in it, unless an update was held up in the
// middle: what its part has counted is then in a later one.
func (n *Native) Read(d *NativeDistribution) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gather()
	counts, positive, negative := d.Counts, d.Positive, d.Negative
	*d = n.shown
	d.Counts = append(counts[:0], n.shown.Counts...)
	d.Positive = append(positive[:0], n.shown.Positive...)
	d.Negative = append(negative[:0], n.shown.Negative...)
}

// gather brings what is shown up to date, as far as no update is held up.
func (n *Native) gather() {
	for range gatherAttempts {
		n.left = false
		n.parts.each(n.absorbOther)
		if !n.left {
			break
		}
		runtime.Gosched()
	}
	n.parts.first.read(n.show)
}

// gatherAttempts bounds how often a reader tries to move all that other parts have
// counted to the first one, if an update holds that. Between two tries others may
// run.
const gatherAttempts = 8

// absorbOther moves what another part than the first has counted there.
func (n *Native) absorbOther(s *nativePart) {
	first := &n.parts.first
	switch {
	case s == &first.state:
	case takeSoon(first):
		n.absorb(s)
		first.give()
	default:
		n.left = true
	}
}

// show copies the state of the first part, after making a reset that is due.
func (n *Native) show(first *nativePart) {
	if n.due {
		n.due = false
		n.reset()
	}
	first.store(&n.shown)
	n.shown.Since = n.since.UnixNano()
}
