package exposition

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

// The reference implementation of the formats is the one that scrapers are
// tested with. These tests write the same families with both, and read back
// what we wrote.

var messageTypes = map[Type]dto.MetricType{
	Untyped: dto.MetricType_UNTYPED, Counter: dto.MetricType_COUNTER, Gauge: dto.MetricType_GAUGE,
	Summary: dto.MetricType_SUMMARY, Histogram: dto.MetricType_HISTOGRAM, GaugeHistogram: dto.MetricType_GAUGE_HISTOGRAM,
}

// messages returns the page as the reference implementation takes it.
func (p page) messages() []*dto.MetricFamily {
	var all []*dto.MetricFamily
	for _, f := range p {
		mf := &dto.MetricFamily{Name: proto.String(f.Name), Type: messageTypes[f.Type].Enum()}
		if f.HasHelp {
			mf.Help = proto.String(f.Help)
		}
		if f.Unit != "" {
			mf.Unit = proto.String(f.Unit)
		}
		for i := range f.series {
			mf.Metric = append(mf.Metric, message(f.Type, &f.series[i]))
		}
		all = append(all, mf)
	}
	return all
}

func message(typ Type, s *Series) *dto.Metric {
	m := &dto.Metric{}
	for name, value := range s.Labels.All() {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
	}
	if s.HasTimestamp {
		m.TimestampMs = proto.Int64(s.Timestamp)
	}
	switch typ {
	case Counter:
		m.Counter = &dto.Counter{Value: &s.Value, Exemplar: exemplarMessage(s.Exemplar), CreatedTimestamp: timeMessage(s.Created)}
	case Gauge:
		m.Gauge = &dto.Gauge{Value: &s.Value}
	case Untyped:
		m.Untyped = &dto.Untyped{Value: &s.Value}
	case Summary:
		m.Summary = &dto.Summary{SampleCount: proto.Uint64(s.Dist.Count.Whole), SampleSum: &s.Dist.Sum, CreatedTimestamp: timeMessage(s.Created)}
		for _, q := range s.Dist.Quantiles {
			m.Summary.Quantile = append(m.Summary.Quantile, &dto.Quantile{Quantile: &q.Rank, Value: &q.Value})
		}
	case Histogram, GaugeHistogram:
		m.Histogram = histogramMessage(s)
	}
	return m
}

func histogramMessage(s *Series) *dto.Histogram {
	h := &dto.Histogram{SampleSum: &s.Dist.Sum, CreatedTimestamp: timeMessage(s.Created)}
	h.SampleCount, h.SampleCountFloat = countFields(s.Dist.Count)
	for _, b := range s.Dist.Buckets {
		bucket := &dto.Bucket{UpperBound: &b.UpperBound, Exemplar: exemplarMessage(b.Exemplar)}
		bucket.CumulativeCount, bucket.CumulativeCountFloat = countFields(b.Count)
		h.Bucket = append(h.Bucket, bucket)
	}
	if n := s.Dist.Native; n != nil {
		h.Schema, h.ZeroThreshold, h.ZeroCount = &n.Schema, &n.ZeroThreshold, &n.ZeroCount
		h.PositiveSpan, h.PositiveDelta = spanMessages(n.Positive.Spans), n.Positive.Deltas
		h.NegativeSpan, h.NegativeDelta = spanMessages(n.Negative.Spans), n.Negative.Deltas
		for _, e := range n.Exemplars {
			h.Exemplars = append(h.Exemplars, exemplarMessage(e))
		}
	}
	return h
}

func countFields(n Count) (*uint64, *float64) {
	if n.Float != 0 {
		return nil, &n.Float
	}
	return &n.Whole, nil
}

func spanMessages(spans []Span) []*dto.BucketSpan {
	var all []*dto.BucketSpan
	for _, s := range spans {
		all = append(all, &dto.BucketSpan{Offset: &s.Offset, Length: &s.Length})
	}
	return all
}

func exemplarMessage(e *Exemplar) *dto.Exemplar {
	if e == nil {
		return nil
	}
	m := &dto.Exemplar{Value: &e.Value, Timestamp: timeMessage(e.Time)}
	for _, l := range e.Labels {
		m.Label = append(m.Label, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
	}
	return m
}

func timeMessage(t Time) *timestamppb.Timestamp {
	if !t.Known {
		return nil
	}
	return &timestamppb.Timestamp{Seconds: t.Seconds, Nanos: t.Nanos}
}

// reference returns the page as the reference implementation has it.
func (p page) reference(t interface{ Fatal(...any) }, enc encoding, escaping Escaping) string {
	formats := map[string]expfmt.Format{
		asText.name:        expfmt.FmtText,
		asOpenMetrics.name: expfmt.FmtOpenMetrics_1_0_0,
		asCreated.name:     expfmt.FmtOpenMetrics_0_0_1,
		asProtobuf.name:    expfmt.FmtProtoDelim,
	}
	var options []expfmt.EncoderOption
	if enc.name == asCreated.name {
		options = append(options, expfmt.WithCreatedLines())
	}
	var out bytes.Buffer
	e := expfmt.NewEncoder(&out, formats[enc.name].WithEscapingScheme(schemes[escaping]), options...)
	for _, mf := range p.messages() {
		if err := e.Encode(mf); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.(expfmt.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// without returns the page without the families that are chosen.
func (p page) without(chosen func(f *Family, s []Series) bool) page {
	p = slices.Clone(p)
	return slices.DeleteFunc(p, func(f struct {
		Family
		series []Series
	}) bool {
		return chosen(&f.Family, f.series)
	})
}

// fractional tells whether a histogram has counts that are not whole, which the
// reference refuses to write as OpenMetrics.
func fractional(_ *Family, all []Series) bool {
	return slices.ContainsFunc(all, func(s Series) bool {
		return s.Dist.Count.Float != 0 || slices.ContainsFunc(s.Dist.Buckets, func(b Bucket) bool { return b.Count.Float != 0 })
	})
}

func compareWithReference(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, p page) {
	for _, enc := range encodings {
		p := p
		if enc.name == asOpenMetrics.name || enc.name == asCreated.name {
			p = p.without(fractional)
		}
		for escaping := range schemes {
			if got, want := p.in(t, enc, escaping), p.reference(t, enc, escaping); got != want {
				format := "%s, %s: got:\n%s\nwant:\n%s"
				if enc.name == asProtobuf.name {
					format = "%s, %s: got:\n%q\nwant:\n%q"
				}
				t.Fatalf(format, enc.name, escaping, got, want)
			}
		}
	}
}

func TestBytesAreThoseOfTheReference(t *testing.T) {
	for _, p := range pages {
		compareWithReference(t, p)
	}
	rapid.Check(t, func(t *rapid.T) { compareWithReference(t, drawPage(t, names)) })
}

// names are apart from each other under every escaping and with every suffix.
var names = []string{
	"a", "b_total", "_e", "f.g", "größe", "1st", "quote\"d", "back\\slash", "line\nfeed", "花火", "sp ace", "{", "h_seconds", "i_seconds_total",
	"a_very_long_name_" + strings.Repeat("x", 128),
}

// anyText draws what may stand in a help text or a label value.
var anyText = rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\\\"\nn {}=,#"))), rapid.Just(strings.Repeat("long", 50)))

// number draws a value. Adding zero takes the sign from a zero, which the text
// does not show.
var number = rapid.Map(
	rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, nan, inf, -inf, 1e6, 1e-9, -999999})),
	func(v float64) float64 { return v + 0 })

func drawPage(t *rapid.T, labelNames []string) page {
	// Trailing blanks of a help text are not read back.
	help := rapid.Map(anyText, strings.TrimSpace)
	var p page
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 5, rapid.ID).Draw(t, "families") {
		f := Family{
			Name: name,
			Help: help.Draw(t, "help"),
			Type: rapid.SampledFrom([]Type{Untyped, Counter, Gauge, Summary, Histogram, GaugeHistogram}).Draw(t, "type"),
		}
		f.HasHelp = f.Help != "" && rapid.Bool().Draw(t, "has help")
		if (name == "h_seconds" || name == "i_seconds_total" && f.Type == Counter) && rapid.Bool().Draw(t, "has unit") {
			f.Unit = "seconds"
		}
		sets := rapid.SliceOfNDistinct(rapid.MapOfN(rapid.SampledFrom(labelNames), anyText, 0, 3), 1, 4, func(m map[string]string) string {
			return labelsOf(m).Text()
		}).Draw(t, "labels")
		var all []Series
		for _, set := range sets {
			s := drawSeries(t, f.Type)
			s.Labels = labelsOf(set)
			all = append(all, s)
		}
		p = append(p, struct {
			Family
			series []Series
		}{f, all})
	}
	return p
}

func drawSeries(t *rapid.T, typ Type) Series {
	var s Series
	switch typ {
	case Summary:
		s.Dist.Count, s.Dist.Sum = whole(uint64(rapid.Uint32().Draw(t, "count"))), number.Draw(t, "sum")
		for _, rank := range rapid.SliceOfNDistinct(rapid.Float64Range(0.001, 1), 0, 4, rapid.ID).Draw(t, "ranks") {
			s.Dist.Quantiles = append(s.Dist.Quantiles, Quantile{rank, number.Draw(t, "quantile")})
		}
	case Histogram, GaugeHistogram:
		s.Dist = drawHistogram(t, typ == GaugeHistogram && rapid.Bool().Draw(t, "fractional"))
	default:
		s.Value = number.Draw(t, "value")
	}
	if typ == Counter {
		s.Exemplar = drawExemplar(t)
	}
	if typ != Gauge && typ != Untyped {
		s.Created = drawTime(t)
	}
	if rapid.Bool().Draw(t, "has timestamp") {
		s.HasTimestamp, s.Timestamp = true, rapid.Int64().Draw(t, "timestamp")
	}
	return s
}

func drawHistogram(t *rapid.T, fractional bool) Distribution {
	count := rapid.Map(rapid.Uint32(), func(n uint32) Count { return whole(uint64(n)) })
	if fractional {
		count = rapid.Map(rapid.Float64Min(0), func(v float64) Count { return Count{Float: v} })
	}
	d := Distribution{Count: count.Draw(t, "count"), Sum: number.Draw(t, "sum")}
	for _, bound := range rapid.SliceOfNDistinct(rapid.Float64Min(0.001), 0, 4, rapid.ID).Draw(t, "bounds") {
		d.Buckets = append(d.Buckets, Bucket{UpperBound: bound, Count: count.Draw(t, "bucket"), Exemplar: drawExemplar(t)})
	}
	if rapid.Bool().Draw(t, "native") {
		d.Native = &Native{
			Schema:        rapid.Int32Range(-4, 8).Draw(t, "schema"),
			ZeroThreshold: rapid.SampledFrom([]float64{0, 1e-128}).Draw(t, "zero threshold"),
			ZeroCount:     rapid.Uint64().Draw(t, "zero count"),
			Positive:      drawNativeBuckets(t),
			Negative:      drawNativeBuckets(t),
		}
		for range rapid.IntRange(0, 2).Draw(t, "exemplars") {
			d.Native.Exemplars = append(d.Native.Exemplars, &Exemplar{Value: 1, Time: UnixNano(rapid.Int64().Draw(t, "time"))})
		}
	}
	return d
}

func drawNativeBuckets(t *rapid.T) NativeBuckets {
	return NativeBuckets{
		Spans: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
			return Span{rapid.Int32().Draw(t, "offset"), rapid.Uint32().Draw(t, "length")}
		}), 0, 3).Draw(t, "spans"),
		Deltas: rapid.SliceOfN(rapid.Int64(), 0, 50).Draw(t, "deltas"),
	}
}

// drawExemplar draws exemplars with legacy names: the others are not escaped by
// the reference.
func drawExemplar(t *rapid.T) *Exemplar {
	if !rapid.Bool().Draw(t, "has exemplar") {
		return nil
	}
	e := &Exemplar{Value: number.Draw(t, "exemplar"), Time: drawTime(t)}
	for range rapid.IntRange(0, 2).Draw(t, "labels") {
		e.Labels = append(e.Labels, Label{rapid.SampledFrom([]string{"a", "trace_id"}).Draw(t, "name"), anyText.Draw(t, "value")})
	}
	return e
}

// drawTime draws times whose nanoseconds fit into 64 bits: the others are wrong
// in the reference.
func drawTime(t *rapid.T) Time {
	if !rapid.Bool().Draw(t, "has time") {
		return Time{}
	}
	return UnixNano(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1e9, 1e8, -1})).Draw(t, "nanoseconds"))
}

func TestTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Of gauge histograms, neither the type nor the counts survive.
		p := drawPage(t, append(names, "c:d", "e:é")).without(func(f *Family, _ []Series) bool { return f.Type == GaugeHistogram })
		for escaping, scheme := range schemes {
			text := p.in(t, asText, escaping)
			parser := expfmt.NewTextParser(model.UTF8Validation)
			got, err := parser.TextToMetricFamilies(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v in:\n%s", escaping, err, text)
			}
			if len(got) != len(p) {
				t.Fatalf("%s: got %d families, want %d, from:\n%s", escaping, len(got), len(p), text)
			}
			for _, mf := range p.messages() {
				escapeColons(mf, escaping)
				want := model.EscapeMetricFamily(mf, scheme)
				readable(want)
				if got := got[want.GetName()]; !proto.Equal(got, want) {
					t.Fatalf("%s: got %v, want %v, from:\n%s", escaping, got, want, text)
				}
			}
		}
	})
}

// escapeColons does what the reference leaves undone: no reader takes a colon in
// the name of a label, unless it stands in quotes.
func escapeColons(mf *dto.MetricFamily, escaping Escaping) {
	if escaping == AllowUTF8 {
		return
	}
	for _, m := range mf.Metric {
		for _, l := range m.Label {
			if strings.Contains(l.GetName(), ":") {
				l.Name = proto.String(string(appendLabelName(nil, l.GetName(), escaping)))
			}
		}
	}
}

// readable makes a message what the text has of it: without what it has no place
// for, and with the bucket that need not be in a message.
func readable(mf *dto.MetricFamily) {
	mf.Unit = nil
	for _, m := range mf.Metric {
		if c := m.Counter; c != nil {
			m.Counter = &dto.Counter{Value: c.Value}
		}
		if s := m.Summary; s != nil {
			m.Summary = &dto.Summary{SampleCount: s.SampleCount, SampleSum: s.SampleSum, Quantile: s.Quantile}
		}
		if h := m.Histogram; h != nil {
			m.Histogram = &dto.Histogram{SampleCount: h.SampleCount, SampleSum: h.SampleSum}
			for _, b := range h.Bucket {
				m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: b.UpperBound, CumulativeCount: b.CumulativeCount})
			}
			m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: proto.Float64(math.Inf(1)), CumulativeCount: h.SampleCount})
		}
	}
}
