package testutil_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

// shelf returns a Collector as one might want to test.
func shelf() *prometheus.GaugeVec {
	books := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "shelf_books",
		Help: "Books on the shelf.",
	}, []string{"author"})
	books.WithLabelValues("Woolf").Set(3)
	books.WithLabelValues("Borges").Set(1)
	return books
}

func ExampleToFloat64() {
	failures := prometheus.NewCounter(prometheus.CounterOpts{Name: "failures_total", Help: "Failures."})
	fail := func() { failures.Inc() }

	before := testutil.ToFloat64(failures)
	fail()
	fmt.Println(testutil.ToFloat64(failures) - before)
	// Output:
	// 1
}

func ExampleCollectAndCompare() {
	err := testutil.CollectAndCompare(shelf(), strings.NewReader(`
		# HELP shelf_books Books on the shelf.
		# TYPE shelf_books gauge
		shelf_books{author="Borges"} 1
		shelf_books{author="Woolf"} 4
	`))
	fmt.Println(err)
	// Output:
	//  # HELP shelf_books Books on the shelf.
	//  # TYPE shelf_books gauge
	//  shelf_books{author="Borges"} 1
	// -shelf_books{author="Woolf"} 3
	// +shelf_books{author="Woolf"} 4
}

// A name restricts the comparison to what the test is about.
func ExampleGatherAndCompare() {
	reg := prometheus.NewRegistry()
	lamps := prometheus.NewGauge(prometheus.GaugeOpts{Name: "shelf_lamps", Help: "Lamps that shine."})
	lamps.Set(2)
	reg.MustRegister(shelf(), lamps)

	err := testutil.GatherAndCompare(reg, strings.NewReader(`
		# HELP shelf_lamps Lamps that shine.
		# TYPE shelf_lamps gauge
		shelf_lamps 2
	`), "shelf_lamps")
	fmt.Println(err)
	// Output:
	// <nil>
}

func ExampleScrapeAndCompare() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(shelf())
	server := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer server.Close()

	err := testutil.ScrapeAndCompare(server.URL, strings.NewReader(`
		# HELP shelf_books Books on the shelf.
		# TYPE shelf_books gauge
		shelf_books{author="Borges"} 1
		shelf_books{author="Woolf"} 3
	`))
	fmt.Println(err)
	// Output:
	// <nil>
}

func ExampleCollectAndCount() {
	fmt.Println(testutil.CollectAndCount(shelf()))
	// Output:
	// 2
}

func ExampleGatherAndFormat() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(shelf())
	page, err := testutil.GatherAndFormat(reg, expfmt.TypeOpenMetrics)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(page))
	// Output:
	// # HELP shelf_books Books on the shelf.
	// # TYPE shelf_books gauge
	// shelf_books{author="Borges"} 1.0
	// shelf_books{author="Woolf"} 3.0
	// # EOF
}

func ExampleCollectAndLint() {
	problems, err := testutil.CollectAndLint(prometheus.NewCounter(prometheus.CounterOpts{
		Name: "walkedKilometers",
		Help: "Way that was walked.",
	}))
	if err != nil {
		panic(err)
	}
	for _, p := range problems {
		fmt.Printf("%s: %s\n", p.Metric, p.Text)
	}
	// Output:
	// walkedKilometers: counter metrics should have "_total" suffix
	// walkedKilometers: metric names should be written in 'snake_case' not 'camelCase'
}
