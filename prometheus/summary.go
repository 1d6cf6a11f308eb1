package prometheus

import (
	"fmt"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Summary tells the number and the sum of observations. For their distribution
// use a Histogram, from which quantiles can be calculated over many instances.
type Summary interface {
	Metric
	Collector

	// Observe counts one observation.
	Observe(float64)
}

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

	// This keeps the options from being written without field names, so that
	// fields can be added.
	_ struct{}
}

func (o SummaryOpts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

const quantileLabel = "quantile"

// checkQuantileLabel panics if a label of the summary has the name that its
// quantiles need.
func checkQuantileLabel(desc *Desc) {
	if _, constant := desc.d.Const[quantileLabel]; constant || slices.Contains(desc.d.Schema.Variable(), quantileLabel) {
		panic(fmt.Errorf("%q is not allowed as label name in summaries", quantileLabel))
	}
}

// NewSummary makes a summary. It panics if a constant label is called
// "quantile".
func NewSummary(opts SummaryOpts) Summary {
	desc := opts.desc(nil)
	checkQuantileLabel(desc)
	return newSummary(identityOf(desc))
}

func newSummary(id identity) *summary {
	return &summary{identity: id, cell: cell.NewHistogram(nil), created: time.Now().UnixNano()}
}

type summary struct {
	identity
	cell    *cell.Histogram // without bounds: a whole pair of count and sum
	created int64
}

func (s *summary) Observe(v float64) { s.cell.Observe(v) }

func (s *summary) Collect(ch chan<- Metric)    { ch <- s }
func (s *summary) Write(out *dto.Metric) error { return writeNative(s, out) }
func (s *summary) seriesType() exposition.Type { return exposition.Summary }

func (s *summary) fill(out *exposition.Series) {
	state := states.Get().(*cell.Distribution)
	defer states.Put(state)
	s.cell.Read(state)
	setValue(out, 0)
	out.Created = exposition.UnixNano(s.created)
	out.Dist.Count.Whole, out.Dist.Sum = state.Count, state.Sum
}

// SummaryVec is a family of summaries that differ in the values of their
// labels.
type SummaryVec struct{ *MetricVec }

// NewSummaryVec makes a family of summaries with these label names. It is
// empty until the first of them is asked for. It panics if a label is called
// "quantile".
func NewSummaryVec(opts SummaryOpts, labelNames []string) *SummaryVec {
	return newSummaryVec(opts, UnconstrainedLabels(labelNames))
}

func newSummaryVec(opts SummaryOpts, variable ConstrainableLabels) *SummaryVec {
	desc := opts.desc(variable)
	checkQuantileLabel(desc)
	return &SummaryVec{newNativeVec(desc, exposition.Summary, func(id identity) Metric { return newSummary(id) })}
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
