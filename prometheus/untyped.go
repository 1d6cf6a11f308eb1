package prometheus

// UntypedOpts are the options of an untyped metric.
type UntypedOpts Opts

// UntypedFunc is a metric of no type whose value a function tells.
type UntypedFunc interface {
	Metric
	Collector
}

// NewUntypedFunc makes a metric of no type that calls the function for its
// value each time it is collected, from several goroutines at once if several
// collect. It is for values taken over from elsewhere that may be of either
// kind; where the type is known, use NewCounterFunc or NewGaugeFunc.
func NewUntypedFunc(opts UntypedOpts, function func() float64) UntypedFunc {
	return newValueFunc(Opts(opts).desc(nil), UntypedValue, function)
}
