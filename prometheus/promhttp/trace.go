package promhttp

import (
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"time"
)

// InstrumentTrace has a function for each event in the life of a client's request
// that is to be known: an Observer's Observe, for instance. It is called with the
// seconds since the request began, by whichever goroutine has come to the event,
// even after the response is there; so it must be quick, and safe to call from
// several goroutines at once. What the events are, package net/http/httptrace says
// under the same names.
type InstrumentTrace struct {
	GotConn              func(float64)
	PutIdleConn          func(float64) // unless the connection could not be kept
	GotFirstResponseByte func(float64)
	Got100Continue       func(float64)
	DNSStart             func(float64)
	DNSDone              func(float64) // whether or not there is an address
	ConnectStart         func(float64)
	ConnectDone          func(float64) // unless it failed
	TLSHandshakeStart    func(float64)
	TLSHandshakeDone     func(float64) // unless it failed
	WroteHeaders         func(float64)
	Wait100Continue      func(float64)
	WroteRequest         func(float64) // whether or not all could be written
}

// InstrumentRoundTripperTrace tells the functions of an InstrumentTrace how long
// requests take to reach each event. Events without a function are not looked at.
// A trace that a request's context has already goes on being told.
func InstrumentRoundTripperTrace(it *InstrumentTrace, next http.RoundTripper) RoundTripperFunc {
	return func(r *http.Request) (*http.Response, error) {
		trace := it.begin(time.Now())
		return next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	}
}

// begin returns the trace of a request that begins now. It has nothing but what
// is asked for: net/http spares itself what nobody wants to know.
func (it *InstrumentTrace) begin(start time.Time) *httptrace.ClientTrace {
	tell := func(hook func(float64)) { hook(time.Since(start).Seconds()) }
	tellUnless := func(err error, hook func(float64)) {
		if err == nil {
			tell(hook)
		}
	}
	trace := &httptrace.ClientTrace{}
	if hook := it.GotConn; hook != nil {
		trace.GotConn = func(httptrace.GotConnInfo) { tell(hook) }
	}
	if hook := it.PutIdleConn; hook != nil {
		trace.PutIdleConn = func(err error) { tellUnless(err, hook) }
	}
	if hook := it.GotFirstResponseByte; hook != nil {
		trace.GotFirstResponseByte = func() { tell(hook) }
	}
	if hook := it.Got100Continue; hook != nil {
		trace.Got100Continue = func() { tell(hook) }
	}
	if hook := it.DNSStart; hook != nil {
		trace.DNSStart = func(httptrace.DNSStartInfo) { tell(hook) }
	}
	if hook := it.DNSDone; hook != nil {
		trace.DNSDone = func(httptrace.DNSDoneInfo) { tell(hook) }
	}
	if hook := it.ConnectStart; hook != nil {
		trace.ConnectStart = func(_, _ string) { tell(hook) }
	}
	if hook := it.ConnectDone; hook != nil {
		trace.ConnectDone = func(_, _ string, err error) { tellUnless(err, hook) }
	}
	if hook := it.TLSHandshakeStart; hook != nil {
		trace.TLSHandshakeStart = func() { tell(hook) }
	}
	if hook := it.TLSHandshakeDone; hook != nil {
		trace.TLSHandshakeDone = func(_ tls.ConnectionState, err error) { tellUnless(err, hook) }
	}
	if hook := it.WroteHeaders; hook != nil {
		trace.WroteHeaders = func() { tell(hook) }
	}
	if hook := it.Wait100Continue; hook != nil {
		trace.Wait100Continue = func() { tell(hook) }
	}
	if hook := it.WroteRequest; hook != nil {
		trace.WroteRequest = func(httptrace.WroteRequestInfo) { tell(hook) }
	}
	return trace
}
