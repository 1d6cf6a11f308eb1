package prometheus

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
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

	// BufCap is how many observations are gathered until they are merged into
	// the quantiles; DefBufCap if zero. It is kept between 16 and 65,536. More of them
	// cost a little less time and more memory.
	BufCap uint32

	// TTL is how long a series is exposed after its last update; for ever if
	// zero. See "Series that come and go" in the package documentation. It must
	// not be negative, and means nothing to a metric whose value a function tells.
	TTL time.Duration
	// MaxSeries is how many series a vector may have; there is no limit if it is
	// zero. Those beyond it share one whose label values are all "__overflow__".
	// It must not be negative.
	MaxSeries int
	// OnOverflow, unless it is nil, is called with the name of the vector and
	// label values that there is no room for, each time that they are asked for.
	// Whoever asks waits for it. It must not keep the values.
	OnOverflow func(name string, labelValues []string)

	// This keeps the options from being written without field names, so that
	// fields can be added.
	_ struct{}
}

func (o SummaryOpts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

func (o SummaryOpts) lifetime() lifetime { return lifetime{o.TTL, o.MaxSeries, o.OnOverflow} }

// kind returns the kind of summaries with these options, which the Desc is told.
// It panics if the options are not valid.
func (o SummaryOpts) kind(desc *Desc) kind {
	options := o.cells(desc)
	if options == nil {
		return summaries
	}
	return kind{
		typ:   exposition.Summary,
		plain: func(m member) held { return &quantileSummary{m, metric.NewQuantileSummary(options)} },
		expiring: expiring(
			func(s *metric.QuantileSummary) { *s = metric.NewQuantileSummary(options) },
			func(m member) held { return &expiringQuantileSummary{member: m} },
			func(m Metric) *series.Handle[metric.QuantileSummary] { return &m.(*expiringQuantileSummary).Handle }),
	}
}

// summaries is the kind of summaries without objectives.
var summaries = kind{
	typ:   exposition.Summary,
	plain: func(m member) held { return &summary{m, metric.NewSummary()} },
	expiring: expiring(
		func(s *metric.Summary) { *s = metric.NewSummary() },
		func(m member) held { return &expiringSummary{member: m} },
		func(m Metric) *series.Handle[metric.Summary] { return &m.(*expiringSummary).Handle }),
}

// cells returns what the cells of the summaries have in common, or nil if there
// are no objectives. The Desc is told the options. It panics if MaxAge is negative.
func (o SummaryOpts) cells(desc *Desc) *cell.SummaryOptions {
	if o.MaxAge < 0 {
		panic(fmt.Errorf("illegal max age MaxAge=%v", o.MaxAge))
	}
	if len(o.Objectives) == 0 {
		return nil
	}
	maxAge, ageBuckets, bufCap := cmp.Or(o.MaxAge, DefMaxAge), cmp.Or(o.AgeBuckets, DefAgeBuckets), cmp.Or(o.BufCap, DefBufCap)
	desc.d.Settings = append(desc.d.Settings,
		registry.Setting{Name: "Objectives", Value: maps.Clone(o.Objectives)},
		registry.Setting{Name: "MaxAge", Value: maxAge},
		registry.Setting{Name: "AgeBuckets", Value: ageBuckets},
		registry.Setting{Name: "BufCap", Value: bufCap},
	)
	return cell.NewSummaryOptions(o.Objectives, maxAge, ageBuckets, bufCap)
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
	return newMetric(desc, opts.kind(desc), opts.lifetime()).(Summary)
}

// summary is a summary without objectives.
type summary struct {
	member
	metric.Summary
}

func (s *summary) Collect(ch chan<- Metric)       { ch <- s }
func (s *summary) Write(out *dto.Metric) error    { return writeNative(s, out) }
func (s *summary) seriesType() exposition.Type    { return exposition.Summary }
func (s *summary) fill(series *exposition.Series) { s.Fill(series) }

// quantileSummary is a summary with objectives.
type quantileSummary struct {
	member
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
	return &SummaryVec{newNativeVec(desc, opts.kind(desc), opts.lifetime())}
}

// WithLabelValues returns the summary with these label values, in the order
// of the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *SummaryVec) WithLabelValues(lvs ...string) Observer {
	if c := v.present(lvs); c != nil {
		return asObserver(c.Item)
	}
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

// Lookup returns the summary with these label values, in the order of the label
// names, and whether there is one. Other than WithLabelValues it makes none. It
// panics if there are not as many values as names.
func (v *SummaryVec) Lookup(lvs ...string) (Observer, bool) {
	m, ok := v.MetricVec.Lookup(lvs...)
	if !ok {
		return nil, false
	}
	return asObserver(m), true
}

// All yields all summaries that there are when it begins, with their label values;
// see MetricVec.All.
func (v *SummaryVec) All() iter.Seq2[[]string, Observer] { return typed(v.MetricVec.All(), asObserver) }

// Pin returns the summary with these label values as WithLabelValues does, and
// keeps it from expiring until it is deleted.
func (v *SummaryVec) Pin(lvs ...string) Observer { return asObserver(v.MetricVec.Pin(lvs...)) }

// Replace makes the summaries that the function asks of next all that the vector
// has, in one step for whoever collects; see MetricVec.Replace.
func (v *SummaryVec) Replace(f func(next *SummaryVec)) {
	v.MetricVec.Replace(func(next *MetricVec) { f(&SummaryVec{next}) })
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
