// Latency measures an HTTP server in the three ways there are, so that they can
// be compared: by a histogram with buckets that somebody chose, by a native
// histogram, which needs none, and by a summary.
//
//	go run ./examples/latency
//	curl http://127.0.0.1:8080/
//	curl http://127.0.0.1:8080/metrics
//
// Each bucket of the histogram has an exemplar, the ID of its latest request, which
// leads from the number to one of those that it counts:
//
//	curl -H 'Accept: application/openmetrics-text' http://127.0.0.1:8080/metrics
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	randv2 "math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/serve"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promauto"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// requestID is where a request's ID is kept in its context.
type requestID struct{}

// instrumented measures what next does.
func instrumented(reg prometheus.Registerer, next http.Handler) http.Handler {
	factory := promauto.With(reg)
	classic := factory.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds",
		Help: "Time to answer a request, by status code.",
		// The goal is that 99% are answered within 300 ms: that has to be a bound,
		// and around it the buckets are close.
		Buckets: []float64{.01, .05, .1, .2, .25, .3, .35, .4, .5, 1, 5},
	}, []string{"code"})
	native := factory.NewHistogramVec(prometheus.HistogramOpts{
		Name:                           "http_request_native_duration_seconds",
		Help:                           "Time to answer a request, by status code.",
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100, // what a client can make slow must not cost without limit
	}, []string{"code"})
	summary := factory.NewSummaryVec(prometheus.SummaryOpts{
		Name:       "http_request_recent_duration_seconds",
		Help:       "Time to answer a request in the last ten minutes, by status code.",
		Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001},
	}, []string{"code"})

	withID := promhttp.WithExemplarFromContext(func(ctx context.Context) prometheus.Labels {
		if id, ok := ctx.Value(requestID{}).(string); ok {
			return prometheus.Labels{"request_id": id}
		}
		return nil
	})
	next = promhttp.InstrumentHandlerDuration(classic, next, withID)
	next = promhttp.InstrumentHandlerDuration(native, next, withID)
	next = promhttp.InstrumentHandlerDuration(summary, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestID{}, rand.Text())))
	})
}

// work takes a tenth of a second, and sometimes a third.
func work(w http.ResponseWriter, r *http.Request) {
	d := time.Duration(50+randv2.N(100)) * time.Millisecond
	if randv2.N(20) == 0 {
		d = 350 * time.Millisecond
	}
	select {
	case <-time.After(d):
		_, _ = w.Write([]byte("done\n"))
	case <-r.Context().Done():
	}
}

func handler(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", instrumented(reg, http.HandlerFunc(work)))
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	return mux
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve.Until(ctx, *listen, handler(prometheus.NewRegistry())); err != nil {
		log.Fatal(err)
	}
}
