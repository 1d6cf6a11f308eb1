package tracing

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// The address of a receiver is often its secret, and so are headers. The spans of
// HTTP clients, which libraries make, have both whole; what goes out has the host of
// the address, and the headers that every request has.

// libraries is how the names of those libraries begin.
const libraries = "go.opentelemetry.io/"

// headers is how the attributes with headers begin, harmless are those to be shown.
const headers = "http.request.header."

var harmless = []string{"host", "user-agent", "content-type", "content-length", "accept", "accept-encoding", "traceparent"}

// veil hides secrets in the spans of whatever provider is in force.
func veil() {
	provider := otel.GetTracerProvider()
	if _, ok := provider.(veiled); !ok {
		otel.SetTracerProvider(veiled{provider})
	}
}

type veiled struct{ trace.TracerProvider }

func (v veiled) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	t := v.TracerProvider.Tracer(name, options...)
	if strings.HasPrefix(name, libraries) {
		return veiledTracer{t}
	}
	return t
}

type veiledTracer struct{ trace.Tracer }

func (t veiledTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	// Of several values of an attribute, the last counts.
	given := trace.NewSpanStartConfig(options...)
	options = append(slices.Clip(options), trace.WithAttributes(withoutSecrets(given.Attributes())...))
	ctx, span := t.Tracer.Start(ctx, name, options...)
	hidden := veiledSpan{span}
	return trace.ContextWithSpan(ctx, hidden), hidden
}

type veiledSpan struct{ trace.Span }

func (s veiledSpan) SetAttributes(attributes ...attribute.KeyValue) {
	s.Span.SetAttributes(withoutSecrets(attributes)...)
}

func withoutSecrets(attributes []attribute.KeyValue) []attribute.KeyValue {
	without := slices.Clone(attributes)
	for i, a := range without {
		header, isHeader := strings.CutPrefix(string(a.Key), headers)
		switch {
		case a.Key == "url.full":
			without[i].Value = attribute.StringValue(hostAlone(a.Value.AsString()))
		case isHeader && !slices.Contains(harmless, strings.ToLower(header)):
			without[i].Value = attribute.StringValue("<secret>")
		}
	}
	return without
}

func hostAlone(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "<secret>"
	}
	return u.Scheme + "://" + u.Host + "/<secret>"
}
