package benchmarks

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

const series = 100_000

// discard is a client that throws away what it is sent.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.bytes += len(p); return len(p), nil }

// forms are what a scraper may ask for.
var forms = []struct{ name, accept, encoding string }{
	{"text", "text/plain;version=0.0.4", "identity"},
	{"openmetrics", "application/openmetrics-text;version=1.0.0", "identity"},
	{"protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "identity"},
	{"gzip", "text/plain;version=0.0.4", "gzip"},
}

// scrape asks a handler for its page in every form.
func scrape(b *testing.B, handler http.Handler) {
	for _, form := range forms {
		b.Run(form.name, func(b *testing.B) {
			request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			request.Header.Set("Accept", form.accept)
			request.Header.Set("Accept-Encoding", form.encoding)
			client := &discard{header: http.Header{}}
			handler.ServeHTTP(client, request) // the first page may sort, later ones need not
			size := client.bytes
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				client := &discard{header: http.Header{}}
				handler.ServeHTTP(client, request)
				if client.bytes < size/2 {
					b.Fatalf("got a page of %d bytes after one of %d", client.bytes, size)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
			b.ReportMetric(float64(size)/series, "B/series")
		})
	}
}

// BenchmarkPage serves a page of 100,000 counters of three labels.
func BenchmarkPage(b *testing.B) {
	b.Run("cresset", func(b *testing.B) {
		r, vec := ours.NewRegistry(), newOurVec("method", "code", "path")
		r.MustRegister(vec)
		for i := range series {
			vec.WithLabelValues(methods[i%4], codes[i/4%4], strconv.Itoa(i)).Inc()
		}
		scrape(b, ourhttp.HandlerFor(r, ourhttp.HandlerOpts{EnableOpenMetrics: true}))
	})
	b.Run("client_golang", func(b *testing.B) {
		r, vec := theirs.NewRegistry(), newTheirVec("method", "code", "path")
		r.MustRegister(vec)
		for i := range series {
			vec.WithLabelValues(methods[i%4], codes[i/4%4], strconv.Itoa(i)).Inc()
		}
		scrape(b, theirhttp.HandlerFor(r, theirhttp.HandlerOpts{EnableOpenMetrics: true}))
	})
}
