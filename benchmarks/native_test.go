package benchmarks

import (
	"testing"
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"

	"github.com/cresset-metrics/cresset"
)

// call is what requests are told apart by: a text and a number.
type call struct {
	Method string `label:"method"`
	Code   int    `label:"code"`
}

var calls = func() (all [16]call) {
	for i := range all {
		all[i] = call{methods[i%4], [4]int{200, 204, 404, 500}[i/4]}
	}
	return all
}()

// BenchmarkTypedLookup is a lookup by a struct and an update, beside a lookup by
// two label values and an update.
func BenchmarkTypedLookup(b *testing.B) {
	byValues := func() loop {
		vec := newTheirVec("method", "code")
		return func(_, n int) {
			for i := range n {
				vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
			}
		}
	}
	contended(b, func() loop { return typedLookup() }, byValues)
	b.Run("cresset/ttl", func(b *testing.B) { alone(b, typedLookup(cresset.TTL(10*time.Minute))) })
	b.Run("cresset/ttl/contended", func(b *testing.B) { together(b, typedLookup(cresset.TTL(10*time.Minute))) })
}

func typedLookup(options ...cresset.CounterVecOption) loop {
	vec := cresset.NewCounterVec[call](cresset.NewRegistry(), "requests_total", "", options...)
	return func(_, n int) {
		for i := range n {
			vec.With(calls[i%16]).Inc()
		}
	}
}

// BenchmarkLocalCounter counts without synchronisation, beside counting with it.
func BenchmarkLocalCounter(b *testing.B) {
	sideBySide(b,
		func() loop {
			local := cresset.NewCounter(cresset.NewRegistry(), "c_total", "").Local()
			return func(_, n int) {
				for range n {
					local.Inc()
				}
				local.Flush()
			}
		},
		func() loop {
			c := theirs.NewCounter(theirs.CounterOpts{Name: "c_total"})
			return func(_, n int) {
				for range n {
					c.Inc()
				}
			}
		})
}
