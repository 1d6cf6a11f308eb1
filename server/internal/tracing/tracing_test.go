package tracing_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	commonconfig "github.com/prometheus/common/config"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Where no traces are asked for, a step allocates nothing.
func TestOffCostsNothing(t *testing.T) {
	scope := tracing.NewScope("test")
	alerts := 3
	step := func() {
		_, span := scope.Start(t.Context(), "step", func() []attribute.KeyValue {
			return []attribute.KeyValue{attribute.Int("alerting.alerts.count", alerts)}
		})
		tracing.End(span, nil)
	}
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// What cannot be applied is refused, and what was in force stays so.
func TestRefused(t *testing.T) {
	missing := &commonconfig.TLSConfig{CAFile: "/nowhere/ca.pem"}
	for _, tc := range []struct {
		name   string
		config tracing.Config
		want   string
	}{
		{"CA file", tracing.Config{ClientType: "http", Endpoint: "localhost:1", TLSConfig: missing}, "/nowhere/ca.pem"},
		{"CA file, gRPC", tracing.Config{ClientType: "grpc", Endpoint: "localhost:1", TLSConfig: missing}, "/nowhere/ca.pem"},
		{"header file", tracing.Config{ClientType: "http", Endpoint: "localhost:1", Insecure: true, Headers: &commonconfig.Headers{
			Headers: map[string]commonconfig.Header{"X": {Files: []string{"f"}}},
		}}, "header files are not supported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := tracing.New(slog.New(slog.DiscardHandler))
			for what, err := range map[string]error{"Check": tracing.Check(tc.config), "Apply": m.Apply(tc.config)} {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%s: got %v, want an error with %q", what, err, tc.want)
				}
			}
		})
	}
	if err := tracing.Check(tracing.Config{}); err != nil {
		t.Errorf("no tracing: got %v, want it accepted", err)
	}
}

// Requests are spans of the trace that their client began; without traces they pass
// as they are.
func TestMiddleware(t *testing.T) {
	received := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_ = r.Write(&b) // a Builder takes all
		received <- b.String()
	}))
	defer collector.Close()
	m := tracing.New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	handler := tracing.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	ask := func() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/status", nil))
		if w.Body.String() != "ok" {
			t.Errorf("got %q, want ok", w.Body)
		}
	}
	ask()
	if err := m.Apply(tracing.Config{ClientType: "http", Endpoint: collector.Listener.Addr().String(), Insecure: true, SamplingFraction: 1}); err != nil {
		t.Fatal(err)
	}
	ask()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := <-received; strings.Count(got, "GET /api/v2/status") != 1 {
		t.Errorf("got %q, want one span of the request", got)
	}
}

func ExampleScope_Start() {
	scope := tracing.NewScope("notify")
	ctx, span := scope.Start(context.Background(), "notify.DedupStage.Exec", func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.Int("alerting.alerts.count", 2)}
	})
	defer tracing.End(span, nil)
	fmt.Println(ctx == context.Background(), span.IsRecording()) // no traces are sent
	// Output: true false
}
