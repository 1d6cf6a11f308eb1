package prometheus

import (
	"fmt"
	"iter"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/metric"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Histogram counts observations in buckets, together with their number and
// their sum: response times, sizes. Quantiles are calculated from the buckets
// where the series are queried, over as many instances as one likes.
//
// Every Histogram that this package makes is an ExemplarObserver too.
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

	// Buckets are the upper bounds of the classic buckets, which count what is
	// at or below them, in increasing order. The one of +Inf need not be given.
	// Without any, they are DefBuckets, or, in a native histogram, there are
	// none.
	Buckets []float64

	// NativeHistogramBucketFactor, if it is greater than one, makes the
	// histogram a native one: its buckets need not be chosen, for they cover all
	// numbers, each of them wider than the one before by a factor. That is the
	// largest number of the form 2^(2^-n), with n from -4 to 8, which is not
	// above the one given here (but never less than 2^(2^-8), 1.0027). 1.1 is a
	// good choice: it makes 8 buckets for each power of two, which grow by 9%.
	//
	// Scrapers get these buckets in the protobuf format alone. In the text
	// formats a native histogram without Buckets has only its sum and count.
	NativeHistogramBucketFactor float64
	// NativeHistogramZeroThreshold is how far from zero an observation may be
	// to count as zero. If it is zero, it is DefNativeHistogramZeroThreshold; to
	// have zero alone count as zero, use NativeHistogramZeroThresholdZero.
	NativeHistogramZeroThreshold float64

	// NativeHistogramMaxBucketNumber is how many native buckets may be in use,
	// the one of zero not counted; there is no limit if it is zero. Where
	// observations come from others there should be one, for every bucket
	// costs memory here and in the server. When an observation goes beyond it,
	// the first of these is done that is allowed and enough:
	//
	// If NativeHistogramMinResetDuration is not zero and as long has passed
	// since the histogram was made or last reset, all of it is reset, classic
	// buckets included; the observation is the first one after that.
	//
	// What counts as zero is extended, by as many buckets as have to go, but
	// not beyond NativeHistogramMaxZeroThreshold.
	//
	// Every bucket is merged with its neighbour, again and again if need be, but
	// not beyond a factor of 65536.
	//
	// After either of the latter two, the histogram is reset once
	// NativeHistogramMinResetDuration has passed, if that is not zero.
	NativeHistogramMaxBucketNumber  uint32
	NativeHistogramMinResetDuration time.Duration
	NativeHistogramMaxZeroThreshold float64

	// NativeHistogramMaxExemplars is how many exemplars a native histogram
	// keeps: 10 if it is zero, none if it is negative. The exemplars of classic
	// buckets are kept besides.
	NativeHistogramMaxExemplars int
	// NativeHistogramExemplarTTL is the age beyond which an exemplar goes first
	// when there are too many: 5 minutes if it is zero. If it is negative, the
	// oldest one always goes. As long as all are younger, one of the two goes
	// whose values are closest to each other.
	NativeHistogramExemplarTTL time.Duration

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

func (o HistogramOpts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

func (o HistogramOpts) lifetime() lifetime { return lifetime{o.TTL, o.MaxSeries, o.OnOverflow} }

func (o HistogramOpts) native() bool { return o.NativeHistogramBucketFactor > 1 }

// bounds returns the upper bounds of the classic buckets as a cell takes them.
// It panics if they are not in increasing order.
func (o HistogramOpts) bounds() *cell.Bounds {
	buckets := o.Buckets
	if len(buckets) == 0 && !o.native() {
		buckets = DefBuckets
	}
	bounds, err := metric.Bounds(buckets)
	if err != nil {
		panic(err)
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

// kind returns the kind of histograms with these options, which the Desc is told.
// It panics if the options are not valid.
func (o HistogramOpts) kind(desc *Desc) kind {
	bounds := o.bounds()
	desc.d.Settings = append(desc.d.Settings, registry.Setting{Name: "Buckets", Value: bounds.Upper()})
	if o.native() {
		options := o.nativeOptions(bounds)
		desc.d.Settings = append(desc.d.Settings, nativeSettings(options)...)
		return nativeHistograms(options)
	}
	return kind{
		typ:   exposition.Histogram,
		plain: func(m member) held { return &histogram{m, metric.NewHistogram(bounds)} },
		expiring: expiring(
			func(s *metric.Histogram) { *s = metric.NewHistogram(bounds) },
			func(m member) held { return &expiringHistogram{member: m} },
			func(m Metric) *series.Handle[metric.Histogram] { return &m.(*expiringHistogram).Handle }),
	}
}

// NewHistogram makes a histogram. It panics if the buckets are not in
// increasing order or if a constant label is called "le".
func NewHistogram(opts HistogramOpts) Histogram {
	desc := opts.desc(nil)
	checkBucketLabel(desc)
	return newMetric(desc, opts.kind(desc), opts.lifetime()).(Histogram)
}

// histogram is one with classic buckets alone.
type histogram struct {
	member
	metric.Histogram
}

func (h *histogram) ObserveWithExemplar(v float64, exemplar Labels) {
	h.Observe(v)
	h.keepExemplar(h, v, exemplar)
}

func (h *histogram) Collect(ch chan<- Metric)    { ch <- h }
func (h *histogram) Write(out *dto.Metric) error { return writeNative(h, out) }
func (h *histogram) seriesType() exposition.Type { return exposition.Histogram }
func (h *histogram) fill(s *exposition.Series)   { h.Fill(s) }

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
	return &HistogramVec{newNativeVec(desc, opts.kind(desc), opts.lifetime())}
}

// WithLabelValues returns the histogram with these label values, in the order
// of the label names, and makes it if there is none. It panics where
// GetMetricWithLabelValues returns an error.
func (v *HistogramVec) WithLabelValues(lvs ...string) Observer {
	if c := v.present(lvs); c != nil {
		return asObserver(c.Item)
	}
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

// Lookup returns the histogram with these label values, in the order of the label
// names, and whether there is one. Other than WithLabelValues it makes none. It
// panics if there are not as many values as names.
func (v *HistogramVec) Lookup(lvs ...string) (Observer, bool) {
	m, ok := v.MetricVec.Lookup(lvs...)
	if !ok {
		return nil, false
	}
	return asObserver(m), true
}

// All yields all histograms that there are when it begins, with their label values;
// see MetricVec.All.
func (v *HistogramVec) All() iter.Seq2[[]string, Observer] {
	return typed(v.MetricVec.All(), asObserver)
}

// Pin returns the histogram with these label values as WithLabelValues does, and
// keeps it from expiring until it is deleted.
func (v *HistogramVec) Pin(lvs ...string) Observer { return asObserver(v.MetricVec.Pin(lvs...)) }

// Replace makes the histograms that the function asks of next all that the vector
// has, in one step for whoever collects; see MetricVec.Replace.
func (v *HistogramVec) Replace(f func(next *HistogramVec)) {
	v.MetricVec.Replace(func(next *MetricVec) { f(&HistogramVec{next}) })
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
