package promhttp

import (
	"context"
	"net/http"
	"slices"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Option changes how a handler or a RoundTripper is instrumented. Where two
// Options say something about the same, the last one is right.
type Option interface {
	apply(*options)
}

// LabelValueFromRequest returns the value of a label for a request. It is called
// once per request, by as many goroutines at once as there are requests.
type LabelValueFromRequest func(request *http.Request) string

// LabelValueFromCtx returns the value of a label for a request, given the
// request's context. It is called once per request, by as many goroutines at
// once as there are requests.
type LabelValueFromCtx func(ctx context.Context) string

// WithExtraMethods has requests with these methods told apart, in addition to
// GET, PUT, HEAD, POST, DELETE, CONNECT, OPTIONS, NOTIFY, TRACE and PATCH. How they
// are spelled makes no difference; the label has them in lower case.
func WithExtraMethods(methods ...string) Option {
	owned := slices.Clone(methods)
	return optionFunc(func(o *options) { o.extraMethods = owned })
}

// WithLabelFromRequest adds a label to those that the metric may have; it must
// have it then. The function is called with the request when it has been served;
// by InstrumentHandlerTimeToWriteHeader when the header is about to be written.
// For a RoundTripper it is called with the request that the response says it
// belongs to.
//
// Each value that the function ever returns makes a series of its own, so there
// should be few. It must return valid UTF-8; what handles the request panics
// otherwise. A label called "code" or "method" that is added in this way is no
// longer set to the status code or the method.
func WithLabelFromRequest(name string, valueFn LabelValueFromRequest) Option {
	return optionFunc(func(o *options) { o.labels[name] = valueFn })
}

// WithLabelFromCtx is WithLabelFromRequest for values that the request's context
// has.
func WithLabelFromCtx(name string, valueFn LabelValueFromCtx) Option {
	return WithLabelFromRequest(name, func(r *http.Request) string { return valueFn(r.Context()) })
}

// WithExemplarFromRequest has what is counted or observed for a request kept as
// an exemplar with the labels that the function returns: the ID of a trace, for
// instance. There is none if it returns nil, or if the metric does not take
// exemplars, as summaries do not. Labels that are not fit for an exemplar make
// what handles the request panic.
func WithExemplarFromRequest(getExemplarFn func(req *http.Request) prometheus.Labels) Option {
	return optionFunc(func(o *options) { o.exemplar = getExemplarFn })
}

// WithExemplarFromContext is WithExemplarFromRequest for labels that the
// request's context has.
func WithExemplarFromContext(getExemplarFn func(requestCtx context.Context) prometheus.Labels) Option {
	return WithExemplarFromRequest(func(r *http.Request) prometheus.Labels { return getExemplarFn(r.Context()) })
}

type options struct {
	extraMethods []string
	labels       map[string]LabelValueFromRequest
	exemplar     func(*http.Request) prometheus.Labels // nil if there are none
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

func optionsOf(opts []Option) *options {
	o := &options{labels: make(map[string]LabelValueFromRequest)}
	for _, opt := range opts {
		opt.apply(o)
	}
	return o
}

// placeholders are the added labels, by which a vector can be curried as if they
// were known.
func (o *options) placeholders() prometheus.Labels {
	labels := make(prometheus.Labels, len(o.labels))
	for name := range o.labels {
		labels[name] = ""
	}
	return labels
}

// exemplarOf returns nil if there is to be none.
func (o *options) exemplarOf(r *http.Request) prometheus.Labels {
	if o.exemplar == nil {
		return nil
	}
	return o.exemplar(r)
}
