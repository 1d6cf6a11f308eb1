// Package exposition turns metric families into bytes.
//
// It defines what a family and a series look like at the moment of a gather,
// free of where they came from, and an encoder per format that writes them to
// any io.Writer. It knows nothing about registries, cells or HTTP: whoever
// serves the bytes also chooses their compression.
package exposition

import (
	"math"
	"time"
)

// Type is the type of a metric family.
type Type uint8

const (
	Untyped Type = iota
	Counter
	Gauge
	Summary
	Histogram
	GaugeHistogram
)

// String returns the type as the text formats name it.
func (t Type) String() string {
	switch t {
	case Counter:
		return "counter"
	case Gauge:
		return "gauge"
	case Summary:
		return "summary"
	case Histogram:
		return "histogram"
	case GaugeHistogram:
		return "gaugehistogram"
	default:
		return "untyped"
	}
}

// Family is what all series of one name have in common.
type Family struct {
	Name string
	Help string
	// HasHelp is false for a family that came without a help text, which is
	// not the same as an empty one: no HELP line is written for it.
	HasHelp bool
	Unit    string // "" for none
	Type    Type
}

// Series is one series of a family at the moment of a gather. One Series may
// be filled again and again while a page is written, so an encoder keeps
// nothing of it after it returns.
type Series struct {
	Labels *Labels

	Value    float64      // of counters, gauges and untyped series
	Exemplar *Exemplar    // of counters; nil for none
	Dist     Distribution // of summaries and histograms

	Timestamp    int64 // milliseconds since the Unix epoch, if HasTimestamp
	HasTimestamp bool
	Created      Time // when counting began

	// Origin is the message that a foreign collector wrote, for encoders that
	// can hand it on as it is; nil for series of our own. It may hold more than
	// the fields above. Its labels are Labels.
	Origin Origin

	// Rendered is this series with its bytes, for encoders to copy; nil for series
	// that have none. Who gives the series other labels, or puts it into a family
	// of another name, need not clear it: bytes are copied where they belong and
	// nowhere else.
	Rendered *Rendered
}

// Origin is a message of type io.prometheus.client.Metric.
type Origin interface {
	// AppendFields appends the fields of the message, all but the labels, in
	// protobuf's wire format to dst and returns the extended slice.
	AppendFields(dst []byte) []byte
}

// Reset empties s, keeping the memory that it has.
func (s *Series) Reset() {
	s.Labels = nil
	s.SetValue(0)
}

// SetValue makes s a plain value with the labels that it has, keeping the memory
// that it has. It stores field by field, which takes a fraction of the time that
// storing a whole Series does.
func (s *Series) SetValue(v float64) {
	s.Value = v
	s.Exemplar = nil
	s.Dist.Count, s.Dist.Sum = Count{}, 0
	s.Dist.Quantiles, s.Dist.Buckets = s.Dist.Quantiles[:0], s.Dist.Buckets[:0]
	s.Dist.Native = nil
	s.Timestamp, s.HasTimestamp = 0, false
	s.Created = Time{}
	s.Origin, s.Rendered = nil, nil
}

// mostKept is how many buckets or quantiles there is room for in a series that is
// kept for a later page.
const mostKept = 256

// Forget empties s for somebody else: it keeps the memory that it has, unless that is
// large, but nothing that it referred to.
func (s *Series) Forget() {
	s.Reset()
	if cap(s.Dist.Buckets) > mostKept {
		s.Dist.Buckets = nil
	}
	if cap(s.Dist.Quantiles) > mostKept {
		s.Dist.Quantiles = nil
	}
	clear(s.Dist.Buckets[:cap(s.Dist.Buckets)]) // of exemplars
}

// Set makes s a copy of other, keeping the memory that s has. What stands behind
// pointers is shared: it does not change.
func (s *Series) Set(other *Series) {
	buckets := append(s.Dist.Buckets[:0], other.Dist.Buckets...)
	quantiles := append(s.Dist.Quantiles[:0], other.Dist.Quantiles...)
	*s = *other
	s.Dist.Buckets, s.Dist.Quantiles = buckets, quantiles
}

// Time is an instant, or, as the zero value, none.
type Time struct {
	Seconds int64 // since the Unix epoch
	Nanos   int32 // 0 to 999,999,999, onwards from there
	Known   bool
}

// UnixNano returns the instant that is so many nanoseconds after the Unix
// epoch.
func UnixNano(n int64) Time {
	seconds, nanos := n/1e9, n%1e9
	if nanos < 0 {
		seconds, nanos = seconds-1, nanos+1e9
	}
	return Time{Seconds: seconds, Nanos: int32(nanos), Known: true}
}

// TimeOf returns an instant as a series holds it.
func TimeOf(t time.Time) Time {
	return Time{Seconds: t.Unix(), Nanos: int32(t.Nanosecond()), Known: true}
}

// inSeconds returns the seconds since the Unix epoch, rounded as those of the
// reference implementation: by way of whole nanoseconds, where they fit.
func (t Time) inSeconds() float64 {
	const most = math.MaxInt64/1_000_000_000 - 3 // nanoseconds may be out of their range
	if -most <= t.Seconds && t.Seconds <= most {
		return float64(t.Seconds*1e9+int64(t.Nanos)) / 1e9
	}
	return float64(t.Seconds) + float64(t.Nanos)/1e9
}

// Exemplar is one of the things that were counted, and where to find more about
// it. It never changes once it is made.
type Exemplar struct {
	Labels []Label
	Value  float64
	Time   Time
}

// Label is a label of an exemplar.
type Label struct{ Name, Value string }

// Distribution holds what summaries and histograms count.
type Distribution struct {
	Count Count // number of observations
	Sum   float64

	Quantiles []Quantile // of summaries, by rank
	Buckets   []Bucket   // of histograms, by bound; the one of +Inf may be left out, its count being Count
	Native    *Native    // of native histograms; nil for none
}

// Count is a number of observations: a whole one, or, in histograms that are
// calculated from others, any.
type Count struct {
	Whole uint64
	Float float64 // counts unless it is zero
}

// Value returns the number as the text formats have it.
func (c Count) Value() float64 {
	if c.Float != 0 {
		return c.Float
	}
	return float64(c.Whole)
}

// Quantile is the value that a share of the observations is at or below.
type Quantile struct {
	Rank  float64 // the share, 0 to 1
	Value float64
}

// Bucket is a bucket of a histogram.
type Bucket struct {
	UpperBound float64
	Count      Count // of the observations at or below the bound
	Exemplar   *Exemplar
}

// Native is the part of a histogram that has exponential buckets. The bounds
// of its buckets are powers of 2^(2^-Schema); bucket i of the positive ones holds
// what is above the power i-1 and not above the power i, and the negative ones
// mirror them.
//
// One that has neither a zero threshold nor counts has an empty span, by which readers
// tell it from a classic histogram.
type Native struct {
	Schema             int32   // -4 (wide) to 8 (narrow)
	ZeroThreshold      float64 // what is no further from zero counts as zero
	ZeroCount          uint64
	Positive, Negative NativeBuckets
	Exemplars          []*Exemplar // by value
}

// NativeBuckets are counts in sequences without a gap.
type NativeBuckets struct {
	Spans  []Span
	Deltas []int64 // the count of the first bucket, then each one's difference to the one before
}

// Span is a sequence of buckets.
type Span struct {
	Offset int32 // how many buckets lie between this span and the one before; of the first, the index of its first bucket
	Length uint32
}

// Encoder writes families, one after the other: Family for each, followed by
// its series. Errors of the underlying writer are kept and returned by Close,
// which must be called once at the end. Encoders take their memory from those
// that were closed, so a closed one must not be used.
type Encoder interface {
	Family(*Family)
	Series(*Series)
	Close() error
}
