package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
)

// A page is written for a scraper. All that stands on it changes before each
// time, which does not count.
type page struct {
	change func()
	write  func() (bytes int)
	units  int // series or histograms on it: what a figure is given for
	size   int // bytes of the first one
}

// newPage writes the page once: the first may order what later ones find in order.
func newPage(units int, change func(), write func() (bytes int)) *page {
	change()
	return &page{change: change, write: write, units: units, size: write()}
}

func (p *page) run(_, n int) (sample, error) {
	var m meter
	runtime.GC()
	size := 0
	for range n {
		p.change()
		m.start()
		size = p.write()
		m.stop()
		if size < p.size*9/10 {
			return sample{}, fmt.Errorf("a page of %d bytes came after one of %d", size, p.size)
		}
	}
	got := m.sample(n, p.units)
	got.size = float64(size)
	return got, nil
}

// A form is a format and an encoding that a scraper may ask for.
type form struct{ name, accept, encoding string }

var (
	text        = form{"text", "text/plain;version=0.0.4", "identity"}
	openMetrics = form{"OpenMetrics", "application/openmetrics-text;version=1.0.0", "identity"}
	protobuf    = form{"protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "identity"}
	gzipped     = form{"text, gzip", "text/plain;version=0.0.4", "gzip"}
	forms       = []form{text, openMetrics, protobuf, gzipped}
)

// asked returns what asks a handler for its page in this form, and counts its bytes.
func (f form) asked(handler http.Handler) func() (bytes int) {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", f.accept)
	request.Header.Set("Accept-Encoding", f.encoding)
	client := &discard{header: http.Header{}}
	return func() int {
		clear(client.header)
		client.bytes = 0
		handler.ServeHTTP(client, request)
		return client.bytes
	}
}

// discard is a client that throws away what it is sent.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.bytes += len(p); return len(p), nil }

// rendered returns the page of a handler as text.
func rendered(handler http.Handler) []byte {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", text.accept)
	request.Header.Set("Accept-Encoding", text.encoding)
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err) // a recorder's body is a buffer
	}
	return body
}
