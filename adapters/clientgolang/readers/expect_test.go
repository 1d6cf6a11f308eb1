package readers_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// expectation is what is to be found in a page, if it has some families.
type expectation struct {
	script.Format
	scheme model.EscapingScheme
	lines  []string

	// Of the family that is being looked at:
	name string // escaped
	typ  dto.MetricType
}

// expected returns the lines that read finds in a page of these families.
func expected(families []*dto.MetricFamily, format script.Format) []string {
	scheme, err := model.ToEscapingScheme(format.Escaping)
	if err != nil {
		panic(err)
	}
	e := expectation{Format: format, scheme: scheme}
	for _, mf := range families {
		e.family(mf)
	}
	slices.Sort(e.lines)
	return e.lines
}

// escaped returns a name as the page has it. Those that any reader takes stay as
// they are.
func (e *expectation) escaped(name string) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return model.EscapeName(name, e.scheme)
}

// escapedLabel returns the name of a label as the page has it. Colons are escaped,
// because no reader takes them.
func (e *expectation) escapedLabel(name string) string {
	if e.scheme == model.NoEscaping || !strings.Contains(name, ":") {
		return e.escaped(name)
	}
	return strings.ReplaceAll(e.escaped(strings.ReplaceAll(name, ":", ";")), "_3b_", "_3a_")
}

func (e *expectation) openMetrics() bool {
	return e.MediaType == script.OpenMetrics0 || e.MediaType == script.OpenMetrics1
}

func (e *expectation) protobuf() bool { return e.MediaType == script.Protobuf }

// isTotal tells whether OpenMetrics knows what it has for a counter.
func (e *expectation) isTotal() bool { return strings.HasSuffix(e.name, "_total") }

func (e *expectation) linef(format string, args ...any) {
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
}

func (e *expectation) family(mf *dto.MetricFamily) {
	e.name, e.typ = e.escaped(mf.GetName()), mf.GetType()
	name, typ := e.name, strings.ToLower(e.typ.String())
	switch {
	case e.typ == dto.MetricType_UNTYPED:
		typ = "unknown"
	case e.typ == dto.MetricType_GAUGE_HISTOGRAM && e.MediaType == script.Text:
		typ = "histogram" // the format has no other
	case e.typ == dto.MetricType_GAUGE_HISTOGRAM:
		typ = "gaugehistogram"
	case e.typ == dto.MetricType_COUNTER && e.openMetrics():
		base, ok := strings.CutSuffix(name, "_total")
		if name = base; !ok {
			typ = "unknown"
		}
	}
	if mf.Help != nil || e.protobuf() {
		e.lines = append(e.lines, helpLine(e.Format, name, strings.ToValidUTF8(mf.GetHelp(), "\uFFFD")))
	}
	e.linef("type %q %s", name, typ)
	if unit := mf.GetUnit(); unit != "" && (e.protobuf() || e.openMetrics() && strings.HasSuffix(name, "_"+unit)) {
		e.linef("unit %q %q", name, unit)
	}
	for _, m := range mf.GetMetric() {
		e.metric(m)
	}
}

func (e *expectation) metric(m *dto.Metric) {
	switch e.typ {
	case dto.MetricType_COUNTER:
		c := m.GetCounter()
		e.sample(m, "", "", "", c.GetValue(), c.GetCreatedTimestamp(), c.GetExemplar())
		if t := c.GetCreatedTimestamp(); t != nil && e.Created && !e.isTotal() {
			// The parser takes it for a series.
			e.sample(&dto.Metric{Label: m.GetLabel()}, "_created", "", "", seconds(t), nil, nil)
		}
	case dto.MetricType_GAUGE:
		e.sample(m, "", "", "", m.GetGauge().GetValue(), nil, nil)
	case dto.MetricType_UNTYPED:
		e.sample(m, "", "", "", m.GetUntyped().GetValue(), nil, nil)
	case dto.MetricType_SUMMARY:
		s := m.GetSummary()
		for _, q := range s.GetQuantile() {
			e.sample(m, "", "quantile", decimal(q.GetQuantile()), q.GetValue(), s.GetCreatedTimestamp(), nil)
		}
		e.sample(m, "_sum", "", "", s.GetSampleSum(), s.GetCreatedTimestamp(), nil)
		e.sample(m, "_count", "", "", float64(s.GetSampleCount()), s.GetCreatedTimestamp(), nil)
	default:
		h := m.GetHistogram()
		native := isNative(h)
		if e.protobuf() && native {
			e.native(m)
		}
		if !e.protobuf() || !native || len(h.GetBucket()) > 0 {
			e.classic(m)
		}
	}
}

// classic expects the lines of a histogram's buckets.
func (e *expectation) classic(m *dto.Metric) {
	h := m.GetHistogram()
	count, infinite := either(h.GetSampleCount(), h.GetSampleCountFloat()), false
	for _, b := range h.GetBucket() {
		if infinite && e.protobuf() {
			break // the parser expects no second one
		}
		infinite = infinite || math.IsInf(b.GetUpperBound(), +1)
		e.sample(m, "_bucket", "le", decimal(b.GetUpperBound()), either(b.GetCumulativeCount(), b.GetCumulativeCountFloat()), h.GetCreatedTimestamp(), b.GetExemplar())
	}
	if !infinite {
		e.sample(m, "_bucket", "le", "+Inf", count, h.GetCreatedTimestamp(), nil)
	}
	e.sample(m, "_sum", "", "", h.GetSampleSum(), h.GetCreatedTimestamp(), nil)
	e.sample(m, "_count", "", "", count, h.GetCreatedTimestamp(), nil)
}

// native expects a native histogram. Its exemplars are its own, or, without any,
// those of its buckets, and have timestamps.
func (e *expectation) native(m *dto.Metric) {
	h := m.GetHistogram()
	spans := func(of []*dto.BucketSpan) []histogram.Span {
		out := make([]histogram.Span, len(of))
		for i, s := range of {
			out[i] = histogram.Span{Offset: s.GetOffset(), Length: s.GetLength()}
		}
		return out
	}
	found := &histogram.Histogram{
		Count: h.GetSampleCount(), Sum: h.GetSampleSum(), Schema: h.GetSchema(), ZeroThreshold: h.GetZeroThreshold(), ZeroCount: h.GetZeroCount(),
		PositiveSpans: spans(h.GetPositiveSpan()), PositiveBuckets: slices.Clone(h.GetPositiveDelta()),
		NegativeSpans: spans(h.GetNegativeSpan()), NegativeBuckets: slices.Clone(h.GetNegativeDelta()),
	}
	if e.typ == dto.MetricType_GAUGE_HISTOGRAM {
		found.CounterResetHint = histogram.GaugeType
	}
	found.Compact(0)
	s := sample{labels: e.labels(m, "", "", ""), value: whole(found), stamp: e.stamp(m), started: e.started(h.GetCreatedTimestamp())}
	all := h.GetExemplars()
	if len(all) == 0 {
		for _, b := range h.GetBucket() {
			all = append(all, b.GetExemplar())
		}
	}
	for _, x := range all {
		if x.GetTimestamp() != nil {
			s.exemplars = append(s.exemplars, e.exemplar(x))
		}
	}
	e.lines = append(e.lines, s.String())
}

// sample expects one line: the name with a suffix, the labels with one more, and
// what belongs to them.
func (e *expectation) sample(m *dto.Metric, suffix, label, labelValue string, v float64, created *timestamppb.Timestamp, x *dto.Exemplar) {
	if e.Created && suffix == "" && created != nil && e.typ != dto.MetricType_COUNTER && strings.HasSuffix(e.name, "_created") {
		return // the parser takes it to say since when something counts
	}
	s := sample{labels: e.labels(m, suffix, label, labelValue), value: fmt.Sprint(e.signed(v)), stamp: e.stamp(m), started: e.started(created)}
	switch {
	case x == nil, e.MediaType == script.Text:
	case e.openMetrics() && len(x.GetLabel()) == 0: // which leads nowhere
	default:
		s.exemplars = append(s.exemplars, e.exemplar(x))
	}
	e.lines = append(e.lines, s.String())
}

// signed returns a number as the page has it: the text formats have no negative zero.
func (e *expectation) signed(v float64) float64 {
	if v == 0 && !e.protobuf() {
		return 0
	}
	return v
}

func (e *expectation) labels(m *dto.Metric, suffix, label, labelValue string) labels.Labels {
	all := []labels.Label{{Name: model.MetricNameLabel, Value: e.name + suffix}}
	for _, pair := range m.GetLabel() {
		all = append(all, labels.Label{Name: e.escapedLabel(pair.GetName()), Value: pair.GetValue()})
	}
	if label != "" {
		all = append(all, labels.Label{Name: label, Value: labelValue})
	}
	return labels.New(all...)
}

func (e *expectation) stamp(m *dto.Metric) *int64 {
	if e.protobuf() && m.GetTimestampMs() == 0 {
		return nil // which the parser takes 0 for
	}
	return m.TimestampMs
}

func (e *expectation) started(t *timestamppb.Timestamp) int64 {
	switch {
	case t == nil:
		return 0
	case e.protobuf():
		return t.GetSeconds()*1000 + int64(t.GetNanos())/1e6
	case e.openMetrics() && e.Created && e.typ != dto.MetricType_GAUGE_HISTOGRAM && (e.typ != dto.MetricType_COUNTER || e.isTotal()):
		return milliseconds(seconds(t))
	default:
		return 0
	}
}

func (e *expectation) exemplar(x *dto.Exemplar) exemplar.Exemplar {
	out := exemplar.Exemplar{Value: e.signed(x.GetValue())}
	var all []labels.Label
	for _, pair := range x.GetLabel() {
		l := labels.Label{Name: pair.GetName(), Value: pair.GetValue()}
		if e.openMetrics() {
			// The parser leaves them as they stand in the page.
			l.Name, l.Value = quoted.Replace(e.escapedLabel(l.Name)), quoted.Replace(l.Value)
		}
		all = append(all, l)
	}
	out.Labels = labels.New(all...)
	if t := x.GetTimestamp(); t != nil {
		out.HasTs, out.Ts = true, t.GetSeconds()*1000+int64(t.GetNanos())/1e6
		if e.openMetrics() {
			out.Ts = milliseconds(seconds(t))
		}
	}
	return out
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// seconds are those that OpenMetrics writes.
func seconds(t *timestamppb.Timestamp) float64 {
	return float64(t.AsTime().UnixNano()) / 1e9
}

// isNative tells whether Prometheus takes a histogram for a native one.
func isNative(h *dto.Histogram) bool {
	return len(h.GetPositiveSpan())+len(h.GetNegativeSpan()) > 0 || h.GetZeroThreshold() > 0 || h.GetZeroCount() > 0
}

func either(whole uint64, fraction float64) float64 {
	if fraction != 0 {
		return fraction
	}
	return float64(whole)
}

// decimal shows a bound as Prometheus' labels do.
func decimal(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, +1) {
		return "+Inf"
	}
	if !strings.ContainsAny(text, "e.IN") {
		text += ".0"
	}
	return text
}
