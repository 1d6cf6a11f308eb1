// Package exposition turns metric families into bytes.
//
// It defines what a family and a series look like at the moment of a gather,
// free of where they came from, and an encoder per format that writes them to
// any io.Writer. It knows nothing about registries, cells or HTTP: whoever
// serves the bytes also chooses their compression.
package exposition

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

	Value float64      // of counters, gauges and untyped series
	Dist  Distribution // of summaries and histograms

	Timestamp    int64 // milliseconds since the Unix epoch, if HasTimestamp
	HasTimestamp bool
	Created      int64 // nanoseconds since the Unix epoch; 0 if not known

	// Origin is the message that a foreign collector wrote, for encoders that
	// can hand it on as it is; nil for series of our own.
	Origin any
}

// Set makes s a copy of other, keeping the memory that s brings.
func (s *Series) Set(other *Series) {
	points := append(s.Dist.Points[:0], other.Dist.Points...)
	*s = *other
	s.Dist.Points = points
}

// Distribution holds what summaries and histograms count.
//
// A histogram has Points in increasing order of their upper bounds, each with
// a cumulative count; the point of the bound +Inf may be left out, its count
// being Count. A summary has a point per quantile.
type Distribution struct {
	Count  float64 // number of observations; a whole number but for gauge histograms
	Sum    float64
	Points []Point
}

// Point is a bucket or a quantile.
type Point struct {
	At    float64 // the upper bound of a bucket, or the quantile's rank (0 to 1)
	Value float64 // observations at or below the bound, or the value at that rank
}

// Encoder writes families, one after the other: Family for each, followed by
// its series. Errors of the underlying writer are kept and returned by Close,
// which must be called once at the end.
type Encoder interface {
	Family(*Family)
	Series(*Series)
	Close() error
}
