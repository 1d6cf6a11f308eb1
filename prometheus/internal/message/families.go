package message

import (
	"fmt"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

var types = map[exposition.Type]dto.MetricType{
	exposition.Untyped:        dto.MetricType_UNTYPED,
	exposition.Counter:        dto.MetricType_COUNTER,
	exposition.Gauge:          dto.MetricType_GAUGE,
	exposition.Summary:        dto.MetricType_SUMMARY,
	exposition.Histogram:      dto.MetricType_HISTOGRAM,
	exposition.GaugeHistogram: dto.MetricType_GAUGE_HISTOGRAM,
}

// Type returns the type of a family of messages.
func Type(t dto.MetricType) exposition.Type {
	for ours, theirs := range types {
		if theirs == t {
			return ours
		}
	}
	return exposition.Untyped
}

// Families collects what is written to it as messages.
type Families struct {
	all []*dto.MetricFamily
	typ exposition.Type
}

// Family begins a message.
func (f *Families) Family(in *exposition.Family) {
	mf := &dto.MetricFamily{Name: proto.String(in.Name), Type: types[in.Type].Enum()}
	if in.HasHelp {
		mf.Help = proto.String(in.Help)
	}
	if in.Unit != "" {
		mf.Unit = proto.String(in.Unit)
	}
	f.all = append(f.all, mf)
	f.typ = in.Type
}

// Series adds to the message that was begun last. A message that a foreign
// collector wrote is handed on as it is; only the order of its labels may make
// a copy of it necessary.
func (f *Families) Series(s *exposition.Series) {
	mf := f.all[len(f.all)-1]
	if origin, ok := s.Origin.(Origin); ok {
		mf.Metric = append(mf.Metric, inOrder(origin.Metric))
		return
	}
	m := &dto.Metric{}
	Store(f.typ, s, m)
	mf.Metric = append(mf.Metric, m)
}

// Close does nothing: messages need no end.
func (f *Families) Close() error { return nil }

// All returns the messages, nil if there are none.
func (f *Families) All() []*dto.MetricFamily { return f.all }

// Check tells why a family cannot be brought on a page, if it cannot: it needs
// a name and a known type, and all its metrics must be of that type.
func Check(mf *dto.MetricFamily) error {
	if mf.GetName() == "" {
		return fmt.Errorf("MetricFamily has no name: %s", mf)
	}
	want := Type(mf.GetType())
	if types[want] != mf.GetType() {
		return fmt.Errorf("unknown metric type %s", mf.GetType())
	}
	for _, m := range mf.GetMetric() {
		if !has(want, m) {
			return fmt.Errorf("expected %s in metric %s %s", nameInErrors(want), mf.GetName(), m)
		}
	}
	return nil
}

// CheckText tells why a family cannot be written in the text format, if it cannot:
// there it also needs metrics.
func CheckText(mf *dto.MetricFamily) error {
	if len(mf.GetMetric()) == 0 {
		return fmt.Errorf("MetricFamily has no metrics: %s", mf)
	}
	return Check(mf)
}

// nameInErrors does not tell the two kinds of histograms apart: one message
// serves both.
func nameInErrors(t exposition.Type) string {
	if t == exposition.GaugeHistogram {
		t = exposition.Histogram
	}
	return t.String()
}

// Page returns the page that families gathered elsewhere make, in their order.
// Each of them must pass Check.
func Page(families []*dto.MetricFamily) *registry.Page {
	page := &registry.Page{}
	for _, mf := range families {
		f := exposition.Family{Name: mf.GetName(), Help: mf.GetHelp(), HasHelp: mf.Help != nil, Unit: mf.GetUnit(), Type: Type(mf.GetType())}
		series := make(registry.Fixed, len(mf.GetMetric()))
		for i, m := range mf.GetMetric() {
			series[i] = load(f.Type, m)
		}
		page.Append(f, series)
	}
	return page
}
