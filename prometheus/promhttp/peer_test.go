package promhttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// Debian's Prometheus scrapes the same metrics of ours in each of the three
// formats that it knows, and its query API gives the same numbers back.
func TestPrometheusReadsOurNumbersBack(t *testing.T) {
	const (
		acceptsOpenMetrics = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
		acceptsProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited," +
			"application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
	)
	tests := []struct {
		name        string
		opts        promhttp.HandlerOpts
		features    string
		accept      string // what this version of Prometheus asks for
		contentType string // what it gets
		whole       string // follows whole numbers in the labels le and quantile
		exemplars   bool
		native      bool
	}{
		{
			name:        "text",
			accept:      acceptsOpenMetrics,
			contentType: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
		},
		{
			name:        "OpenMetrics",
			opts:        promhttp.HandlerOpts{EnableOpenMetrics: true},
			features:    "exemplar-storage",
			accept:      acceptsOpenMetrics,
			contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
			whole:       ".0",
			exemplars:   true,
		},
		{
			name:        "protobuf",
			opts:        promhttp.HandlerOpts{EnableOpenMetrics: true},
			features:    "exemplar-storage,native-histograms",
			accept:      acceptsProtobuf,
			contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores",
			whole:       ".0",
			exemplars:   true,
			native:      true,
		},
	}
	shops := make([]*shop, len(tests))
	servers := make([]*prometheusServer, len(tests))
	for i, test := range tests { // all at once: each needs five seconds until it scrapes
		shops[i] = openShop(t, test.opts)
		servers[i] = startPrometheus(t, shops[i].url, "--enable-feature="+test.features)
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			shop := shops[i]
			server := servers[i].scraped(t)
			if accept, contentType := shop.first.seen(); accept != test.accept || contentType != test.contentType {
				t.Errorf("asked for %s\nand got %s\nwant %s\nand %s", accept, contentType, test.accept, test.contentType)
			}
			for query, want := range shop.numbers(test.whole) {
				if got := query1(t, server, query); got != want {
					t.Errorf("%s: got %v, want %v", query, got, want)
				}
			}
			if test.exemplars {
				shop.compareExemplars(t, server, test.whole)
			}
			if test.native {
				shop.compareQuantiles(t, server)
			} else if got := query1(t, server, `scrape_samples_scraped`); got != 16 {
				t.Errorf("scrape_samples_scraped: got %v, want 16", got)
			}
			metadata := get(t, server+"/api/v1/metadata")
			for _, want := range []string{`"type":"counter","help":"Orders."`, `"type":"gauge","help":"Heat."`, `"type":"histogram","help":"Sizes."`, `"type":"summary","help":"Waits."`} {
				if !strings.Contains(metadata, want) {
					t.Errorf("%s is missing from the metadata: %s", want, metadata)
				}
			}
		})
	}
}

// scrape is what the first scrape asked for and got.
type scrape struct {
	mu                  sync.Mutex // guards what follows
	accept, contentType string
}

func (s *scrape) note(accept, contentType string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accept == "" {
		s.accept, s.contentType = accept, contentType
	}
}

func (s *scrape) seen() (accept, contentType string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accept, s.contentType
}

// shop is a registry with metrics of all types, what was observed, and where it
// is served.
type shop struct {
	registry  *prometheus.Registry
	durations []float64 // what the native histogram has counted
	url       string
	first     scrape
}

// openShop serves a new shop until the test ends.
func openShop(t *testing.T, opts promhttp.HandlerOpts) *shop {
	t.Helper()
	s := newShop()
	page := promhttp.HandlerFor(s.registry, opts)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.ServeHTTP(w, r)
		s.first.note(r.Header.Get("Accept"), w.Header().Get("Content-Type"))
	}))
	t.Cleanup(target.Close)
	s.url = target.URL
	return s
}

// factor is how wide the native buckets are at most.
const factor = 1.1

func newShop() *shop {
	s := &shop{registry: prometheus.NewRegistry()}
	orders := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orders_total", Help: "Orders."}, []string{"country", "note"})
	heat := prometheus.NewGauge(prometheus.GaugeOpts{Name: "heat.celsius", Help: "Heat."})
	sizes := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "size_bytes", Help: "Sizes.", Buckets: []float64{1, 10, 100}})
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "duration_seconds", Help: "Durations.", NativeHistogramBucketFactor: factor, NativeHistogramMaxBucketNumber: 200,
	})
	s.registry.MustRegister(orders, heat, sizes, durations, prometheus.CollectorFunc(collectWaits))
	orders.WithLabelValues("fr", "quote \" backslash \\ line\nfeed ünïcode").Add(12345678)
	orders.WithLabelValues("de", "").(prometheus.ExemplarAdder).AddWithExemplar(0.1, prometheus.Labels{"order": "4711"})
	heat.Set(-273.15)
	for _, v := range []float64{0.5, 1, 5, 50, 500, math.Inf(1)} {
		sizes.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"parcel": fmt.Sprint("no. ", v)})
	}
	for i := range 1000 {
		v := 0.001 * math.Pow(1.01, float64(i))
		s.durations = append(s.durations, v)
		durations.Observe(v)
	}
	return s
}

// collectWaits collects a summary.
func collectWaits(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstSummary(prometheus.NewDesc("wait_seconds", "Waits.", nil, nil), 5, 7.5, map[float64]float64{0.5: 1, 1: 4.25})
}

// numbers returns what the queries must give.
func (s *shop) numbers(whole string) map[string]float64 {
	return map[string]float64{
		`orders_total{country="fr",note="quote \" backslash \\ line\nfeed ünïcode"}`: 12345678,
		`orders_total{country="de",note=""}`:                                         0.1,
		`heat_celsius`:                                                               -273.15,
		`size_bytes_bucket{le="1` + whole + `"}`:                                     2,
		`size_bytes_bucket{le="10` + whole + `"}`:                                    3,
		`size_bytes_bucket{le="100` + whole + `"}`:                                   4,
		`size_bytes_bucket{le="+Inf"}`:                                               6,
		`size_bytes_count`:                                                           6,
		`size_bytes_sum`:                                                             math.Inf(1),
		`histogram_quantile(0.5, sum by (le) (size_bytes_bucket))`:                   10,
		`wait_seconds{quantile="0.5"}`:                                               1,
		`wait_seconds{quantile="1` + whole + `"}`:                                    4.25,
		`wait_seconds_sum`:                                                           7.5,
		`wait_seconds_count`:                                                         5,
	}
}

// compareExemplars compares the exemplars that the server has with those that
// were given: the last one of each bucket.
func (s *shop) compareExemplars(t *testing.T, server, whole string) {
	t.Helper()
	type exemplar struct {
		Labels map[string]string
		Value  string
	}
	var answer struct {
		Data []struct {
			SeriesLabels map[string]string
			Exemplars    []exemplar
		}
	}
	now := time.Now().Unix()
	body := get(t, fmt.Sprintf("%s/api/v1/query_exemplars?query={__name__=~%s}&start=%d&end=%d", server, url.QueryEscape(`".+"`), now-3600, now+3600))
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	got := make(map[string]string)
	for _, series := range answer.Data {
		name := series.SeriesLabels["__name__"] + series.SeriesLabels["country"] + series.SeriesLabels["le"]
		for _, e := range series.Exemplars {
			got[name] += fmt.Sprint(e.Value, e.Labels)
		}
	}
	want := map[string]string{
		"orders_totalde":               "0.1map[order:4711]",
		"size_bytes_bucket1" + whole:   "1map[parcel:no. 1]",
		"size_bytes_bucket10" + whole:  "5map[parcel:no. 5]",
		"size_bytes_bucket100" + whole: "50map[parcel:no. 50]",
		"size_bytes_bucket+Inf":        "+Infmap[parcel:no. +Inf]", // the later one of two
	}
	if !maps.Equal(got, want) {
		t.Errorf("exemplars: got\n%q\nwant\n%q", got, want)
	}
}

// compareQuantiles compares quantiles of the native histogram with those of the
// observations: they are right within the width of a bucket.
func (s *shop) compareQuantiles(t *testing.T, server string) {
	t.Helper()
	if got := query1(t, server, `histogram_count(duration_seconds)`); got != float64(len(s.durations)) {
		t.Errorf("histogram_count: got %v, want %d", got, len(s.durations))
	}
	for _, q := range []float64{0.01, 0.1, 0.5, 0.9, 0.99, 0.999} {
		got := query1(t, server, fmt.Sprintf("histogram_quantile(%g, duration_seconds)", q))
		want := s.durations[int(q*float64(len(s.durations)))-1] // they are in order
		if got < want/factor || got > want*factor {
			t.Errorf("quantile %g: got %v, want %v within a factor of %v", q, got, want, factor)
		}
	}
}

// prometheusServer is Debian's Prometheus, which has one target.
type prometheusServer struct{ url string }

// startPrometheus runs one until the test ends.
func startPrometheus(t *testing.T, target string, flags ...string) *prometheusServer {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("peer not installed: prometheus (Debian package prometheus)")
	}
	dir := t.TempDir()
	config := fmt.Sprintf(`
scrape_configs:
  - job_name: ours
    scrape_interval: 200ms
    scrape_timeout: 200ms
    metrics_path: /
    static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(target, "http://"))
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	var log bytes.Buffer
	cmd := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	cmd.Args = append(cmd.Args, flags...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		http.DefaultClient.CloseIdleConnections()
		if t.Failed() {
			t.Logf("prometheus wrote:\n%s", log.String())
		}
	})
	return &prometheusServer{url: "http://" + address}
}

// scraped waits until the target has been scraped and returns the address of the
// server.
func (s *prometheusServer) scraped(t *testing.T) string {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(s.url + "/api/v1/query?query=" + url.QueryEscape("up == 1"))
		if err == nil {
			var body bytes.Buffer
			_, err = body.ReadFrom(resp.Body)
			resp.Body.Close()
			if err == nil && strings.Contains(body.String(), `"job":"ours"`) {
				return s.url
			}
		}
		select {
		case <-deadline:
			t.Fatalf("prometheus has not scraped the target: %v", err)
		case <-tick.C:
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return body.String()
}

func query1(t *testing.T, server, query string) float64 {
	t.Helper()
	body := get(t, server+"/api/v1/query?query="+url.QueryEscape(query))
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data.Result) != 1 {
		t.Fatalf("%s: %v: %s", query, err, body)
	}
	v, err := strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
