package promhttp

import (
	"cmp"
	"net/http"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// RoundTripperFunc makes an http.RoundTripper of a function.
type RoundTripperFunc func(req *http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (rt RoundTripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return rt(r) }

// InstrumentRoundTripperInFlight shows in a gauge how many requests are waiting
// for the header of their response.
func InstrumentRoundTripperInFlight(gauge prometheus.Gauge, next http.RoundTripper) RoundTripperFunc {
	return func(r *http.Request) (*http.Response, error) {
		gauge.Inc()
		defer gauge.Dec()
		return next.RoundTrip(r)
	}
}

// InstrumentRoundTripperCounter counts the requests that were answered. What is
// said of labels at InstrumentHandlerCounter holds here, too.
//
// A request that fails, so that there is no response, is not counted.
func InstrumentRoundTripperCounter(counter *prometheus.CounterVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	c := newCounters(counter, opts)
	return func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if x, ok := answered(r, resp, err); ok {
			c.inc(x)
		}
		return resp, err
	}
}

// InstrumentRoundTripperDuration observes how long it takes until the header of
// a response has arrived, in seconds. What is said of labels at
// InstrumentHandlerCounter holds here, too.
//
// A request that fails, so that there is no response, is not observed.
func InstrumentRoundTripperDuration(obs prometheus.ObserverVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	o := newObservers(obs, opts)
	return func(r *http.Request) (*http.Response, error) {
		start := time.Now()
		resp, err := next.RoundTrip(r)
		took := time.Since(start).Seconds()
		if x, ok := answered(r, resp, err); ok {
			o.observe(took, x)
		}
		return resp, err
	}
}

// answered returns a request with its response, if there is one. RoundTrippers
// that people write for themselves do not always say which request a response
// belongs to.
func answered(r *http.Request, resp *http.Response, err error) (exchange, bool) {
	if err != nil || resp == nil {
		return exchange{}, false
	}
	return exchange{request: r, origin: cmp.Or(resp.Request, r), code: resp.StatusCode}, true
}
