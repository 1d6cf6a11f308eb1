package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
)

func TestVectorGrowsAndCollectorDoesNot(t *testing.T) {
	i := newIssuer()
	if got := scrape.Lines(t, i.handler(), "token_"); len(got) != 0 {
		t.Errorf("before the first token: got %q, want nothing", got)
	}
	for n := 1; n <= 3; n++ {
		i.issue()
		handler := i.handler()
		if got := scrape.Lines(t, handler, "token_issued_timestamp_seconds{"); len(got) != n {
			t.Errorf("after %d tokens the vector has %q", n, got)
		}
		got := scrape.Lines(t, handler, "token_valid_since_timestamp_seconds{")
		if len(got) != 1 || !strings.Contains(got[0], i.token) {
			t.Errorf("after %d tokens the collector has %q, want one series of %s", n, got, i.token)
		}
	}
}

func TestTokenIsReplacedAtEveryTick(t *testing.T) {
	i := newIssuer()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Millisecond)
		defer cancel()
		i.issueEvery(ctx, 100*time.Millisecond)
	})
	if got := scrape.Lines(t, i.handler(), "token_issued_timestamp_seconds{"); len(got) != 10 {
		t.Errorf("after a second the vector has %d series, want 10", len(got))
	}
}
