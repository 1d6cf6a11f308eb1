package prometheus_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promauto"
)

// exposedMetrics gathers the only family of a registry, nil if there is none.
func exposedMetrics(t *testing.T, r *prometheus.Registry) []*dto.Metric {
	t.Helper()
	families, err := r.Gather()
	if err != nil || len(families) > 1 {
		t.Fatalf("got %d families and error %v, want one at most", len(families), err)
	}
	if len(families) == 0 {
		return nil
	}
	return families[0].GetMetric()
}

// A metric without labels that has a TTL leaves the page and comes back.
func TestASingleMetricComesAndGoes(t *testing.T) {
	type single struct {
		make   func(promauto.Factory) prometheus.Metric
		update func(prometheus.Metric)
	}
	inc := func(m prometheus.Metric) { m.(interface{ Inc() }).Inc() }
	observe := func(m prometheus.Metric) { m.(prometheus.Observer).Observe(1) }
	for kind, s := range map[string]single{
		"counter": {func(f promauto.Factory) prometheus.Metric {
			return f.NewCounter(prometheus.CounterOpts{Name: "s", TTL: ttl})
		}, inc},
		"gauge": {func(f promauto.Factory) prometheus.Metric {
			return f.NewGauge(prometheus.GaugeOpts{Name: "s", TTL: ttl})
		}, inc},
		"histogram": {func(f promauto.Factory) prometheus.Metric {
			return f.NewHistogram(prometheus.HistogramOpts{Name: "s", TTL: ttl})
		}, observe},
		"native histogram": {func(f promauto.Factory) prometheus.Metric {
			return f.NewHistogram(prometheus.HistogramOpts{Name: "s", TTL: ttl, NativeHistogramBucketFactor: 1.1})
		}, observe},
		"summary": {func(f promauto.Factory) prometheus.Metric {
			return f.NewSummary(prometheus.SummaryOpts{Name: "s", TTL: ttl})
		}, observe},
		"summary with objectives": {func(f promauto.Factory) prometheus.Metric {
			return f.NewSummary(prometheus.SummaryOpts{Name: "s", TTL: ttl, Objectives: map[float64]float64{0.5: 0.05}})
		}, observe},
	} {
		for through, registerer := range map[string]func(*prometheus.Registry) prometheus.Registerer{
			"directly": func(r *prometheus.Registry) prometheus.Registerer { return r },
			"wrapped": func(r *prometheus.Registry) prometheus.Registerer {
				return prometheus.WrapRegistererWith(prometheus.Labels{"w": "x"}, r)
			},
		} {
			t.Run(kind+" "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					reg := prometheus.NewPedanticRegistry()
					m := s.make(promauto.With(registerer(reg)))
					value := func() float64 {
						total := -1.0
						for _, m := range exposedMetrics(t, reg) {
							total = m.GetCounter().GetValue() + m.GetGauge().GetValue() +
								float64(m.GetHistogram().GetSampleCount()) + float64(m.GetSummary().GetSampleCount())
						}
						return total
					}
					want := func(when string, v float64) {
						t.Helper()
						if got := value(); got != v {
							t.Errorf("%s: got %v, want %v (-1 for none)", when, got, v)
						}
					}
					want("when it is new", 0)
					s.update(m)
					s.update(m)
					time.Sleep(ttl - time.Nanosecond)
					want("before it expires", 2)
					time.Sleep(time.Nanosecond)
					want("when it has expired", -1)
					time.Sleep(100 * ttl)
					want("much later", -1)
					s.update(m)
					want("after an update", 1)
					time.Sleep(ttl)
					want("when it has expired again", -1)
					s.update(m)
					s.update(m)
					want("after two updates", 2)
				})
			})
		}
	}
}

// What comes back was created when it came back, and has no exemplar of an
// earlier life.
func TestASeriesThatComesBackBeginsAnew(t *testing.T) {
	trace := prometheus.Labels{"trace": "x"}
	type subject struct {
		collector prometheus.Collector
		update    func(exemplar prometheus.Labels)
		created   func(*dto.Metric) time.Time
		exemplars func(*dto.Metric) int
	}
	ofHistogram := func(opts prometheus.HistogramOpts) func() subject {
		return func() subject {
			opts.Name, opts.TTL = "s", ttl
			vec := prometheus.NewHistogramVec(opts, []string{"n"})
			held := vec.WithLabelValues("x").(prometheus.ExemplarObserver)
			return subject{vec, func(e prometheus.Labels) { held.ObserveWithExemplar(1, e) },
				func(m *dto.Metric) time.Time { return m.GetHistogram().GetCreatedTimestamp().AsTime() },
				func(m *dto.Metric) int {
					n := len(m.GetHistogram().GetExemplars())
					for _, b := range m.GetHistogram().GetBucket() {
						if b.GetExemplar() != nil {
							n++
						}
					}
					return n
				}}
		}
	}
	ofSummary := func(opts prometheus.SummaryOpts) func() subject {
		return func() subject {
			opts.Name, opts.TTL = "s", ttl
			vec := prometheus.NewSummaryVec(opts, []string{"n"})
			held := vec.WithLabelValues("x")
			return subject{vec, func(prometheus.Labels) { held.Observe(1) },
				func(m *dto.Metric) time.Time { return m.GetSummary().GetCreatedTimestamp().AsTime() }, nil}
		}
	}
	for kind, make := range map[string]func() subject{
		"counter": func() subject {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "s", TTL: ttl}, []string{"n"})
			held := vec.WithLabelValues("x").(prometheus.ExemplarAdder)
			return subject{vec, func(e prometheus.Labels) { held.AddWithExemplar(1, e) },
				func(m *dto.Metric) time.Time { return m.GetCounter().GetCreatedTimestamp().AsTime() },
				func(m *dto.Metric) int {
					if m.GetCounter().GetExemplar() != nil {
						return 1
					}
					return 0
				}}
		},
		"histogram":               ofHistogram(prometheus.HistogramOpts{}),
		"native histogram":        ofHistogram(prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1}),
		"summary":                 ofSummary(prometheus.SummaryOpts{}),
		"summary with objectives": ofSummary(prometheus.SummaryOpts{Objectives: map[float64]float64{0.5: 0.05}}),
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := make()
				reg := prometheus.NewPedanticRegistry()
				reg.MustRegister(s.collector)
				check := func(when string, created time.Time, exemplars bool) {
					t.Helper()
					metrics := exposedMetrics(t, reg)
					if len(metrics) != 1 {
						t.Fatalf("%s: got %d series, want one", when, len(metrics))
					}
					if got := s.created(metrics[0]); !got.Equal(created) {
						t.Errorf("%s: got created %v, want %v", when, got, created)
					}
					if s.exemplars != nil && (s.exemplars(metrics[0]) > 0) != exemplars {
						t.Errorf("%s: got %d exemplars, want some: %t", when, s.exemplars(metrics[0]), exemplars)
					}
				}
				first := time.Now()
				time.Sleep(time.Second)
				s.update(trace)
				check("in its first life", first, true)
				time.Sleep(ttl)
				second := time.Now()
				s.update(nil)
				check("in its second life", second, false)
				s.update(trace)
				check("with an exemplar", second, true)
			})
		})
	}
}

// A gauge that comes back is what Set says, and begins at zero for what adds.
func TestAGaugeThatComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		update func(prometheus.Gauge)
		want   float64
	}{
		"Set": {func(g prometheus.Gauge) { g.Set(7) }, 7},
		"Inc": {func(g prometheus.Gauge) { g.Inc() }, 1},
		"Dec": {func(g prometheus.Gauge) { g.Dec() }, -1},
		"Add": {func(g prometheus.Gauge) { g.Add(2.5) }, 2.5},
		"Sub": {func(g prometheus.Gauge) { g.Sub(2.5) }, -2.5},
		"SetToCurrentTime": {func(g prometheus.Gauge) { g.SetToCurrentTime() },
			// A bubble begins with the year 2000.
			float64(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(ttl).Unix())},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", TTL: ttl})
				g.Set(100)
				time.Sleep(ttl)
				c.update(g)
				reg := prometheus.NewRegistry()
				reg.MustRegister(g)
				if m := exposedMetrics(t, reg); len(m) != 1 || m[0].GetGauge().GetValue() != c.want {
					t.Errorf("got %v, want %v", m, c.want)
				}
			})
		})
	}
}

// What cannot be is refused where it is written, in all constructors.
func TestOptionsOfLifetimesThatCannotBe(t *testing.T) {
	labels := []string{"n"}
	constrained := prometheus.UnconstrainedLabels(labels)
	constructors := map[string]func(ttl time.Duration, max int){
		"NewCounter": func(ttl time.Duration, max int) {
			prometheus.NewCounter(prometheus.CounterOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max})
		},
		"NewGauge": func(ttl time.Duration, max int) {
			prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max})
		},
		"NewHistogram": func(ttl time.Duration, max int) {
			prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max})
		},
		"NewSummary": func(ttl time.Duration, max int) {
			prometheus.NewSummary(prometheus.SummaryOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max})
		},
		"NewCounterVec": func(ttl time.Duration, max int) {
			prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, labels)
		},
		"NewGaugeVec": func(ttl time.Duration, max int) {
			prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, labels)
		},
		"NewHistogramVec": func(ttl time.Duration, max int) {
			prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, labels)
		},
		"NewSummaryVec": func(ttl time.Duration, max int) {
			prometheus.NewSummaryVec(prometheus.SummaryOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, labels)
		},
		"V2.NewCounterVec": func(ttl time.Duration, max int) {
			prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
				CounterOpts: prometheus.CounterOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, VariableLabels: constrained})
		},
		"V2.NewGaugeVec": func(ttl time.Duration, max int) {
			prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
				GaugeOpts: prometheus.GaugeOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, VariableLabels: constrained})
		},
		"V2.NewHistogramVec": func(ttl time.Duration, max int) {
			prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{
				HistogramOpts: prometheus.HistogramOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, VariableLabels: constrained})
		},
		"V2.NewSummaryVec": func(ttl time.Duration, max int) {
			prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{
				SummaryOpts: prometheus.SummaryOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, VariableLabels: constrained})
		},
		"promauto": func(ttl time.Duration, max int) {
			promauto.With(prometheus.NewRegistry()).NewGaugeVec(prometheus.GaugeOpts{Namespace: "a", Name: "b", TTL: ttl, MaxSeries: max}, labels)
		},
	}
	for name, construct := range constructors {
		for _, c := range []struct {
			ttl  time.Duration
			max  int
			want string
		}{
			{-time.Second, 0, `TTL of "a_b" must not be negative, but is -1s`},
			{-1, -1, `TTL of "a_b" must not be negative, but is -1ns`},
			{0, -3, `MaxSeries of "a_b" must not be negative, but is -3`},
			{time.Minute, -3, `MaxSeries of "a_b" must not be negative, but is -3`},
		} {
			if got := fmt.Sprint(panicOf(func() { construct(c.ttl, c.max) })); got != c.want {
				t.Errorf("%s with TTL %v and MaxSeries %d: got panic %q, want %q", name, c.ttl, c.max, got, c.want)
			}
		}
		for _, ttl := range []time.Duration{0, 1, time.Hour, 1<<63 - 1} {
			if got := panicOf(func() { construct(ttl, 1) }); got != nil {
				t.Errorf("%s with TTL %v: got panic %v, want none", name, ttl, got)
			}
		}
	}
}

// A TTL that is over before anything else can happen is one, too, and no reason to
// run for ever.
func TestTheShortestTimeToLive(t *testing.T) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "f_total", TTL: 1}, []string{"n"})
	removed := make(chan struct{})
	func() {
		held := vec.WithLabelValues("a")
		held.Inc()
		runtime.AddCleanup(vec, func(removed chan struct{}) { close(removed) }, removed)
	}()
	if got := seriesOf(t, vec); got != "" {
		t.Errorf("got %q on the page, want nothing", got)
	}
	vec = nil
	for deadline := time.Now().Add(time.Minute); ; runtime.GC() {
		select {
		case <-removed:
			return
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("something still looks after a vector that nobody has")
		}
	}
}

// A TTL that no process lives to see is one for ever.
func TestTheLongestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "f_total", TTL: 1<<63 - 1}, []string{"n"})
		held := vec.WithLabelValues("a")
		held.Inc()
		time.Sleep(100_000 * time.Hour)
		held.Inc()
		wantExposed(t, "f_total{n=\"a\"} 2\n", vec)
	})
}

// Functions tell values that nobody updates: they do not expire.
func TestFunctionsDoNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := func() float64 { return 1 }
		metrics := []prometheus.Collector{
			prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "a", TTL: ttl, MaxSeries: 1}, value),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "b", TTL: ttl, MaxSeries: 1}, value),
			prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "c", TTL: ttl, MaxSeries: 1}, value),
		}
		time.Sleep(100 * ttl)
		wantExposed(t, "a 1\nb 1\nc 1\n", metrics...)
	})
}

// A vector whose labels have constraints finds a series by any spelling of its
// values, before and after it expired.
func TestConstrainedLabelsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vec := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
			CounterOpts:    prometheus.CounterOpts{Name: "f_total", TTL: ttl},
			VariableLabels: prometheus.ConstrainedLabels{{Name: "n", Constraint: strings.ToLower}},
		})
		held := vec.WithLabelValues("A")
		vec.WithLabelValues("a").Inc()
		time.Sleep(ttl)
		held.Inc()
		vec.WithLabelValues("A").Inc()
		wantExposed(t, "f_total{n=\"a\"} 2\n", vec)
		if _, found := vec.Lookup("A"); !found || !vec.DeleteLabelValues("A") {
			t.Error("another spelling does not find the series")
		}
	})
}
