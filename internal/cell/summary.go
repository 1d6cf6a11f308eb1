package cell

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/internal/sketch"
)

// Summary counts observations, keeps their sum, and tells quantiles of those of
// a sliding window of time. Many goroutines may observe while some read: an
// update takes no lock that it could wait for, and allocates nothing once the
// quantiles have the memory that they need; a reader always gets a whole state,
// in which the sum is that of exactly the observations counted.
//
// How: an observation goes into a ring of words. A position is claimed by
// adding one to claimed; the observation is there as soon as its word, until
// then empty, holds it, which is one step. So there is nothing in between that
// a reader could see, and whoever is held up after claiming leaves nothing but
// a free place.
//
// Whoever fills a half of the ring empties it: one at a time, the holder of
// merging, takes out the words, each by an exchange, so that each is taken
// once, adds them to the count and the sum, and merges them into the quantiles.
// If somebody else is doing that already, or reading, it is left to the next
// one. Nobody ever blocks on merging; it is only tried.
//
// If whoever holds it is held up for so long that the ring gets full, the
// words in it become a random sample of all observations since: a new one takes
// the place of a random other one, or of none, and the one that is left over is
// counted in excess, with its sum. Count and sum miss nothing that way; the
// quantiles then take the sample for all that it stands for.
type Summary struct {
	options *SummaryOptions
	start   time.Time

	expires atomic.Int64    // end of the current generation, nanoseconds after start
	ring    []atomic.Uint64 // a power of two
	_       [64]byte        // claimed changes all the time, what is above does not
	claimed atomic.Uint64
	_       [64]byte

	merging sync.Mutex // only ever tried; guards what follows
	taken   uint64     // positions claimed when the ring was last emptied
	count   uint64
	sum     float64
	window  *sketch.Window

	excess   *Histogram    // what did not stay in the ring; has no bounds
	unmerged atomic.Uint64 // observations in excess that the quantiles know nothing of

	reading sync.Mutex // held by readers only; guards what follows
	last    SummaryState
	outside Distribution // of excess
}

// SummaryOptions are what all summaries of a family have in common. They do not
// change.
type SummaryOptions struct {
	targets     *sketch.Targets
	generation  time.Duration
	generations uint64
	ring        int
}

// The number of observations that a Summary gathers before it merges them is
// within these limits.
const (
	minRing = 16
	maxRing = 1 << 16
)

// NewSummaryOptions returns options for quantiles at these ranks, with the
// errors that they are mapped to, see sketch.NewTargets.
//
// The window is as long as maxAge and moves on by generations: each time that
// maxAge/generations has passed, the oldest of them is forgotten. Room is for
// how many observations there is place until they are merged; it is rounded up
// to a power of two and kept between 16 and 65,536.
func NewSummaryOptions(errors map[float64]float64, maxAge time.Duration, generations, room uint32) *SummaryOptions {
	generations = max(generations, 1)
	ring := min(max(room, minRing), maxRing)
	return &SummaryOptions{
		targets:     sketch.NewTargets(errors),
		generation:  max(maxAge/time.Duration(generations), 1),
		generations: uint64(generations),
		ring:        1 << bits.Len32(ring-1),
	}
}

// Ranks returns the ranks in increasing order; they must not be written to.
func (o *SummaryOptions) Ranks() []float64 { return o.targets.Ranks() }

// NewSummary returns a summary whose first generation begins now.
func NewSummary(options *SummaryOptions) *Summary {
	s := &Summary{
		options: options,
		start:   time.Now(),
		ring:    make([]atomic.Uint64, options.ring),
		window:  sketch.NewWindow(options.targets, options.generations),
		excess:  NewHistogram(NewBounds(nil)),
	}
	s.last.Quantiles = s.window.Quantiles(nil)
	s.expires.Store(int64(options.generation))
	return s
}

// Observe counts one observation. For the quantiles, NaN is less than any
// number. An observation that is made while another goroutine ends a generation
// may still belong to that one.
func (s *Summary) Observe(v float64) {
	if now := s.now(); now > s.expires.Load() && s.merging.TryLock() {
		s.merge()
		s.advance(now)
		s.merging.Unlock()
	}
	word := wordOf(v)
	position, ok := s.put(word)
	if !ok {
		s.putInFull(word)
		return
	}
	if half := uint64(len(s.ring) / 2); position&(half-1) == half-1 && s.merging.TryLock() {
		s.merge()
		s.merging.Unlock()
	}
}

// now returns the nanoseconds since the summary was made.
func (s *Summary) now() int64 { return int64(time.Since(s.start)) }

// advance begins a new generation if the current one is over.
func (s *Summary) advance(now int64) {
	late := now - s.expires.Load()
	if late <= 0 {
		return
	}
	generation := int64(s.options.generation)
	// An end belongs to the generation that ends there.
	passed := (late-1)/generation + 1
	s.window.Advance(uint64(passed))
	s.expires.Add(passed * generation)
}

// put claims a position of the ring and puts the word there, unless there is
// another one.
func (s *Summary) put(word uint64) (position uint64, ok bool) {
	position = s.claimed.Add(1) - 1
	return position, s.place(position).CompareAndSwap(empty, word)
}

// place returns the word of the ring at a position.
func (s *Summary) place(position uint64) *atomic.Uint64 {
	return &s.ring[position&uint64(len(s.ring)-1)]
}

// patience is how often an observation that finds the ring full looks whether
// it has been emptied, which is a few microseconds. It keeps goroutines that do
// nothing but observe from being faster than the one that merges; only if that
// one does not run at all is it in vain.
const patience = 1000

// putInFull puts a word into a ring that was full a moment ago.
func (s *Summary) putInFull(word uint64) {
	for range patience {
		if s.merging.TryLock() {
			s.merge()
			s.merging.Unlock()
		}
		if s.place(s.claimed.Load()).Load() != empty {
			continue
		}
		if _, ok := s.put(word); ok {
			return
		}
	}
	s.displace(word)
}

// displace puts a word at a random place of a full ring, or nowhere, so that
// each observation since it got full has the same chance to be in it.
func (s *Summary) displace(word uint64) {
	size := uint64(len(s.ring))
	if at := rand.Uint64N(size + s.unmerged.Load() + 1); at < size {
		word = s.ring[at].Swap(word)
	}
	if word != empty {
		s.excess.Observe(valueOf(word))
		s.unmerged.Add(1)
	}
}

// merge empties the ring, beginning with the oldest observation, so that sums
// are made in the order of the observations. It needs merging.
func (s *Summary) merge() {
	size := uint64(len(s.ring))
	unmerged := s.unmerged.Swap(0)
	each, rest := 1+unmerged/size, unmerged%size
	oldest := s.taken
	s.taken = s.claimed.Load()
	for i := range size {
		place := s.place(oldest + i)
		if place.Load() == empty {
			continue
		}
		v := valueOf(place.Swap(empty))
		s.count++
		s.sum += v
		switch {
		case unmerged == 0:
			s.window.Insert(v)
		case i < rest:
			s.window.InsertMany(v, each+1)
		default:
			s.window.InsertMany(v, each)
		}
	}
}

// SummaryState is one whole state of a Summary.
type SummaryState struct {
	Count     uint64
	Sum       float64
	Quantiles []float64 // in the order of the ranks; NaN if the window is empty
}

// Read stores the state into to, using its slice again if it is large enough.
// Everything that was observed before is in it, unless a goroutine was held up
// while it was merging; then it is the last whole state.
func (s *Summary) Read(to *SummaryState) {
	s.reading.Lock()
	defer s.reading.Unlock()
	for range takeAttempts {
		if s.merging.TryLock() {
			s.merge()
			s.advance(s.now())
			count, sum := s.count, s.sum
			s.last.Quantiles = s.window.Quantiles(s.last.Quantiles[:0])
			s.merging.Unlock()
			s.excess.Read(&s.outside)
			s.last.Count, s.last.Sum = count+s.outside.Count, sum+s.outside.Sum
			break
		}
		runtime.Gosched()
	}
	to.Count, to.Sum = s.last.Count, s.last.Sum
	to.Quantiles = append(to.Quantiles[:0], s.last.Quantiles...)
}

// empty is the word of a place without an observation. It would be that of one
// of the many floats that are not numbers, which all have the same word here.
const empty = 0

func wordOf(v float64) uint64 {
	if math.IsNaN(v) {
		v = math.NaN()
	}
	return ^math.Float64bits(v)
}

func valueOf(word uint64) float64 { return math.Float64frombits(^word) }
