package prometheus

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/internal/series"
)

// Wrong calls panic, unless the metric is registered with a registry that counts
// them, see RegistryOpts. Only a call that is wrong asks for that.

// reasonOf returns what an error about labels is about. The errors themselves are
// what callers have always got.
func reasonOf(err error) registry.MisuseReason {
	switch {
	case errors.Is(err, errInconsistentCardinality):
		return registry.LabelCount
	case strings.HasSuffix(err.Error(), notUTF8):
		return registry.InvalidUTF8
	default:
		return registry.LabelNames
	}
}

// misused returns a metric that is not exposed in place of one whose labels are
// wrong. It panics with the error if nobody counts that.
func (m *MetricVec) misused(err error) Metric {
	if !m.isNative || !m.desc.d.Misused(reasonOf(err), err) {
		panic(err)
	}
	return m.discarded()
}

// discarded returns a metric that is not exposed.
func discarded(desc *Desc, kind kind) Metric {
	values := slices.Repeat([]string{"__discarded__"}, len(desc.d.Schema.Variable()))
	return newMember(desc, series.Entry{Labels: desc.d.Schema.Labels(values)}, kind.plain).child.Item
}

// misused panics with the error if nobody counts the wrong calls of the metric.
func (d described) misused(reason registry.MisuseReason, err error) {
	if !d.desc.d.Misused(reason, err) {
		panic(err)
	}
}

var errNegative = errors.New("counter cannot decrease in value")

// refuse is called instead of adding a value to a counter that cannot be added: NaN
// is left out, what is negative is a wrong call.
func (d described) refuse(v float64) {
	if v < 0 {
		d.misused(registry.NegativeAdd, errNegative)
	}
}

// keepExemplar has the metric, which is this one, keep the exemplar of an update
// that happens now. One whose labels are wrong is left out where wrong calls are
// counted; otherwise that is a panic.
func (d described) keepExemplar(m interface{ SetExemplar(*exposition.Exemplar) }, value float64, labels Labels) {
	if labels == nil {
		return
	}
	e, err := newExemplar(value, time.Now(), labels)
	if err != nil {
		d.misused(registry.InvalidExemplar, err)
		return
	}
	m.SetExemplar(e)
}
