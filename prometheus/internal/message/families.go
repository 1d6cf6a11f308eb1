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

// Page returns the page that families gathered elsewhere make, and an error for
// each family that is left out because no format could express it.
func Page(families []*dto.MetricFamily) (*registry.Page, []error) {
	page := &registry.Page{}
	var errs []error
	for _, mf := range families {
		series, err := loadAll(mf)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f := exposition.Family{Name: mf.GetName(), Help: mf.GetHelp(), HasHelp: mf.Help != nil, Unit: mf.GetUnit(), Type: Type(mf.GetType())}
		page.Append(f, series)
	}
	return page, errs
}

// loadAll reads the series out of a family.
func loadAll(mf *dto.MetricFamily) (Loaded, error) {
	switch {
	case len(mf.GetMetric()) == 0:
		return nil, fmt.Errorf("MetricFamily has no metrics: %s", mf)
	case mf.GetName() == "":
		return nil, fmt.Errorf("MetricFamily has no name: %s", mf)
	}
	want := Type(mf.GetType())
	if want == exposition.GaugeHistogram {
		want = exposition.Histogram // one message serves both
	}
	all := make(Loaded, len(mf.GetMetric()))
	for i, m := range mf.GetMetric() {
		typ, series, ok := Load(m)
		if !ok || typ != want {
			return nil, fmt.Errorf("expected %s in metric %s %s", want, mf.GetName(), m)
		}
		all[i] = series
	}
	return all, nil
}

// Loaded are series that were read from messages.
type Loaded []exposition.Series

// Len returns the number of series.
func (l Loaded) Len() int { return len(l) }

// Labels returns the labels of series i.
func (l Loaded) Labels(i int) *exposition.Labels { return l[i].Labels }

// Fill stores series i into s.
func (l Loaded) Fill(i int, s *exposition.Series) { s.Set(&l[i]) }
