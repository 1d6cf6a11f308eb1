package cresset

import (
	"fmt"
	"maps"
	"time"

	"github.com/cresset-metrics/cresset/internal/metric"
)

// The options of each kind of metric, by the functions that return them. An
// option that does not fit a kind does not compile.
type (
	// CounterOption is an Option, TTL or Exemplars.
	CounterOption interface {
		optional
		counter()
	}
	// GaugeOption is an Option or TTL.
	GaugeOption interface {
		optional
		gauge()
	}
	// HistogramOption is an Option, TTL, Exemplars, or one about buckets.
	HistogramOption interface {
		optional
		histogram()
	}
	// SummaryOption is an Option, TTL, or one about quantiles.
	SummaryOption interface {
		optional
		summary()
	}

	// CounterVecOption is a CounterOption, or one that limits the number of
	// series.
	CounterVecOption interface {
		optional
		counterVec()
	}
	// GaugeVecOption is a GaugeOption, or one that limits the number of series.
	GaugeVecOption interface {
		optional
		gaugeVec()
	}
	// HistogramVecOption is a HistogramOption, or one that limits the number of
	// series.
	HistogramVecOption interface {
		optional
		histogramVec()
	}
	// SummaryVecOption is a SummaryOption, or one that limits the number of
	// series.
	SummaryVecOption interface {
		optional
		summaryVec()
	}
)

// The kinds of options, by the metrics that have them.
type (
	// Option is an option of every metric.
	Option struct {
		option
		forCounters
		forGauges
		forHistograms
		forSummaries
	}
	// SeriesOption is an option of every metric whose series are updated.
	SeriesOption struct {
		option
		forCounters
		forGauges
		forHistograms
		forSummaries
	}
	// VecOption is an option of every vector.
	VecOption struct {
		option
		forVecs
	}
	// ExemplarOption is an option of counters and histograms.
	ExemplarOption struct {
		option
		forCounters
		forHistograms
	}
	// BucketOption is an option of histograms.
	BucketOption struct {
		option
		forHistograms
	}
	// QuantileOption is an option of summaries.
	QuantileOption struct {
		option
		forSummaries
	}
)

type optional interface{ apply(*config) }

type option struct{ set func(*config) }

func (o option) apply(c *config) {
	if o.set != nil { // of the zero value, which is no option
		o.set(c)
	}
}

// These mark what an option is for.
type (
	forCounters   struct{}
	forGauges     struct{}
	forHistograms struct{}
	forSummaries  struct{}
	forVecs       struct{}
)

func (forCounters) counter()        {}
func (forCounters) counterVec()     {}
func (forGauges) gauge()            {}
func (forGauges) gaugeVec()         {}
func (forHistograms) histogram()    {}
func (forHistograms) histogramVec() {}
func (forSummaries) summary()       {}
func (forSummaries) summaryVec()    {}
func (forVecs) counterVec()         {}
func (forVecs) gaugeVec()           {}
func (forVecs) histogramVec()       {}
func (forVecs) summaryVec()         {}

// config is what the options of a metric come to.
type config struct {
	unit     string
	constant map[string]string

	ttl       time.Duration
	maxSeries int
	overflow  func(name string, labels []string)

	exemplars *exemplarSource

	buckets    []float64
	hasBuckets bool
	native     metric.NativeOptions
	needNative []string // options that have no meaning without NativeBuckets

	objectives  map[float64]float64
	window      time.Duration
	windowSteps uint32

	problems []error
}

func configOf[O optional](options []O) *config {
	c := &config{native: defaultNative}
	for _, o := range options {
		o.apply(c)
	}
	return c
}

func (c *config) refuse(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

// Unit is the base unit of the values, "seconds" or "bytes" for instance. It is
// exposed as metadata where the format has room for it; the name is not changed.
func Unit(unit string) Option {
	return Option{option: option{func(c *config) { c.unit = unit }}}
}

// ConstLabels are labels that every series of the metric has with the same
// values. They are seldom what one wants: labels of the whole process belong to
// the scraper, and information about a build in an Info of its own.
func ConstLabels(constant map[string]string) Option {
	constant = maps.Clone(constant)
	return Option{option: option{func(c *config) { c.constant = constant }}}
}

// TTL is how long a series stays without an update. When it has passed, the
// series leaves the next page by itself, whether or not anybody scrapes, and
// gives back its memory. Updates count, looking a series up does not. Zero, as
// without the option, means for ever.
//
// A handle stays good: its next update brings the series back, a counter,
// histogram or summary from zero and as one that began just then.
func TTL(ttl time.Duration) SeriesOption {
	return SeriesOption{option: option{func(c *config) {
		if c.ttl = ttl; ttl < 0 {
			c.refuse("TTL is %v; it must not be negative", ttl)
		}
	}}}
}

// MaxSeries is how many series a vector may have. Beyond that, new ones share
// one series whose label values are all "__overflow__". Zero, as without the
// option, means no limit.
func MaxSeries(n int) VecOption {
	return VecOption{option: option{func(c *config) {
		if c.maxSeries = n; n < 0 {
			c.refuse("MaxSeries is %d; it must not be negative", n)
		}
	}}}
}

// OnOverflow has a function called with the name of the vector and the values of
// the labels, in the order of the fields and not to be kept, whenever MaxSeries
// leaves no room for a series that is asked for. Whoever asks for it waits.
func OnOverflow(f func(name string, labels []string)) VecOption {
	return VecOption{option: option{func(c *config) { c.overflow = f }}}
}

// reportOverflow returns what is called with the label values that there is no
// room for, nil if nothing is.
func (c *config) reportOverflow(name string) func(values []string) {
	report := c.overflow
	if report == nil {
		return nil
	}
	return func(values []string) { report(name, values) }
}
