package script

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Crowd is a random program of several workers, who update vectors at the same
// time while others look.
type Crowd struct {
	Vectors []Metric // each has the one label "who"
	Wrapped []bool   // which of them are registered by a wrapping Registerer
	Workers [][]Act
}

// Act is a step of a worker. Where the end would depend on who comes last, a
// worker keeps to its own child of the vector.
type Act struct {
	Vector int
	Do     string
	Own    bool // with the worker's own child, not the one that all share
	Held   bool // with the child that the worker found at the beginning
	Value  float64
}

// Shared is the value of the label of the child that all share.
const Shared = "all"

// Bounds are those of the buckets of histograms that a crowd observes; it
// observes nothing but them.
var Bounds = []float64{1, 2, 4}

// Watcher looks at scrapes one after the other, and collects what cannot be.
type Watcher struct {
	Wrong []string
	last  map[string]float64 // of the shared children
}

// Page looks at a page.
func (w *Watcher) Page(page Page) {
	if page.Status != http.StatusOK {
		w.wrongf("status %d: %s", page.Status, page.Body)
		return
	}
	switch page.Format.MediaType {
	case Text:
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(page.Body))
		if err != nil {
			w.wrongf("%v in %s", err, page.Body)
		}
		for _, mf := range families {
			w.family(mf)
		}
	case Protobuf:
		families, err := Messages(page.Body)
		if err != nil {
			w.wrongf("%v in %q", err, page.Body)
		}
		w.Families(families)
	case OpenMetrics0, OpenMetrics1: // whose reader is elsewhere
		if !bytes.HasSuffix(page.Body, []byte("# EOF\n")) {
			w.wrongf("no end of %s", page.Body)
		}
	}
}

// Families looks at what a Gather returned.
func (w *Watcher) Families(families []*dto.MetricFamily) {
	for _, mf := range families {
		w.family(mf)
	}
}

func (w *Watcher) wrongf(format string, args ...any) {
	w.Wrong = append(w.Wrong, fmt.Sprintf(format, args...))
}

func (w *Watcher) family(mf *dto.MetricFamily) {
	for _, m := range mf.GetMetric() {
		switch {
		case m.Histogram != nil:
			w.histogram(mf, m.Histogram)
			w.grows(mf, m, "count", float64(m.GetHistogram().GetSampleCount()))
			w.grows(mf, m, "sum", m.GetHistogram().GetSampleSum())
		case m.Summary != nil:
			s := m.Summary
			if n := float64(s.GetSampleCount()); s.GetSampleSum() < n || s.GetSampleSum() > 4*n {
				w.wrongf("%s: %v observations of 1 to 4 have a sum of %v", mf.GetName(), n, s.GetSampleSum())
			}
			w.grows(mf, m, "count", float64(s.GetSampleCount()))
			w.grows(mf, m, "sum", s.GetSampleSum())
		case m.Counter != nil:
			w.grows(mf, m, "counter", m.GetCounter().GetValue())
		}
	}
}

// histogram checks that count, sum and buckets are of the same observations.
func (w *Watcher) histogram(mf *dto.MetricFamily, h *dto.Histogram) {
	sum, before := 0.0, uint64(0)
	buckets := slices.DeleteFunc(slices.Clone(h.GetBucket()), func(b *dto.Bucket) bool { return math.IsInf(b.GetUpperBound(), +1) })
	for _, b := range buckets {
		n := b.GetCumulativeCount()
		if n < before {
			w.wrongf("%s: a bucket has %d observations, the one before %d", mf.GetName(), n, before)
			return
		}
		if n > before {
			sum += b.GetUpperBound() * float64(n-before)
		}
		before = n
	}
	if len(buckets) > 0 && (before != h.GetSampleCount() || sum != h.GetSampleSum()) {
		w.wrongf("%s: %d observations with a sum of %v, but in buckets %d with %v", mf.GetName(), h.GetSampleCount(), h.GetSampleSum(), before, sum)
	}
	if h.Schema != nil {
		if n := h.GetZeroCount() + populations(h.GetPositiveDelta()) + populations(h.GetNegativeDelta()); n != h.GetSampleCount() {
			w.wrongf("%s: %d observations, but %d in native buckets", mf.GetName(), h.GetSampleCount(), n)
		}
	}
}

// populations adds up the populations of native buckets.
func populations(deltas []int64) uint64 {
	var n, all int64
	for _, d := range deltas {
		n += d
		all += n
	}
	return uint64(all)
}

// grows checks that a value of a child that nobody deletes is not less than it was.
func (w *Watcher) grows(mf *dto.MetricFamily, m *dto.Metric, what string, v float64) {
	key := mf.GetName() + " " + what
	for _, l := range m.GetLabel() {
		if l.GetName() == "who" && l.GetValue() != Shared {
			return
		}
	}
	if v < w.last[key] {
		w.wrongf("%s went from %v to %v", key, w.last[key], v)
	}
	if w.last == nil {
		w.last = make(map[string]float64)
	}
	w.last[key] = v
}
