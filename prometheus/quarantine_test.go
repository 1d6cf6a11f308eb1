package prometheus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// inQuarantine returns a registry in quarantine and what it logs, a line each.
func inQuarantine(opts prometheus.QuarantineOpts) (*prometheus.Registry, *bytes.Buffer) {
	log := new(bytes.Buffer)
	opts.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return prometheus.NewRegistryWith(prometheus.RegistryOpts{Quarantine: &opts}), log
}

// withoutDurations leaves out how long collectors took.
func withoutDurations(page string) string {
	var kept strings.Builder
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "cresset_collector_duration_seconds{") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// What is an error of a strict registry costs its own lines in quarantine.
func TestQuarantine(t *testing.T) {
	good := prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 1, "1", "1")
	other := prometheus.NewDesc("fellow", "h", nil, nil)
	const (
		kept  = "d{a=\"1\",m=\"const\",z=\"1\"} 1\n"
		typed = "prometheus_test.collector"
		plain = "prometheus_test.unchecked"
	)
	sending := func(metrics ...prometheus.Metric) prometheus.Collector { return collector{metrics: metrics} }
	function := func(f prometheus.CollectorFunc) prometheus.Collector { return unchecked{f} }
	tests := []struct {
		name                      string
		c                         prometheus.Collector
		want                      string
		collector, family, reason string // of what was counted
		log                       string // a part of it
	}{
		{"well behaved", sending(good), kept, typed, "", "", ""},
		{"a nil metric", sending(nil, good), kept, typed, "", "invalid", "a collector sent a nil metric"},
		{"an invalid desc", sending(foreign{invalid, gaugeWith()}, good), kept, typed, "", "invalid", "is not a valid metric name"},
		{"an invalid metric", sending(prometheus.NewInvalidMetric(other, errors.New("gone")), good), kept, typed, "fellow", "error", "gone"},
		{"an empty metric", sending(foreign{other, &dto.Metric{}}, good), kept, typed, "fellow", "invalid", "empty metric collected"},
		{"a metric that panics", sending(broken{}, good), kept, typed, "d", "panic", "cannot write"},
		{"a label value that is not UTF-8", sending(foreign{other, gaugeWith("a", "\xff")}, good), kept, typed, "fellow", "invalid", "is not utf8"},
		{"a duplicate", sending(good, good), kept, typed, "d", "duplicate", "was collected before"},
		{"another type", sending(good, prometheus.MustNewConstMetric(labelled, prometheus.CounterValue, 1, "2", "2")), kept, typed, "d", "conflict", "should be a Gauge"},
		{"a panic", collector{metrics: []prometheus.Metric{good}, panics: "on purpose"}, kept, typed, "", "panic", "error=on purpose"},
		{"an exit", function(func(ch chan<- prometheus.Metric) { ch <- good; runtime.Goexit() }), kept, plain, "", "error", "runtime.Goexit was called"},
		{"an exit in a metric", function(func(ch chan<- prometheus.Metric) { ch <- good; ch <- exiting{} }), kept, plain, "", "error", "runtime.Goexit was called"},
		{"a channel that is closed", function(func(ch chan<- prometheus.Metric) { ch <- good; close(ch) }), kept, plain, "", "error", "the channel was closed"},
		{"a collector that hangs", function(func(ch chan<- prometheus.Metric) { ch <- good; time.Sleep(time.Hour); ch <- good }), "", plain, "", "timeout", "has not come back after 1m0s"},
		{
			"a function that panics", prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { panic("no value") }),
			"", "", "f", "panic", "no value",
		},
		{
			"a function that hangs", prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { time.Sleep(time.Hour); return 0 }),
			"", "", "f", "timeout", "has not come back",
		},
		{
			"a function that is wrapped", prometheus.WrapCollectorWithPrefix("x_", prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { panic("no value") })),
			"", "", "x_f", "panic", "no value",
		},
		{
			"a collector that is wrapped", prometheus.WrapCollectorWith(prometheus.Labels{"zone": "z"}, collector{metrics: []prometheus.Metric{good}, panics: "on purpose"}),
			"d{a=\"1\",m=\"const\",z=\"1\",zone=\"z\"} 1\n", typed, "", "panic", "error=on purpose",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, log := inQuarantine(prometheus.QuarantineOpts{})
				r.MustRegister(test.c, prometheus.NewGauge(prometheus.GaugeOpts{Name: "neighbour"}))
				for range 3 {
					if _, err := r.Gather(); err != nil {
						t.Errorf("got error %v, want none", err)
					}
				}
				got, err := exposed(t, r)
				if err != nil {
					t.Errorf("got error %v, want none", err)
				}
				var want string
				fails := test.reason != "" && test.family == ""
				if fails {
					want += fmt.Sprintf("cresset_collector_failures_total{collector=%q,reason=%q} 4\n", test.collector, test.reason)
				}
				if test.collector != "" {
					success := 1
					if test.reason != "" && test.reason != "duplicate" && test.reason != "conflict" {
						success = 0
					}
					want += fmt.Sprintf("cresset_collector_success{collector=%q} %d\n", test.collector, success)
				}
				if test.reason != "" && !fails {
					want += fmt.Sprintf("cresset_quarantined_series_total{family=%q,reason=%q} 4\n", test.family, test.reason)
				}
				want += test.want + "neighbour 0\n"
				if got := withoutDurations(got); got != want {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
				switch text := log.String(); {
				case test.reason == "" && text != "":
					t.Errorf("logged %q, want nothing", text)
				case test.reason != "" && (strings.Count(text, "\n") != 1 || !strings.Contains(text, test.log) || !strings.Contains(text, "reason="+test.reason)):
					t.Errorf("logged:\n%s\nwant one line with %q and reason %s", text, test.log, test.reason)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// told is a Collector that stops when it is told.
type told struct {
	unchecked
	stopped atomic.Int64
}

func (c *told) CollectContext(ctx context.Context, ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 2)
	select {
	case <-ctx.Done():
		c.stopped.Add(1)
	case <-time.After(time.Minute):
	}
}

func TestContextCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &told{unchecked: unchecked{func(ch chan<- prometheus.Metric) {
			ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)
		}}}
		strict := prometheus.NewRegistry()
		strict.MustRegister(c)
		if got, err := exposed(t, strict); got != "d 1\n" || err != nil {
			t.Errorf("strict: got %q and error %v, want what Collect sends", got, err)
		}

		r, log := inQuarantine(prometheus.QuarantineOpts{Timeout: time.Second})
		r.MustRegister(prometheus.WrapCollectorWithPrefix("x_", c))
		for range 3 {
			if got, _ := exposed(t, r); strings.Contains(got, "x_d") {
				t.Errorf("got:\n%s\nwant nothing of the collector", got)
			}
			synctest.Wait()
		}
		if got := c.stopped.Load(); got != 3 {
			t.Errorf("told %d times, want 3", got)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "collector=*prometheus_test.told reason=timeout") {
			t.Errorf("logged:\n%s\nwant one line", text)
		}

		patient, _ := inQuarantine(prometheus.QuarantineOpts{Timeout: time.Hour})
		patient.MustRegister(c)
		if got, _ := exposed(t, patient); !strings.HasSuffix(got, "\nd 2\n") {
			t.Errorf("got:\n%s\nwant what CollectContext sends", got)
		}
	})
}

func TestServeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		var n atomic.Int64
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"l"})
		vec.WithLabelValues("a").Set(1)
		r, _ := inQuarantine(prometheus.QuarantineOpts{Timeout: time.Second, ServeLast: time.Minute})
		r.MustRegister(vec, unchecked{func(ch chan<- prometheus.Metric) {
			if hang.Load() {
				time.Sleep(time.Hour)
			}
			ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, float64(n.Add(1)))
		}})
		want := func(what, line, age string) {
			t.Helper()
			got, _ := exposed(t, r)
			if has := strings.Contains(got, "\nd "); !strings.Contains(got, line) || has != (line != "") || !strings.Contains(got, `cresset_collector_result_age_seconds{collector="prometheus_test.unchecked"} `+age+"\n") || !strings.HasSuffix(got, "v{l=\"a\"} 1\n") {
				t.Errorf("%s: got:\n%s\nwant %q, of age %s", what, got, line, age)
			}
		}
		want("good", "\nd 1\n", "0")
		hang.Store(true)
		want("hung", "\nd 1\n", "1")
		time.Sleep(30 * time.Second)
		want("still hung", "\nd 1\n", "31")
		time.Sleep(30 * time.Second)
		want("hung for too long", "", "0")
		hang.Store(false)
		time.Sleep(time.Hour - 70*time.Second) // it comes back in nine seconds
		want("nearly", "", "0")
		time.Sleep(10 * time.Second)
		want("back", "\nd 3\n", "0")
	})
}

// A registry in quarantine that is registered with a strict one is a Collector
// like any other.
func TestQuarantineInsideAStrictRegistry(t *testing.T) {
	inner, _ := inQuarantine(prometheus.QuarantineOpts{})
	inner.MustRegister(collector{metrics: []prometheus.Metric{prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)}, panics: "oh"})
	outer := prometheus.NewRegistry()
	outer.MustRegister(inner)
	got, err := exposed(t, outer)
	if got != "d 1\n" || err == nil || !strings.Contains(err.Error(), "type=*prometheus.Registry: error=oh") {
		t.Errorf("got %q and error %v", got, err)
	}
}

func count(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)
}

func TestCollectorFuncIsCalledByItsFunction(t *testing.T) {
	r, _ := inQuarantine(prometheus.QuarantineOpts{})
	r.MustRegister(prometheus.CollectorFunc(count))
	got, _ := exposed(t, r)
	if want := "cresset_collector_success{collector=\"github.com/cresset-metrics/cresset/prometheus_test.count\"} 1\nd 1\n"; withoutDurations(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRegistryOptsPedantic(t *testing.T) {
	r := prometheus.NewRegistryWith(prometheus.RegistryOpts{Pedantic: true})
	r.MustRegister(collector{descs: []*prometheus.Desc{labelled}, metrics: []prometheus.Metric{prometheus.MustNewConstMetric(prometheus.NewDesc("other", "", nil, nil), prometheus.GaugeValue, 1)}})
	if _, err := r.Gather(); err == nil || !strings.Contains(err.Error(), "unregistered descriptor") {
		t.Errorf("got error %v, want one that tells of the descriptor", err)
	}
}

// Each Collector of a registry inside one in quarantine is on its own, also where
// that is wrapped, and where it comes later.
func TestRegistryInsideAQuarantine(t *testing.T) {
	const failed = `cresset_collector_failures_total{collector="prometheus_test.collector",reason="panic"} 4
cresset_collector_failures_total{collector="prometheus_test.unchecked",reason="timeout"} 4
`
	tests := []struct {
		name string
		wrap func(prometheus.Registerer) prometheus.Registerer
		want string
		logs int
	}{
		{"as it is", func(r prometheus.Registerer) prometheus.Registerer { return r }, failed +
			`cresset_collector_success{collector="prometheus_test.collector"} 0
cresset_collector_success{collector="prometheus_test.unchecked"} 0
cresset_quarantined_series_total{family="f",reason="panic"} 4
d 1
g{zone="other"} 0
h_bucket{le="1"} 0
h_bucket{le="+Inf"} 0
h_sum 0
h_count 0
v{l="a"} 1
`, 3},
		{"wrapped", func(r prometheus.Registerer) prometheus.Registerer {
			return prometheus.WrapRegistererWithPrefix("x_", prometheus.WrapRegistererWith(prometheus.Labels{"zone": "z"}, r))
		}, failed +
			`cresset_collector_success{collector="*prometheus.gauge"} 0
cresset_collector_success{collector="prometheus_test.collector"} 0
cresset_collector_success{collector="prometheus_test.unchecked"} 0
cresset_quarantined_series_total{family="x_f",reason="panic"} 4
cresset_quarantined_series_total{family="x_g",reason="invalid"} 4
x_d{zone="z"} 1
x_h_bucket{zone="z",le="1"} 0
x_h_bucket{zone="z",le="+Inf"} 0
x_h_sum{zone="z"} 0
x_h_count{zone="z"} 0
x_v{l="a",zone="z"} 1
`, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner, middle := prometheus.NewRegistry(), prometheus.NewRegistry()
				outer, log := inQuarantine(prometheus.QuarantineOpts{})
				var asked atomic.Int64
				vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"l"})
				vec.WithLabelValues("a").Set(1)
				inner.MustRegister(
					vec,
					prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { panic("no value") }),
					unchecked{func(chan<- prometheus.Metric) { asked.Add(1); time.Sleep(time.Hour) }},
					prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}}),
				)
				middle.MustRegister(inner)
				test.wrap(outer).MustRegister(middle)
				// Later, and one of them with a label that the wrapping adds.
				inner.MustRegister(
					collector{metrics: []prometheus.Metric{prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)}, panics: "oh"},
					prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", ConstLabels: prometheus.Labels{"zone": "other"}}),
				)
				for range 3 {
					exposed(t, outer)
				}
				got, err := exposed(t, outer)
				if got := withoutDurations(got); got != test.want || err != nil {
					t.Errorf("got:\n%s\nand error %v; want:\n%s", got, err, test.want)
				}
				if asked.Load() != 1 {
					t.Errorf("the one that hangs was asked %d times, want once", asked.Load())
				}
				if n := strings.Count(log.String(), "\n"); n != test.logs {
					t.Errorf("logged:\n%s\nwant %d lines", log, test.logs)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// A registry that has metrics of the native API besides is one Collector where it
// is wrapped, and no collector at all where it is not.
func TestNativeMetricsInsideAQuarantine(t *testing.T) {
	native := cresset.NewRegistry()
	addNative(t, native, "a", "1")
	inner := prometheus.FromNative(native)
	inner.MustRegister(dropInGauge("b"))
	plainly, _ := inQuarantine(prometheus.QuarantineOpts{})
	plainly.MustRegister(inner)
	if got, err := exposed(t, plainly); got != "a{x=\"1\"} 1\n" || err != nil {
		t.Errorf("got:\n%s\nand error %v", got, err)
	}
	outer, _ := inQuarantine(prometheus.QuarantineOpts{})
	prometheus.WrapRegistererWithPrefix("x_", outer).MustRegister(inner)
	for range 2 {
		got, err := exposed(t, outer)
		if want := "cresset_collector_success{collector=\"*prometheus.Registry\"} 1\nx_a{x=\"1\"} 1\n"; withoutDurations(got) != want || err != nil {
			t.Errorf("wrapped: got:\n%s\nand error %v; want:\n%s", got, err, want)
		}
	}
}

// A goroutine that a Collector leaves behind may send at any time: it harms nobody.
func TestSendingAfterCollectInQuarantine(t *testing.T) {
	for _, closing := range []bool{false, true} {
		late := make(chan chan<- prometheus.Metric, 1)
		r, _ := inQuarantine(prometheus.QuarantineOpts{})
		r.MustRegister(unchecked{func(ch chan<- prometheus.Metric) {
			ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)
			if closing {
				close(ch)
				return
			}
			late <- ch
		}})
		got, _ := exposed(t, r)
		if !strings.HasSuffix(got, "\nd 1\n") {
			t.Errorf("closing: %v: got:\n%s\nwant what was sent in time", closing, got)
		}
		if failed := strings.Contains(got, "cresset_collector_failures_total"); failed != closing {
			t.Errorf("closing: %v: got:\n%s", closing, got)
		}
		if !closing {
			<-late <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 2) // which would panic
		}
	}
}
