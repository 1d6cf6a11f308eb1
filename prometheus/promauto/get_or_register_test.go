package promauto

import (
	"errors"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestGetOrRegister(t *testing.T) {
	reg := prometheus.NewRegistry()
	before := With(reg).NewCounter(prometheus.CounterOpts{Name: "c"})
	if got := GetOrRegister(reg).NewCounter(prometheus.CounterOpts{Name: "c"}); got != before {
		t.Error("got another counter, want the one that is there")
	}
	reg = prometheus.NewRegistry()
	f := GetOrRegister(reg)
	for range 2 { // the second time, all of them are there
		everything(f)
	}
	var got []string
	for _, mf := range reg.MustGather() {
		m := mf.GetMetric()[0]
		// What was updated twice is 2, what a function tells is 1.
		if m.GetCounter().GetValue()+m.GetGauge().GetValue()+m.GetHistogram().GetSampleSum()+m.GetSummary().GetSampleSum() == 2 {
			got = append(got, mf.GetName())
		}
	}
	if len(reg.MustGather()) != len(families) || len(got) != 8 {
		t.Errorf("got %d families, of which both rounds updated %q, want %d and 8", len(reg.MustGather()), got, len(families))
	}
	everything(GetOrRegister(nil))
}

func TestGetOrRegisterPanicsIfTheyDiffer(t *testing.T) {
	f := GetOrRegister(prometheus.NewRegistry())
	f.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}})
	defer func() {
		err, _ := recover().(error)
		if want := "duplicate metrics collector registration attempted: Buckets: [1] in the existing one, [2] in the new one"; err == nil || err.Error() != want {
			t.Errorf("got the panic %v, want %s", err, want)
		}
		if !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			t.Errorf("got %v, want an AlreadyRegisteredError inside", err)
		}
	}()
	f.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{2}})
}
