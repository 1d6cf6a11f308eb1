package cresset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset"
)

func ExampleTimer() {
	reg := cresset.NewRegistry()
	latency := cresset.NewHistogram(reg, "load_seconds", "How long loading takes.", cresset.Buckets(60))

	load := func() {
		defer latency.Start().Observe()
		// …
	}
	load()

	// Only what was not found in the cache is of interest.
	find := func(cached bool) {
		timer := latency.Start()
		defer timer.Observe()
		if cached {
			timer.Discard()
		}
	}
	find(true)
	find(false)

	var page strings.Builder
	if err := reg.WriteText(&page); err != nil {
		panic(err)
	}
	fmt.Println(strings.Contains(page.String(), "load_seconds_count 2\n"))
	// Output:
	// true
}

func ExampleLocalCounter() {
	reg := cresset.NewRegistry()
	words := cresset.NewCounter(reg, "words_total", "Words that were read.")

	local := words.Local()
	for range 1000 {
		local.Inc() // costs as much as an addition
	}
	local.Flush()

	show(reg)
	// Output:
	// # HELP words_total Words that were read.
	// # TYPE words_total counter
	// words_total 1000
}

func ExampleLocalHistogram() {
	reg := cresset.NewRegistry()
	lengths := cresset.NewHistogram(reg, "word_length", "Letters in a word.", cresset.Buckets(3, 6))

	local := lengths.Local()
	defer local.Flush() // which is too late for the page below
	for _, word := range []string{"a", "cresset", "burns"} {
		local.Observe(float64(len(word)))
	}
	local.Flush()

	show(reg)
	// Output:
	// # HELP word_length Letters in a word.
	// # TYPE word_length histogram
	// word_length_bucket{le="3"} 1
	// word_length_bucket{le="6"} 2
	// word_length_bucket{le="+Inf"} 3
	// word_length_sum 13
	// word_length_count 3
}

// outcome is an enumeration. Its String method gives the label its text.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	cancelled
	outcomes // how many there are
)

func (o outcome) String() string { return [...]string{"succeeded", "failed", "cancelled"}[o] }

func ExampleEnum() {
	type ended struct {
		Outcome outcome `label:"outcome"`
	}
	reg := cresset.NewRegistry()
	vec := cresset.NewCounterVec[ended](reg, "tasks_total", "Tasks that have ended.")

	tasks := cresset.Enumerate(outcomes, func(o outcome) cresset.Counter { return vec.With(ended{o}) })
	tasks.At(failed).Inc() // without a lookup

	show(reg)
	// Output:
	// # HELP tasks_total Tasks that have ended.
	// # TYPE tasks_total counter
	// tasks_total{outcome="cancelled"} 0
	// tasks_total{outcome="failed"} 1
	// tasks_total{outcome="succeeded"} 0
}

func ExampleEnumerate_nested() {
	type ended struct {
		Night   bool    `label:"night"`
		Outcome outcome `label:"outcome"`
	}
	reg := cresset.NewRegistry()
	vec := cresset.NewCounterVec[ended](reg, "tasks_total", "Tasks that have ended.")

	type half uint8 // of a day
	const day, night half = 0, 1
	tasks := cresset.Enumerate(2, func(h half) cresset.Enum[outcome, cresset.Counter] {
		return cresset.Enumerate(outcomes, func(o outcome) cresset.Counter { return vec.With(ended{h == night, o}) })
	})
	tasks.At(day).At(failed).Inc()
	tasks.At(night).At(succeeded).Inc()

	for labels := range vec.All() {
		fmt.Println(labels.Night, labels.Outcome)
	}
	// Output:
	// false cancelled
	// false failed
	// false succeeded
	// true cancelled
	// true failed
	// true succeeded
}

func ExampleVec() {
	type step struct {
		Pipeline string `label:"pipeline"`
		Name     string `label:"step"`
	}
	reg := cresset.NewRegistry()
	seconds := cresset.NewGaugeVec[step](reg, "step_seconds", "How long each step of the last run took.")
	seconds.With(step{"web", "clone"}).Set(4)
	seconds.With(step{"web", "build"}).Set(80)
	seconds.With(step{"api", "build"}).Set(60)

	if _, found := seconds.Lookup(step{"api", "push"}); !found {
		fmt.Println("api has not been pushed")
	}
	seconds.DeleteFunc(func(s step) bool { return s.Pipeline == "web" })
	for labels := range seconds.All() {
		fmt.Println(labels)
	}
	// Output:
	// api has not been pushed
	// {api build}
}

func ExampleVec_Replace() {
	type replica struct {
		Host string `label:"host"`
	}
	reg := cresset.NewRegistry()
	lag := cresset.NewGaugeVec[replica](reg, "replica_lag_seconds", "How far each replica is behind.")

	// Hosts that are not in the snapshot leave the page in the same step in which
	// new ones appear.
	update := func(snapshot map[string]float64) {
		lag.Replace(func(next *cresset.GaugeVec[replica]) {
			for host, seconds := range snapshot {
				next.With(replica{host}).Set(seconds)
			}
		})
	}
	update(map[string]float64{"a": 1, "b": 2})
	update(map[string]float64{"b": 0, "c": 7})

	show(reg)
	// Output:
	// # HELP replica_lag_seconds How far each replica is behind.
	// # TYPE replica_lag_seconds gauge
	// replica_lag_seconds{host="b"} 0
	// replica_lag_seconds{host="c"} 7
}

func ExampleTTL() {
	type session struct {
		User string `label:"user"`
	}
	reg := cresset.NewRegistry()
	clicks := cresset.NewCounterVec[session](reg, "clicks_total", "Clicks of users who are there.", cresset.TTL(50*time.Millisecond))
	clicks.Pin(session{"everybody"}) // does not expire
	clicks.With(session{"ada"}).Inc()
	fmt.Println("users:", count(clicks))

	for count(clicks) > 1 { // until ada has gone
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("users:", count(clicks))
	// Output:
	// users: 2
	// users: 1
}

func ExampleMaxSeries() {
	type request struct {
		Path string `label:"path"`
	}
	reg := cresset.NewRegistry()
	requests := cresset.NewCounterVec[request](reg, "requests_total", "Requests.",
		cresset.MaxSeries(2),
		cresset.OnOverflow(func(name string, labels []string) { fmt.Println("no room in", name, "for", labels) }))
	for _, path := range []string{"/", "/about", "/wp-login.php", "/"} {
		requests.With(request{path}).Inc()
	}

	show(reg)
	// Output:
	// no room in requests_total for [/wp-login.php]
	// # HELP cresset_series_overflow_total How often there was no room for a series, which then was the one called __overflow__, by the family.
	// # TYPE cresset_series_overflow_total counter
	// cresset_series_overflow_total{metric="requests_total"} 1
	// # HELP requests_total Requests.
	// # TYPE requests_total counter
	// requests_total{path="/"} 2
	// requests_total{path="/about"} 1
	// requests_total{path="__overflow__"} 1
}

func ExampleExemplars() {
	// What the tracing library would offer.
	type span struct{ traceID string }
	spanOf := func(ctx context.Context) (span, error) { return span{}, errors.New("no span") }

	reg := cresset.NewRegistry()
	latency := cresset.NewHistogram(reg, "request_seconds", "How long requests take.",
		cresset.Exemplars(func(ctx context.Context) []cresset.Label {
			s, err := spanOf(ctx)
			if err != nil {
				return nil
			}
			return []cresset.Label{{Name: "trace_id", Value: s.traceID}}
		}, cresset.AtMostEvery(time.Second)))

	serve := func(ctx context.Context) {
		defer latency.Start().ObserveContext(ctx)
	}
	serve(context.Background())
}

func ExampleSampler() {
	// A sampler is any function: this one has exemplars kept by day alone.
	var sampler cresset.Sampler = func() bool {
		hour := time.Now().Hour()
		return hour >= 6 && hour < 22
	}
	reg := cresset.NewRegistry()
	orders := cresset.NewCounter(reg, "orders_total", "Orders.", cresset.Exemplars(orderID, sampler))
	orders.IncContext(context.Background())
}

func orderID(context.Context) []cresset.Label { return []cresset.Label{{Name: "order", Value: "7"}} }

// Options that several metrics have in common are an ordinary slice.
func ExampleCounterVecOption() {
	type tenant struct {
		Name string `label:"tenant"`
	}
	common := []cresset.CounterVecOption{
		cresset.TTL(time.Hour),
		cresset.MaxSeries(10_000),
		cresset.ConstLabels(map[string]string{"tier": "free"}),
	}
	reg := cresset.NewRegistry()
	logins := cresset.NewCounterVec[tenant](reg, "logins_total", "Logins.", common...)
	cresset.NewCounterVec[tenant](reg, "logouts_total", "Logouts.", common...)
	logins.With(tenant{"acme"}).Inc()

	show(reg)
	// Output:
	// # HELP logins_total Logins.
	// # TYPE logins_total counter
	// logins_total{tenant="acme",tier="free"} 1
}

func ExampleTryNewCounterVec() {
	type labels struct {
		Ratio float64 `label:"ratio"`
	}
	_, err := cresset.TryNewCounterVec[labels](cresset.NewRegistry(), "mixtures_total", "Mixtures.")
	fmt.Println(err)
	// Output:
	// cresset: metric "mixtures_total": field Ratio of label type cresset_test.labels: type float64 is a floating-point number, of which no two need be equal
}

// count returns how many series a vector has. A Metric is a handle of any kind.
func count[L comparable, M cresset.Metric](vec *cresset.Vec[L, M]) int {
	n := 0
	for range vec.All() {
		n++
	}
	return n
}
