package prometheus

// V2 has the constructors whose labels may be constrained, and which take more
// options. What they make is the same as what the other constructors make, and
// both can be used side by side.
var V2 = v2{}

type v2 struct{}

// CounterVecOpts are the options of V2.NewCounterVec.
type CounterVecOpts struct {
	CounterOpts

	// VariableLabels are the labels by which the counters differ.
	VariableLabels ConstrainableLabels
}

// GaugeVecOpts are the options of V2.NewGaugeVec.
type GaugeVecOpts struct {
	GaugeOpts

	// VariableLabels are the labels by which the gauges differ.
	VariableLabels ConstrainableLabels
}

// HistogramVecOpts are the options of V2.NewHistogramVec.
type HistogramVecOpts struct {
	HistogramOpts

	// VariableLabels are the labels by which the histograms differ.
	VariableLabels ConstrainableLabels
}

// SummaryVecOpts are the options of V2.NewSummaryVec.
type SummaryVecOpts struct {
	SummaryOpts

	// VariableLabels are the labels by which the summaries differ.
	VariableLabels ConstrainableLabels
}

// DescOpt is an option of V2.NewDesc.
type DescOpt func(*Desc)

// WithUnit sets the base unit of the values, "seconds" or "bytes" for instance.
func WithUnit(unit string) DescOpt {
	return func(d *Desc) {
		d.d = d.described()
		d.d.Unit = unit
	}
}

// NewDesc is the function NewDesc for labels that may have constraints, with
// options. The vectors that NewMetricVec makes of the Desc apply the
// constraints.
func (v2) NewDesc(fqName, help string, variableLabels ConstrainableLabels, constLabels Labels, opts ...DescOpt) *Desc {
	d := newDesc(fqName, help, "", variableLabels, constLabels)
	if len(opts) == 0 {
		return d
	}
	for _, opt := range opts {
		opt(d)
	}
	return newDesc(fqName, help, d.d.Unit, variableLabels, constLabels)
}

// NewCounterVec is the function NewCounterVec for labels that may have
// constraints.
func (v2) NewCounterVec(opts CounterVecOpts) *CounterVec {
	return newCounterVec(Opts(opts.CounterOpts), opts.VariableLabels)
}

// NewGaugeVec is the function NewGaugeVec for labels that may have constraints.
func (v2) NewGaugeVec(opts GaugeVecOpts) *GaugeVec {
	return newGaugeVec(Opts(opts.GaugeOpts), opts.VariableLabels)
}

// NewHistogramVec is the function NewHistogramVec for labels that may have
// constraints.
func (v2) NewHistogramVec(opts HistogramVecOpts) *HistogramVec {
	return newHistogramVec(opts.HistogramOpts, opts.VariableLabels)
}

// NewSummaryVec is the function NewSummaryVec for labels that may have
// constraints.
func (v2) NewSummaryVec(opts SummaryVecOpts) *SummaryVec {
	return newSummaryVec(opts.SummaryOpts, opts.VariableLabels)
}
