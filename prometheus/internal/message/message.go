// Package message translates between the series of internal/exposition and the
// protobuf messages that stand in the public API: Metric.Write, Gather and
// whatever foreign code hands over.
package message

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Store writes a series of that type into a message that is empty.
func Store(t exposition.Type, s *exposition.Series, out *dto.Metric) {
	out.Label = Pairs(s.Labels)
	if s.HasTimestamp {
		out.TimestampMs = proto.Int64(s.Timestamp)
	}
	switch t {
	case exposition.Counter:
		out.Counter = &dto.Counter{
			Value:            proto.Float64(s.Value),
			Exemplar:         Exemplar(s.Exemplar),
			CreatedTimestamp: storeTime(s.Created),
		}
	case exposition.Gauge:
		out.Gauge = &dto.Gauge{Value: proto.Float64(s.Value)}
	case exposition.Summary:
		out.Summary = &dto.Summary{
			SampleCount:      proto.Uint64(s.Dist.Count.Whole),
			SampleSum:        proto.Float64(s.Dist.Sum),
			CreatedTimestamp: storeTime(s.Created),
		}
		for _, q := range s.Dist.Quantiles {
			out.Summary.Quantile = append(out.Summary.Quantile,
				&dto.Quantile{Quantile: proto.Float64(q.Rank), Value: proto.Float64(q.Value)})
		}
	case exposition.Histogram, exposition.GaugeHistogram:
		out.Histogram = storeHistogram(s)
	default:
		out.Untyped = &dto.Untyped{Value: proto.Float64(s.Value)}
	}
}

func storeHistogram(s *exposition.Series) *dto.Histogram {
	h := &dto.Histogram{
		SampleCount:      proto.Uint64(s.Dist.Count.Whole),
		SampleSum:        proto.Float64(s.Dist.Sum),
		CreatedTimestamp: storeTime(s.Created),
	}
	for _, b := range s.Dist.Buckets {
		h.Bucket = append(h.Bucket, &dto.Bucket{
			UpperBound:      proto.Float64(b.UpperBound),
			CumulativeCount: proto.Uint64(b.Count.Whole),
			Exemplar:        Exemplar(b.Exemplar),
		})
	}
	if n := s.Dist.Native; n != nil {
		h.Schema = proto.Int32(n.Schema)
		h.ZeroThreshold = proto.Float64(n.ZeroThreshold)
		h.ZeroCount = proto.Uint64(n.ZeroCount)
		h.PositiveSpan, h.PositiveDelta = storeSpans(n.Positive.Spans), n.Positive.Deltas
		h.NegativeSpan, h.NegativeDelta = storeSpans(n.Negative.Spans), n.Negative.Deltas
		for _, e := range n.Exemplars {
			h.Exemplars = append(h.Exemplars, Exemplar(e))
		}
	}
	return h
}

func storeSpans(spans []exposition.Span) []*dto.BucketSpan {
	var out []*dto.BucketSpan
	for _, s := range spans {
		out = append(out, &dto.BucketSpan{Offset: proto.Int32(s.Offset), Length: proto.Uint32(s.Length)})
	}
	return out
}

// Exemplar returns an exemplar as a message, nil for none.
func Exemplar(e *exposition.Exemplar) *dto.Exemplar {
	if e == nil {
		return nil
	}
	out := &dto.Exemplar{Value: proto.Float64(e.Value), Timestamp: storeTime(e.Time)}
	for _, l := range e.Labels {
		out.Label = append(out.Label, &dto.LabelPair{Name: proto.String(l.Name), Value: proto.String(l.Value)})
	}
	return out
}

func storeTime(t exposition.Time) *timestamppb.Timestamp {
	if !t.Known {
		return nil
	}
	return &timestamppb.Timestamp{Seconds: t.Seconds, Nanos: t.Nanos}
}

// Pairs returns the labels as messages.
func Pairs(l *exposition.Labels) []*dto.LabelPair {
	if l.Len() == 0 {
		return nil
	}
	pairs := make([]*dto.LabelPair, 0, l.Len())
	for name, value := range l.All() {
		pairs = append(pairs, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
	}
	return pairs
}

// Load reads a series out of a message. The series refers to the message, which
// must not change any more. It tells which type the message is of, and false
// if it holds no value at all.
//
// Native buckets are left in the message, from where a format that has room for
// them takes them.
func Load(in *dto.Metric) (exposition.Type, exposition.Series, bool) {
	t, ok := typeOf(in)
	if !ok {
		return t, exposition.Series{}, false
	}
	return t, load(t, in), true
}

// typeOf tells of which type a message is: that of the first value that it has.
func typeOf(in *dto.Metric) (exposition.Type, bool) {
	for _, t := range [...]exposition.Type{
		exposition.Gauge, exposition.Counter, exposition.Summary, exposition.Untyped, exposition.Histogram,
	} {
		if has(t, in) {
			return t, true
		}
	}
	return exposition.Untyped, false
}

// has tells whether a message has a value of that type.
func has(t exposition.Type, in *dto.Metric) bool {
	switch {
	case in == nil:
		return false
	case t == exposition.Gauge:
		return in.Gauge != nil
	case t == exposition.Counter:
		return in.Counter != nil
	case t == exposition.Summary:
		return in.Summary != nil
	case t == exposition.Histogram, t == exposition.GaugeHistogram:
		return in.Histogram != nil
	default:
		return in.Untyped != nil
	}
}

// load reads the series of that type out of a message, which has it.
func load(t exposition.Type, in *dto.Metric) exposition.Series {
	labels := Labels(in)
	s := exposition.Series{
		Labels:       &labels,
		Timestamp:    in.GetTimestampMs(),
		HasTimestamp: in.TimestampMs != nil,
		Origin:       Origin{in},
	}
	switch t {
	case exposition.Gauge:
		s.Value = in.Gauge.GetValue()
	case exposition.Counter:
		s.Value = in.Counter.GetValue()
		s.Exemplar = loadExemplar(in.Counter.Exemplar)
		s.Created = loadTime(in.Counter.CreatedTimestamp)
	case exposition.Summary:
		s.Dist.Count.Whole, s.Dist.Sum = in.Summary.GetSampleCount(), in.Summary.GetSampleSum()
		s.Created = loadTime(in.Summary.CreatedTimestamp)
		for _, q := range in.Summary.GetQuantile() {
			s.Dist.Quantiles = append(s.Dist.Quantiles, exposition.Quantile{Rank: q.GetQuantile(), Value: q.GetValue()})
		}
	case exposition.Histogram, exposition.GaugeHistogram:
		s.Dist.Count = exposition.Count{Whole: in.Histogram.GetSampleCount(), Float: in.Histogram.GetSampleCountFloat()}
		s.Dist.Sum = in.Histogram.GetSampleSum()
		s.Created = loadTime(in.Histogram.CreatedTimestamp)
		for _, b := range in.Histogram.GetBucket() {
			s.Dist.Buckets = append(s.Dist.Buckets, exposition.Bucket{
				UpperBound: b.GetUpperBound(),
				Count:      exposition.Count{Whole: b.GetCumulativeCount(), Float: b.GetCumulativeCountFloat()},
				Exemplar:   loadExemplar(b.GetExemplar()),
			})
		}
	default:
		s.Value = in.Untyped.GetValue()
	}
	return s
}

// loadExemplar replaces what is not UTF-8, which nobody has checked: a reader of
// OpenMetrics would refuse the whole page because of it.
func loadExemplar(e *dto.Exemplar) *exposition.Exemplar {
	if e == nil {
		return nil
	}
	out := &exposition.Exemplar{Value: e.GetValue(), Time: loadTime(e.Timestamp)}
	for _, l := range e.GetLabel() {
		out.Labels = append(out.Labels, exposition.Label{
			Name:  strings.ToValidUTF8(l.GetName(), string(utf8.RuneError)),
			Value: strings.ToValidUTF8(l.GetValue(), string(utf8.RuneError)),
		})
	}
	return out
}

func loadTime(t *timestamppb.Timestamp) exposition.Time {
	if t == nil {
		return exposition.Time{}
	}
	return exposition.Time{Seconds: t.GetSeconds(), Nanos: t.GetNanos(), Known: true}
}

// Labels returns the labels of a message, sorted by name.
func Labels(in *dto.Metric) exposition.Labels {
	pairs := sortedPairs(in.GetLabel())
	names, values := make([]string, len(pairs)), make([]string, len(pairs))
	for i, pair := range pairs {
		names[i], values[i] = pair.GetName(), pair.GetValue()
	}
	return exposition.NewLabels(names, values)
}

// sortedPairs returns the pairs sorted by name, leaving the slice that it is
// given as it is: a message that was handed over does not change.
func sortedPairs(pairs []*dto.LabelPair) []*dto.LabelPair {
	if slices.IsSortedFunc(pairs, byName) {
		return pairs
	}
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, byName)
	return pairs
}

func byName(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) }

// inOrder returns the message, or a copy of it, with its labels sorted.
func inOrder(m *dto.Metric) *dto.Metric {
	if slices.IsSortedFunc(m.GetLabel(), byName) {
		return m
	}
	return &dto.Metric{
		Label:       sortedPairs(m.GetLabel()),
		Gauge:       m.Gauge,
		Counter:     m.Counter,
		Summary:     m.Summary,
		Untyped:     m.Untyped,
		Histogram:   m.Histogram,
		TimestampMs: m.TimestampMs,
	}
}
