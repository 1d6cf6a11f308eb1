package prometheus_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

const ttl = time.Minute

// specimen is a vector whose metrics are known by one label value, and how it is
// registered and updated.
type specimen struct {
	vec       *prometheus.MetricVec // that is asked for metrics
	collector prometheus.Collector  // that is registered
	through   func(prometheus.Registerer) prometheus.Registerer
	update    func(prometheus.Metric)
}

// specimens makes one of each kind, whose series live so long.
func specimens(ttl time.Duration) map[string]specimen {
	direct := func(r prometheus.Registerer) prometheus.Registerer { return r }
	label := []string{"n"}
	inc := func(m prometheus.Metric) { m.(interface{ Inc() }).Inc() }
	observe := func(m prometheus.Metric) { m.(prometheus.Observer).Observe(1) }

	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "f", TTL: ttl}, label)
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "f", TTL: ttl}, label)
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f", TTL: ttl}, label)
	natives := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "f", TTL: ttl, NativeHistogramBucketFactor: 1.1}, label)
	summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "f", TTL: ttl}, label)
	quantiles := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "f", TTL: ttl, Objectives: map[float64]float64{0.5: 0.05}}, label)
	whole := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "f", TTL: ttl}, []string{"curried", "n"})
	curried := whole.MustCurryWith(prometheus.Labels{"curried": "x"})
	constrained := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts:    prometheus.CounterOpts{Name: "f", TTL: ttl},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "n", Constraint: strings.ToLower}},
	})
	wrapped := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "f", TTL: ttl}, label)
	return map[string]specimen{
		"counter":                 {counters.MetricVec, counters, direct, inc},
		"gauge":                   {gauges.MetricVec, gauges, direct, inc},
		"histogram":               {histograms.MetricVec, histograms, direct, observe},
		"native histogram":        {natives.MetricVec, natives, direct, observe},
		"summary":                 {summaries.MetricVec, summaries, direct, observe},
		"summary with objectives": {quantiles.MetricVec, quantiles, direct, observe},
		"curried":                 {curried.MetricVec, whole, direct, inc},
		"constrained":             {constrained.MetricVec, constrained, direct, inc},
		"wrapped registerer": {wrapped.MetricVec, wrapped, func(r prometheus.Registerer) prometheus.Registerer {
			return prometheus.WrapRegistererWithPrefix("w_", prometheus.WrapRegistererWith(prometheus.Labels{"w": "x"}, r))
		}, inc},
	}
}

// world is one registered specimen, watched by what it exposes.
type world struct {
	specimen
	t          *testing.T
	registry   *prometheus.Registry
	registerer prometheus.Registerer
}

func newWorld(t *testing.T, f specimen) *world {
	reg := prometheus.NewPedanticRegistry()
	w := &world{f, t, reg, f.through(reg)}
	w.registerer.MustRegister(f.collector)
	return w
}

func (w *world) with(n string) prometheus.Metric {
	w.t.Helper()
	m, err := w.vec.GetMetricWithLabelValues(n)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// value returns what is exposed of the series, and whether it is.
func (w *world) value(n string) (value float64, exposed bool) {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "n" && l.GetValue() == n {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue() +
						float64(m.GetHistogram().GetSampleCount()) + float64(m.GetSummary().GetSampleCount()), true
				}
			}
		}
	}
	return 0, false
}

func (w *world) want(when, n string, value float64) {
	w.t.Helper()
	if got, exposed := w.value(n); !exposed || got != value {
		w.t.Errorf("%s: got %v (exposed: %t), want %v", when, got, exposed, value)
	}
}

func (w *world) wantGone(when, n string) {
	w.t.Helper()
	if got, exposed := w.value(n); exposed {
		w.t.Errorf("%s: got %v, want the series gone", when, got)
	}
}

// deeds are what can be done to a series, and what it tells.
var deeds = map[string]func(*world, string) (found bool){
	"Delete": func(w *world, n string) bool { return w.vec.Delete(prometheus.Labels{"n": n}) },
	"DeleteLabelValues": func(w *world, n string) bool {
		return w.vec.DeleteLabelValues(n)
	},
	"DeletePartialMatch": func(w *world, n string) bool {
		return w.vec.DeletePartialMatch(prometheus.Labels{"n": n}) > 0
	},
	"Reset": func(w *world, _ string) bool { w.vec.Reset(); return true },
	"Replace": func(w *world, n string) bool {
		w.vec.Replace(func(next *prometheus.MetricVec) {
			if n != "kept" {
				next.GetMetricWithLabelValues("kept")
			}
		})
		return true
	},
}

// hammer updates a handle from several goroutines while something is done.
func (w *world) hammer(held prometheus.Metric, do func()) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 50 {
				w.update(held)
			}
		})
	}
	do()
	wg.Wait()
}

// forEachKind runs a test on every kind of specimen, in a bubble of its own.
func forEachKind(t *testing.T, ttl time.Duration, test func(w *world)) {
	for kind := range specimens(0) {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(newWorld(t, specimens(ttl)[kind])) })
		})
	}
}

func TestAHeldHandleAfterExpiry(t *testing.T) {
	forEachKind(t, ttl, func(w *world) {
		held := w.with("a")
		w.hammer(held, func() { w.with("a") })
		w.want("before", "a", 150)
		time.Sleep(ttl - time.Nanosecond)
		w.want("a nanosecond before it expires", "a", 150)
		time.Sleep(time.Nanosecond)
		if _, found := w.vec.Lookup("a"); found {
			w.t.Error("a lookup finds the series when it has expired")
		}
		w.wantGone("when it has expired", "a")
		w.update(held)
		w.want("after an update", "a", 1)
		w.update(w.with("a"))
		w.update(held)
		w.want("after updates of the old handle and of a new one", "a", 3)

		time.Sleep(ttl)
		recent := w.with("a")
		w.want("after a lookup that made it again", "a", 0)
		w.hammer(held, func() { w.update(recent) })
		w.want("after updates of both", "a", 151)
	})
}

func TestAHeldHandleWithoutTimeToLive(t *testing.T) {
	forEachKind(t, 0, func(w *world) {
		held := w.with("a")
		w.update(held)
		time.Sleep(1000 * time.Hour)
		w.update(held)
		w.want("after a long time", "a", 2)
	})
}

func TestAHeldHandleAfterDeletion(t *testing.T) {
	for deed, do := range deeds {
		t.Run(deed, func(t *testing.T) {
			for _, life := range []time.Duration{0, ttl} {
				t.Run("TTL "+life.String(), func(t *testing.T) {
					forEachKind(t, life, func(w *world) {
						held, kept := w.with("a"), w.with("kept")
						w.update(kept)
						w.hammer(held, func() {
							if !do(w, "a") {
								w.t.Errorf("got that there was no series")
							}
						})
						w.update(held)
						w.wantGone("after an update of the orphan", "a")
						w.update(w.with("a"))
						w.update(held)
						w.want("after it was made again", "a", 1)
						time.Sleep(10 * ttl)
						w.update(held)
						if life > 0 {
							w.wantGone("after an update of the orphan, much later", "a")
						} else {
							w.want("after an update of the orphan, much later", "a", 1)
						}
					})
				})
			}
		})
	}
}

// Of a series that has expired there is nothing to delete, and its handle brings it
// back as if nothing had been done.
func TestAHeldHandleAfterDeletionOfWhatHadExpired(t *testing.T) {
	for deed, do := range deeds {
		t.Run(deed, func(t *testing.T) {
			forEachKind(t, ttl, func(w *world) {
				other := w.with("other") // the sweeps keep time with it
				time.Sleep(ttl / 100)
				held := w.with("a")
				w.update(held)
				time.Sleep(ttl / 2)
				w.update(other)
				time.Sleep(ttl / 2)
				if found := do(w, "a"); found && strings.HasPrefix(deed, "Delete") {
					w.t.Error("got that there was a series")
				}
				w.update(held)
				w.want("after an update", "a", 1)
				w.update(w.with("a"))
				w.want("after an update of a new handle", "a", 2)
			})
		})
	}
}

func TestAHeldHandleAfterUnregister(t *testing.T) {
	for _, life := range []time.Duration{0, ttl} {
		t.Run("TTL "+life.String(), func(t *testing.T) {
			forEachKind(t, life, func(w *world) {
				held := w.with("a")
				w.update(held)
				w.hammer(held, func() {
					if !w.registerer.Unregister(w.collector) {
						w.t.Error("the vector was not registered")
					}
				})
				w.wantGone("while it is not registered", "a")
				w.update(w.with("a"))
				w.registerer.MustRegister(w.collector)
				w.want("registered again", "a", 152)
				time.Sleep(ttl)
				w.update(held)
				if life > 0 {
					w.want("after it has expired", "a", 1)
				} else {
					w.want("much later", "a", 153)
				}
			})
		})
	}
}

// What a Replace touches is the same series afterwards, and its handles stay good.
func TestAHeldHandleOfWhatIsReplacedByItself(t *testing.T) {
	for _, life := range []time.Duration{0, ttl} {
		t.Run("TTL "+life.String(), func(t *testing.T) {
			forEachKind(t, life, func(w *world) {
				held := w.with("a")
				w.update(held)
				w.update(w.with("b"))
				w.vec.Replace(func(next *prometheus.MetricVec) {
					again, err := next.GetMetricWithLabelValues("a")
					if err != nil || again != held {
						w.t.Errorf("got %v, %v, want the metric that was there", again, err)
					}
					w.update(again)
					fresh, err := next.GetMetricWithLabelValues("c")
					if err != nil {
						w.t.Error(err)
					}
					w.update(fresh)
					w.want("before the end", "a", 2)
					w.want("before the end", "b", 1)
					w.wantGone("before the end", "c")
				})
				w.want("at the end", "a", 2)
				w.wantGone("at the end", "b")
				w.want("at the end", "c", 1)
			})
		})
	}
}

func TestAReplaceThatPanicsChangesNothing(t *testing.T) {
	forEachKind(t, ttl, func(w *world) {
		held := w.with("a")
		w.update(held)
		if got := panicOf(func() {
			w.vec.Replace(func(next *prometheus.MetricVec) {
				fresh, _ := next.GetMetricWithLabelValues("b")
				w.update(fresh)
				panic("no")
			})
		}); got != "no" {
			w.t.Errorf("got panic %v, want the one of the function", got)
		}
		w.update(held)
		w.want("after the panic", "a", 2)
		w.wantGone("after the panic", "b")
	})
}

func TestAPinnedSeriesStaysUntilItIsDeleted(t *testing.T) {
	forEachKind(t, ttl, func(w *world) {
		pinned := w.vec.Pin("a")
		w.update(pinned)
		time.Sleep(100 * ttl)
		w.want("long after its time to live", "a", 1)
		w.vec.DeleteLabelValues("a")
		w.update(pinned)
		w.wantGone("when it is deleted", "a")
		w.update(w.with("a"))
		time.Sleep(ttl)
		w.wantGone("made again, after its time to live", "a")
	})
}

func TestSeriesBeyondTheLimitShareOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turnedAway []string
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "f_total", TTL: ttl, MaxSeries: 2,
			OnOverflow: func(name string, values []string) {
				turnedAway = append(turnedAway, name+"{"+strings.Join(values, ",")+"}")
			},
		}, []string{"a", "b"})
		for _, n := range []string{"1", "2", "3", "4", "3", "1"} {
			vec.WithLabelValues("x", n).Inc()
		}
		wantExposed(t, `cresset_series_overflow_total{metric="f_total"} 3
f_total{a="__overflow__",b="__overflow__"} 3
f_total{a="x",b="1"} 2
f_total{a="x",b="2"} 1
`, vec)
		if got, want := strings.Join(turnedAway, " "), "f_total{x,3} f_total{x,4} f_total{x,3}"; got != want {
			t.Errorf("got %s turned away, want %s", got, want)
		}
		vec.DeleteLabelValues("x", "1")
		vec.WithLabelValues("x", "3").Inc()
		if _, found := vec.Lookup("x", "3"); !found {
			t.Error("a deleted series made no room")
		}
		time.Sleep(ttl)
		vec.WithLabelValues("x", "5").Inc()
		vec.WithLabelValues("x", "6").Inc()
		wantExposed(t, `cresset_series_overflow_total{metric="f_total"} 3
f_total{a="x",b="5"} 1
f_total{a="x",b="6"} 1
`, vec)
	})
}

// Within a Replace, that of a part of next replaces this part of what will be, and
// nothing is seen before the whole is there.
func TestAReplaceWithinAReplace(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Hour} {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", TTL: ttl}, []string{"part", "n"})
		want := func(when string, want ...string) {
			t.Helper()
			var got []string
			for values := range vec.All() {
				got = append(got, strings.Join(values, ""))
			}
			if !slices.Equal(got, want) {
				t.Errorf("TTL %v, %s: got %q, want %q", ttl, when, got, want)
			}
		}
		for _, values := range []string{"aold", "akept", "bold"} {
			vec.WithLabelValues(values[:1], values[1:]).Set(1)
		}
		kept := vec.WithLabelValues("a", "kept")
		vec.Replace(func(next *prometheus.GaugeVec) {
			a := next.MustCurryWith(prometheus.Labels{"part": "a"})
			a.WithLabelValues("not any more")
			next.WithLabelValues("a", "old")
			next.WithLabelValues("c", "other")
			a.Replace(func(a *prometheus.GaugeVec) {
				a.WithLabelValues("kept")
				a.WithLabelValues("new").Inc()
			})
			func() {
				defer func() { _ = recover() }()
				next.MustCurryWith(prometheus.Labels{"part": "b"}).Replace(func(b *prometheus.GaugeVec) {
					b.WithLabelValues("never")
					panic("no")
				})
			}()
			want("meanwhile", "akept", "aold", "bold")
		})
		want("in the end", "akept", "anew", "cother")
		kept.Inc()
		if got := testutil.ToFloat64(vec.WithLabelValues("a", "kept")); got != 2 {
			t.Errorf("TTL %v: got %v, want 2 by the handle from before", ttl, got)
		}
		if got := testutil.ToFloat64(vec.WithLabelValues("a", "new")); got != 1 {
			t.Errorf("TTL %v: got %v, want 1 in the new one", ttl, got)
		}
	}
}
