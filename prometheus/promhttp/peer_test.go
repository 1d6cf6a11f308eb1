package promhttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	"syscall"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// Debian's Prometheus scrapes a page of ours, and its query API gives the same
// numbers back.
func TestPrometheusReadsOurNumbersBack(t *testing.T) {
	registry := prometheus.NewRegistry()
	orders := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orders_total", Help: "Orders."}, []string{"country", "note"})
	heat := prometheus.NewGauge(prometheus.GaugeOpts{Name: "heat_celsius", Help: "Heat."})
	sizes := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "size_bytes", Help: "Sizes.", Buckets: []float64{1, 10, 100}})
	registry.MustRegister(orders, heat, sizes)
	orders.WithLabelValues("fr", "quote \" backslash \\ line\nfeed ünïcode").Add(12345678)
	orders.WithLabelValues("de", "").Add(0.1)
	heat.Set(-273.15)
	for _, v := range []float64{0.5, 1, 5, 50, 500, math.Inf(1)} {
		sizes.Observe(v)
	}
	target := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(target.Close)
	server := startPrometheus(t, target.URL)

	for query, want := range map[string]float64{
		`orders_total{country="fr",note="quote \" backslash \\ line\nfeed ünïcode"}`: 12345678,
		`orders_total{country="de",note=""}`:                                         0.1,
		`heat_celsius`:                                                               -273.15,
		`size_bytes_bucket{le="1"}`:                                                  2, // this version keeps "1" as it is; later ones say "1.0"
		`size_bytes_bucket{le="10"}`:                                                 3,
		`size_bytes_bucket{le="100"}`:                                                4,
		`size_bytes_bucket{le="+Inf"}`:                                               6,
		`size_bytes_count`:                                                           6,
		`size_bytes_sum`:                                                             math.Inf(1),
		`histogram_quantile(0.5, sum by (le) (size_bytes_bucket))`:                   10,
		`scrape_samples_scraped`:                                                     9,
	} {
		if got := query1(t, server, query); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	metadata := get(t, server+"/api/v1/metadata?metric=orders_total")
	if !strings.Contains(metadata, `"type":"counter","help":"Orders."`) {
		t.Errorf("got metadata %s", metadata)
	}
}

// startPrometheus runs Debian's Prometheus until the test ends and returns its
// address, once it has scraped the target.
func startPrometheus(t *testing.T, target string) string {
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

	server := "http://" + address
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape("up == 1"))
		if err == nil {
			var body bytes.Buffer
			_, err = body.ReadFrom(resp.Body)
			resp.Body.Close()
			if err == nil && strings.Contains(body.String(), `"job":"ours"`) {
				return server
			}
		}
		select {
		case <-deadline:
			t.Fatalf("prometheus has not scraped the target: %v\n%s", err, log.String())
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
