package message_test

import (
	"math"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

func TestFieldsOfOrigin(t *testing.T) {
	exemplar := &dto.Exemplar{
		Label: []*dto.LabelPair{{Name: proto.String("trace_id"), Value: proto.String("1")}},
		Value: proto.Float64(2), Timestamp: &timestamppb.Timestamp{Seconds: 5},
	}
	tests := map[string]*dto.Metric{
		"nothing":   {},
		"gauge":     {Gauge: &dto.Gauge{Value: proto.Float64(1)}},
		"no value":  {Gauge: &dto.Gauge{}},
		"counter":   {Counter: &dto.Counter{Value: proto.Float64(math.NaN()), Exemplar: exemplar, CreatedTimestamp: &timestamppb.Timestamp{Nanos: 1}}},
		"summary":   {Summary: &dto.Summary{SampleCount: proto.Uint64(3), Quantile: []*dto.Quantile{{Quantile: proto.Float64(0.5), Value: proto.Float64(0)}}}},
		"untyped":   {Untyped: &dto.Untyped{Value: proto.Float64(0)}, TimestampMs: proto.Int64(math.MinInt64)},
		"timestamp": {Gauge: &dto.Gauge{Value: proto.Float64(1)}, TimestampMs: proto.Int64(0)},
		"float histogram": {TimestampMs: proto.Int64(1), Histogram: &dto.Histogram{
			SampleCountFloat: proto.Float64(2.5), ZeroCountFloat: proto.Float64(0.5), Schema: proto.Int32(-53), PositiveCount: []float64{1, 1},
			PositiveSpan: []*dto.BucketSpan{{Offset: proto.Int32(-1), Length: proto.Uint32(2)}},
			Exemplars:    []*dto.Exemplar{exemplar},
		}},
		"long": {Histogram: &dto.Histogram{NegativeDelta: make([]int64, 10_000)}},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			m.Label = []*dto.LabelPair{{Name: proto.String("not"), Value: proto.String("written")}}
			dst := []byte("before")
			if got := string(message.Origin{Metric: m}.AppendFields(dst)); got != "before"+string(want) {
				t.Errorf("got %q, want %q in front of %q", got, dst, want)
			}
		})
	}
}
