package exposition

import (
	"bytes"
	"math"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// The reference implementation of the text format is the one that scrapers are
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
		for i := range f.series {
			mf.Metric = append(mf.Metric, message(f.Type, &f.series[i]))
		}
		all = append(all, mf)
	}
	return all
}

func message(typ Type, s *Series) *dto.Metric {
	m := &dto.Metric{}
	for i, name := range s.Labels.Names {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(s.Labels.Values[i])})
	}
	if s.HasTimestamp {
		m.TimestampMs = proto.Int64(s.Timestamp)
	}
	switch typ {
	case Counter:
		m.Counter = &dto.Counter{Value: &s.Value}
	case Gauge:
		m.Gauge = &dto.Gauge{Value: &s.Value}
	case Untyped:
		m.Untyped = &dto.Untyped{Value: &s.Value}
	case Summary:
		m.Summary = &dto.Summary{SampleCount: proto.Uint64(s.Dist.Count.Whole), SampleSum: &s.Dist.Sum}
		for _, q := range s.Dist.Quantiles {
			m.Summary.Quantile = append(m.Summary.Quantile, &dto.Quantile{Quantile: &q.Rank, Value: &q.Value})
		}
	case Histogram, GaugeHistogram:
		m.Histogram = &dto.Histogram{SampleCount: proto.Uint64(s.Dist.Count.Whole), SampleSum: &s.Dist.Sum}
		for _, b := range s.Dist.Buckets {
			m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: &b.UpperBound, CumulativeCount: &b.Count.Whole})
		}
	}
	return m
}

func (p page) referenceText(t interface{ Fatal(...any) }, escaping Escaping) string {
	var out bytes.Buffer
	for _, mf := range p.messages() {
		if _, err := expfmt.MetricFamilyToText(&out, model.EscapeMetricFamily(mf, schemes[escaping])); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// names are apart from each other under every escaping and with every suffix.
var names = []string{"a", "b_total", "_e", "f.g", "größe", "1st", "quote\"d", "back\\slash", "line\nfeed", "花火", "sp ace", "{"}

func drawPage(t *rapid.T, labelNames []string) page {
	// Adding zero takes the sign from a zero, which the text does not show.
	number := rapid.Map(
		rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, nan, inf, -inf, 1e6, 1e-9})),
		func(v float64) float64 { return v + 0 })
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\\\"\nn {}=,#"))))
	// Trailing blanks of a help text are not read back.
	help := rapid.Map(text, strings.TrimSpace)
	var p page
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 5, rapid.ID).Draw(t, "families") {
		f := Family{
			Name: name,
			Help: help.Draw(t, "help"),
			Type: rapid.SampledFrom([]Type{Untyped, Counter, Gauge, Summary, Histogram}).Draw(t, "type"),
		}
		f.HasHelp = f.Help != "" && rapid.Bool().Draw(t, "has help")
		sets := rapid.SliceOfNDistinct(rapid.MapOfN(rapid.SampledFrom(labelNames), text, 0, 3), 1, 4, func(m map[string]string) string {
			return labelsOf(m).Text()
		}).Draw(t, "labels")
		var all []Series
		for _, set := range sets {
			s := Series{Labels: labelsOf(set)}
			switch f.Type {
			case Summary, Histogram:
				s.Dist.Sum = number.Draw(t, "sum")
				at := rapid.Float64Range(0.001, 1)
				if f.Type == Histogram {
					at = rapid.Float64Min(0.001)
				}
				for i, at := range rapid.SliceOfNDistinct(at, 0, 4, rapid.ID).Draw(t, "points") {
					if f.Type == Summary {
						s.Dist.Quantiles = append(s.Dist.Quantiles, Quantile{at, number.Draw(t, "quantile")})
					} else {
						s.Dist.Buckets = append(s.Dist.Buckets, bucket(at, uint64(i)))
					}
				}
				s.Dist.Count = whole(uint64(rapid.Uint32().Draw(t, "count")))
			default:
				s.Value = number.Draw(t, "value")
			}
			if rapid.Bool().Draw(t, "has timestamp") {
				s.HasTimestamp, s.Timestamp = true, rapid.Int64().Draw(t, "timestamp")
			}
			all = append(all, s)
		}
		p = append(p, struct {
			Family
			series []Series
		}{f, all})
	}
	return p
}

func TestTextIsTheBytesOfTheReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPage(t, append(names, "c:d", "e:é"))
		for escaping := range schemes {
			if got, want := p.text(t, escaping), p.referenceText(t, escaping); got != want {
				t.Fatalf("%s: got:\n%s\nwant:\n%s", escaping, got, want)
			}
		}
	})
	for _, p := range []page{typesPage[:4], typesPage[5:], valuesPage, timestampsPage, helpPage, utf8Page} {
		for escaping := range schemes {
			if got, want := p.text(t, escaping), p.referenceText(t, escaping); got != want {
				t.Errorf("%s: got:\n%s\nwant:\n%s", escaping, got, want)
			}
		}
	}
}

func TestTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// The format has no way to read a label name with a colon and without
		// quotes, though the reference writes it so.
		p := drawPage(t, names)
		for escaping, scheme := range schemes {
			text := p.text(t, escaping)
			parser := expfmt.NewTextParser(model.UTF8Validation)
			got, err := parser.TextToMetricFamilies(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v in:\n%s", escaping, err, text)
			}
			if len(got) != len(p) {
				t.Fatalf("%s: got %d families, want %d, from:\n%s", escaping, len(got), len(p), text)
			}
			for _, mf := range p.messages() {
				want := model.EscapeMetricFamily(mf, scheme)
				addInfBuckets(want)
				if got := got[want.GetName()]; !proto.Equal(got, want) {
					t.Fatalf("%s: got %v, want %v, from:\n%s", escaping, got, want, text)
				}
			}
		}
	})
}

// addInfBuckets adds the bucket that stands in the text, but need not in a
// message.
func addInfBuckets(mf *dto.MetricFamily) {
	for _, m := range mf.Metric {
		if h := m.Histogram; h != nil {
			h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: proto.Float64(math.Inf(1)), CumulativeCount: h.SampleCount})
		}
	}
}
