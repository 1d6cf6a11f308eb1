package prometheus_test

import (
	"fmt"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// A client that has not called for ten minutes leaves the page. If it comes back,
// its counter starts from zero, also through a counter that was kept.
func ExampleCounterVec_timeToLive() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "requests_total",
		Help: "Requests by client.",
		TTL:  10 * time.Minute,
	}, []string{"client"})

	kept := requests.WithLabelValues("mobile")
	kept.Inc()
	requests.WithLabelValues("web").Add(2)
	reg := prometheus.NewRegistry()
	reg.MustRegister(requests)
	show(reg)
	// Output:
	// requests_total{client="mobile"} 1
	// requests_total{client="web"} 2
}

// Health checks are on the page from the beginning, though nobody may call for a
// long time.
func ExampleCounterVec_Pin() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "requests_total",
		Help: "Requests by path.",
		TTL:  time.Hour,
	}, []string{"path"})

	requests.Pin("/healthz")
	reg := prometheus.NewRegistry()
	reg.MustRegister(requests)
	show(reg)
	// Output:
	// requests_total{path="/healthz"} 0
}

// The second run of a pipeline has other steps than the first.
func ExampleGaugeVec_Replace() {
	seconds := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "step_seconds",
		Help: "How long each step of the last run took.",
	}, []string{"step"})

	seconds.Replace(func(next *prometheus.GaugeVec) {
		next.WithLabelValues("clone").Set(3)
		next.WithLabelValues("build").Set(41)
	})
	seconds.Replace(func(next *prometheus.GaugeVec) {
		next.WithLabelValues("build").Set(39)
		next.WithLabelValues("push").Set(12)
	})
	reg := prometheus.NewRegistry()
	reg.MustRegister(seconds)
	show(reg)
	// Output:
	// step_seconds{step="build"} 39
	// step_seconds{step="push"} 12
}

// Only one region is replaced, by way of a curried vector.
func ExampleGaugeVec_Replace_curried() {
	free := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "disk_free_bytes",
		Help: "Free space by region and disk.",
	}, []string{"region", "disk"})
	free.WithLabelValues("north", "sda").Set(100)
	free.WithLabelValues("south", "sda").Set(200)

	free.MustCurryWith(prometheus.Labels{"region": "south"}).Replace(func(next *prometheus.GaugeVec) {
		next.WithLabelValues("sdb").Set(300)
	})
	reg := prometheus.NewRegistry()
	reg.MustRegister(free)
	show(reg)
	// Output:
	// disk_free_bytes{disk="sda",region="north"} 100
	// disk_free_bytes{disk="sdb",region="south"} 300
}

// Reading what is there, without making anything.
func ExampleCounterVec_All() {
	errors := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "errors_total",
		Help: "Errors by kind and code.",
	}, []string{"kind", "code"})
	errors.WithLabelValues("io", "7").Inc()
	errors.WithLabelValues("net", "3").Inc()

	for values, counter := range errors.All() {
		counter.Inc()
		fmt.Println(values)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(errors)
	show(reg)
	// Output:
	// [net 3]
	// [io 7]
	// errors_total{code="3",kind="net"} 2
	// errors_total{code="7",kind="io"} 2
}

// Counting only what is known already, whatever callers send.
func ExampleCounterVec_Lookup() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "requests_total",
		Help: "Requests by path.",
	}, []string{"path"})
	requests.WithLabelValues("/")
	requests.WithLabelValues("other")

	for _, path := range []string{"/", "/wp-login.php"} {
		counter, found := requests.Lookup(path)
		if !found {
			counter = requests.WithLabelValues("other")
		}
		counter.Inc()
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(requests)
	show(reg)
	// Output:
	// requests_total{path="/"} 1
	// requests_total{path="other"} 1
}

// However many users there are, there are no more than two series, and one for
// all others.
func ExampleCounterVec_maxSeries() {
	logins := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:      "logins_total",
		Help:      "Logins by user.",
		MaxSeries: 2,
		OnOverflow: func(name string, labelValues []string) {
			fmt.Printf("no room in %s for %s\n", name, labelValues)
		},
	}, []string{"user"})

	for _, user := range []string{"ann", "bob", "cyd", "dan", "ann"} {
		logins.WithLabelValues(user).Inc()
	}
	for values := range logins.All() {
		fmt.Println(values)
	}
	// Output:
	// no room in logins_total for [cyd]
	// no room in logins_total for [dan]
	// [__overflow__]
	// [ann]
	// [bob]
}
