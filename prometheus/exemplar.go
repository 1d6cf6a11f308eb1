package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// ExemplarMaxRunes is how many runes the names and values of an exemplar's
// labels may have together.
const ExemplarMaxRunes = 128

// Exemplar is one of the things that a metric counts, with labels that lead to
// it, the ID of a trace for instance.
type Exemplar struct {
	Value  float64
	Labels Labels
	// Timestamp is when it was counted; the zero time stands for the time when
	// the metric that it is given to is made.
	Timestamp time.Time
}

// newExemplar copies what it is given. Labels are sorted by name.
func newExemplar(value float64, t time.Time, labels Labels) (*exposition.Exemplar, error) {
	if err := timestamppb.New(t).CheckValid(); err != nil {
		return nil, err
	}
	e := &exposition.Exemplar{Value: value, Time: exposition.TimeOf(t)}
	runes := 0
	for name, value := range labels {
		if !registry.ValidLabelName(name) {
			return nil, fmt.Errorf("exemplar label name %q is invalid", name)
		}
		if !utf8.ValidString(value) {
			return nil, fmt.Errorf("exemplar label value %q is not valid UTF-8", value)
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
		e.Labels = append(e.Labels, exposition.Label{Name: strings.Clone(name), Value: strings.Clone(value)})
	}
	if runes > ExemplarMaxRunes {
		return nil, fmt.Errorf("exemplar labels have %d runes, exceeding the limit of %d", runes, ExemplarMaxRunes)
	}
	slices.SortFunc(e.Labels, func(a, b exposition.Label) int { return cmp.Compare(a.Name, b.Name) })
	return e, nil
}

// NewMetricWithExemplars returns the metric, which must be a counter or a
// histogram, with exemplars. A counter gets the last of them, a histogram with
// classic buckets the last one for each bucket, and a native histogram all. It
// returns an error if there is none or one is not valid, for which the rules are
// those of ExemplarAdder; if the metric can have none, writing it fails.
func NewMetricWithExemplars(m Metric, exemplars ...Exemplar) (Metric, error) {
	if len(exemplars) == 0 {
		return nil, errors.New("no exemplar was passed for NewMetricWithExemplars")
	}
	now := time.Now()
	with := &metricWithExemplars{Metric: m}
	for _, e := range exemplars {
		if e.Timestamp.IsZero() {
			e.Timestamp = now
		}
		made, err := newExemplar(e.Value, e.Timestamp, e.Labels)
		if err != nil {
			return nil, err
		}
		with.exemplars = append(with.exemplars, message.Exemplar(made))
	}
	return with, nil
}

// MustNewMetricWithExemplars is NewMetricWithExemplars, but panics where that
// returns an error.
func MustNewMetricWithExemplars(m Metric, exemplars ...Exemplar) Metric {
	return must(NewMetricWithExemplars(m, exemplars...))
}

type metricWithExemplars struct {
	Metric
	exemplars []*dto.Exemplar
}

// Write adds the exemplars to a copy of what the metric writes, which may be
// shared with others who write it.
func (m *metricWithExemplars) Write(out *dto.Metric) error {
	if err := m.Metric.Write(out); err != nil {
		return err
	}
	switch {
	case out.Counter != nil:
		out.Counter = proto.CloneOf(out.Counter)
		out.Counter.Exemplar = m.exemplars[len(m.exemplars)-1]
	case out.Histogram != nil:
		out.Histogram = proto.CloneOf(out.Histogram)
		for _, e := range m.exemplars {
			addExemplar(out.Histogram, e)
		}
	default:
		return errors.New("cannot inject exemplar into Gauge, Summary or Untyped")
	}
	return nil
}

// addExemplar adds an exemplar to a histogram wherever it has room for it.
func addExemplar(h *dto.Histogram, e *dto.Exemplar) {
	native := h.GetZeroThreshold() != 0 || h.GetZeroCount() != 0 || len(h.PositiveSpan) != 0 || len(h.NegativeSpan) != 0
	if native {
		h.Exemplars = append(h.Exemplars, e)
		if len(h.Bucket) == 0 {
			return
		}
	}
	for _, b := range h.Bucket { // in the order of their bounds
		if b.GetUpperBound() >= e.GetValue() {
			b.Exemplar = e
			return
		}
	}
	h.Bucket = append(h.Bucket, &dto.Bucket{
		CumulativeCount: proto.Uint64(h.GetSampleCount()),
		UpperBound:      proto.Float64(math.Inf(+1)),
		Exemplar:        e,
	})
}
