package benchmarks

import (
	"strconv"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// methods and codes make the metrics that lookups go round.
var (
	methods = [4]string{"GET", "POST", "PUT", "DELETE"}
	codes   = [4]string{"200", "204", "404", "500"}
)

func newOurVec(names ...string) *ours.CounterVec {
	return ours.NewCounterVec(ours.CounterOpts{Name: "requests_total"}, names)
}

func newTheirVec(names ...string) *theirs.CounterVec {
	return theirs.NewCounterVec(theirs.CounterOpts{Name: "requests_total"}, names)
}

func BenchmarkWithLabelValues(b *testing.B) {
	contended(b,
		func() loop {
			vec := newOurVec("method", "code")
			return func(_, n int) {
				for i := range n {
					vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
				}
			}
		},
		func() loop {
			vec := newTheirVec("method", "code")
			return func(_, n int) {
				for i := range n {
					vec.WithLabelValues(methods[i%4], codes[i/4%4]).Inc()
				}
			}
		})
}

func BenchmarkWith(b *testing.B) {
	contended(b,
		func() loop {
			vec := newOurVec("method", "code")
			return func(_, n int) {
				for i := range n {
					vec.With(ours.Labels{"method": methods[i%4], "code": codes[i/4%4]}).Inc()
				}
			}
		},
		func() loop {
			vec := newTheirVec("method", "code")
			return func(_, n int) {
				for i := range n {
					vec.With(theirs.Labels{"method": methods[i%4], "code": codes[i/4%4]}).Inc()
				}
			}
		})
}

// BenchmarkNewChild makes a metric of three labels that was not there before.
func BenchmarkNewChild(b *testing.B) {
	sideBySide(b,
		func() loop {
			vec := newOurVec("method", "code", "path")
			return func(_, n int) {
				for i := range n {
					vec.WithLabelValues("GET", "200", strconv.Itoa(i)).Inc()
				}
			}
		},
		func() loop {
			vec := newTheirVec("method", "code", "path")
			return func(_, n int) {
				for i := range n {
					vec.WithLabelValues("GET", "200", strconv.Itoa(i)).Inc()
				}
			}
		})
}
