package message

import (
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Origin is a message of a foreign collector as the series that was read out of it
// refers to it.
type Origin struct{ Metric *dto.Metric }

// AppendFields implements exposition.Origin.
func (o Origin) AppendFields(dst []byte) []byte {
	m := o.Metric
	// The fields and their numbers are those of io.prometheus.client.Metric.
	if m.Gauge != nil {
		dst = appendMessage(dst, 2, m.Gauge)
	}
	if m.Counter != nil {
		dst = appendMessage(dst, 3, m.Counter)
	}
	if m.Summary != nil {
		dst = appendMessage(dst, 4, m.Summary)
	}
	if m.Untyped != nil {
		dst = appendMessage(dst, 5, m.Untyped)
	}
	if m.TimestampMs != nil {
		dst = protowire.AppendTag(dst, 6, protowire.VarintType)
		dst = protowire.AppendVarint(dst, uint64(m.GetTimestampMs()))
	}
	if m.Histogram != nil {
		dst = appendMessage(dst, 7, m.Histogram)
	}
	return dst
}

func appendMessage(dst []byte, field protowire.Number, m proto.Message) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(proto.Size(m)))
	// This cannot fail: no field is required, and no text need be UTF-8.
	dst, _ = proto.MarshalOptions{}.MarshalAppend(dst, m)
	return dst
}
