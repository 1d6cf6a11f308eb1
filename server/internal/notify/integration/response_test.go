package integration

import (
	"context"
	"errors"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"
)

// An answer has its time from its first byte on; before, the deadline alone counts.
func TestResponseTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := limitResponse(t.Context())
		defer cancel()
		time.Sleep(10 * responseTime)
		if ctx.Err() != nil {
			t.Fatalf("got %v before the first byte, want the time of the caller", context.Cause(ctx))
		}
		httptrace.ContextClientTrace(ctx).GotFirstResponseByte()
		time.Sleep(responseTime - time.Millisecond)
		httptrace.ContextClientTrace(ctx).GetConn("service.example:443")
		time.Sleep(10 * responseTime)
		if ctx.Err() != nil {
			t.Fatalf("got %v while another request waits, want the time of the caller", context.Cause(ctx))
		}
		httptrace.ContextClientTrace(ctx).GotFirstResponseByte()
		time.Sleep(responseTime - time.Millisecond)
		if ctx.Err() != nil {
			t.Fatalf("got %v too early", context.Cause(ctx))
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), errSlow) {
			t.Errorf("got %v, want %v", context.Cause(ctx), errSlow)
		}
	})
}
