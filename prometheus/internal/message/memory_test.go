//go:build !race

// The race detector allocates on its own account.

package message_test

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

func TestOriginAllocatesNothing(t *testing.T) {
	m := &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}, TimestampMs: proto.Int64(1)}
	dst := make([]byte, 0, 1024)
	if got := testing.AllocsPerRun(100, func() {
		var origin exposition.Origin = message.Origin{Metric: m}
		origin.AppendFields(dst)
	}); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}
