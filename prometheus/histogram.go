package prometheus

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Histogram counts observations in buckets, together with their number and
// their sum: response times, sizes. Quantiles are calculated from the buckets
// where the series are queried, over as many instances as one likes.
type Histogram interface {
	Metric
	Collector

	// Observe counts one observation.
	Observe(float64)
}

// HistogramOpts are the options of a Histogram.
type HistogramOpts struct {
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

	// Buckets are the upper bounds of the buckets, which count what is at or
	// below them, in increasing order. The one of +Inf need not be given.
	// Without any, they are DefBuckets.
	Buckets []float64

	// This keeps the options from being written without field names, so that
	// fields can be added.
	_ struct{}
}

func (o HistogramOpts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

// bounds returns the upper bounds as a cell takes them. It panics if they are
// not in increasing order.
func (o HistogramOpts) bounds() []float64 {
	bounds := o.Buckets
	if len(bounds) == 0 {
		bounds = DefBuckets
	}
	for i := 1; i < len(bounds); i++ {
		if bounds[i-1] >= bounds[i] {
			panic(fmt.Errorf("histogram buckets must be in increasing order: %f >= %f", bounds[i-1], bounds[i]))
		}
	}
	bounds = slices.Clone(bounds)
	if last := len(bounds) - 1; last >= 0 && math.IsInf(bounds[last], +1) {
		bounds = bounds[:last]
	}
	return bounds
}

const bucketLabel = "le"

// checkBucketLabel panics if a label of the histogram has the name that its
// buckets need.
func checkBucketLabel(desc *Desc) {
	if _, constant := desc.d.Const[bucketLabel]; constant || slices.Contains(desc.d.Schema.Variable(), bucketLabel) {
		panic(fmt.Errorf("%q is not allowed as label name in histograms", bucketLabel))
	}
}

// NewHistogram makes a histogram. It panics if the buckets are not in
// increasing order or if a constant label is called "le".
func NewHistogram(opts HistogramOpts) Histogram {
	desc := opts.desc(nil)
	checkBucketLabel(desc)
	return newHistogram(identityOf(desc), opts.bounds())
}

func newHistogram(id identity, bounds []float64) *histogram {
	return &histogram{identity: id, cell: cell.NewHistogram(bounds), created: time.Now().UnixNano()}
}

type histogram struct {
	identity
	cell    *cell.Histogram
	created int64
}

func (h *histogram) Observe(v float64) { h.cell.Observe(v) }

func (h *histogram) Collect(ch chan<- Metric)    { ch <- h }
func (h *histogram) Write(out *dto.Metric) error { return writeNative(h, out) }
func (h *histogram) seriesType() exposition.Type { return exposition.Histogram }

// states are kept for the next reader of any histogram.
var states = sync.Pool{New: func() any { return new(cell.Distribution) }}

func (h *histogram) fill(s *exposition.Series) {
	state := states.Get().(*cell.Distribution)
	defer states.Put(state)
	h.cell.Read(state)

	setValue(s, 0)
	s.Created = exposition.UnixNano(h.created)
	s.Dist.Count.Whole, s.Dist.Sum = state.Count, state.Sum
	below := uint64(0)
	for i, bound := range h.cell.Bounds() {
		below += state.Counts[i]
		s.Dist.Buckets = append(s.Dist.Buckets, exposition.Bucket{UpperBound: bound, Count: exposition.Count{Whole: below}})
	}
}

// HistogramVec is a family of histograms that differ in the values of their
// labels.
type HistogramVec struct{ *MetricVec }

// NewHistogramVec makes a family of histograms with these label names. It is
// empty until the first of them is asked for. It panics if the buckets are not
// in increasing order or if a label is called "le".
func NewHistogramVec(opts HistogramOpts, labelNames []string) *HistogramVec {
	return newHistogramVec(opts, UnconstrainedLabels(labelNames))
}

func newHistogramVec(opts HistogramOpts, variable ConstrainableLabels) *HistogramVec {
	desc := opts.desc(variable)
	checkBucketLabel(desc)
	bounds := opts.bounds()
	return &HistogramVec{newNativeVec(desc, exposition.Histogram, func(id identity) Metric { return newHistogram(id, bounds) })}
}

// WithLabelValues returns the histogram with these label values, in the order
// of the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *HistogramVec) WithLabelValues(lvs ...string) Observer {
	return asObserver(v.mustFind(lvs))
}

// With returns the histogram with these labels and makes it if there is none.
// It panics where GetMetricWith returns an error.
func (v *HistogramVec) With(labels Labels) Observer {
	return asObserver(v.mustFindMap(labels))
}

// GetMetricWithLabelValues returns the histogram with these label values, in
// the order of the label names, and makes it if there is none. It returns an
// error if there are not as many values as names or if a value is not valid
// UTF-8.
func (v *HistogramVec) GetMetricWithLabelValues(lvs ...string) (Observer, error) {
	m, err := v.find(lvs)
	if err != nil {
		return nil, err
	}
	return asObserver(m), nil
}

// GetMetricWith returns the histogram with these labels and makes it if there
// is none. It returns an error if the names are not exactly those of the vector
// or if a value is not valid UTF-8.
func (v *HistogramVec) GetMetricWith(labels Labels) (Observer, error) {
	m, err := v.findMap(labels)
	if err != nil {
		return nil, err
	}
	return asObserver(m), nil
}

// CurryWith returns a vector in which these labels are set already, so that
// only the others are given. Both share their histograms.
func (v *HistogramVec) CurryWith(labels Labels) (ObserverVec, error) {
	m, err := v.MetricVec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return &HistogramVec{m}, nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *HistogramVec) MustCurryWith(labels Labels) ObserverVec {
	curried, err := v.CurryWith(labels)
	if err != nil {
		panic(err)
	}
	return curried
}
