package prometheus

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Summary tells the number and the sum of observations and, if it has
// objectives, quantiles of the latest ones: the median response time of the last
// ten minutes, for instance.
//
// The quantiles are found in the program, so they are about this instance alone,
// at these ranks and over this time, and they cannot be aggregated: an average of
// quantiles says nothing. A Histogram leaves all of that to the query, is
// cheaper to observe, and is nearly always the better choice where there are
// several instances. Summaries are for one instance whose values nobody can
// foresee well enough to choose buckets, or which are wanted more exactly than
// buckets can tell.
type Summary interface {
	Metric
	Collector

	// Observe counts one observation. For the quantiles, NaN is less than any
	// number; the sum is NaN from then on.
	Observe(float64)
}

// What SummaryOpts stand for that are not set.
const (
	DefMaxAge     time.Duration = 10 * time.Minute // of SummaryOpts.MaxAge
	DefAgeBuckets               = 5                // of SummaryOpts.AgeBuckets
	DefBufCap                   = 500              // of SummaryOpts.BufCap
)

// SummaryOpts are the options of a Summary.
type SummaryOpts struct {
	// Namespace, Subsystem and Name are joined by underscores to the full
	// name. Only Name is required.
	Namespace string
	Subsystem string
	Name      string

	// Help tells people what the metric says. All metrics of one name must
	// have the same.
	Help string

	// Unit is the base unit of the observations, "seconds" for instance.
	Unit string

	// ConstLabels are labels that every series of the metric has with the same
	// values.
	ConstLabels Labels

	// Objectives are the quantiles to tell: their ranks, from 0 (the least
	// observation) to 1 (the greatest), with the error that is allowed in the
	// rank. {0.5: 0.05, 0.99: 0.001} asks for a value that between 45% and 55% of
	// the observations are below, and one that between 98.9% and 99.1% are below,
	// however they are distributed and in whatever order they come. With fewer
	// than 500 observations in the window, the values are exact. They are NaN
	// if there is none.
	//
	// Memory grows with the inverse of the errors, measured by how far the rank
	// is from the nearer end: 0.01 at the rank 0.9 costs as much as 0.001 at
	// 0.99. The error 0 at a rank between 0 and 1 keeps every different value of
	// the window. Without objectives there are no quantiles, only the number and
	// the sum, for less time and much less memory.
	Objectives map[float64]float64

	// MaxAge is how long an observation counts for the quantiles; DefMaxAge if
	// zero. The number and the sum are of all observations ever.
	MaxAge time.Duration

	// AgeBuckets are the steps in which observations get too old; DefAgeBuckets
	// if zero. When MaxAge/AgeBuckets has passed, those of the oldest step are
	// forgotten, so that quantiles are about observations of a time between
	// MaxAge less one step and MaxAge. With one bucket, all are forgotten whenever
	// MaxAge has passed. Each bucket has its memory.
	AgeBuckets uint32

	// BufCap is how many observations may wait until they are merged into the
	// quantiles, which is done when half of them have come; DefBufCap if zero. It
	// is rounded up to a power of two and not above 65,536. More of them help
	// where very many goroutines observe at once.
	BufCap uint32

	// This keeps the options from being written without field names, so that
	// fields can be added.
	_ struct{}
}

func (o SummaryOpts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

// cells returns what the cells of the summaries have in common, or nil if there
// are no objectives. It panics if MaxAge is negative.
func (o SummaryOpts) cells() *cell.SummaryOptions {
	if o.MaxAge < 0 {
		panic(fmt.Errorf("illegal max age MaxAge=%v", o.MaxAge))
	}
	if len(o.Objectives) == 0 {
		return nil
	}
	return cell.NewSummaryOptions(o.Objectives,
		cmp.Or(o.MaxAge, DefMaxAge), cmp.Or(o.AgeBuckets, DefAgeBuckets), cmp.Or(o.BufCap, DefBufCap))
}

const quantileLabel = "quantile"

// checkQuantileLabel panics if a label of the summary has the name that its
// quantiles need.
func checkQuantileLabel(desc *Desc) {
	if hasQuantileLabel(desc.d) {
		panic(fmt.Errorf("%q is not allowed as label name in summaries", quantileLabel))
	}
}

func hasQuantileLabel(d *registry.Desc) bool {
	_, constant := d.Const[quantileLabel]
	return constant || slices.Contains(d.Schema.Variable(), quantileLabel)
}

// NewSummary makes a summary. It panics if a constant label is called
// "quantile" or if MaxAge is negative.
func NewSummary(opts SummaryOpts) Summary {
	desc := opts.desc(nil)
	checkQuantileLabel(desc)
	return newSummary(identityOf(desc), opts.cells())
}

func newSummary(id identity, options *cell.SummaryOptions) Summary {
	if options == nil {
		return &summary{id, metric.NewSummary()}
	}
	return &quantileSummary{id, metric.NewQuantileSummary(options)}
}

// summary is a summary without objectives.
type summary struct {
	identity
	metric.Summary
}

func (s *summary) Collect(ch chan<- Metric)       { ch <- s }
func (s *summary) Write(out *dto.Metric) error    { return writeNative(s, out) }
func (s *summary) seriesType() exposition.Type    { return exposition.Summary }
func (s *summary) fill(series *exposition.Series) { s.Fill(series) }

// quantileSummary is a summary with objectives.
type quantileSummary struct {
	identity
	metric.QuantileSummary
}

func (s *quantileSummary) Collect(ch chan<- Metric)       { ch <- s }
func (s *quantileSummary) Write(out *dto.Metric) error    { return writeNative(s, out) }
func (s *quantileSummary) seriesType() exposition.Type    { return exposition.Summary }
func (s *quantileSummary) fill(series *exposition.Series) { s.Fill(series) }

// SummaryVec is a family of summaries that differ in the values of their
// labels.
type SummaryVec struct{ *MetricVec }

// NewSummaryVec makes a family of summaries with these label names. It is
// empty until the first of them is asked for. It panics if a label is called
// "quantile" or if MaxAge is negative.
func NewSummaryVec(opts SummaryOpts, labelNames []string) *SummaryVec {
	return newSummaryVec(opts, UnconstrainedLabels(labelNames))
}

func newSummaryVec(opts SummaryOpts, variable ConstrainableLabels) *SummaryVec {
	desc := opts.desc(variable)
	checkQuantileLabel(desc)
	options := opts.cells()
	return &SummaryVec{newNativeVec(desc, exposition.Summary, func(id identity) Metric { return newSummary(id, options) })}
}

// WithLabelValues returns the summary with these label values, in the order
// of the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *SummaryVec) WithLabelValues(lvs ...string) Observer {
	return asObserver(v.mustFind(lvs))
}

// With returns the summary with these labels and makes it if there is none.
// It panics where GetMetricWith returns an error.
func (v *SummaryVec) With(labels Labels) Observer {
	return asObserver(v.mustFindMap(labels))
}

// GetMetricWithLabelValues returns the summary with these label values, in
// the order of the label names, and makes it if there is none. It returns an
// error if there are not as many values as names or if a value is not valid
// UTF-8.
func (v *SummaryVec) GetMetricWithLabelValues(lvs ...string) (Observer, error) {
	m, err := v.find(lvs)
	if err != nil {
		return nil, err
	}
	return asObserver(m), nil
}

// GetMetricWith returns the summary with these labels and makes it if there
// is none. It returns an error if the names are not exactly those of the vector
// or if a value is not valid UTF-8.
func (v *SummaryVec) GetMetricWith(labels Labels) (Observer, error) {
	m, err := v.findMap(labels)
	if err != nil {
		return nil, err
	}
	return asObserver(m), nil
}

// CurryWith returns a vector in which these labels are set already, so that
// only the others are given. Both share their summaries.
func (v *SummaryVec) CurryWith(labels Labels) (ObserverVec, error) {
	m, err := v.MetricVec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return &SummaryVec{m}, nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *SummaryVec) MustCurryWith(labels Labels) ObserverVec {
	curried, err := v.CurryWith(labels)
	if err != nil {
		panic(err)
	}
	return curried
}
