package prometheus_test

import (
	"log/slog"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// tenant returns a registry with much to say of itself.
func tenant(name string) *prometheus.Registry {
	silent := slog.New(slog.DiscardHandler)
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		MaxSeries: 1, CountMisuse: true, MisuseLogger: silent,
		Quarantine: &prometheus.QuarantineOpts{Logger: silent},
	})
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", ConstLabels: prometheus.Labels{"tenant": name}}, []string{"path"})
	reg.MustRegister(requests, unchecked{func(chan<- prometheus.Metric) {
		if name == "b" {
			panic("no such device")
		}
	}})
	requests.WithLabelValues("/")
	requests.WithLabelValues("/admin")
	requests.WithLabelValues("/", "one too many")
	return reg
}

// Several registries may stand on one page, though all of them say the same of
// themselves.
func TestGatherersOfRegistriesThatTellOfThemselves(t *testing.T) {
	families, err := prometheus.Gatherers{tenant("a"), tenant("b"), tenant("c")}.Gather()
	if err != nil {
		t.Fatalf("got error %v", err)
	}
	got := make(map[string]float64)
	for _, mf := range families {
		if strings.HasPrefix(mf.GetName(), "cresset_") && len(mf.Metric) != 1 {
			t.Errorf("%s: got %d metrics, want 1", mf.GetName(), len(mf.Metric))
		}
		got[mf.GetName()] = mf.Metric[0].GetCounter().GetValue() + mf.Metric[0].GetGauge().GetValue()
	}
	for name, want := range map[string]float64{
		"cresset_misuse_total":             3,
		"cresset_series_overflow_total":    3,
		"cresset_collector_failures_total": 1,
		"cresset_collector_success":        0,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s: got %v (%v), want %v", name, value, there, want)
		}
	}
	// Somebody else's family of that name is none of theirs.
	other := family("cresset_misuse_total", "Mine.", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{}})
	if _, err := (prometheus.Gatherers{given(nil, other), given(nil, other)}).Gather(); err == nil {
		t.Error("got no error for a duplicate that is not the registry's")
	}
}

// A registry keeps the names of what it says of itself, so that no page fails on
// the day when it has something to say.
func TestNameOfOverflowsIsTaken(t *testing.T) {
	mine := func() prometheus.Collector {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "cresset_series_overflow_total", Help: "Mine."})
	}
	for _, countMisuse := range []bool{false, true} {
		limited := prometheus.NewRegistryWith(prometheus.RegistryOpts{MaxSeries: 1, CountMisuse: countMisuse})
		if err := limited.Register(mine()); err == nil {
			t.Error("a registry with a limit takes a metric of that name")
		}
	}
	// Without a limit nobody told the registry; but its vectors may have one.
	reg := prometheus.NewRegistry()
	vec := gaugeVec("v", 1)
	reg.MustRegister(mine(), vec)
	vec.WithLabelValues("1", "")
	vec.WithLabelValues("2", "")
	if got, err := exposed(t, reg); err != nil || !strings.HasPrefix(got, "cresset_series_overflow_total 0\n") {
		t.Errorf("got error %v and\n%s", err, got)
	}
}
