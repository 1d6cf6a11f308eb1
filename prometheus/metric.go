package prometheus

import (
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// Metric is one series at the time it is looked at. The metric types of this
// package are Metrics, and so is what a Collector of your own makes with
// NewConstMetric and its siblings.
type Metric interface {
	// Desc returns the description of the metric, always the same one.
	Desc() *Desc
	// Write stores the state of the metric into a message that is empty. It
	// may be called by several goroutines at once. What it stores must not
	// change any more afterwards.
	Write(*dto.Metric) error
}

// Opts are the options that all metrics have.
type Opts struct {
	// Namespace, Subsystem and Name are joined by underscores to the full
	// name. Only Name is required.
	Namespace string
	Subsystem string
	Name      string

	// Help tells people what the metric says. All metrics of one name must
	// have the same.
	Help string

	// Unit is the base unit of the values, "seconds" or "bytes" for instance.
	// It is exposed as metadata where the format has room for it; the name is
	// not changed.
	Unit string

	// ConstLabels are labels that every series of the metric has with the same
	// values. They are seldom what one wants: labels of the whole process
	// belong to the scraper, and information about a build belongs in a
	// metric of its own.
	ConstLabels Labels

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

func (o Opts) lifetime() lifetime { return lifetime{o.TTL, o.MaxSeries, o.OnOverflow} }

func (o Opts) desc(variable ConstrainableLabels) *Desc {
	return newDesc(BuildFQName(o.Namespace, o.Subsystem, o.Name), o.Help, o.Unit, variable, o.ConstLabels)
}

// native is a metric of this package, which is exposed from its own state
// without a message in between.
type native interface {
	Metric
	registryDesc() *registry.Desc
	seriesLabels() *exposition.Labels
	seriesType() exposition.Type
	// fill stores the state into s, all of whose fields it sets but Labels.
	fill(s *exposition.Series)
}

// described is what every native metric knows of its family.
type described struct{ desc *Desc }

// Desc returns the description of the metric.
func (d described) Desc() *Desc { return d.desc }

// Describe makes each metric a Collector of itself.
func (d described) Describe(ch chan<- *Desc) { ch <- d.desc }

func (d described) registryDesc() *registry.Desc { return d.desc.d }

// identity is what a native metric is called by that is in no vector.
type identity struct {
	described
	labels *exposition.Labels
}

// identityOf returns the identity of the only metric that a Desc without
// variable labels describes.
func identityOf(desc *Desc) identity {
	labels := desc.d.Schema.Labels(nil)
	return identity{described{desc}, &labels}
}

func (id *identity) seriesLabels() *exposition.Labels { return id.labels }

// member is what a metric is called by that can be in a vector: it begins with its own
// entry in the vector's table, so that one object, and one way to it, is all that a
// series needs.
type member struct {
	child series.Child[Metric]
	described
}

// held is a metric that is a member.
type held interface {
	native
	self() *member
}

func (m *member) self() *member                    { return m }
func (m *member) seriesLabels() *exposition.Labels { return &m.child.Labels }

// newMember makes a metric with that entry. The function is given what the metric
// begins with.
func newMember(desc *Desc, e series.Entry, metric func(member) held) *member {
	h := metric(member{series.Child[Metric]{Entry: e}, described{desc}})
	m := h.self()
	m.child.Item = h
	return m
}

// writeNative implements Write for native metrics.
func writeNative(m native, out *dto.Metric) error {
	s := exposition.Series{Labels: m.seriesLabels()}
	m.fill(&s)
	message.Store(m.seriesType(), &s, out)
	return nil
}

// MakeLabelPairs returns the labels that a metric of the Desc has with these
// values of its variable labels, sorted by name, for those who implement
// Metric themselves.
func MakeLabelPairs(desc *Desc, labelValues []string) []*dto.LabelPair {
	labels := desc.d.Schema.Labels(labelValues)
	return message.Pairs(&labels)
}

// NewInvalidMetric returns a metric that cannot be written, with the error as
// the reason. A Collector sends it to say that a metric could not be had.
func NewInvalidMetric(desc *Desc, err error) Metric { return &invalidMetric{desc, err} }

type invalidMetric struct {
	desc *Desc
	err  error
}

func (m *invalidMetric) Desc() *Desc             { return m.desc }
func (m *invalidMetric) Write(*dto.Metric) error { return m.err }

// NewMetricWithTimestamp returns the metric with a timestamp (of milliseconds)
// of its own, which a scraper takes instead of the time of the scrape. That is
// for values that are taken over from another monitoring system; other metrics
// should have none.
func NewMetricWithTimestamp(t time.Time, m Metric) Metric {
	return &timestampedMetric{Metric: m, milliseconds: t.UnixMilli()}
}

type timestampedMetric struct {
	Metric
	milliseconds int64
}

func (m *timestampedMetric) Write(out *dto.Metric) error {
	err := m.Metric.Write(out)
	out.TimestampMs = proto.Int64(m.milliseconds)
	return err
}
