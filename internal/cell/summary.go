package cell

import (
	"math"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/internal/sketch"
)

// Summary counts observations, keeps their sum, and tells quantiles of those of
// a sliding window of time. Many goroutines may observe while some read: an
// update never waits, and allocates nothing once its part has the memory that it
// needs; a reader always gets a whole state, in which the sum is that of exactly the
// observations counted.
//
// Each part is a stream of its own, with its own quantiles: what its updates have
// gathered, one of them sorts in, in the part that it holds anyway, so that no two of
// them ever need the same thing. A reader copies the streams, one after the other,
// and finds the quantiles of all of them together, which are within the same errors,
// see package sketch.
type Summary struct {
	options *SummaryOptions
	start   time.Time
	parts   parts[stream]

	reading   sync.Mutex // held by readers only; guards what follows
	first     totals     // of the first part
	others    totals     // moved here from the others
	quantiles []float64  // as they were when no part was left out
	known     bool       // they are of at least one observation
}

// stream is what a part has observed.
type stream struct {
	totals  totals
	expires int64 // end of the current generation, nanoseconds after start
	askFrom int64 // when ticks are that far, the time must be asked for
	window  sketch.Window
}

type totals struct {
	count uint64
	sum   float64
}

// SummaryOptions are what all summaries of a family have in common. They do not
// change.
type SummaryOptions struct {
	targets     *sketch.Targets
	generation  time.Duration
	generations uint64
	room        int
}

// The number of observations that a part gathers before it sorts them in is within
// these limits.
const (
	minRoom = 16
	maxRoom = 1 << 16
)

// NewSummaryOptions returns options for quantiles at these ranks, with the
// errors that they are mapped to, see sketch.NewTargets.
//
// The window is as long as maxAge and moves on by generations: each time that
// maxAge/generations has passed, the oldest of them is forgotten. Room is how many
// observations are gathered before they are sorted in; it is kept between 16 and
// 65,536.
func NewSummaryOptions(errors map[float64]float64, maxAge time.Duration, generations, room uint32) *SummaryOptions {
	generations = max(generations, 1)
	return &SummaryOptions{
		targets:     sketch.NewTargets(errors),
		generation:  max(maxAge/time.Duration(generations), 1),
		generations: uint64(generations),
		room:        int(min(max(room, minRoom), maxRoom)),
	}
}

// Ranks returns the ranks in increasing order; they must not be written to.
func (o *SummaryOptions) Ranks() []float64 { return o.targets.Ranks() }

// NewSummary returns a summary whose first generation begins now.
func NewSummary(options *SummaryOptions) *Summary {
	s := &Summary{options: options, start: time.Now()}
	s.parts.first.state = s.fresh()
	return s
}

// fresh makes what a new part holds.
func (s *Summary) fresh() stream {
	return stream{
		expires: int64(s.options.generation),
		window:  sketch.NewWindow(s.options.targets, s.options.generations, s.options.room),
	}
}

// Observe counts one observation. For the quantiles, NaN is less than any
// number.
func (s *Summary) Observe(v float64) {
	p := s.parts.take()
	if p == nil {
		p = s.parts.takeOther(s.fresh)
	}
	if ticks.now.Load() >= p.state.askFrom {
		s.look(p)
	}
	p.state.totals.count++
	p.state.totals.sum += v
	full := p.state.window.Insert(v)
	if full {
		s.flush(p)
	}
	p.give()
	if full {
		ticks.use()
	}
}

// What a goroutine does without being interrupted is to be over within some tens of
// microseconds, which is how long it takes to sort into so small a window so few
// observations.
const (
	mostPinned = 4096
	mostSorted = 1024
)

// flush sorts in what has been gathered. That takes so long, microseconds, that a
// goroutine would often be interrupted in the middle of it, and others would find the
// part held until it goes on; so it cannot be, unless options ask for large batches, or
// objectives with an error of 0 have made the window so large, that the whole
// program would wait for it.
func (s *Summary) flush(p *part[stream]) {
	p.state.askFrom = always
	if s.options.room > mostSorted || p.state.window.Len() > mostPinned {
		p.loosen()
		p.state.window.Flush()
		p.fasten()
		return
	}
	pin()
	p.state.window.Flush()
	unpin()
}

// look asks for the time, and finds out until when that need not be done again.
func (s *Summary) look(p *part[stream]) {
	part, now := &p.state, s.now()
	if now > part.expires {
		p.loosen()
		s.advance(part, now)
		p.fasten()
	}
	part.askFrom = always
	if ticks.running.Load() && timePasses() {
		left := min(part.expires-now, never/2) // a generation may have no end
		part.askFrom = int64(time.Since(began)) + left - int64(tickMargin)
	}
}

// always is when each observation asks for the time.
const always = math.MinInt64

// now returns the nanoseconds since the summary was made.
func (s *Summary) now() int64 { return int64(time.Since(s.start)) }

// advance begins a new generation of a stream if its current one is over.
func (s *Summary) advance(part *stream, now int64) {
	late := now - part.expires
	if late <= 0 {
		return
	}
	generation := int64(s.options.generation)
	// An end belongs to the generation that ends there.
	passed := (late-1)/generation + 1
	part.window.Advance(uint64(passed))
	part.expires += passed * generation
}

// SummaryState is one whole state of a Summary.
type SummaryState struct {
	Count     uint64
	Sum       float64
	Quantiles []float64 // in the order of the ranks; NaN if the window is empty
}

// Read stores the state into to, using its slice again if it is large enough.
// Everything that was observed before is in it, unless an update was held up in the
// middle: what its part has counted since the last read is then in a later one, and
// the quantiles are those of the last read without such a part.
func (s *Summary) Read(to *SummaryState) {
	s.reading.Lock()
	defer s.reading.Unlock()
	union := unions.Get().(*sketch.Union)
	defer unions.Put(union)
	union.Reset()
	now := s.now()
	all := s.parts.each(func(part *stream) {
		s.advance(part, now)
		part.askFrom = always
		s.move(part)
		union.Add(&part.window)
	})
	if all || !s.known {
		s.quantiles = union.Quantiles(s.options.targets, s.quantiles[:0])
		s.known = union.Count() > 0
	}
	to.Count, to.Sum = s.first.count+s.others.count, s.first.sum+s.others.sum
	to.Quantiles = append(to.Quantiles[:0], s.quantiles...)
}

// move moves what a part has counted to the totals. That of the first one also stays
// there, so that numbers are added in the order in which one goroutine observes
// them, and reading between them changes not even the last bit.
func (s *Summary) move(part *stream) {
	if part == &s.parts.first.state {
		s.first = part.totals
		return
	}
	s.others.count += part.totals.count
	s.others.sum += part.totals.sum
	part.totals = totals{}
}

// unions are kept for the next reader of any summary.
var unions = sync.Pool{New: func() any { return new(sketch.Union) }}
