package prometheus_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

func gaugeOf(name, help string, value float64) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	g.Set(value)
	return g
}

func wantPage(t *testing.T, r *prometheus.Registry, want string) {
	t.Helper()
	if got, err := exposed(t, r); got != want || err != nil {
		t.Errorf("got the page\n%sand error %v, want\n%s", got, err, want)
	}
}

func TestRegisterWith(t *testing.T) {
	r := prometheus.NewRegistry()
	zone := prometheus.WrapRegistererWithPrefix("p_", prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, r))
	for _, reg := range []prometheus.Registerer{r, zone} {
		g, err := prometheus.RegisterWith(reg, gaugeOf("a", "one", 1))
		if err != nil {
			t.Fatal(err)
		}
		_, err = prometheus.RegisterWith(reg, gaugeOf("a", "one", 2))
		if exists := (prometheus.AlreadyRegisteredError{}); !errors.As(err, &exists) {
			t.Errorf("the same again: got %v, want an AlreadyRegisteredError", err)
		}
		if !g.Unregister() || g.Unregister() {
			t.Error("want the first Unregister to find the collector, and the second not to")
		}
		wantPage(t, r, "")
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "a", Help: "other"}, []string{"l"})
		g, err = prometheus.RegisterWith(reg, vec)
		if err != nil {
			t.Fatalf("with other help and labels: %v", err)
		}
		if !reg.Unregister(vec) || g.Unregister() {
			t.Error("want the Registerer's Unregister to find the vector, and the Registration's nothing any more")
		}
		if err := reg.Register(gaugeOf("a", "third", 1)); err == nil {
			t.Error("the Registerer's Unregister has freed the name, want it bound as ever")
		}
	}
}

// A Collector that describes nothing can be taken out only like this.
func TestRegisterWithUnchecked(t *testing.T) {
	r := prometheus.NewRegistry()
	unchecked := func(value float64) prometheus.Collector {
		return collector{metrics: []prometheus.Metric{gaugeOf("a", "", value)}}
	}
	reg := prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, r)
	g, err := prometheus.RegisterWith(reg, unchecked(1))
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "a{zone=\"1\"} 1\n")
	if err := g.Replace(unchecked(2)); err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "a{zone=\"1\"} 2\n")
	if !g.Unregister() || g.Unregister() {
		t.Error("want the first Unregister to find the collector, and the second not to")
	}
	wantPage(t, r, "")
	_, err = prometheus.Replace(r, unchecked(3))
	wantError(t, "Replace", err, "a collector that sends no descriptors takes nobody's place: keep the Registration of the one before, and replace that")
}

func TestReplace(t *testing.T) {
	r := prometheus.NewRegistry()
	zone := func(zone string) prometheus.Registerer {
		return prometheus.WrapRegistererWith(prometheus.Labels{"zone": zone}, r)
	}
	zone("1").MustRegister(gaugeOf("a", "help", 1))
	old, err := prometheus.RegisterWith(zone("2"), gaugeOf("a", "help", 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prometheus.Replace(zone("2"), gaugeOf("a", "help", 3)); err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "a{zone=\"1\"} 1\na{zone=\"2\"} 3\n")
	if old.Unregister() {
		t.Error("the Registration of the replaced one takes out the new one")
	}

	// The other zone still has the old help.
	if _, err := prometheus.Replace(zone("2"), gaugeOf("a", "other", 4)); err == nil {
		t.Error("another help beside a collector that uses the name: got no error")
	}
	wantPage(t, r, "a{zone=\"1\"} 1\na{zone=\"2\"} 3\n")

	// Both are replaced by one that describes both.
	both := prometheus.NewRegistry()
	for _, z := range []string{"1", "2"} {
		prometheus.WrapRegistererWith(prometheus.Labels{"zone": z}, both).MustRegister(gaugeOf("a", "other", 5))
	}
	if _, err := prometheus.Replace(r, both); err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "a{zone=\"1\"} 5\na{zone=\"2\"} 5\n")
	if _, err := prometheus.Replace(r, r); err == nil {
		t.Error("the registry in its own place: got no error")
	}
}

func TestRegistrationReplace(t *testing.T) {
	r := prometheus.NewRegistry()
	reg := prometheus.WrapRegistererWithPrefix("app_", r)
	info := func(version string) prometheus.Collector {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "info", ConstLabels: prometheus.Labels{"version": version}})
		g.Set(1)
		return g
	}
	g, err := prometheus.RegisterWith(reg, info("1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Replace(info("2")); err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "app_info{version=\"2\"} 1\n")
	r.MustRegister(gaugeOf("b", "", 1))
	if err := g.Replace(prometheus.NewGauge(prometheus.GaugeOpts{})); err == nil {
		t.Error("an invalid one: got no error")
	}
	wantPage(t, r, "app_info{version=\"2\"} 1\nb 1\n")
	if !g.Unregister() {
		t.Error("got false, want the Registration to be that of the second one")
	}
	wantError(t, "when it is gone", g.Replace(info("3")), "the collector to be replaced is not registered any more")
}

type foreignRegisterer struct{ prometheus.Registerer }

func TestRegistrationsOfOtherRegisterers(t *testing.T) {
	foreign := foreignRegisterer{prometheus.NewRegistry()}
	for _, reg := range []prometheus.Registerer{foreign, prometheus.WrapRegistererWithPrefix("p_", foreign)} {
		_, err := prometheus.RegisterWith(reg, gaugeOf("a", "", 1))
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "prometheus_test.foreignRegisterer") {
			t.Errorf("RegisterWith: got %v, want ErrUnsupported with the type", err)
		}
		if _, err := prometheus.Replace(reg, gaugeOf("a", "", 1)); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Replace: got %v, want ErrUnsupported", err)
		}
	}
	for _, reg := range []prometheus.Registerer{nil, prometheus.WrapRegistererWithPrefix("p_", nil)} {
		for _, register := range []func(prometheus.Registerer, prometheus.Collector) (*prometheus.Registration, error){prometheus.RegisterWith, prometheus.Replace} {
			g, err := register(reg, gaugeOf("a", "", 1))
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Replace(gaugeOf("b", "", 1)); err != nil || g.Unregister() {
				t.Errorf("got error %v or true, want a Registration of nothing", err)
			}
		}
	}
	var zero prometheus.Registration
	if err := zero.Replace(gaugeOf("a", "", 1)); err != nil || zero.Unregister() {
		t.Errorf("the zero Registration: got error %v or true, want it to be of nothing", err)
	}
}

// While vectors with other labels take each other's place, every gather has the
// series of exactly one, and an outer registry too.
func TestReplaceWhileGathering(t *testing.T) {
	r, outer := prometheus.NewRegistry(), prometheus.NewRegistry()
	of := func(i int) prometheus.Collector {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "a", Help: fmt.Sprint(i % 5)}, []string{fmt.Sprint("l", i%3)})
		vec.WithLabelValues("x").Set(1)
		return vec
	}
	reg := prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, r)
	if _, err := prometheus.Replace(reg, of(0)); err != nil {
		t.Fatal(err)
	}
	outer.MustRegister(r)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, r := range []*prometheus.Registry{r, outer} {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				families, err := r.Gather()
				if err != nil || len(families) != 1 || len(families[0].Metric) != 1 {
					t.Errorf("got %v and error %v, want exactly one series", families, err)
					return
				}
			}
		})
	}
	for i := range 500 {
		if _, err := prometheus.Replace(reg, of(i)); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	wg.Wait()
}

// hanging collects nothing until it is let go.
type hanging struct{ collecting, letGo chan struct{} }

func (hanging) Describe(ch chan<- *prometheus.Desc) { ch <- prometheus.NewDesc("h", "", nil, nil) }

func (c hanging) Collect(chan<- prometheus.Metric) {
	close(c.collecting)
	<-c.letGo
}

// A Collector that hangs does not keep anybody from replacing it, and what comes
// after has the new one.
func TestReplaceWhatHangs(t *testing.T) {
	r := prometheus.NewRegistry()
	c := hanging{make(chan struct{}), make(chan struct{})}
	r.MustRegister(c)
	old := make(chan string)
	go func() {
		page, _ := exposed(t, r)
		old <- page
	}()
	<-c.collecting
	if _, err := prometheus.Replace(r, gaugeOf("h", "new", 1)); err != nil {
		t.Fatal(err)
	}
	wantPage(t, r, "h 1\n")
	close(c.letGo)
	if got := <-old; got != "" {
		t.Errorf("got %q of the gather that began before, want what the old one sends", got)
	}
}
