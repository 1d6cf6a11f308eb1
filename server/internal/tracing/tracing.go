// Package tracing sends traces to where the configuration says: what each
// notification went through on its way, and the requests that the server answers and
// makes. Spans have the names and attributes that Alertmanager gives them.
//
// Where no traces are asked for, a step costs the reading of one number.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/tracing"
	commonconfig "github.com/prometheus/common/config"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config is the section tracing of an alertmanager.yml. Without an endpoint, no
// traces are sent.
type Config = tracing.TracingConfig

// on says whether traces are sent. Where they go to is one choice for the whole
// process, as it is in OpenTelemetry.
var on atomic.Bool

// Manager applies configurations. There must be one in a process at a time.
type Manager struct {
	manager *tracing.Manager
}

// New returns a Manager that sends nothing yet. The logger takes what goes wrong
// while traces are sent.
func New(logger *slog.Logger) *Manager {
	// HTTP clients that are made before the first Apply stay with this provider.
	otel.SetTracerProvider(veiled{noop.NewTracerProvider()})
	return &Manager{manager: tracing.NewManager(logger)}
}

// Apply sends traces where c says from now on; if that is not possible, the error
// says why, and nothing changes.
func (m *Manager) Apply(c Config) error {
	if err := m.manager.ApplyConfig(c); err != nil {
		return fmt.Errorf("tracing: %w", err)
	}
	veil()
	on.Store(c.Endpoint != "")
	return nil
}

// stopGrace is how long sending what there still is may take at the end.
const stopGrace = 2 * time.Second

// Run lets traces of others go on in ours, and ours in theirs, until the context
// ends; then it sends what there still is, for two seconds at most. It returns nil, and
// may be called once.
func (m *Manager) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.manager.Run()
	}()
	<-ctx.Done()
	on.Store(false)
	go m.manager.Stop() // has a longer patience of its own
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
	return nil
}

// Check says why a configuration cannot be applied, or nil: the files that it names
// cannot be used, perhaps.
func Check(c Config) error {
	if c.Endpoint == "" {
		return nil
	}
	if c.Headers != nil {
		for _, h := range c.Headers.Headers {
			if len(h.Values)+len(h.Secrets) == 0 && len(h.Files) > 0 {
				return fmt.Errorf("header files are not supported for tracing configuration")
			}
		}
	}
	if c.TLSConfig == nil || c.Insecure {
		return nil
	}
	_, err := commonconfig.NewTLSConfig(c.TLSConfig)
	return err
}

// Scope makes the spans of one part of the program.
type Scope struct {
	tracer trace.Tracer
}

// NewScope returns a scope. The name is that of the package of Alertmanager which
// makes the same spans.
func NewScope(name string) Scope {
	return Scope{tracing.NewTracer("github.com/prometheus/alertmanager/" + name)}
}

// Start begins a step. The attributes are asked for only if traces are sent. The
// span must be ended.
func (s Scope) Start(ctx context.Context, name string, attributes func() []attribute.KeyValue) (context.Context, trace.Span) {
	if !on.Load() {
		return ctx, none
	}
	return s.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(attributes()...))
}

// none is the span of a step that nobody asked about.
var none = trace.SpanFromContext(context.Background())

// End ends a span; err, if not nil, is why the step failed.
func End(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
		span.RecordError(err)
	}
	span.End()
}

// Middleware makes a span of each request, named by its method and path.
func Middleware(next http.Handler) http.Handler {
	traced := tracing.Middleware(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on.Load() {
			traced.ServeHTTP(w, r)
		} else {
			next.ServeHTTP(w, r)
		}
	})
}
