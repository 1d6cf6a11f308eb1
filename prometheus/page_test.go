package prometheus_test

import (
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus"
)

// labelsOf is an encoder that keeps where the labels of each series are.
type labelsOf []*exposition.Labels

func (*labelsOf) Family(*exposition.Family)     {}
func (l *labelsOf) Series(s *exposition.Series) { *l = append(*l, s.Labels) }
func (*labelsOf) Close() error                  { return nil }

// TestPagesShareWhatTheyCan: gathers at the same time and later ones have the labels
// of the series themselves, and those of wrapped ones once.
func TestPagesShareWhatTheyCan(t *testing.T) {
	const series = 1000
	reg := prometheus.NewRegistry()
	plain := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "plain"}, []string{"l"})
	wrapped := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "wrapped"}, []string{"l"})
	reg.MustRegister(plain)
	prometheus.WrapRegistererWith(prometheus.Labels{"zone": "a"}, reg).MustRegister(wrapped)
	for i := range series {
		plain.WithLabelValues(strconv.Itoa(i))
		wrapped.WithLabelValues(strconv.Itoa(i))
	}
	var pages [4]labelsOf
	gather := func(i int) {
		page, err := reg.Page()
		if err != nil {
			t.Error(err)
		}
		page.Write(&pages[i])
	}
	var wg sync.WaitGroup
	for i := range len(pages) - 1 {
		wg.Go(func() { gather(i) })
	}
	wg.Wait()
	gather(len(pages) - 1)
	for i, page := range pages {
		if len(page) != 2*series {
			t.Errorf("page %d: got %d series, want %d", i, len(page), 2*series)
		}
		if !slices.Equal(page, pages[0]) {
			t.Errorf("page %d: has labels of its own", i)
		}
	}
}

// user does with each chunk of a page what a program may do at any time. A lock that
// were held while the page is written would never be free for it.
type user func()

func (u user) Write(p []byte) (int, error) {
	u()
	return len(p), nil
}

func TestMetricsAreUsedWhileAPageIsWritten(t *testing.T) {
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counters_total"}, []string{"l"})
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gauges"}, []string{"l"})
	classic := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "classic"}, []string{"l"})
	native := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "native", NativeHistogramBucketFactor: 1.1}, []string{"l"})
	summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "summaries", Objectives: map[float64]float64{0.5: 0.05}}, []string{"l"})
	reg := prometheus.NewRegistry()
	reg.MustRegister(counters, gauges, classic, native, summaries)
	prometheus.WrapRegistererWithPrefix("wrapped_", reg).MustRegister(counters, classic)

	use := func(label string) {
		counters.WithLabelValues(label).Inc()
		gauges.WithLabelValues(label).Add(1)
		classic.WithLabelValues(label).Observe(1)
		native.WithLabelValues(label).Observe(1)
		summaries.WithLabelValues(label).Observe(1)
	}
	for i := range 5000 {
		use(strconv.Itoa(i))
	}
	for name, encoder := range map[string]func(io.Writer) exposition.Encoder{
		"text": func(w io.Writer) exposition.Encoder { return exposition.NewText(w, exposition.Underscores) },
		"openmetrics": func(w io.Writer) exposition.Encoder {
			return exposition.NewOpenMetrics(w, exposition.Underscores, true)
		},
		"protobuf": func(w io.Writer) exposition.Encoder { return exposition.NewProtobuf(w, exposition.Underscores) },
	} {
		page, err := reg.Page()
		if err != nil {
			t.Fatal(err)
		}
		chunks := 0
		e := encoder(user(func() {
			chunks++
			use("7") // there
			use(name + strconv.Itoa(chunks))
			counters.DeleteLabelValues("8")
			if _, err := reg.Page(); err != nil {
				t.Error(err)
			}
		}))
		page.Write(e)
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if chunks < 5 {
			t.Errorf("%s: got a page of %d chunks, want more", name, chunks)
		}
	}
}
