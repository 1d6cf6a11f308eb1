package demo

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promauto"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// Shop is the service that the demo watches: a web shop with two pages. It shows
// how a service is instrumented: make the metrics, update them where the work is
// done, serve them on /metrics.
type Shop struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by path and status code
	duration *prometheus.HistogramVec // by path
	inFlight prometheus.Gauge

	broken atomic.Bool // half of the checkouts fail
}

// NewShop makes a shop that works.
func NewShop() *Shop {
	registry := prometheus.NewRegistry()
	metrics := promauto.With(registry)
	s := &Shop{
		registry: registry,
		requests: metrics.NewCounterVec(prometheus.CounterOpts{
			Name: "shop_requests_total",
			Help: "Requests that the shop has answered.",
		}, []string{"path", "code"}),
		duration: metrics.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "shop_request_duration_seconds",
			Help:    "How long the shop took to answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 10),
		}, []string{"path"}),
		inFlight: metrics.NewGauge(prometheus.GaugeOpts{
			Name: "shop_requests_in_flight",
			Help: "Requests that the shop is answering now.",
		}),
	}
	// A series begins with its first update, and a rate cannot see the step from
	// nothing to one. Errors that may come are there from the start, at zero.
	s.requests.WithLabelValues("/checkout", "500")
	return s
}

// Break makes half of the checkouts fail, until Heal.
func (s *Shop) Break() { s.broken.Store(true) }

// Heal makes all checkouts work again.
func (s *Shop) Heal() { s.broken.Store(false) }

// Handler serves the shop and its metrics.
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/products", s.measured("/products", s.products))
	mux.Handle("/checkout", s.measured("/checkout", s.checkout))
	mux.Handle("/metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

// measured serves a page and counts, times and tracks its requests.
func (s *Shop) measured(path string, page func() (code int, text string)) http.Handler {
	duration := s.duration.WithLabelValues(path) // looked up once, not for each request
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Inc()
		defer s.inFlight.Dec()
		defer prometheus.NewTimer(duration).ObserveDuration()

		code, text := page()
		s.requests.WithLabelValues(path, strconv.Itoa(code)).Inc()
		w.WriteHeader(code)
		fmt.Fprintln(w, text)
	})
}

func (s *Shop) products() (int, string) {
	work(5 * time.Millisecond)
	return http.StatusOK, "Fire baskets, lanterns, candles."
}

func (s *Shop) checkout() (int, string) {
	work(20 * time.Millisecond)
	if s.broken.Load() && rand.IntN(2) == 0 {
		return http.StatusInternalServerError, "The payment service does not answer."
	}
	return http.StatusOK, "Thank you."
}

// work takes between nothing and twice the time given.
func work(about time.Duration) { time.Sleep(rand.N(2 * about)) }
