package promhttp_test

import (
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// diary notes the events of a request.
type diary struct {
	mu     sync.Mutex
	events map[string]float64 // seconds, by name; guarded by mu
	idle   chan struct{}      // one for each PutIdleConn, if not nil
}

// trace returns an InstrumentTrace that writes the diary.
func (d *diary) trace() *promhttp.InstrumentTrace {
	it := &promhttp.InstrumentTrace{}
	for field, value := range reflect.ValueOf(it).Elem().Fields() {
		value.Set(reflect.ValueOf(func(seconds float64) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.events[field.Name] = seconds
			if d.idle != nil && field.Name == "PutIdleConn" {
				d.idle <- struct{}{}
			}
		}))
	}
	return it
}

func (d *diary) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.events))
}

func (d *diary) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = make(map[string]float64)
}

// events has a transport of net/http tell everything, with this error where it
// could tell one, a second apart.
func events(err error) promhttp.RoundTripperFunc {
	return func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		for _, tell := range []func(){
			func() { trace.DNSStart(httptrace.DNSStartInfo{}) },
			func() { trace.DNSDone(httptrace.DNSDoneInfo{Err: err}) },
			func() { trace.ConnectStart("", "") },
			func() { trace.ConnectDone("", "", err) },
			func() { trace.TLSHandshakeStart() },
			func() { trace.TLSHandshakeDone(tls.ConnectionState{}, err) },
			func() { trace.GotConn(httptrace.GotConnInfo{}) },
			func() { trace.WroteHeaders() },
			func() { trace.Wait100Continue() },
			func() { trace.Got100Continue() },
			func() { trace.WroteRequest(httptrace.WroteRequestInfo{Err: err}) },
			func() { trace.GotFirstResponseByte() },
			func() { trace.PutIdleConn(err) },
		} {
			time.Sleep(time.Second)
			tell()
		}
		return &http.Response{}, nil
	}
}

func TestTraceTellsWhenEventsHappened(t *testing.T) {
	all := map[string]float64{
		"DNSStart": 1, "DNSDone": 2, "ConnectStart": 3, "ConnectDone": 4, "TLSHandshakeStart": 5, "TLSHandshakeDone": 6, "GotConn": 7,
		"WroteHeaders": 8, "Wait100Continue": 9, "Got100Continue": 10, "WroteRequest": 11, "GotFirstResponseByte": 12, "PutIdleConn": 13,
	}
	failed := maps.Clone(all)
	for _, name := range []string{"ConnectDone", "TLSHandshakeDone", "PutIdleConn"} {
		delete(failed, name)
	}
	for name, test := range map[string]struct {
		err  error
		want map[string]float64
	}{"good": {nil, all}, "failing": {errors.New("broken"), failed}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{events: make(map[string]float64)}
				serve(sending(promhttp.InstrumentRoundTripperTrace(d.trace(), events(test.err))), nil)
				if !maps.Equal(d.events, test.want) {
					t.Errorf("got %v, want %v", d.events, test.want)
				}
			})
		})
	}
}

// TestTraceAsksForNothingElse: what is not to be known is not asked for, and
// whoever asked before is still told.
func TestTraceAsksForNothingElse(t *testing.T) {
	first, told := 0, 0
	before := &httptrace.ClientTrace{GotFirstResponseByte: func() { first++ }}
	it := &promhttp.InstrumentTrace{GotFirstResponseByte: func(float64) { told++ }}
	transport := promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.GotFirstResponseByte()
		trace.GotFirstResponseByte = nil
		if !reflect.ValueOf(*trace).IsZero() {
			t.Errorf("got more than GotFirstResponseByte: %+v", *trace)
		}
		return &http.Response{}, nil
	})
	serve(sending(promhttp.InstrumentRoundTripperTrace(it, transport)), func(r *http.Request) {
		*r = *r.WithContext(httptrace.WithClientTrace(r.Context(), before))
	})
	if first != 1 || told != 1 {
		t.Errorf("the trace that was there was told %d times, ours %d, want once each", first, told)
	}
}

// TestTraceOfRealTraffic has a connection made, used again, and a body that waits
// to be asked for.
func TestTraceOfRealTraffic(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}))
	defer s.Close()
	s.Client().Transport.(*http.Transport).ExpectContinueTimeout = deadline
	d := &diary{events: make(map[string]float64), idle: make(chan struct{}, 1)}
	client := http.Client{Transport: promhttp.InstrumentRoundTripperTrace(d.trace(), s.Client().Transport), Timeout: deadline}

	connect := []string{"ConnectDone", "ConnectStart", "TLSHandshakeDone", "TLSHandshakeStart"}
	exchange := []string{"GotConn", "GotFirstResponseByte", "PutIdleConn", "WroteHeaders", "WroteRequest"}
	wait := []string{"Got100Continue", "Wait100Continue"}
	for _, step := range []struct {
		name string
		body string
		want []string
	}{
		{"first", "", slices.Concat(connect, exchange)},
		{"used again", "", exchange},
		{"body", "wait for me", slices.Concat(exchange, wait)},
	} {
		d.forget()
		req, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		if step.body != "" {
			req.Header.Set("Expect", "100-continue")
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != step.body {
			t.Errorf("%s: got %q, %v, want %q", step.name, got, err, step.body)
		}
		resp.Body.Close()
		select {
		case <-d.idle:
		case <-time.After(deadline):
			t.Fatalf("%s: the connection does not become idle", step.name)
		}
		slices.Sort(step.want)
		if got := d.names(); !slices.Equal(got, step.want) {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
		for name, seconds := range d.events {
			if seconds < 0 || seconds > deadline.Seconds() {
				t.Errorf("%s: %s after %v s, want some time since the request began", step.name, name, seconds)
			}
		}
	}
}
