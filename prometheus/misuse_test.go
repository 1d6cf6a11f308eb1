package prometheus_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// misuses are all ways to call metrics wrongly, which may expire or not.
func misuses(ttl time.Duration) []misuse {
	labels := []string{"a", "b"}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", TTL: ttl}, labels)
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", TTL: ttl}, labels)
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", TTL: ttl}, labels)
	summaries := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s", TTL: ttl, Objectives: map[float64]float64{0.5: 0.05}}, labels)
	constrained := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts:    prometheus.CounterOpts{Name: "v", TTL: ttl},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "a", Constraint: strings.ToLower}},
	})
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "n", TTL: ttl})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "hist", TTL: ttl, Buckets: []float64{1}})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "nat", TTL: ttl, NativeHistogramBucketFactor: 1.1})
	long := prometheus.Labels{"id": strings.Repeat("x", 200)}
	return []misuse{
		{"too few", "c", "label_count", vec, func() { vec.WithLabelValues("x").Inc() }, "inconsistent label cardinality: expected 2 label values but got 1 in []string{\"x\"}"},
		{"none of a gauge", "g", "label_count", gauges, func() { gauges.WithLabelValues().Set(1) }, "inconsistent label cardinality: expected 2 label values but got 0 in []string(nil)"},
		{"too many of a histogram", "h", "label_count", histograms, func() { histograms.WithLabelValues("1", "2", "3").Observe(1) }, "inconsistent label cardinality: expected 2 label values but got 3 in []string{\"1\", \"2\", \"3\"}"},
		{"too few by name", "s", "label_count", summaries, func() { summaries.With(prometheus.Labels{"a": "x"}).Observe(1) }, "inconsistent label cardinality: expected 2 label values but got 1 in prometheus.Labels{\"a\":\"x\"}"},
		{"an unknown name", "c", "label_names", vec, func() { vec.With(prometheus.Labels{"a": "x", "z": "y"}).Inc() }, `label name "b" missing in label map`},
		{"too many in a curried one", "c", "label_count", vec, func() { vec.MustCurryWith(prometheus.Labels{"a": "x"}).WithLabelValues("1", "2").Inc() }, "inconsistent label cardinality: expected 1 label values but got 2 in []string{\"1\", \"2\"}"},
		{"a curried name", "g", "label_names", gauges, func() {
			gauges.MustCurryWith(prometheus.Labels{"a": "x"}).With(prometheus.Labels{"a": "y"}).Inc()
		}, `label name "a" is already curried`},
		{"pinning too few", "g", "label_count", gauges, func() { gauges.Pin("x").Set(1) }, "inconsistent label cardinality: expected 2 label values but got 1 in []string{\"x\"}"},
		{"pinning no text", "s", "invalid_utf8", summaries, func() { summaries.Pin("x", "\xff").Observe(1) }, `label value "\xff" is not valid UTF-8`},
		{"looking up too many", "h", "label_count", histograms, func() {
			if _, found := histograms.Lookup("1", "2", "3"); found {
				panic("found")
			}
		}, "inconsistent label cardinality: expected 2 label values but got 3 in []string{\"1\", \"2\", \"3\"}"},
		{"in the function of Replace", "c", "label_count", vec, func() {
			vec.Replace(func(next *prometheus.CounterVec) { next.WithLabelValues("x").Inc() })
		}, "inconsistent label cardinality: expected 2 label values but got 1 in []string{\"x\"}"},
		{"no text", "h", "invalid_utf8", histograms, func() { histograms.WithLabelValues("x", "\xff").Observe(1) }, `label value "\xff" is not valid UTF-8`},
		{"no text by name", "s", "invalid_utf8", summaries, func() { summaries.With(prometheus.Labels{"a": "x", "b": "\xff"}).Observe(1) }, `label b: value "\xff" is not valid UTF-8`},
		{"no text and a wrong name", "c", "invalid_utf8", vec, func() { vec.With(prometheus.Labels{"a": "\xff", "z": "y"}).Inc() }, `label a: value "\xff" is not valid UTF-8`},
		{"with a constraint", "v", "label_count", constrained, func() { constrained.WithLabelValues("X", "Y").Inc() }, "inconsistent label cardinality: expected 1 label values but got 2 in []string{\"x\", \"Y\"}"},
		{"a negative amount", "n", "negative_add", counter, func() { counter.Add(-1) }, "counter cannot decrease in value"},
		{"a negative amount with exemplar", "n", "negative_add", counter, func() {
			counter.(prometheus.ExemplarAdder).AddWithExemplar(-1, prometheus.Labels{"id": "x"})
		}, "counter cannot decrease in value"},
		{"a negative amount of a child", "c", "negative_add", vec, func() {
			vec.WithLabelValues("x", "y").Add(-1)
			vec.DeleteLabelValues("x", "y")
		}, "counter cannot decrease in value"},
		{"a bad exemplar", "n", "invalid_exemplar", counter, func() {
			counter.(prometheus.ExemplarAdder).AddWithExemplar(0, prometheus.Labels{"__id": "x"})
		}, `exemplar label name "__id" is invalid`},
		{"a long exemplar", "hist", "invalid_exemplar", histogram, func() {
			histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(1, long)
		}, "exemplar labels have 202 runes, exceeding the limit of 128"},
		{"an exemplar that is no text", "nat", "invalid_exemplar", native, func() {
			native.(prometheus.ExemplarObserver).ObserveWithExemplar(1, prometheus.Labels{"id": "\xff"})
		}, `exemplar label value "\xff" is not valid UTF-8`},
	}
}

type misuse struct {
	name, metric, reason string
	collector            prometheus.Collector
	call                 func()
	want                 string // the error
}

// misused returns what a page says about misuse, without the rest.
func misused(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	page, err := exposed(t, r)
	if err != nil {
		t.Error(err)
	}
	var lines strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "cresset_") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func misuseLine(metric, reason string, n int) string {
	return fmt.Sprintf("cresset_misuse_total{metric=%q,reason=%q} %d\n", metric, reason, n)
}

// counting returns a registry that counts, and what it logs.
func counting() (*prometheus.Registry, *bytes.Buffer) {
	var log bytes.Buffer
	return prometheus.NewRegistryWith(prometheus.RegistryOpts{
		CountMisuse:  true,
		MisuseLogger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{AddSource: true})),
	}), &log
}

func TestMisuseCounts(t *testing.T) {
	for _, m := range slices.Concat(misuses(0), misuses(time.Hour)) {
		t.Run(m.name, func(t *testing.T) {
			panics := func(when string) {
				t.Helper()
				err, _ := panicOf(m.call).(error)
				wantError(t, "panic "+when, err, m.want)
			}
			r, log := counting()
			panics("before it is registered")
			other := prometheus.NewRegistry()
			other.MustRegister(m.collector)
			panics("with a strict registry")

			r.MustRegister(m.collector)
			for range 3 {
				if cause := panicOf(m.call); cause != nil {
					t.Fatalf("got the panic %v, want none", cause)
				}
			}
			if got, want := misused(t, r), misuseLine(m.metric, m.reason, 3); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if got := strings.Count(log.String(), "\n"); got != 1 {
				t.Errorf("got %d lines in the log for one place, want one:\n%s", got, log)
			}
			for _, want := range []string{
				"level=WARN", `msg="misuse of a metric, logged once and counted in cresset_misuse_total"`,
				"metric=" + m.metric, "reason=" + m.reason, fmt.Sprintf("error=%q", m.want), "misuse_test.go:",
			} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("got the log\n%swant it to contain\n%s", log, want)
				}
			}
			// Nothing of it is exposed: each line but the misuse is of what was not wrong.
			page, _ := exposed(t, r)
			if regexp.MustCompile(`(?m)^(c|g|h|s|v)\b|discarded|id=`).MatchString(page) {
				t.Errorf("got the page\n%s\nwant nothing of what was called wrongly", page)
			}

			other.Unregister(m.collector)
			if cause := panicOf(m.call); cause != nil {
				t.Errorf("got the panic %v after the strict registry forgot it, want none", cause)
			}
			r.Unregister(m.collector)
			panics("after it was unregistered")
			if got, want := misused(t, r), misuseLine(m.metric, m.reason, 4); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// What is right about a wrong call is done.
func TestMisusedExemplarsCountTheValue(t *testing.T) {
	r, _ := counting()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}})
	r.MustRegister(c, h)
	bad := prometheus.Labels{"": "x"}
	c.(prometheus.ExemplarAdder).AddWithExemplar(2, bad)
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(0.5, bad)
	want := "c 2\n" + misuseLine("c", "invalid_exemplar", 1) + misuseLine("h", "invalid_exemplar", 1) +
		"h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 0.5\nh_count 1\n"
	wantPage(t, r, want)
}

// What a counter refuses leaves no exemplar.
func TestMisusedAddLeavesNoExemplar(t *testing.T) {
	r, _ := counting()
	for _, ttl := range []time.Duration{0, time.Hour} {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c", TTL: ttl})
		registration, err := prometheus.RegisterWith(r, c)
		if err != nil {
			t.Fatal(err)
		}
		c.(prometheus.ExemplarAdder).AddWithExemplar(-1, prometheus.Labels{"id": "x"})
		var written dto.Metric
		if err := c.Write(&written); err != nil || written.GetCounter().GetExemplar() != nil {
			t.Errorf("got %v and error %v, want no exemplar", &written, err)
		}
		registration.Unregister()
	}
}

// The metric that stands in for one that cannot be had is of the same kind, works
// on its own, and can be called wrongly itself.
func TestDiscardedMetrics(t *testing.T) {
	r, _ := counting()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"a"})
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}}, []string{"a"})
	r.MustRegister(vec, histograms)
	one, two := vec.WithLabelValues(), vec.WithLabelValues("1", "2")
	if one != two {
		t.Error("got two metrics that are discarded, want one for the vector")
	}
	one.Add(2)
	one.Add(-1)
	var written dto.Metric
	if err := one.Write(&written); err != nil || written.GetCounter().GetValue() != 2 {
		t.Errorf("got %v and error %v, want the value 2", &written, err)
	}
	histograms.WithLabelValues().(prometheus.ExemplarObserver).ObserveWithExemplar(1, prometheus.Labels{"id": "x"})
	want := misuseLine("c", "label_count", 2) + misuseLine("c", "negative_add", 1) + misuseLine("h", "label_count", 1)
	wantPage(t, r, want)
}

func TestMisuseOfWrapped(t *testing.T) {
	r, _ := counting()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	for _, zone := range []string{"1", "2"} {
		prometheus.WrapRegistererWithPrefix("app_", prometheus.WrapRegistererWith(prometheus.Labels{"zone": zone}, r)).MustRegister(c)
	}
	c.Add(-1)
	if got, want := misused(t, r), misuseLine("app_c", "negative_add", 1); got != want {
		t.Errorf("got %swant one call to be counted once:\n%s", got, want)
	}
	prometheus.WrapRegistererWithPrefix("app_", prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, r)).Unregister(c)
	c.Add(-1) // is registered still
	inner := prometheus.NewRegistry()
	inner.MustRegister(&twoMetrics{gaugeOf("g", "", 1), prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h"})})
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"a"})
	inner.MustRegister(struct{ prometheus.Collector }{vec})
	registration, err := prometheus.RegisterWith(prometheus.WrapRegistererWithPrefix("inner_", r), inner)
	if err != nil {
		t.Fatal(err)
	}
	vec.WithLabelValues().Set(1)
	if got, want := misused(t, r), misuseLine("app_c", "negative_add", 2)+misuseLine("inner_v", "label_count", 1); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	registration.Unregister()
	if panicOf(func() { vec.WithLabelValues() }) == nil {
		t.Error("got no panic after the registration is gone")
	}
}

// Two registries that count do so both.
func TestMisuseInSeveralRegistries(t *testing.T) {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	one, _ := counting()
	two, _ := counting()
	one.MustRegister(c)
	two.MustRegister(c)
	c.Add(-1)
	one.Unregister(c)
	c.Add(-1)
	if got := misused(t, one); got != misuseLine("c", "negative_add", 1) {
		t.Errorf("got %s, want one call in the first", got)
	}
	if got := misused(t, two); got != misuseLine("c", "negative_add", 2) {
		t.Errorf("got %s, want two calls in the second", got)
	}
	two.Unregister(c)
	if panicOf(func() { c.Add(-1) }) == nil {
		t.Error("got no panic when no registry is left")
	}
	// Their own metrics do not keep one from being registered with the other.
	one.MustRegister(c)
	if err := two.Register(one); err != nil {
		t.Error(err)
	}
	c.Add(-1)
	if got := misused(t, two); got != misuseLine("c", "negative_add", 3) {
		t.Errorf("got %s, want what the outer registry counts, alone", got)
	}
}

func TestMisuseNameIsReserved(t *testing.T) {
	r, _ := counting()
	own := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cresset_misuse_total", Help: "x"}, []string{"metric", "reason"})
	if err := r.Register(own); err == nil {
		t.Error("Register: got no error for a name that the registry uses itself")
	}
	if _, err := prometheus.Replace(r, own); err == nil {
		t.Error("Replace: got no error for a name that the registry uses itself")
	}
	prometheus.NewRegistry().MustRegister(own)
}

// A replaced vector panics again, the one in its place does not.
func TestMisuseOfReplaced(t *testing.T) {
	r, _ := counting()
	of := func(labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, labels)
	}
	old, next := of("a"), of("b", "c")
	r.MustRegister(old)
	if _, err := prometheus.Replace(r, next); err != nil {
		t.Fatal(err)
	}
	next.WithLabelValues()
	if panicOf(func() { old.WithLabelValues() }) == nil {
		t.Error("got no panic of the vector that was replaced")
	}
	if got := misused(t, r); got != misuseLine("c", "label_count", 1) {
		t.Errorf("got %s, want one call", got)
	}
}

// A vector of foreign metrics cannot make one to be discarded.
func TestMisuseOfForeignVectors(t *testing.T) {
	r, _ := counting()
	foreign := &prometheus.GaugeVec{MetricVec: prometheus.NewMetricVec(
		prometheus.NewDesc("f", "", []string{"a"}, nil), func(...string) prometheus.Metric { return gaugeOf("f", "", 1) })}
	r.MustRegister(foreign)
	err, _ := panicOf(func() { foreign.WithLabelValues() }).(error)
	wantError(t, "panic", err, "inconsistent label cardinality: expected 1 label values but got 0 in []string(nil)")
}

// Names that come and go do not fill the memory.
func TestMisuseIsBounded(t *testing.T) {
	r, log := counting()
	for i := range 1200 {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: fmt.Sprintf("c%d", i)})
		g, err := prometheus.RegisterWith(r, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Add(-1)
		g.Unregister()
	}
	page, err := exposed(t, r)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(page, "\n"); got != 1001 {
		t.Errorf("got %d series, want 1000 and the one of all others", got)
	}
	if want := misuseLine("__overflow__", "negative_add", 200); !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
	if got := strings.Count(log.String(), "\n"); got != 1000 {
		t.Errorf("got %d lines in the log, want 1000", got)
	}
}

// No call panics between two that the registry counts, and none is lost.
func TestMisuseConcurrently(t *testing.T) {
	r, log := counting()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"a"})
	r.MustRegister(c, vec)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				c.Add(-1)
				vec.WithLabelValues().Inc()
			}
		})
		wg.Go(func() { // comes and goes elsewhere
			other, _ := counting()
			for range 100 {
				other.MustRegister(c, vec)
				exposed(t, r)
				other.Unregister(c)
				other.Unregister(vec)
			}
		})
	}
	wg.Wait()
	if got, want := misused(t, r), misuseLine("c", "negative_add", 4000)+misuseLine("v", "label_count", 4000); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := strings.Count(log.String(), "\n"); got != 2 {
		t.Errorf("got %d lines in the log, want one for each place:\n%s", got, log)
	}
}

// The page of a registry in quarantine has the counts too.
func TestMisuseInQuarantine(t *testing.T) {
	r := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		Quarantine:   &prometheus.QuarantineOpts{},
		CountMisuse:  true,
		MisuseLogger: slog.New(slog.DiscardHandler),
	})
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	r.MustRegister(c)
	c.Add(-1)
	if got, want := misused(t, r), misuseLine("c", "negative_add", 1); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// What takes its own place, or that of another part of itself, is counted
// throughout: no wrong call panics in between.
func TestMisuseWhileReplacing(t *testing.T) {
	r := prometheus.NewRegistryWith(prometheus.RegistryOpts{CountMisuse: true, MisuseLogger: slog.New(slog.DiscardHandler)})
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v"}, []string{"l"})
	place, err := prometheus.RegisterWith(r, vec)
	if err != nil {
		t.Fatal(err)
	}
	stop, panicked := make(chan struct{}), make(chan any)
	go func() {
		defer func() { panicked <- recover() }()
		for {
			select {
			case <-stop:
				return
			default:
				vec.WithLabelValues("one", "too many")
			}
		}
	}()
	for range 5000 {
		if err := place.Replace(vec); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if cause := <-panicked; cause != nil {
		t.Errorf("got panic %v", cause)
	}
	place.Unregister()
	defer func() {
		if recover() == nil {
			t.Error("after it was unregistered, a wrong call does not panic")
		}
	}()
	vec.WithLabelValues("one", "too many")
}
