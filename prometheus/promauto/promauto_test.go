package promauto

import (
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

// everything makes one metric of each kind.
func everything(f Factory) {
	one := func() float64 { return 1 }
	f.NewCounter(prometheus.CounterOpts{Name: "counter"}).Inc()
	f.NewCounterVec(prometheus.CounterOpts{Name: "counter_vec"}, []string{"l"}).WithLabelValues("v").Inc()
	f.NewCounterFunc(prometheus.CounterOpts{Name: "counter_func"}, one)
	f.NewGauge(prometheus.GaugeOpts{Name: "gauge"}).Inc()
	f.NewGaugeVec(prometheus.GaugeOpts{Name: "gauge_vec"}, []string{"l"}).WithLabelValues("v").Inc()
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "gauge_func"}, one)
	f.NewHistogram(prometheus.HistogramOpts{Name: "histogram"}).Observe(1)
	f.NewHistogramVec(prometheus.HistogramOpts{Name: "histogram_vec"}, []string{"l"}).WithLabelValues("v").Observe(1)
	f.NewSummary(prometheus.SummaryOpts{Name: "summary"}).Observe(1)
	f.NewSummaryVec(prometheus.SummaryOpts{Name: "summary_vec"}, []string{"l"}).WithLabelValues("v").Observe(1)
	f.NewUntypedFunc(prometheus.UntypedOpts{Name: "untyped_func"}, one)
}

// everythingByDefault does the same with the functions of the package.
func everythingByDefault() {
	one := func() float64 { return 1 }
	NewCounter(prometheus.CounterOpts{Name: "counter"}).Inc()
	NewCounterVec(prometheus.CounterOpts{Name: "counter_vec"}, []string{"l"}).WithLabelValues("v").Inc()
	NewCounterFunc(prometheus.CounterOpts{Name: "counter_func"}, one)
	NewGauge(prometheus.GaugeOpts{Name: "gauge"}).Inc()
	NewGaugeVec(prometheus.GaugeOpts{Name: "gauge_vec"}, []string{"l"}).WithLabelValues("v").Inc()
	NewGaugeFunc(prometheus.GaugeOpts{Name: "gauge_func"}, one)
	NewHistogram(prometheus.HistogramOpts{Name: "histogram"}).Observe(1)
	NewHistogramVec(prometheus.HistogramOpts{Name: "histogram_vec"}, []string{"l"}).WithLabelValues("v").Observe(1)
	NewSummary(prometheus.SummaryOpts{Name: "summary"}).Observe(1)
	NewSummaryVec(prometheus.SummaryOpts{Name: "summary_vec"}, []string{"l"}).WithLabelValues("v").Observe(1)
	NewUntypedFunc(prometheus.UntypedOpts{Name: "untyped_func"}, one)
}

var families = []string{
	"counter COUNTER 1", "counter_func COUNTER 1", "counter_vec COUNTER 1",
	"gauge GAUGE 1", "gauge_func GAUGE 1", "gauge_vec GAUGE 1",
	"histogram HISTOGRAM 1", "histogram_vec HISTOGRAM 1",
	"summary SUMMARY 1", "summary_vec SUMMARY 1",
	"untyped_func UNTYPED 1",
}

func check(t *testing.T, reg *prometheus.Registry) {
	t.Helper()
	var got []string
	for _, mf := range reg.MustGather() {
		for _, m := range mf.GetMetric() {
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue() + m.GetHistogram().GetSampleSum() + m.GetSummary().GetSampleSum()
			if value == 1 {
				got = append(got, mf.GetName()+" "+mf.GetType().String()+" 1")
			}
		}
	}
	if !slices.Equal(got, families) {
		t.Errorf("got  %q\nwant %q", got, families)
	}
}

func TestFactoryRegisters(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	everything(With(reg))
	check(t, reg)
}

func TestFunctionsRegisterByDefault(t *testing.T) {
	before := prometheus.DefaultRegisterer
	defer func() { prometheus.DefaultRegisterer = before }()
	reg := prometheus.NewPedanticRegistry()
	prometheus.DefaultRegisterer = reg
	everythingByDefault()
	check(t, reg)
}

func TestWithoutRegisterer(t *testing.T) {
	for range 2 { // nothing is in the way of a second round
		everything(With(nil))
		everything(Factory{})
	}
}

func TestPanicsIfRegisteringFails(t *testing.T) {
	f := With(prometheus.NewRegistry())
	f.NewCounter(prometheus.CounterOpts{Name: "requests_total"})
	defer func() {
		if _, ok := recover().(prometheus.AlreadyRegisteredError); !ok {
			t.Error("a counter that is there already: want a panic of AlreadyRegisteredError")
		}
	}()
	f.NewCounter(prometheus.CounterOpts{Name: "requests_total"})
}
