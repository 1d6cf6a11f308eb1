package prometheus_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
)

// nativeSource is a family of gauges as the native API has one.
type nativeSource struct {
	desc   *registry.Desc
	series registry.Fixed
	err    error // if not nil, what cannot be collected
}

// Quick says that Collect neither waits nor runs foreign code.
func (s *nativeSource) Quick() {}

func (s *nativeSource) Collect(b *registry.Batch) {
	b.Add(registry.Run{Desc: s.desc, Type: exposition.Gauge, Rows: s.series, Ordered: true})
	if s.err != nil {
		b.Fail(s.err)
	}
}

// addNative registers gauges with a label x, one for each value.
func addNative(t *testing.T, r *cresset.Registry, name string, values ...string) *nativeSource {
	t.Helper()
	s := &nativeSource{desc: registry.NewDesc(name, "Help.", "", []string{"x"}, nil)}
	for i, value := range values {
		labels := s.desc.Schema.Labels([]string{value})
		s.series = append(s.series, exposition.Series{Labels: &labels, Value: float64(i + 1)})
	}
	if err := r.Engine().Register(s, []*registry.Desc{s.desc}); err != nil {
		t.Fatal(err)
	}
	return s
}

func dropInGauge(name string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "Help."}, []string{"x"})
}

func pageOfNative(t *testing.T, r *cresset.Registry) string {
	t.Helper()
	var page bytes.Buffer
	if err := r.WriteText(&page); err != nil {
		t.Error(err)
	}
	return page.String()
}

func TestBothAPIsShareAPage(t *testing.T) {
	native := cresset.NewRegistry(cresset.Strict()) // which shows nothing of itself
	dropIn := prometheus.NewRegistry()
	second, third := prometheus.NewRegistry(), cresset.NewRegistry(cresset.Strict())
	for name, both := range map[string]struct {
		native *cresset.Registry
		dropIn *prometheus.Registry
	}{
		"FromNative":      {native, prometheus.FromNative(native)},
		"Native":          {dropIn.Native(), dropIn},
		"there and back":  {second.Native(), prometheus.FromNative(second.Native())},
		"several of each": {prometheus.FromNative(third).Native(), prometheus.FromNative(third.Scope())},
	} {
		t.Run(name, func(t *testing.T) {
			vec := dropInGauge("a")
			both.dropIn.MustRegister(vec)
			addNative(t, both.native, "b", "1", "2")
			both.dropIn.MustRegister(collector{metrics: []prometheus.Metric{
				prometheus.MustNewConstMetric(prometheus.NewDesc("c", "Help.", nil, nil), prometheus.GaugeValue, 1),
			}})
			vec.WithLabelValues("1").Set(3)
			const want = "# HELP a Help.\n# TYPE a gauge\na{x=\"1\"} 3\n" +
				"# HELP b Help.\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n" +
				"# HELP c Help.\n# TYPE c gauge\nc 1\n"
			if got := pageOfNative(t, both.native); got != want {
				t.Errorf("native: got\n%s\nwant\n%s", got, want)
			}
			got, err := exposed(t, both.dropIn)
			if want := "a{x=\"1\"} 3\nb{x=\"1\"} 1\nb{x=\"2\"} 2\nc 1\n"; err != nil || got != want {
				t.Errorf("drop-in: got %v,\n%s\nwant\n%s", err, got, want)
			}
			families, err := both.dropIn.Gather()
			if err != nil {
				t.Fatal(err)
			}
			second := families[1].GetMetric()[1]
			if len(families) != 3 || second.GetLabel()[0].GetValue() != "2" || second.GetGauge().GetValue() != 2 {
				t.Errorf("got %d families, the second metric of the second of them %s", len(families), second)
			}
		})
	}
}

func TestANameIsTakenForBothAPIs(t *testing.T) {
	native := cresset.NewRegistry()
	dropIn := prometheus.FromNative(native)
	s := addNative(t, native, "a", "1", "2")
	err := dropIn.Register(dropInGauge("a"))
	var exists prometheus.AlreadyRegisteredError
	if !errors.As(err, &exists) {
		t.Fatalf("got error %v, want that it exists", err)
	}
	wantExposed(t, "a{x=\"1\"} 1\na{x=\"2\"} 2\n", exists.ExistingCollector)
	other := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "a", Help: "Other."}, []string{"x"})
	if err := dropIn.Register(other); err == nil || !strings.Contains(err.Error(), "different label names or a different help string") {
		t.Errorf("got error %v", err)
	}
	if !dropIn.Unregister(exists.ExistingCollector) {
		t.Error("the existing collector could not be unregistered")
	}
	dropIn.MustRegister(dropInGauge("a"))
	err = native.Engine().Register(s, []*registry.Desc{s.desc})
	var taken registry.AlreadyRegistered
	if !errors.As(err, &taken) {
		t.Errorf("got error %v, want that it exists", err)
	}
}

// Native metrics go through everything that Collectors go through.
func TestNativeMetricsAreCollectedAndWrapped(t *testing.T) {
	native := cresset.NewRegistry()
	addNative(t, native, "b", "1", "2")
	dropIn := prometheus.FromNative(native)
	vec := dropInGauge("a")
	dropIn.MustRegister(vec)
	vec.WithLabelValues("1").Set(3)
	wrapped := prometheus.WrapCollectorWith(prometheus.Labels{"zone": "east"}, prometheus.WrapCollectorWithPrefix("my_", dropIn))
	wantExposed(t, "a{x=\"1\"} 3\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n", dropIn)
	wantExposed(t, "my_a{x=\"1\",zone=\"east\"} 3\nmy_b{x=\"1\",zone=\"east\"} 1\nmy_b{x=\"2\",zone=\"east\"} 2\n", wrapped)

	ch := make(chan prometheus.Metric, 3)
	dropIn.Collect(ch)
	for range 3 {
		m := <-ch
		var out dto.Metric
		desc := m.Desc()
		if err := m.Write(&out); err != nil || out.Gauge == nil || len(out.Label) != 1 || desc != m.Desc() {
			t.Errorf("got %v, %v", &out, err)
		}
	}
}

func TestARegistryCannotHoldItselfByAnotherName(t *testing.T) {
	native := cresset.NewRegistry()
	inner, outer := prometheus.FromNative(native), prometheus.NewRegistry()
	const want = "a registry cannot be registered with itself or with one that is registered with it: to collect it would never end"
	wantError(t, "with itself", inner.Register(prometheus.FromNative(native)), want)
	outer.MustRegister(inner)
	wantError(t, "with what holds it", prometheus.FromNative(native).Register(prometheus.FromNative(outer.Native())), want)
}

func TestErrorsOfNativeMetricsAreHandedOn(t *testing.T) {
	native := cresset.NewRegistry()
	addNative(t, native, "b", "1").err = errors.New("no answer from the disk")
	outer := prometheus.NewRegistry()
	outer.MustRegister(prometheus.FromNative(native))
	got, err := exposed(t, outer)
	wantError(t, "of the page", err, "no answer from the disk")
	if want := "b{x=\"1\"} 1\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBothAPIsAtOnce is for the race detector.
func TestBothAPIsAtOnce(t *testing.T) {
	native := cresset.NewRegistry()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			dropIn := prometheus.FromNative(native)
			for range 50 {
				vec := dropInGauge("a")
				_ = dropIn.Register(vec) // one of them is first
				scope := native.Scope()
				page := pageOfNative(t, native)
				if strings.Count(page, "# TYPE a gauge") > 1 {
					t.Errorf("got\n%s", page)
				}
				scope.Unregister()
				dropIn.Unregister(vec)
			}
		})
	}
	wg.Wait()
}
