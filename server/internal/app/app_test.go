package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// What Alertmanager's package starts for a member of a cluster goes on until the
// process ends: it has no way to stop it.
func TestMain(m *testing.M) {
	const memberlist = "github.com/hashicorp/memberlist."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).streamListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).packetListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).packetHandler"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).triggerFunc"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).pushPullTrigger"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).checkBroadcastQueueDepth"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).Leave"), // of one who found nobody to tell, for 10 s
		goleak.IgnoreAnyFunction(memberlist+"(*NetTransport).tcpListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*NetTransport).udpListen"),
	)
}

// write stores files below a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serve runs a server until the test ends.
func serve(t *testing.T, o Options) *App {
	t.Helper()
	a, stop := launch(t, o)
	t.Cleanup(stop)
	return a
}

// launch runs a server until it is stopped, which can be done more than once.
func launch(t *testing.T, o Options) (a *App, stop func()) {
	t.Helper()
	o.ListenAddress = "127.0.0.1:0"
	if o.StoragePath == "" {
		o.StoragePath = t.TempDir()
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	eventually(t, "the server to be ready", func() error {
		_, err := fetch(a.base() + "-/ready")
		return err
	})
	return a, stop
}

// base is where the server's paths begin, whatever its users are told.
func (a *App) base() string { return "http://" + a.Addr().String() + a.prefix + "/" }

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s: %v", what, err)
		case <-tick.C:
		}
	}
}

func fetch(address string) (string, error) {
	resp, err := http.Get(address)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", address, resp.Status, body)
	}
	return string(body), err
}

// value returns the value of the only series that a query gives.
func value(base, query string) (string, error) {
	body, err := fetch(base + "api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", err
	}
	if n := len(answer.Data.Result); n != 1 {
		return "", fmt.Errorf("%s: %d series", query, n)
	}
	return answer.Data.Result[0].Value[1].(string), nil
}

// wantValue waits until a query gives one series with that value.
func wantValue(t *testing.T, base, query, want string) {
	t.Helper()
	eventually(t, query+" to be "+want, func() error {
		got, err := value(base, query)
		if err == nil && got != want {
			err = fmt.Errorf("it is %s", got)
		}
		return err
	})
}

// notification is what a webhook is sent.
type notification struct {
	Status string
	Alerts []struct {
		Status       string
		Labels       map[string]string
		Annotations  map[string]string
		GeneratorURL string
	}
	ExternalURL string
}

// webhook is a receiver that passes on what it is sent.
func webhook(t *testing.T) (address string, received <-chan notification) {
	ch := make(chan notification, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n notification
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			t.Errorf("webhook: %v", err)
		}
		ch <- n
	}))
	t.Cleanup(server.Close)
	return server.URL, ch
}

func receive(t *testing.T, received <-chan notification, status string) notification {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		select {
		case n := <-received:
			if n.Status == status {
				return n
			}
		case <-deadline:
			t.Fatalf("no notification that it is %s", status)
		}
	}
}

func alertmanagerYML(webhookURL string) string {
	return fmt.Sprintf(`
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
receivers:
  - name: hook
    webhook_configs:
      - url: %s
`, webhookURL)
}

// One observation travels the whole way: from a gauge of the library through a
// scrape and a rule to a notification, and its healing too.
func TestAlertTravelsFromALineOfGoToANotification(t *testing.T) {
	queue := prometheus.NewGauge(prometheus.GaugeOpts{Name: "shop_queue_length", Help: "Orders that wait."})
	registry := prometheus.NewRegistry()
	registry.MustRegister(queue)
	service := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(service.Close)
	hook, received := webhook(t)

	dir := write(t, map[string]string{
		"prometheus.yml": fmt.Sprintf(`
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
  evaluation_interval: 200ms
  external_labels: {region: north}
rule_files: [rules.yml]
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: [%q]
`, strings.TrimPrefix(service.URL, "http://")),
		"rules.yml": `
groups:
  - name: shop
    rules:
      - record: shop:queue_length:max
        expr: max(shop_queue_length)
      - alert: QueueLong
        expr: shop:queue_length:max > 10
        for: 400ms
        labels: {severity: page}
        annotations: {summary: "{{ $value }} orders wait in {{ $externalLabels.region }}"}
`,
		"alertmanager.yml": alertmanagerYML(hook),
	})
	a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), AlertmanagerFile: filepath.Join(dir, "alertmanager.yml")})

	wantValue(t, a.URL(), "shop:queue_length:max", "0")
	queue.Set(42)
	firing := receive(t, received, "firing")
	alert := firing.Alerts[0]
	if alert.Labels["alertname"] != "QueueLong" || alert.Labels["severity"] != "page" || alert.Labels["region"] != "north" {
		t.Errorf("got labels %v, want those of the rule and the external ones", alert.Labels)
	}
	if got, want := alert.Annotations["summary"], "42 orders wait in north"; got != want {
		t.Errorf("got summary %q, want %q", got, want)
	}
	wantValue(t, a.URL(), `ALERTS{alertname="QueueLong",alertstate="firing"}`, "1")
	for _, link := range []string{alert.GeneratorURL, firing.ExternalURL + "/", a.URL() + "targets", a.URL() + "rules", a.URL() + "alerts"} {
		page, err := fetch(link)
		if err != nil || !strings.Contains(page, "<html") {
			t.Errorf("the link %s does not lead to a page: %v", link, err)
		}
	}

	queue.Set(0)
	if n := receive(t, received, "resolved"); n.Alerts[0].Labels["alertname"] != "QueueLong" {
		t.Errorf("got %v resolved, want QueueLong", n.Alerts[0].Labels)
	}
}

func TestWithoutAnyFileItWatchesItself(t *testing.T) {
	t.Parallel() // waits for a scrape
	a := serve(t, Options{})
	body, err := fetch(a.URL() + "api/v1/rules")
	if err != nil || !strings.Contains(body, "TargetDown") {
		t.Errorf("got rules %s (%v), want those it watches itself with", body, err)
	}
	// The first scrape comes within the interval of 15s.
	wantValue(t, a.URL(), `up{job="cresset"}`, "1")
}

func TestWithoutAnyFileItWatchesItselfBelowAPrefix(t *testing.T) {
	t.Parallel() // waits for a scrape
	a := serve(t, Options{ExternalURL: &url.URL{Scheme: "https", Host: "shop.example", Path: "/watch"}})
	wantValue(t, a.base(), `up{job="cresset"}`, "1")
}

// The end of the server waits neither for scrapes that hang nor for a reload
// that waits for them.
func TestStopDoesNotWaitForScrapesThatHang(t *testing.T) {
	t.Parallel()
	var hanging atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hanging.Add(1)
		<-r.Context().Done()
	}))
	t.Cleanup(target.Close)
	const jobs = 6 // more than are stopped at a time
	config := func(interval string) string {
		text := "scrape_configs:\n"
		for i := range jobs {
			text += fmt.Sprintf("  - {job_name: hang%d, scrape_interval: %s, scrape_timeout: 5s, static_configs: [{targets: [%q]}]}\n",
				i, interval, strings.TrimPrefix(target.URL, "http://"))
		}
		return text
	}
	dir := write(t, map[string]string{"prometheus.yml": config("5s")})
	file := filepath.Join(dir, "prometheus.yml")
	a, stop := launch(t, Options{PrometheusFile: file})
	t.Cleanup(stop)
	eventually(t, "all targets to be scraped", func() error {
		if n := hanging.Load(); n < jobs {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})

	if err := os.WriteFile(file, []byte(config("6s")), 0o600); err != nil {
		t.Fatal(err)
	}
	reloaded := make(chan struct{})
	go func() {
		defer close(reloaded)
		_ = a.Reload() // may be refused: the server is ending
	}()
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("stopping took %v", took)
	}
	<-reloaded
}

func TestMetricsOfAllLibrariesAreOnOnePageOnce(t *testing.T) {
	a := serve(t, Options{})
	page, err := fetch(a.URL() + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{
		"go_goroutines", "process_start_time_seconds", "cresset_build_info", "prometheus_build_info", "alertmanager_build_info",
		"prometheus_tsdb_head_series", "prometheus_engine_queries", "prometheus_target_scrape_pools_total", "prometheus_rule_group_iterations_total",
		"prometheus_notifications_queue_capacity", "alertmanager_alerts_received_total", "promhttp_metric_handler_requests_total",
		"prometheus_config_last_reload_successful", "alertmanager_config_last_reload_successful",
	} {
		if got := strings.Count(page, "# TYPE "+family+" "); got != 1 && !strings.HasSuffix(family, "iterations_total") {
			t.Errorf("family %s is there %d times, want once", family, got)
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(page) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			if seen[name] {
				t.Errorf("family %s is there twice", name)
			}
			seen[name] = true
		}
	}
}

func TestReloadRefusesABadFileAndTheOldOneRunsOn(t *testing.T) {
	dir := write(t, map[string]string{
		"prometheus.yml": "rule_files: [rules.yml]\n",
		"rules.yml":      "groups:\n  - name: old\n    rules:\n      - record: a\n        expr: vector(1)\n",
	})
	a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), EnableLifecycle: true})

	reload := func() (int, string) {
		resp, err := http.Post(a.URL()+"-/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	replace := func(rules string) {
		if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	replace("groups:\n  - name: bad\n    rules:\n      - record: a\n        expr: vector(\n")
	code, body := reload()
	if code != http.StatusInternalServerError || !strings.Contains(body, "rules.yml:5:") {
		t.Errorf("got %d %q for a bad file, want 500 with file and line", code, body)
	}
	if rules, _ := fetch(a.URL() + "api/v1/rules"); !strings.Contains(rules, `"old"`) {
		t.Errorf("the old rules do not run on: %s", rules)
	}
	if page, _ := fetch(a.URL() + "metrics"); !strings.Contains(page, "\nprometheus_config_last_reload_successful 0\n") {
		t.Error("the metric does not say that the reload failed")
	}

	replace("groups:\n  - name: new\n    rules:\n      - record: a\n        expr: vector(2)\n")
	if code, body := reload(); code != http.StatusOK {
		t.Errorf("got %d %q for a good file, want 200", code, body)
	}
	if rules, _ := fetch(a.URL() + "api/v1/rules"); !strings.Contains(rules, `"new"`) || strings.Contains(rules, `"old"`) {
		t.Errorf("the new rules are not in effect: %s", rules)
	}
}

func TestReloadIsRefusedUnlessEnabled(t *testing.T) {
	a := serve(t, Options{})
	resp, err := http.Post(a.URL()+"-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s, want 403", resp.Status)
	}
}

// Samples that were scraped are there after a restart, and a taken folder is
// refused in one line.
func TestStorageSurvivesARestartAndIsUsedByOneOnly(t *testing.T) {
	storage := t.TempDir()
	dir := write(t, map[string]string{
		"prometheus.yml": "global: {evaluation_interval: 100ms}\nrule_files: [rules.yml]\n",
		"rules.yml":      "groups:\n  - name: g\n    rules:\n      - record: kept\n        expr: vector(7)\n",
	})
	t.Run("first run", func(t *testing.T) {
		a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), StoragePath: storage})
		wantValue(t, a.URL(), "kept", "7")

		second, err := New(Options{ListenAddress: "127.0.0.1:0", StoragePath: storage})
		if err != nil {
			t.Fatal(err)
		}
		err = second.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "in use by another process") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line that the folder is in use", err)
		}
	})
	t.Run("second run", func(t *testing.T) {
		a := serve(t, Options{StoragePath: storage})
		wantValue(t, a.URL(), "last_over_time(kept[1h])", "7")
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	dir := write(t, map[string]string{
		"bad.yml": "scrape_configs:\n  - job: x\n",
		"web.yml": "basic_auth_users:\n  someone: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
	})
	taken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(taken.Close)
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"bad file", Options{PrometheusFile: filepath.Join(dir, "bad.yml")}, "bad.yml:2:"},
		{"missing file", Options{AlertmanagerFile: filepath.Join(dir, "none.yml")}, "none.yml: no such file"},
		{"taken port", Options{ListenAddress: strings.TrimPrefix(taken.URL, "http://")}, "address already in use"},
		{"no address", Options{ListenAddress: "nowhere"}, "missing port"},
		{"prefix with a pattern", Options{RoutePrefix: "/{a}"}, "only letters"},
		{"prefix with a space", Options{ExternalURL: &url.URL{Scheme: "http", Host: "h", Path: "/a b"}}, "only letters"},
		{"prefix with two slashes", Options{RoutePrefix: "/a//b"}, "only letters"},
		{"credentials that it does not have itself", Options{WebConfigFile: filepath.Join(dir, "web.yml")}, "give a prometheus.yml with --config.file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.o.ListenAddress == "" {
				test.o.ListenAddress = "127.0.0.1:0"
			}
			_, err := New(test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.want)
			}
		})
	}
}
