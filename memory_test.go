//go:build !race

// The race detector allocates on its own account.

package cresset_test

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// nowhere is a response that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

// A page costs memory for its request and its families, not for each series.
func TestServingAllocatesNothingPerSeries(t *testing.T) {
	allocations := func(n int, headers ...string) float64 {
		s := newSource("a", exposition.Counter)
		for i := range n {
			s.series = append(s.series, exposition.Series{Labels: labels("x", strconv.Itoa(i)), Value: 1, Created: exposition.UnixNano(1)})
		}
		reg := cresset.NewRegistry()
		register(t, reg, s)
		h := reg.Handler()
		r, err := http.NewRequest("GET", "http://localhost/metrics?name[]=a", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return testing.AllocsPerRun(20, func() { h.ServeHTTP(nowhere{make(http.Header)}, r) })
	}
	for name, headers := range map[string][]string{
		"text":        nil,
		"gzip":        {"Accept-Encoding", "gzip"},
		"OpenMetrics": {"Accept", "application/openmetrics-text;version=1.0.0"},
		"protobuf":    {"Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"},
	} {
		few, many := allocations(10, headers...), allocations(10_000, headers...)
		// Memory that a garbage collection takes from a pool is had again.
		if many > few+100 {
			t.Errorf("%s: got %v allocations for 10 series and %v for 10,000", name, few, many)
		}
		t.Logf("%s: %v allocations for 10 series, %v for 10,000", name, few, many)
	}
}

func TestMemoryOfCounters(t *testing.T) {
	type order struct {
		Method string `label:"method"`
		Code   int    `label:"code"`
		Path   string `label:"path"`
	}
	const n = 100_000
	reg := cresset.NewRegistry()
	before := heap()
	vec := cresset.NewCounterVec[order](reg, "requests_total", "")
	for i := range n {
		vec.With(order{"GET", 200, "/orders/" + strconv.Itoa(i)}).Inc()
	}
	if err := reg.WriteTextfile(t.TempDir() + "/page"); err != nil {
		t.Fatal(err)
	}
	got := int64(heap()-before) / n
	if got > 300 {
		t.Errorf("got %d bytes for each counter, want no more than 300", got)
	}
	t.Logf("%d bytes for each counter", got)
	runtime.KeepAlive(vec)
}

// TestVectorsAreServedWithoutAllocations: a page of many series of a vector takes as
// many allocations as one of few.
func TestVectorsAreServedWithoutAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it empties pools
	type key struct {
		N int `label:"n"`
	}
	reg := cresset.NewRegistry()
	counters := cresset.NewCounterVec[key](reg, "counters_total", "Counters.")
	gauges := cresset.NewGaugeVec[key](reg, "gauges", "Gauges.")
	histograms := cresset.NewHistogramVec[key](reg, "histograms", "Histograms.")
	summaries := cresset.NewSummaryVec[key](reg, "summaries", "Summaries.")
	h := reg.Handler()
	r, err := http.NewRequest(http.MethodGet, "http://localhost/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	allocations := func(n int) float64 {
		for i := range n {
			counters.With(key{i}).Inc()
			gauges.With(key{i}).Set(0.5)
			histograms.With(key{i}).Observe(1)
			summaries.With(key{i}).Observe(1)
		}
		page := func() { h.ServeHTTP(nowhere{make(http.Header)}, r) }
		page() // puts what is new in order
		return testing.AllocsPerRun(10, page)
	}
	few, many := allocations(100), allocations(1000)
	if many != few || few > 60 {
		t.Errorf("got %v allocations for 100 series of each kind and %v for 1000, want as many, and no more than 60", few, many)
	}
}
