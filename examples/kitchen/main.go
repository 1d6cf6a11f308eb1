// Kitchen uses each of the four types for what it is good at: the kitchen of a
// snack bar counts orders, shows how many pots are on the stove, and keeps how
// long dishes take and what guests tip.
//
//	go run ./examples/kitchen
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
	"github.com/cresset-metrics/cresset/prometheus/promauto"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// metrics are what the kitchen measures of itself. They are made once, with a
// registry that whoever makes the kitchen chooses, and handed to the code that
// updates them.
type metrics struct {
	orders  *prometheus.CounterVec
	pots    prometheus.Gauge
	cooking *prometheus.HistogramVec
	tips    prometheus.Summary
}

func newMetrics(reg prometheus.Registerer) *metrics {
	factory := promauto.With(reg)
	return &metrics{
		// It only grows, and what one wants to know is how fast.
		orders: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "kitchen_orders_total",
			Help: "Orders that came in, by dish.",
		}, []string{"dish"}),
		// It goes up and down, and what one wants to know is how much it is now.
		pots: factory.NewGauge(prometheus.GaugeOpts{
			Name: "kitchen_pots_on_stove",
			Help: "Pots that are on the stove now.",
		}),
		// One wants to know which share of the dishes took how long, over all
		// kitchens of the house.
		cooking: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "kitchen_cooking_duration_seconds",
			Help:    "Time from an order to the dish, by dish.",
			Buckets: []float64{1, 2, 5, 10, 15, 20, 30, 60}, // guests are promised 15 and 20 seconds
		}, []string{"dish"}),
		// One wants the median of this one till, more exactly than buckets tell.
		tips: factory.NewSummary(prometheus.SummaryOpts{
			Name:       "kitchen_tips_euros",
			Help:       "Tips of the guests of one table.",
			Objectives: map[float64]float64{0.5: 0.01},
			MaxAge:     time.Hour,
		}),
	}
}

// dish is something on the menu. It holds its metrics: the labels are looked up
// when the menu is written, not with each order.
type dish struct {
	usual   time.Duration
	orders  prometheus.Counter
	cooking prometheus.Observer
}

type kitchen struct {
	metrics *metrics
	menu    []*dish
}

func newKitchen(m *metrics) *kitchen {
	k := &kitchen{metrics: m}
	for name, usual := range map[string]time.Duration{"soup": 2 * time.Second, "pasta": 9 * time.Second, "roast": 18 * time.Second} {
		k.menu = append(k.menu, &dish{
			usual:   usual,
			orders:  m.orders.WithLabelValues(name),
			cooking: m.cooking.WithLabelValues(name),
		})
	}
	return k
}

// cook makes a dish, which takes a while.
func (k *kitchen) cook(d *dish, wait func(time.Duration)) {
	d.orders.Inc()
	k.metrics.pots.Inc()
	defer k.metrics.pots.Dec()
	start := time.Now()
	wait(time.Duration(float64(d.usual) * (0.7 + rand.Float64())))
	d.cooking.Observe(time.Since(start).Seconds())
	k.metrics.tips.Observe(float64(rand.N(20)) / 2)
}

// open lets a guest order at every tick.
func (k *kitchen) open(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			go k.cook(k.menu[rand.N(len(k.menu))], func(d time.Duration) {
				select {
				case <-ctx.Done():
				case <-time.After(d):
				}
			})
		}
	}
}

func handler(g prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(g, promhttp.HandlerOpts{}))
	return mux
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve /metrics on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	reg := prometheus.NewRegistry()
	go newKitchen(newMetrics(reg)).open(ctx, time.Second)
	if err := serve.Until(ctx, *listen, handler(reg)); err != nil {
		log.Fatal(err)
	}
}
