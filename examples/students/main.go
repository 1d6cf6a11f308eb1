// Students counts who enrols at a school, by class and age.
//
//	go run ./examples/students
//	curl http://127.0.0.1:8080/metrics
package main

import (
	"context"
	"flag"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/serve"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// enrolled is a family of counters. Each class and age gets one of its own, when
// its first student comes.
var enrolled = prometheus.NewCounterVec(prometheus.CounterOpts{
	Namespace: "school",
	Name:      "students_enrolled_total",
	Help:      "Students that have enrolled, by class and age in years.",
}, []string{"class", "age"})

func init() {
	prometheus.MustRegister(enrolled)
}

// enrol is called from wherever the program deals with a new student. Nothing
// has to be handed to it, and any number of goroutines may call it.
func enrol(class string, age int) {
	enrolled.WithLabelValues(class, strconv.Itoa(age)).Inc()
}

// enrolEvery lets a student come at every tick.
func enrolEvery(ctx context.Context, interval time.Duration) {
	classes := []string{"1a", "1b", "2a"}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			enrol(classes[rand.N(len(classes))], 6+rand.N(3))
		}
	}
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.Handler())
	return mux
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve /metrics on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	go enrolEvery(ctx, time.Second)
	if err := serve.Until(ctx, *listen, handler()); err != nil {
		log.Fatal(err)
	}
}
