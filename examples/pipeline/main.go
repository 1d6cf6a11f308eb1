// Pipeline exposes the steps of build pipelines, which change from run to run: the
// first run of a pipeline clones, builds and tests, the next one builds and pushes.
// What is exposed must not go on telling of steps that there are no more. There are
// four ways to that, each in a file of its own:
//
//   - ttl.go: a series goes when nobody updates it any more;
//   - replace.go: a vector is told what there is, and is rid of everything else;
//   - objects.go: a store keeps the series of each pipeline, and loses them with it;
//   - collector.go: the program has the truth anyway, and is asked at each scrape.
//
// Run it and watch steps come and go:
//
//	go run ./examples/pipeline
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
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/serve"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// run is one run of a pipeline.
type run struct {
	pipeline string
	steps    []step
}

type step struct {
	name string
	took time.Duration
}

// way is a way to expose what runs did.
type way interface {
	collector() prometheus.Collector
	finished(run)
	removed(pipeline string)
}

// server runs pipelines.
type server struct {
	registry *prometheus.Registry
	ways     []way
}

func newServer() *server {
	s := &server{
		registry: prometheus.NewRegistry(),
		ways:     []way{newByTTL(time.Minute), newByReplace(), newByObject(), newByCollector()},
	}
	for _, w := range s.ways {
		s.registry.MustRegister(w.collector())
	}
	return s
}

func (s *server) finished(r run) {
	for _, w := range s.ways {
		w.finished(r)
	}
}

// removed is called when somebody deletes a pipeline.
func (s *server) removed(pipeline string) {
	for _, w := range s.ways {
		w.removed(pipeline)
	}
}

// runEvery lets one of the pipelines run at every tick, and deletes one now and
// then.
func (s *server) runEvery(ctx context.Context, interval time.Duration) {
	kinds := [][]string{{"clone", "build", "test"}, {"build", "push"}}
	pipelines := []string{"shop", "search", "mail"}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			pipeline := pipelines[rand.N(len(pipelines))]
			if rand.N(10) == 0 {
				s.removed(pipeline)
				continue
			}
			r := run{pipeline: pipeline}
			for _, name := range kinds[rand.N(len(kinds))] {
				r.steps = append(r.steps, step{name, time.Second + rand.N(time.Minute)})
			}
			s.finished(r)
		}
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve /metrics on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	s := newServer()
	go s.runEvery(ctx, time.Second)
	if err := serve.Until(ctx, *listen, s.handler()); err != nil {
		log.Fatal(err)
	}
}
