// Package message translates between the series of internal/exposition and the
// protobuf messages that stand in the public API: Metric.Write, Gather and
// whatever foreign code hands over.
package message

import (
	"cmp"
	"slices"
	"time"

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
		out.Counter = &dto.Counter{Value: proto.Float64(s.Value), CreatedTimestamp: created(s)}
	case exposition.Gauge:
		out.Gauge = &dto.Gauge{Value: proto.Float64(s.Value)}
	case exposition.Summary:
		out.Summary = &dto.Summary{
			SampleCount:      proto.Uint64(uint64(s.Dist.Count)),
			SampleSum:        proto.Float64(s.Dist.Sum),
			CreatedTimestamp: created(s),
		}
		for _, p := range s.Dist.Points {
			out.Summary.Quantile = append(out.Summary.Quantile,
				&dto.Quantile{Quantile: proto.Float64(p.At), Value: proto.Float64(p.Value)})
		}
	case exposition.Histogram, exposition.GaugeHistogram:
		out.Histogram = &dto.Histogram{
			SampleCount:      proto.Uint64(uint64(s.Dist.Count)),
			SampleSum:        proto.Float64(s.Dist.Sum),
			CreatedTimestamp: created(s),
		}
		for _, p := range s.Dist.Points {
			out.Histogram.Bucket = append(out.Histogram.Bucket,
				&dto.Bucket{UpperBound: proto.Float64(p.At), CumulativeCount: proto.Uint64(uint64(p.Value))})
		}
	default:
		out.Untyped = &dto.Untyped{Value: proto.Float64(s.Value)}
	}
}

// Pairs returns the labels as messages.
func Pairs(l *exposition.Labels) []*dto.LabelPair {
	if len(l.Names) == 0 {
		return nil
	}
	pairs := make([]*dto.LabelPair, len(l.Names))
	for i := range l.Names {
		pairs[i] = &dto.LabelPair{Name: proto.String(l.Names[i]), Value: proto.String(l.Values[i])}
	}
	return pairs
}

func created(s *exposition.Series) *timestamppb.Timestamp {
	if s.Created == 0 {
		return nil
	}
	return timestamppb.New(time.Unix(0, s.Created))
}

// Load reads a series out of a message. The series refers to the message, which
// must not change any more. It tells which type the message is of, and false
// if it holds no value at all.
func Load(in *dto.Metric) (exposition.Type, exposition.Series, bool) {
	labels := Labels(in)
	s := exposition.Series{
		Labels:       &labels,
		Timestamp:    in.GetTimestampMs(),
		HasTimestamp: in.TimestampMs != nil,
		Origin:       in,
	}
	switch {
	case in.Gauge != nil:
		s.Value = in.Gauge.GetValue()
		return exposition.Gauge, s, true
	case in.Counter != nil:
		s.Value = in.Counter.GetValue()
		s.Created = nanoseconds(in.Counter.GetCreatedTimestamp())
		return exposition.Counter, s, true
	case in.Summary != nil:
		s.Dist = exposition.Distribution{Count: float64(in.Summary.GetSampleCount()), Sum: in.Summary.GetSampleSum()}
		s.Created = nanoseconds(in.Summary.GetCreatedTimestamp())
		for _, q := range in.Summary.GetQuantile() {
			s.Dist.Points = append(s.Dist.Points, exposition.Point{At: q.GetQuantile(), Value: q.GetValue()})
		}
		return exposition.Summary, s, true
	case in.Untyped != nil:
		s.Value = in.Untyped.GetValue()
		return exposition.Untyped, s, true
	case in.Histogram != nil:
		s.Dist = exposition.Distribution{
			Count: eitherCount(in.Histogram.GetSampleCountFloat(), in.Histogram.GetSampleCount()),
			Sum:   in.Histogram.GetSampleSum(),
		}
		s.Created = nanoseconds(in.Histogram.GetCreatedTimestamp())
		for _, b := range in.Histogram.GetBucket() {
			s.Dist.Points = append(s.Dist.Points, exposition.Point{
				At:    b.GetUpperBound(),
				Value: eitherCount(b.GetCumulativeCountFloat(), b.GetCumulativeCount()),
			})
		}
		return exposition.Histogram, s, true
	}
	return exposition.Untyped, s, false
}

// eitherCount returns the count of a message that can hold it in two forms.
func eitherCount(float float64, whole uint64) float64 {
	if float != 0 {
		return float
	}
	return float64(whole)
}

func nanoseconds(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return t.AsTime().UnixNano()
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
