// Weights keeps the distribution of the weights of dogs at a vet's, by sex, age
// and race.
//
//	go run ./examples/weights
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
	"github.com/cresset-metrics/cresset/prometheus/promauto"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// weights is a family of histograms, whose buckets end at 1, 11, 21 ... 141
// kilograms. Package promauto registers it, too.
var weights = promauto.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "dog_weight_kilograms",
	Help:    "Weights of the dogs that came, by sex, age in years and race.",
	Buckets: prometheus.LinearBuckets(1, 10, 15),
}, []string{"sex", "age", "race"})

// weigh is called when a dog stands on the scales.
func weigh(sex string, age int, race string, kilograms float64) {
	weights.With(prometheus.Labels{
		"sex":  sex,
		"age":  strconv.Itoa(age),
		"race": race,
	}).Observe(kilograms)
}

// weighEvery lets a dog come at every tick.
func weighEvery(ctx context.Context, interval time.Duration) {
	sexes := []string{"female", "male"}
	usual := map[string]float64{"mastiff": 75, "poodle": 25, "terrier": 9}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for race, kilograms := range usual { // in no particular order
				weigh(sexes[rand.N(len(sexes))], 1+rand.N(5), race, kilograms*(1+rand.NormFloat64()/8))
				break
			}
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

	go weighEvery(ctx, 100*time.Millisecond)
	if err := serve.Until(ctx, *listen, handler()); err != nil {
		log.Fatal(err)
	}
}
