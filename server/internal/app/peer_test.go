package app

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// peer starts a program of a Debian package, or skips the test where it is not
// installed. It is stopped when the test ends.
func peer(t *testing.T, pkg, program string, args ...string) {
	t.Helper()
	path := installed(t, pkg, program)
	var log bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			lines := strings.SplitAfter(log.String(), "\n")
			t.Logf("%s wrote last:\n%s", program, strings.Join(lines[max(0, len(lines)-20):], ""))
		}
	})
}

// installed returns the path of a program of a Debian package, or skips the test.
func installed(t *testing.T, pkg, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("peer not installed: %s (Debian package %s)", program, pkg)
	}
	return path
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestItScrapesNodeExporterAndAnswersPromQL(t *testing.T) {
	address := freeAddress(t)
	peer(t, "prometheus-node-exporter", "prometheus-node-exporter", "--web.listen-address="+address)
	dir := write(t, map[string]string{"prometheus.yml": fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - job_name: node
    static_configs:
      - targets: [%q]
        labels: {rack: r1}
`, address)})
	a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml")})

	wantValue(t, a.URL(), `up{job="node",rack="r1"}`, "1")
	page, err := fetch("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	// A value that does not change while the test runs, read from both.
	_, rest, _ := strings.Cut(page, "\nnode_memory_MemTotal_bytes ")
	total, _, _ := strings.Cut(rest, "\n")
	wantValue(t, a.URL(), `node_memory_MemTotal_bytes == bool `+strings.ReplaceAll(total, "+", ""), "1")
	wantValue(t, a.URL(), `count(count by (cpu) (node_cpu_seconds_total{mode="idle"})) > bool 0`, "1")
	wantValue(t, a.URL(), `sum(rate(node_cpu_seconds_total[10s])) > bool 0`, "1")
}

// Debian's Prometheus scrapes a service, evaluates a rule and sends the alert
// here; Debian's amtool lists it; the receiver of the configuration is told, also
// that it is over.
func TestPrometheusSendsAnAlertAndAmtoolListsIt(t *testing.T) {
	installed(t, "prometheus", "prometheus")
	amtool := installed(t, "prometheus-alertmanager", "amtool")
	hook, received := webhook(t)
	ours := write(t, map[string]string{"alertmanager.yml": alertmanagerYML(hook)})
	a := serve(t, Options{AlertmanagerFile: filepath.Join(ours, "alertmanager.yml")})

	broken := prometheus.NewGauge(prometheus.GaugeOpts{Name: "broken", Help: "Whether it is."})
	registry := prometheus.NewRegistry()
	registry.MustRegister(broken)
	service := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(service.Close)

	theirs := write(t, map[string]string{
		"prometheus.yml": fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms, external_labels: {sender: debian}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: service
    static_configs: [{targets: [%q]}]
alerting:
  alertmanagers:
    - static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(service.URL, "http://"), a.Addr()),
		"rules.yml": `
groups:
  - name: g
    rules:
      - alert: FromDebian
        expr: broken > 0
        labels: {severity: page}
        annotations: {summary: "value {{ $value }}"}
`,
	})
	address := freeAddress(t)
	peer(t, "prometheus", "prometheus",
		"--config.file="+filepath.Join(theirs, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(theirs, "data"),
		"--rules.alert.resend-delay=1s",
		"--web.listen-address="+address)
	// What it sends before it knows where to is lost.
	eventually(t, "prometheus to know its Alertmanager", func() error {
		body, err := fetch("http://" + address + "/api/v1/alertmanagers")
		if err == nil && !strings.Contains(body, a.Addr().String()) {
			err = errors.New(body)
		}
		return err
	})

	broken.Set(1)
	firing := receive(t, received, "firing")
	if got := firing.Alerts[0].Labels; got["alertname"] != "FromDebian" || got["sender"] != "debian" || got["severity"] != "page" {
		t.Errorf("got labels %v", got)
	}
	out, err := exec.Command(amtool, "--alertmanager.url="+a.URL(), "--output=extended", "alert", "query", "alertname=FromDebian").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "FromDebian") || !strings.Contains(string(out), "value 1") {
		t.Errorf("amtool: %v\n%s", err, out)
	}
	out, err = exec.Command(amtool, "--alertmanager.url="+a.URL(), "config", "routes").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "hook") {
		t.Errorf("amtool: %v\n%s", err, out)
	}
	broken.Set(0)
	receive(t, received, "resolved")
}
