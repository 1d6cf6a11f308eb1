package prometheus_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestGetOrRegister(t *testing.T) {
	r := prometheus.NewRegistry()
	first, err := prometheus.GetOrRegister(r, newVec())
	if err != nil {
		t.Fatal(err)
	}
	second, err := prometheus.GetOrRegister(r, newVec())
	if err != nil || second != first {
		t.Errorf("got another vector and error %v, want the one that is there", err)
	}
	if again, err := prometheus.GetOrRegister(r, first); err != nil || again != first {
		t.Errorf("got another vector and error %v for the one that is there, want itself", err)
	}
	second.WithLabelValues("1", "2").Inc()
	if got, _ := exposed(t, r); got != "v{a=\"2\",m=\"const\",z=\"1\"} 1\n" {
		t.Errorf("got %q, want the shared vector", got)
	}
}

func TestGetOrRegisterDifferences(t *testing.T) {
	const duplicate = "duplicate metrics collector registration attempted: "
	counter := func(labels ...string) prometheus.Collector {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "n"}, labels)
	}
	histogram := func(opts prometheus.HistogramOpts) prometheus.Collector {
		opts.Name = "n"
		return prometheus.NewHistogram(opts)
	}
	summary := func(opts prometheus.SummaryOpts) prometheus.Collector {
		opts.Name = "n"
		return prometheus.NewSummary(opts)
	}
	constrained := func(constraint prometheus.LabelConstraint) prometheus.Collector {
		return prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
			GaugeOpts:      prometheus.GaugeOpts{Name: "n"},
			VariableLabels: prometheus.ConstrainedLabels{{Name: "a", Constraint: constraint}, {Name: "b"}},
		})
	}
	function := func() float64 { return 0 }
	native := func(opts prometheus.HistogramOpts) prometheus.Collector {
		opts.NativeHistogramBucketFactor = 1.1
		return histogram(opts)
	}
	quantiles := map[float64]float64{0.5: 0.05}
	tests := []struct {
		name         string
		there, comes prometheus.Collector
		want         string // "" if it is shared
	}{
		{"a gauge", prometheus.NewGauge(prometheus.GaugeOpts{Name: "n"}), prometheus.NewCounter(prometheus.CounterOpts{Name: "n"}), "the existing one is a Gauge, the new one a Counter"},
		{
			"a vector of gauges", prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "n"}, []string{"a"}), counter("a"),
			"the existing one is a *prometheus.GaugeVec, the new one a *prometheus.CounterVec",
		},
		{"a vector without labels", counter(), prometheus.NewCounter(prometheus.CounterOpts{Name: "n"}), "the existing one is a *prometheus.CounterVec, the new one a Counter"},
		{
			"a function of another type", prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "n"}, function), prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "n"}, function),
			"the existing one is a GaugeFunc, the new one a CounterFunc",
		},
		{"an untyped function", prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "n"}, function), prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "n"}, function), ""},
		{"a collector of one's own", collector{descs: []*prometheus.Desc{prometheus.NewDesc("n", "", nil, nil)}}, prometheus.NewGauge(prometheus.GaugeOpts{Name: "n"}), "the existing one is a prometheus_test.collector, the new one a Gauge"},
		{"another order of labels", counter("a", "b"), counter("b", "a"), "label names: [a b] in the existing one, [b a] in the new one"},
		{"the same buckets", histogram(prometheus.HistogramOpts{}), histogram(prometheus.HistogramOpts{Buckets: prometheus.DefBuckets}), ""},
		{
			"other buckets", histogram(prometheus.HistogramOpts{Buckets: []float64{1, 2}}), histogram(prometheus.HistogramOpts{Buckets: []float64{1, 3}}),
			"Buckets: [1 2] in the existing one, [1 3] in the new one",
		},
		{
			"a native histogram", histogram(prometheus.HistogramOpts{Buckets: []float64{1}}), native(prometheus.HistogramOpts{Buckets: []float64{1}}),
			"NativeHistogramBucketFactor: not set in the existing one, 1.1 in the new one",
		},
		{"no buckets, said in two ways", native(prometheus.HistogramOpts{}), native(prometheus.HistogramOpts{Buckets: []float64{}}), ""},
		{
			"the limit of native buckets", native(prometheus.HistogramOpts{NativeHistogramMaxBucketNumber: 100}), native(prometheus.HistogramOpts{NativeHistogramMaxBucketNumber: 160}),
			"NativeHistogramMaxBucketNumber: 100 in the existing one, 160 in the new one",
		},
		{"the same summary", summary(prometheus.SummaryOpts{Objectives: quantiles}), summary(prometheus.SummaryOpts{Objectives: quantiles, MaxAge: prometheus.DefMaxAge}), ""},
		{
			"no objectives", summary(prometheus.SummaryOpts{Objectives: quantiles}), summary(prometheus.SummaryOpts{}),
			"Objectives: map[0.5:0.05] in the existing one, not set in the new one",
		},
		{
			"another age", summary(prometheus.SummaryOpts{Objectives: quantiles}), summary(prometheus.SummaryOpts{Objectives: quantiles, MaxAge: time.Minute}),
			"MaxAge: 10m0s in the existing one, 1m0s in the new one",
		},
		{
			"a time to live", prometheus.NewCounter(prometheus.CounterOpts{Name: "n"}), prometheus.NewCounter(prometheus.CounterOpts{Name: "n", TTL: time.Minute}),
			"TTL: not set in the existing one, 1m0s in the new one",
		},
		{
			"a limit", prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "n", MaxSeries: 5}, nil), prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "n"}, nil),
			"MaxSeries: 5 in the existing one, not set in the new one",
		},
		{"any constraint", constrained(strings.ToLower), constrained(strings.ToUpper), ""},
		{"a constraint", constrained(strings.ToLower), constrained(nil), "labels with a constraint: [a] in the existing one, [] in the new one"},
		{
			"a curried vector", counter("a").(*prometheus.CounterVec).MustCurryWith(prometheus.Labels{"a": "x"}), counter("a"),
			`curried labels: ["a" "x"] in the existing one, [] in the new one`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := prometheus.NewRegistry()
			for _, reg := range []prometheus.Registerer{r, prometheus.WrapRegistererWithPrefix("p_", r)} {
				reg.MustRegister(test.there)
				got, err := prometheus.GetOrRegister(reg, test.comes)
				if test.want == "" {
					if err != nil || got != test.there {
						t.Errorf("got error %v or the new collector, want the existing one", err)
					}
					continue
				}
				wantError(t, "GetOrRegister", err, duplicate+test.want)
				if exists := (prometheus.AlreadyRegisteredError{}); !errors.As(err, &exists) {
					t.Errorf("got %v, want it to wrap an AlreadyRegisteredError", err)
				}
				if got != test.comes {
					t.Error("got another collector with the error, want the new one")
				}
			}
		})
	}
}

func TestGetOrRegisterRefusals(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "h"}))
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "other"})
	got, err := prometheus.GetOrRegister(r, g)
	wantError(t, "another help", err, `a previously registered descriptor with the same fully-qualified name as Desc{fqName: "g", help: "other", unit: "", constLabels: {}, variableLabels: {}} has different label names or a different help string`)
	if got != g {
		t.Error("got another gauge with the error, want the new one, so that it can be used")
	}
	for _, none := range []prometheus.Registerer{nil, prometheus.WrapRegistererWithPrefix("p_", nil)} {
		if got, err := prometheus.GetOrRegister(none, g); got != g || err != nil {
			t.Errorf("without a registry: got %v and error %v, want the gauge itself", got, err)
		}
	}
}

// Collectors of somebody else's are compared by their type and by what they
// describe, which knows the options of ours.
func TestGetOrRegisterForeignCollectors(t *testing.T) {
	r := prometheus.NewRegistry()
	pair := func(buckets ...float64) *twoMetrics {
		return &twoMetrics{
			prometheus.NewGauge(prometheus.GaugeOpts{Name: "pair_g"}),
			prometheus.NewHistogram(prometheus.HistogramOpts{Name: "pair_h", Buckets: buckets}),
		}
	}
	first := pair(1)
	r.MustRegister(first)
	if got, err := prometheus.GetOrRegister(r, pair(1)); got != first || err != nil {
		t.Errorf("got error %v or the new collector, want the existing one", err)
	}
	_, err := prometheus.GetOrRegister(r, pair(2))
	wantError(t, "other buckets inside", err, `duplicate metrics collector registration attempted: Buckets: [1] in the existing one, [2] in the new one of "pair_h"`)
}

func TestGetOrRegisterTypesOfOneName(t *testing.T) {
	r := prometheus.NewRegistry()
	{
		type shelf struct{ prometheus.Gauge }
		r.MustRegister(&shelf{gaugeOf("g", "", 1)})
	}
	type shelf struct{ prometheus.Gauge }
	_, err := prometheus.GetOrRegister(r, &shelf{gaugeOf("g", "", 1)})
	wantError(t, "another type", err, "duplicate metrics collector registration attempted: the existing one is a *prometheus_test.shelf too, but that is another type of the same name")
}

type twoMetrics struct {
	gauge     prometheus.Gauge
	histogram prometheus.Histogram
}

func (c *twoMetrics) Describe(ch chan<- *prometheus.Desc) {
	c.gauge.Describe(ch)
	c.histogram.Describe(ch)
}

func (c *twoMetrics) Collect(ch chan<- prometheus.Metric) {
	c.gauge.Collect(ch)
	c.histogram.Collect(ch)
}

// Whoever comes first registers, all others share.
func TestGetOrRegisterConcurrently(t *testing.T) {
	r := prometheus.NewRegistry()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			c, err := prometheus.GetOrRegister(r, prometheus.NewCounter(prometheus.CounterOpts{Name: "c"}))
			if err != nil {
				t.Error(err)
			}
			c.Inc()
		})
	}
	wg.Wait()
	if got, _ := exposed(t, r); got != "c 16\n" {
		t.Errorf("got %q, want one counter that all share", got)
	}
}
