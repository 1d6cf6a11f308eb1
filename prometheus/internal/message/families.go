package message

import (
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
	if origin, ok := s.Origin.(*dto.Metric); ok {
		mf.Metric = append(mf.Metric, inOrder(origin))
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

// Page returns the page that families gathered elsewhere make.
func Page(families []*dto.MetricFamily) *registry.Page {
	page := &registry.Page{}
	for _, mf := range families {
		if mf.GetName() == "" || len(mf.GetMetric()) == 0 {
			continue
		}
		f := exposition.Family{Name: mf.GetName(), Help: mf.GetHelp(), HasHelp: mf.Help != nil, Unit: mf.GetUnit(), Type: Type(mf.GetType())}
		page.Append(f, loadAll(mf.GetMetric()))
	}
	return page
}

func loadAll(metrics []*dto.Metric) Loaded {
	rows := make(Loaded, len(metrics))
	for i, m := range metrics {
		_, rows[i], _ = Load(m)
	}
	return rows
}

// Loaded are series that were read from messages.
type Loaded []exposition.Series

// Len returns the number of series.
func (l Loaded) Len() int { return len(l) }

// Labels returns the labels of series i.
func (l Loaded) Labels(i int) *exposition.Labels { return l[i].Labels }

// Fill stores series i into s.
func (l Loaded) Fill(i int, s *exposition.Series) { s.Set(&l[i]) }
