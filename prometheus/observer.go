package prometheus

// Observer is what takes observations: a histogram, or a function.
type Observer interface {
	Observe(float64)
}

// ObserverFunc makes an Observer of a function, a gauge's Set for instance.
type ObserverFunc func(float64)

// Observe calls the function.
func (f ObserverFunc) Observe(value float64) { f(value) }

// ObserverVec is a family of Observers that differ in the values of their
// labels, such as a HistogramVec.
type ObserverVec interface {
	GetMetricWith(Labels) (Observer, error)
	GetMetricWithLabelValues(lvs ...string) (Observer, error)
	With(Labels) Observer
	WithLabelValues(...string) Observer
	CurryWith(Labels) (ObserverVec, error)
	MustCurryWith(Labels) ObserverVec

	Collector
}

// asObserver returns a metric of a vector as what it is. Only a vector that
// somebody put together of a MetricVec of their own holds others than ours.
func asObserver(m Metric) Observer {
	if m, ok := m.(*histogram); ok { // one comparison; a switch would look at more
		return m
	}
	switch m := m.(type) {
	case *nativeHistogram:
		return m
	case *summary:
		return m
	case *quantileSummary:
		return m
	case *expiringHistogram:
		return m
	case *expiringNativeHistogram:
		return m
	case *expiringSummary:
		return m
	case *expiringQuantileSummary:
		return m
	}
	return m.(Observer)
}

// ExemplarObserver is what every Histogram of this package is besides, to be
// had by a type assertion. Summaries are not.
type ExemplarObserver interface {
	// ObserveWithExemplar counts an observation as Observe does and keeps, as
	// an exemplar of the bucket that it falls into, the value together with
	// these labels, the ID of a trace for instance. Without labels (nil) the
	// exemplars stay as they were. It panics if a label name is not valid, a value
	// is not valid UTF-8, or names and values together have more than
	// ExemplarMaxRunes runes.
	ObserveWithExemplar(value float64, exemplar Labels)
}
