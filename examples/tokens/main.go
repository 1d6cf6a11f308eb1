// Tokens shows two ways of exposing something that changes its name: a token
// that is replaced ten times a second.
//
// The vector keeps every token that there ever was, so the page and the memory
// of the program grow for as long as it runs. The collector is asked at each
// scrape and answers with what is true then, one series.
//
//	go run ./examples/tokens
//	curl http://127.0.0.1:8080/metrics
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/serve"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// issuer replaces its token again and again.
type issuer struct {
	issued *prometheus.GaugeVec
	desc   *prometheus.Desc

	mu    sync.Mutex // guards what follows
	token string
	since time.Time
}

func newIssuer() *issuer {
	return &issuer{
		issued: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "token_issued_timestamp_seconds",
			Help: "When each token was issued. Those that are no longer valid stay.",
		}, []string{"token"}),
		desc: prometheus.NewDesc("token_valid_since_timestamp_seconds",
			"When the token that is valid now was issued.", []string{"token"}, nil),
	}
}

// issue replaces the token.
func (i *issuer) issue() {
	token, now := rand.Text(), time.Now()
	i.issued.WithLabelValues(token).Set(seconds(now))

	i.mu.Lock()
	defer i.mu.Unlock()
	i.token, i.since = token, now
}

// Describe tells a registry what Collect will send.
func (i *issuer) Describe(ch chan<- *prometheus.Desc) { ch <- i.desc }

// Collect sends what is true now, as a metric made for this one scrape.
func (i *issuer) Collect(ch chan<- prometheus.Metric) {
	i.mu.Lock()
	token, since := i.token, i.since
	i.mu.Unlock()
	if token == "" {
		return
	}
	ch <- prometheus.MustNewConstMetric(i.desc, prometheus.GaugeValue, seconds(since), token)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// issueEvery replaces the token at every tick.
func (i *issuer) issueEvery(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			i.issue()
		}
	}
}

func (i *issuer) handler() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(i.issued, i)
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	return mux
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve /metrics on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	i := newIssuer()
	go i.issueEvery(ctx, 100*time.Millisecond)
	if err := serve.Until(ctx, *listen, i.handler()); err != nil {
		log.Fatal(err)
	}
}
