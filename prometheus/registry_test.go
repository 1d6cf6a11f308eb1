package prometheus_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestAlreadyRegistered(t *testing.T) {
	r := prometheus.NewRegistry()
	opts := prometheus.CounterOpts{Name: "c"}
	first, second := prometheus.NewCounter(opts), prometheus.NewCounter(opts)
	r.MustRegister(first)
	err := fmt.Errorf("wrapped: %w", r.Register(second))
	var exists prometheus.AlreadyRegisteredError
	if !errors.As(err, &exists) {
		t.Fatalf("got %v, want an AlreadyRegisteredError", err)
	}
	if exists.ExistingCollector != first || exists.NewCollector != second {
		t.Error("the error names other collectors than the two")
	}
	if _, byValue := r.Register(second).(prometheus.AlreadyRegisteredError); !byValue {
		t.Error("the error is not of the type itself, which is how many assert it")
	}
	wantError(t, "Register", r.Register(second), "duplicate metrics collector registration attempted")
	exists.ExistingCollector.(prometheus.Counter).Inc()
	if got, _ := exposed(t, r); got != "c 1\n" {
		t.Errorf("got %q, want the first counter", got)
	}
}

func TestMustRegisterStopsAtTheFirstError(t *testing.T) {
	r := prometheus.NewRegistry()
	gauge := func(name string) prometheus.Gauge { return prometheus.NewGauge(prometheus.GaugeOpts{Name: name}) }
	err, _ := panicOf(func() { r.MustRegister(gauge("a"), gauge(""), gauge("b")) }).(error)
	wantError(t, "panic", err, `descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: "" is not a valid metric name`)
	if got, _ := exposed(t, r); got != "a 0\n" {
		t.Errorf("got %q, want what stood before the error", got)
	}
}

func TestUnregisterByAnyCollectorOfTheSameDescs(t *testing.T) {
	r := prometheus.NewRegistry()
	c := newVec()
	c.WithLabelValues("1", "2")
	r.MustRegister(c)
	if r.Unregister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "other"})) {
		t.Error("another name: got true")
	}
	if !r.Unregister(newVec()) || r.Unregister(c) {
		t.Error("want the first Unregister to find the vector, and the second not to")
	}
	if got, err := exposed(t, r); got != "" || err != nil {
		t.Errorf("got %q and %v, want nothing", got, err)
	}
	r.MustRegister(c)
	wantError(t, "another help", r.Register(prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v", Help: "other"}, []string{"z", "a"})),
		`a previously registered descriptor with the same fully-qualified name as Desc{fqName: "v", help: "other", unit: "", constLabels: {}, variableLabels: {z,a}} has different label names or a different help string`)
}

func TestDefaultRegistry(t *testing.T) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "test_of_the_default_registry"})
	if err := prometheus.Register(g); err != nil {
		t.Fatal(err)
	}
	if err := prometheus.Register(g); err == nil {
		t.Error("registered twice without an error")
	}
	if err, _ := panicOf(func() { prometheus.MustRegister(g) }).(error); err == nil {
		t.Error("MustRegister did not panic")
	}
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, mf := range families {
		found[mf.GetName()] = true
	}
	for _, name := range []string{"test_of_the_default_registry", "go_goroutines"} {
		if !found[name] {
			t.Errorf("%s is not in the default registry", name)
		}
	}
	if !prometheus.Unregister(g) || prometheus.Unregister(g) {
		t.Error("want the first Unregister to find the gauge, and the second not to")
	}
}

func TestEmptyRegistry(t *testing.T) {
	for name, r := range map[string]*prometheus.Registry{"new": prometheus.NewRegistry(), "zero": {}} {
		if families, err := r.Gather(); families != nil || err != nil {
			t.Errorf("%s: got %v, %v, want nil, nil", name, families, err)
		}
		if r.Unregister(newVec()) {
			t.Errorf("%s: found what was not registered", name)
		}
		r.MustRegister(newVec())
		if families := r.MustGather(); len(families) != 0 {
			t.Errorf("%s: got %v for an empty vector, want nothing", name, families)
		}
	}
}

func TestMustGatherPanics(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{metrics: []prometheus.Metric{prometheus.NewInvalidMetric(plain, errors.New("no"))}})
	err, _ := panicOf(func() { r.MustGather() }).(error)
	wantError(t, "panic", err, "error collecting metric "+plain.String()+": no")
}

func TestRegistryInARegistry(t *testing.T) {
	inner, outer := prometheus.NewRegistry(), prometheus.NewPedanticRegistry()
	vec := newVec()
	vec.WithLabelValues("1", "2").Inc()
	inner.MustRegister(vec, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { return 2 }))
	outer.MustRegister(inner)
	if got, err := exposed(t, outer); got != "f 2\nv{a=\"2\",m=\"const\",z=\"1\"} 1\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := outer.Register(vec); err == nil {
		t.Error("registered beside the registry that has it, without an error")
	}
	if !outer.Unregister(inner) {
		t.Error("the inner registry is not found again")
	}
}

func TestRegistryInItself(t *testing.T) {
	const refused = "a registry cannot be registered with itself or with one that is registered with it: to collect it would never end"
	r, inner, innermost := prometheus.NewRegistry(), prometheus.NewRegistry(), prometheus.NewRegistry()
	wantError(t, "itself", r.Register(r), refused)
	wantError(t, "itself, wrapped", prometheus.WrapRegistererWithPrefix("a_", prometheus.WrapRegistererWithPrefix("b_", r)).Register(r), refused)
	inner.MustRegister(prometheus.WrapCollectorWithPrefix("a_", innermost))
	r.MustRegister(inner)
	wantError(t, "by way of another", innermost.Register(r), refused)
	wantError(t, "twice, but not in itself", innermost.Register(prometheus.NewRegistry()), "")
}

// describer is a Describe method.
type describer func(chan<- *prometheus.Desc)

func (f describer) Describe(ch chan<- *prometheus.Desc) { f(ch) }
func (describer) Collect(chan<- prometheus.Metric)      {}

// What is wrong in Describe comes out of the call that runs it, and leaves no
// goroutine behind (TestMain looks).
func TestDescribeThatFails(t *testing.T) {
	r := prometheus.NewRegistry()
	panics := describer(func(ch chan<- *prometheus.Desc) {
		ch <- plain
		panic("no idea")
	})
	for name, f := range map[string]func(){
		"Register":   func() { _ = r.Register(panics) },
		"Unregister": func() { r.Unregister(panics) },
	} {
		if got := panicOf(f); got != "no idea" {
			t.Errorf("%s: got panic %v, want that of Describe", name, got)
		}
	}
	wantError(t, "nil", r.Register(describer(func(ch chan<- *prometheus.Desc) {
		ch <- nil
		ch <- plain
	})), `descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: a collector of type prometheus_test.describer sent a nil descriptor`)
	for want, f := range map[string]describer{
		"runtime.Goexit was called where the function should return": func(ch chan<- *prometheus.Desc) {
			ch <- plain
			runtime.Goexit()
		},
		"the channel was closed, which is not for the sender to do": func(ch chan<- *prometheus.Desc) {
			ch <- plain
			close(ch)
		},
	} {
		if got := panicOf(func() { _ = r.Register(f) }); fmt.Sprint(got) != want {
			t.Errorf("got panic %v, want %q", got, want)
		}
	}
}

// Some Collectors describe themselves by a Desc that says nothing.
func TestZeroDesc(t *testing.T) {
	zero := &prometheus.Desc{}
	if got, want := zero.String(), `Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}}`; got != want || zero.Err() != nil {
		t.Errorf("got %s and error %v, want %s and none", got, zero.Err(), want)
	}
	r := prometheus.NewRegistry()
	c := collector{descs: []*prometheus.Desc{zero}, metrics: []prometheus.Metric{prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)}}
	wantError(t, "register", r.Register(c), "")
	wantError(t, "again", r.Register(prometheus.WrapCollectorWith(nil, c)), "duplicate metrics collector registration attempted")
	if got, err := exposed(t, r); got != "d 1\n" || err != nil {
		t.Errorf("got %q and error %v, want the metric", got, err)
	}
	if !r.Unregister(c) {
		t.Error("is not found again")
	}
}

// An option may look at what it is an option of.
func TestDescOption(t *testing.T) {
	var seen string
	look := func(d *prometheus.Desc) { seen = d.String() }
	labels := prometheus.UnconstrainedLabels{"l"}
	d := prometheus.V2.NewDesc("n", "h", labels, nil, prometheus.WithUnit("seconds"), look)
	if d.String() != seen {
		t.Errorf("the option saw %s, what was made is %s", seen, d)
	}
	prometheus.WithUnit("bytes")(&prometheus.Desc{}) // does not panic
}

func TestCollectorFunc(t *testing.T) {
	f := prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 1, "1", "1")
		ch <- prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 2, "2", "2")
	})
	wantExposed(t, "d{a=\"1\",m=\"const\",z=\"1\"} 1\nd{a=\"2\",m=\"const\",z=\"2\"} 2\n", f)
	r := prometheus.NewRegistry()
	r.MustRegister(f)
	if err := r.Register(f); !errors.As(err, &prometheus.AlreadyRegisteredError{}) {
		t.Errorf("got %v, want an AlreadyRegisteredError", err)
	}
	panics := prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)
		panic("no idea")
	})
	if got := panicOf(func() { _ = r.Register(panics) }); got != "no idea" {
		t.Errorf("got panic %v, want that of the function", got)
	}
	wantError(t, "nil metric", r.Register(prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.NewInvalidMetric(nil, errors.New("no"))
	})), `descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: a collector of type prometheus.CollectorFunc sent a nil descriptor`)
}
