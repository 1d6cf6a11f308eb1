package message_test

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// What is not UTF-8 in an exemplar would cost a page of OpenMetrics.
func TestLoadReplacesWhatIsNotText(t *testing.T) {
	_, s, ok := message.Load(&dto.Metric{Counter: &dto.Counter{Exemplar: &dto.Exemplar{
		Label: []*dto.LabelPair{{Name: proto.String("a\xff"), Value: proto.String("b\xffc")}},
	}}})
	if !ok || s.Exemplar == nil || len(s.Exemplar.Labels) != 1 {
		t.Fatalf("got %+v, want a counter whose exemplar has a label", s)
	}
	if got := s.Exemplar.Labels[0]; got.Name != "a\uFFFD" || got.Value != "b\uFFFDc" {
		t.Errorf("got %q, want replacement characters for what is not UTF-8", got)
	}
}
