package prometheus_test

import (
	"testing"
	"unsafe"

	"github.com/cresset-metrics/cresset/prometheus"
)

func newVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v", ConstLabels: prometheus.Labels{"m": "const"}}, []string{"z", "a"})
}

func TestVecFindsTheSameMetric(t *testing.T) {
	vec := newVec()
	c := vec.WithLabelValues("1", "2")
	for name, again := range map[string]prometheus.Counter{
		"WithLabelValues":       vec.WithLabelValues("1", "2"),
		"With":                  vec.With(prometheus.Labels{"a": "2", "z": "1"}),
		"curried":               vec.MustCurryWith(prometheus.Labels{"z": "1"}).WithLabelValues("2"),
		"curried by name":       vec.MustCurryWith(prometheus.Labels{"a": "2"}).With(prometheus.Labels{"z": "1"}),
		"curried twice":         vec.MustCurryWith(prometheus.Labels{"a": "2"}).MustCurryWith(prometheus.Labels{"z": "1"}).WithLabelValues(),
		"curried with nothing":  vec.MustCurryWith(nil).WithLabelValues("1", "2"),
		"curried twice by name": vec.MustCurryWith(prometheus.Labels{"z": "1", "a": "2"}).With(nil),
	} {
		if again != c {
			t.Errorf("%s: got another metric", name)
		}
	}
	if vec.WithLabelValues("2", "1") == c {
		t.Error("other values: got the same metric")
	}
	c.Inc()
	wantExposed(t, "v{a=\"1\",m=\"const\",z=\"2\"} 0\nv{a=\"2\",m=\"const\",z=\"1\"} 1\n", vec)
}

func TestVecErrors(t *testing.T) {
	vec := newVec()
	curried := vec.MustCurryWith(prometheus.Labels{"a": "2"})
	values := func(v *prometheus.CounterVec, lvs ...string) func() (prometheus.Counter, error) {
		return func() (prometheus.Counter, error) { return v.GetMetricWithLabelValues(lvs...) }
	}
	labels := func(v *prometheus.CounterVec, l prometheus.Labels) func() (prometheus.Counter, error) {
		return func() (prometheus.Counter, error) { return v.GetMetricWith(l) }
	}
	tests := []struct {
		name string
		get  func() (prometheus.Counter, error)
		want string
	}{
		{"none", values(vec), `inconsistent label cardinality: expected 2 label values but got 0 in []string(nil)`},
		{"too few", values(vec, "1"), `inconsistent label cardinality: expected 2 label values but got 1 in []string{"1"}`},
		{"too many", values(vec, "1", "2", "3"), `inconsistent label cardinality: expected 2 label values but got 3 in []string{"1", "2", "3"}`},
		{"too many for curried", values(curried, "1", "2"), `inconsistent label cardinality: expected 1 label values but got 2 in []string{"1", "2"}`},
		{"not UTF-8", values(vec, "1", "\xff"), `label value "\xff" is not valid UTF-8`},
		{"not UTF-8 in curried", values(curried, "\xff"), `label value "\xff" is not valid UTF-8`},
		{"no labels", labels(vec, nil), `inconsistent label cardinality: expected 2 label values but got 0 in prometheus.Labels(nil)`},
		{"too few labels", labels(vec, prometheus.Labels{"a": "1"}), `inconsistent label cardinality: expected 2 label values but got 1 in prometheus.Labels{"a":"1"}`},
		{"unknown label", labels(vec, prometheus.Labels{"a": "1", "x": "2"}), `label name "z" missing in label map`},
		{"curried label", labels(vec.MustCurryWith(prometheus.Labels{"z": "1"}), prometheus.Labels{"z": "1"}), `label name "z" is already curried`},
		{"label not UTF-8", labels(vec, prometheus.Labels{"a": "1", "z": "\xff"}), `label z: value "\xff" is not valid UTF-8`},
		{"unknown label not UTF-8", labels(vec, prometheus.Labels{"a": "1", "x": "\xff"}), `label x: value "\xff" is not valid UTF-8`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := test.get()
			wantError(t, "get", err, test.want)
			if c != nil {
				t.Errorf("got %v beside the error, want nil", c)
			}
		})
	}
	wantExposed(t, "", vec) // nothing was made
}

func TestVecPanicsWhereItWouldReturnAnError(t *testing.T) {
	vec := newVec()
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h"}, []string{"z", "a"})
	for name, f := range map[string]func(){
		"WithLabelValues":           func() { vec.WithLabelValues("1") },
		"With":                      func() { vec.With(prometheus.Labels{"z": "1", "x": "2"}) },
		"MustCurryWith":             func() { vec.MustCurryWith(prometheus.Labels{"x": "2"}) },
		"histogram WithLabelValues": func() { histograms.WithLabelValues("1") },
		"histogram With":            func() { histograms.With(nil) },
		"histogram MustCurryWith":   func() { histograms.MustCurryWith(prometheus.Labels{"x": "2"}) },
	} {
		if _, ok := panicOf(f).(error); !ok {
			t.Errorf("%s: want a panic with an error", name)
		}
	}
}

func TestCurryErrors(t *testing.T) {
	curried := newVec().MustCurryWith(prometheus.Labels{"a": "2"})
	for _, test := range []struct {
		labels prometheus.Labels
		want   string
	}{
		{prometheus.Labels{"a": "1"}, `label name "a" is already curried`},
		{prometheus.Labels{"x": "1"}, `1 unknown label(s) found during currying`},
		{prometheus.Labels{"x": "1", "m": "const", "z": "1"}, `2 unknown label(s) found during currying`},
		{prometheus.Labels{"z": "1"}, ``},
	} {
		got, err := curried.CurryWith(test.labels)
		wantError(t, "CurryWith", err, test.want)
		if (got == nil) != (err != nil) {
			t.Errorf("got %v and error %v, want one of them", got, err)
		}
	}
}

func TestVecDelete(t *testing.T) {
	tests := []struct {
		name   string
		delete func(*prometheus.CounterVec) any
		result any
		want   string
	}{
		{"by values", func(v *prometheus.CounterVec) any { return v.DeleteLabelValues("1", "x") }, true, "1y 2x 2y"},
		{"by values that are not there", func(v *prometheus.CounterVec) any { return v.DeleteLabelValues("3", "x") }, false, "1x 1y 2x 2y"},
		{"by too few values", func(v *prometheus.CounterVec) any { return v.DeleteLabelValues("1") }, false, "1x 1y 2x 2y"},
		{"by labels", func(v *prometheus.CounterVec) any { return v.Delete(prometheus.Labels{"a": "y", "z": "2"}) }, true, "1x 1y 2x"},
		{"by unknown labels", func(v *prometheus.CounterVec) any { return v.Delete(prometheus.Labels{"a": "y", "b": "2"}) }, false, "1x 1y 2x 2y"},
		{"of curried by values", func(v *prometheus.CounterVec) any {
			return v.MustCurryWith(prometheus.Labels{"a": "y"}).DeleteLabelValues("1")
		}, true, "1x 2x 2y"},
		{"of curried by labels", func(v *prometheus.CounterVec) any {
			return v.MustCurryWith(prometheus.Labels{"a": "y"}).Delete(prometheus.Labels{"z": "1"})
		}, true, "1x 2x 2y"},
		{"of curried by curried label", func(v *prometheus.CounterVec) any {
			return v.MustCurryWith(prometheus.Labels{"a": "y"}).Delete(prometheus.Labels{"z": "1", "a": "y"})
		}, false, "1x 1y 2x 2y"},
		{"partial", func(v *prometheus.CounterVec) any { return v.DeletePartialMatch(prometheus.Labels{"a": "x"}) }, 2, "1y 2y"},
		{"partial with all labels", func(v *prometheus.CounterVec) any { return v.DeletePartialMatch(prometheus.Labels{"a": "x", "z": "1"}) }, 1, "1y 2x 2y"},
		{"partial without labels", func(v *prometheus.CounterVec) any { return v.DeletePartialMatch(nil) }, 4, ""},
		{"partial with an unknown label", func(v *prometheus.CounterVec) any { return v.DeletePartialMatch(prometheus.Labels{"a": "x", "b": "1"}) }, 0, "1x 1y 2x 2y"},
		{"partial of curried by curried label", func(v *prometheus.CounterVec) any {
			return v.MustCurryWith(prometheus.Labels{"a": "y"}).DeletePartialMatch(prometheus.Labels{"a": "y"})
		}, 0, "1x 1y 2x 2y"},
		{"partial of curried by another label goes beyond it", func(v *prometheus.CounterVec) any {
			return v.MustCurryWith(prometheus.Labels{"a": "y"}).DeletePartialMatch(prometheus.Labels{"z": "1"})
		}, 2, "2x 2y"},
		{"reset", func(v *prometheus.CounterVec) any { v.Reset(); return nil }, nil, ""},
		{"reset of curried goes beyond it", func(v *prometheus.CounterVec) any {
			v.MustCurryWith(prometheus.Labels{"a": "y"}).Reset()
			return nil
		}, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			vec := newVec()
			left := ""
			for _, z := range []string{"1", "2"} {
				for _, a := range []string{"x", "y"} {
					vec.WithLabelValues(z, a)
				}
			}
			if got := test.delete(vec); got != test.result {
				t.Errorf("got %v, want %v", got, test.result)
			}
			for _, z := range []string{"1", "2"} {
				for _, a := range []string{"x", "y"} {
					if vec.DeleteLabelValues(z, a) {
						left += " " + z + a
					}
				}
			}
			if left != "" {
				left = left[1:]
			}
			if left != test.want {
				t.Errorf("got %q left, want %q", left, test.want)
			}
		})
	}
}

func TestDeletedMetricIsAnOrphan(t *testing.T) {
	vec := newVec()
	old := vec.WithLabelValues("1", "2")
	old.Add(5)
	vec.DeleteLabelValues("1", "2")
	old.Inc()
	wantExposed(t, "", vec)
	vec.WithLabelValues("1", "2").Inc()
	old.Inc()
	wantExposed(t, "v{a=\"2\",m=\"const\",z=\"1\"} 1\n", vec)
	if got := valueOf(t, old).GetCounter().GetValue(); got != 7 {
		t.Errorf("the metric that was deleted: got %v, want 7", got)
	}
}

// A vector that cannot be registered can be used all the same, and asking it for
// a metric again and again does not make it again and again.
func TestVecOfAnInvalidDesc(t *testing.T) {
	for _, names := range [][]string{{"a", "a"}, {"__a", "b"}, {"m", "b"}} {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v", ConstLabels: prometheus.Labels{"m": "1"}}, names)
		if err := prometheus.NewRegistry().Register(vec); err == nil {
			t.Errorf("%q: got no error from Register", names)
		}
		if vec.WithLabelValues("1", "2") != vec.WithLabelValues("1", "2") {
			t.Errorf("%q: got two metrics for the same values", names)
		}
		if vec.WithLabelValues("1", "2") == vec.WithLabelValues("1", "1") {
			t.Errorf("%q: got one metric for different values", names)
		}
	}
}

// Frameworks hand out strings over buffers that they use again.
func TestVecKeepsNothingOfTheCallers(t *testing.T) {
	buf := []byte("name|help|const|fixed|label|value|curry|carried|by name")
	next := 0
	part := func(n int) string {
		s := unsafe.String(&buf[next], n)
		next += n + 1
		return s
	}
	name, help, constName, constValue := part(4), part(4), part(5), part(5)
	label, value, curriedLabel, curriedValue, other := part(5), part(5), part(5), part(7), part(7)

	constant := prometheus.Labels{constName: constValue}
	names := []string{label, curriedLabel}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: constant}, names)
	curriedLabels := prometheus.Labels{curriedLabel: curriedValue}
	curried := vec.MustCurryWith(curriedLabels)
	values := []string{value}
	curried.WithLabelValues(values...).Set(1)
	given := prometheus.Labels{label: other, curriedLabel: value}
	vec.With(given).Set(2)
	gaugeFunc := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: label, ConstLabels: constant}, func() float64 { return 3 })
	desc := prometheus.NewDesc(other, help, names, constant)
	held := prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 4, value, other)
	shown := desc.String()
	_, errValues := vec.GetMetricWithLabelValues(value)
	_, errLabels := vec.GetMetricWith(prometheus.Labels{label: value})

	for i := range buf {
		buf[i] = '!'
	}
	clear(constant)
	clear(curriedLabels)
	clear(given)
	names[0], values[0] = "changed", "changed"

	wantExposed(t, "{\"by name\",const=\"fixed\",curry=\"by name\",label=\"value\"} 4\n"+
		"label{const=\"fixed\"} 3\n"+
		"name{const=\"fixed\",curry=\"carried\",label=\"value\"} 1\n"+
		"name{const=\"fixed\",curry=\"value\",label=\"by name\"} 2\n",
		vec, gaugeFunc, collector{[]*prometheus.Desc{desc}, []prometheus.Metric{held}, nil})
	if got := desc.String(); got != shown {
		t.Errorf("got desc %s, want %s", got, shown)
	}
	wantError(t, "by values", errValues, `inconsistent label cardinality: expected 2 label values but got 1 in []string{"value"}`)
	wantError(t, "by labels", errLabels, `inconsistent label cardinality: expected 2 label values but got 1 in prometheus.Labels{"label":"value"}`)
	curried.WithLabelValues("value").Inc() // still found under what was curried
	vec.WithLabelValues("value", "carried").Inc()
	if got := valueOf(t, vec.WithLabelValues("value", "carried")).GetGauge().GetValue(); got != 3 {
		t.Errorf("got %v, want 3: one series, updated thrice", got)
	}
}

func TestMetricVecOfOnesOwn(t *testing.T) {
	desc := prometheus.NewDesc("own", "", []string{"a", "b"}, nil)
	made := 0
	vec := prometheus.NewMetricVec(desc, func(lvs ...string) prometheus.Metric {
		made++
		m := prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(made), lvs...)
		lvs[0] = "changed by the function"
		return m
	})
	for range 3 {
		if _, err := vec.GetMetricWithLabelValues("1", "2"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vec.GetMetricWith(prometheus.Labels{"a": "0", "b": "1"}); err != nil {
		t.Fatal(err)
	}
	wantExposed(t, "own{a=\"0\",b=\"1\"} 2\nown{a=\"1\",b=\"2\"} 1\n", vec)
	if made != 2 {
		t.Errorf("got %d metrics made, want 2", made)
	}
}

// doubling counts everything twice.
type doubling struct{ prometheus.Counter }

func (d doubling) Inc() { d.Counter.Add(2) }

// The vectors of this package can be put together of a MetricVec of one's own.
func TestKnownVecOfMetricsOfOnesOwn(t *testing.T) {
	desc := prometheus.NewDesc("own", "", []string{"a"}, nil)
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "own"}, []string{"a"})
	vec := &prometheus.CounterVec{MetricVec: prometheus.NewMetricVec(desc, func(lvs ...string) prometheus.Metric {
		return doubling{counters.WithLabelValues(lvs...)}
	})}
	vec.WithLabelValues("1").Inc()
	vec.With(prometheus.Labels{"a": "1"}).Inc()
	wantExposed(t, "own{a=\"1\"} 4\n", vec)
}

// both is a vector with a metric of its own besides.
type both struct {
	*prometheus.CounterVec
	extra prometheus.Metric
}

func (b both) Collect(ch chan<- prometheus.Metric) {
	b.CounterVec.Collect(ch)
	ch <- b.extra
}

func TestVecThatIsEmbeddedCollectsAsItsOwnerSays(t *testing.T) {
	vec := newVec()
	vec.WithLabelValues("2", "2").Inc()
	var desc *prometheus.Desc
	ch := make(chan *prometheus.Desc, 1)
	vec.Describe(ch)
	desc = <-ch
	extra := prometheus.MustNewConstMetric(desc, prometheus.CounterValue, 7, "1", "1")
	wantExposed(t, "v{a=\"1\",m=\"const\",z=\"1\"} 7\nv{a=\"2\",m=\"const\",z=\"2\"} 1\n", both{vec, extra})
}

func TestVecWithMoreLabelsThanFitOnTheStack(t *testing.T) {
	var names, values []string
	labels := prometheus.Labels{}
	for i := range 40 {
		names, values = append(names, string(rune('A'+i))+"x"), append(values, string(rune('a'+i)))
		labels[names[i]] = values[i]
	}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g"}, names)
	vec.WithLabelValues(values...).Inc()
	vec.With(labels).Inc()
	vec.MustCurryWith(prometheus.Labels{names[0]: values[0]}).WithLabelValues(values[1:]...).Inc()
	if got := valueOf(t, vec.With(labels)).GetGauge().GetValue(); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
}
