package prometheus_test

import (
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
)

// A registry that both APIs share has one idea of what is registered.
func TestRegisteringBesideNativeMetrics(t *testing.T) {
	native := cresset.NewRegistry()
	reg := prometheus.FromNative(native)
	addNative(t, native, "n", "old")
	vec := dropInGauge("n")
	_, err := prometheus.GetOrRegister(reg, vec)
	wantError(t, "GetOrRegister", err, "duplicate metrics collector registration attempted: the existing one is a metric of the native API, the new one a *prometheus.GaugeVec")

	vec.WithLabelValues("new").Set(7)
	registration, err := prometheus.Replace(reg, vec)
	if err != nil {
		t.Fatal(err)
	}
	const page = "# HELP n Help.\n# TYPE n gauge\nn{x=\"new\"} 7\n"
	if got := pageOfNative(t, native); got != page {
		t.Errorf("got:\n%s\nwant:\n%s", got, page)
	}
	if !registration.Unregister() {
		t.Error("got false, want the vector to be there")
	}
	addNative(t, native, "n") // is free again
}

// What the drop-in counts stands on the page that the native handler serves.
func TestMisuseOnANativePage(t *testing.T) {
	r, _ := counting()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	r.MustRegister(c)
	c.Add(-1)
	const page = "# HELP c \n# TYPE c counter\nc 0\n" +
		"# HELP cresset_misuse_total Calls on metrics that were wrong and had no effect.\n# TYPE cresset_misuse_total counter\n" +
		"cresset_misuse_total{metric=\"c\",reason=\"negative_add\"} 1\n"
	if got := pageOfNative(t, r.Native()); got != page {
		t.Errorf("got:\n%s\nwant:\n%s", got, page)
	}
}
