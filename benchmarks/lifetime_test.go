package benchmarks

import (
	"testing"
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// BenchmarkTTL is what updates and lookups of series that can expire cost, beside
// those of series that cannot.
func BenchmarkTTL(b *testing.B) {
	labels := []string{"method", "code"}
	const ttl = 10 * time.Minute
	for _, with := range []struct {
		name string
		ttl  time.Duration
	}{{"cresset", 0}, {"cresset/ttl", ttl}} {
		counter := func() loop {
			c := ours.NewCounterVec(ours.CounterOpts{Name: "c", TTL: with.ttl}, labels).WithLabelValues("GET", "200")
			return func(_, n int) {
				for range n {
					c.Inc()
				}
			}
		}
		gauge := func() loop {
			g := ours.NewGaugeVec(ours.GaugeOpts{Name: "g", TTL: with.ttl}, labels).WithLabelValues("GET", "200")
			return func(_, n int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		}
		histogram := func() loop {
			h := ours.NewHistogramVec(ours.HistogramOpts{Name: "h", TTL: with.ttl}, labels).WithLabelValues("GET", "200")
			return func(_, n int) {
				for range n {
					h.Observe(0.1)
				}
			}
		}
		lookup := func() loop {
			vec := ours.NewCounterVec(ours.CounterOpts{Name: "c", TTL: with.ttl}, labels)
			return func(_, n int) {
				for i := range n {
					vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
				}
			}
		}
		for _, what := range []struct {
			name string
			do   func() loop
		}{{"Inc", counter}, {"Set", gauge}, {"Observe", histogram}, {"WithLabelValues", lookup}} {
			b.Run(what.name+"/"+with.name, func(b *testing.B) { alone(b, what.do()) })
			b.Run(what.name+"/"+with.name+"/contended", func(b *testing.B) { together(b, what.do()) })
		}
	}
	b.Run("Inc/client_golang", func(b *testing.B) {
		c := theirs.NewCounterVec(theirs.CounterOpts{Name: "c"}, labels).WithLabelValues("GET", "200")
		alone(b, func(_, n int) {
			for range n {
				c.Inc()
			}
		})
	})
}
