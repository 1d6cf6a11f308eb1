package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// How the two servers run. Whatever happens in the script lasts for several
// scrapes and many evaluations, so that neither server can miss it.
const (
	scriptStep   = 12 * time.Second
	ruleInterval = time.Second
	resendDelay  = 2 * time.Second
)

// script is what the target tells, step by step: two minutes in all.
var script = []string{
	targetPage(1, 2, 0, 0, true),
	targetPage(20, 2, 0, 0, true),
	targetPage(30, 2, 0, 0, true),
	targetPage(80, 2, 0, 0, true),
	targetPage(5, 2, 1, 0, true),
	targetPage(5, 2, 0, 0, false),
	targetPage(5, 2, 0, 5, true),
	targetPage(5, 50, 0, 5, true),
	targetPage(5, 2, 1, 5, true),
	targetPage(5, 2, 0, 5, true),
}

func targetPage(north, south, door, errors int, heartbeat bool) string {
	p := fmt.Sprintf("shop_info{version=\"7\"} 1\nwaiting{shop=\"north\"} %d\nwaiting{shop=\"south\"} %d\ndoor_open %d\nerrors_total %d\n",
		north, south, door, errors)
	if heartbeat {
		p += "heartbeat 1\n"
	}
	return p
}

// The rules look back over a few scrapes where they can, so that one that fails on
// a busy machine is not an event; Gone, which is about a series that ends, waits
// instead.
const scriptRules = `
groups:
  - name: shop
    rules:
      - record: shop:waiting:sum
        expr: sum by (shop) (last_over_time(waiting[6s]))
        labels: {kind: recorded}
      - alert: Long
        expr: shop:waiting:sum{kind="recorded"} > 10
        for: 3s
        labels: {severity: "{{ if gt $value 50.0 }}page{{ else }}ticket{{ end }}", empty: ""}
        annotations:
          summary: "{{ $value | humanize }} orders wait in {{ $labels.shop | title }} ({{ $externalLabels.region }})"
          version: '{{ with query "last_over_time(shop_info[6s])" }}{{ . | first | label "version" }}{{ end }}'
      - alert: Held
        expr: last_over_time(door_open[6s]) == 1
        keep_firing_for: 5s
        annotations: {summary: "the door of {{ $labels.job }} is open, see {{ externalURL }}"}
      - alert: Errors
        expr: increase(errors_total[10s]) > 0
        labels: {severity: page}
      - alert: NotYet
        expr: vector(1)
        for: 1h
      - alert: BadTemplate
        expr: (last_over_time(door_open[6s]) == 1) * 100
        annotations: {summary: '{{ humanize "much" }}'}
  - name: gone
    rules:
      - alert: Gone
        expr: last_over_time(heartbeat[1m]) unless heartbeat
        for: 5s
  - name: limited
    limit: 1
    rules:
      - alert: TooMany
        expr: last_over_time(waiting[6s]) >= 0
`

// Debian's Prometheus and this server scrape the same target and evaluate the
// same file of rules for two minutes. Each has a receiver of its own kind, and
// both receivers hear the same: which alerts, with what they say, and in which
// order each began and ended.
func TestPrometheusAndCressetSideBySide(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("it takes two minutes of real time, for which one run is enough")
	}
	t.Parallel()
	var step atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, script[step.Load()])
	}))
	t.Cleanup(target.Close)
	dir := write(t, map[string]string{"rules.yml": scriptRules})
	external := &url.URL{Scheme: "http", Host: "prometheus.example"}

	theirs, ours := newTranscript(t), newTranscript(t)
	debian := peertest.Start(t, "prometheus", func(address string) []string {
		return []string{
			"--config.file=" + scriptConfig(t, dir, target.URL, theirs.URL),
			"--storage.tsdb.path=" + t.TempDir(),
			"--web.listen-address=" + address,
			"--web.external-url=" + external.String(),
			"--rules.alert.resend-delay=" + resendDelay.String(),
		}
	}, "/-/ready")
	cresset := serve(t, Options{
		PrometheusFile: scriptConfig(t, dir, target.URL, ours.URL),
		ExternalURL:    external,
		ResendDelay:    resendDelay,
	})
	bases := []string{debian, strings.TrimSuffix(cresset.base(), "/")}
	for _, base := range bases {
		wantValue(t, base+"/", "max(shop:waiting:sum)", "2") // it has begun
	}

	tick := time.NewTicker(scriptStep)
	defer tick.Stop()
	for i := range script {
		step.Store(int32(i))
		<-tick.C
	}

	eventually(t, "both receivers to have heard the whole story", func() error {
		if got, want := ours.story(), theirs.story(); got != want || got != scriptStory {
			return fmt.Errorf("from Cresset:\n%s\nfrom Prometheus:\n%s\nwant:\n%s", got, want, scriptStory)
		}
		return nil
	})
	theirs.checkEnds(t, "Prometheus")
	ours.checkEnds(t, "Cresset")
	// What was recorded has the same series too.
	const recorded = "/api/v1/series?match[]=" + `{__name__=~"ALERTS.*|shop:.*"}`
	series := make([]string, len(bases))
	for i, base := range bases {
		var err error
		if series[i], err = seriesOf(base + recorded); err != nil {
			t.Fatal(err)
		}
	}
	if series[0] != series[1] || series[0] == "" {
		t.Errorf("series:\nPrometheus %s\nCresset    %s", series[0], series[1])
	}
}

// scriptConfig writes the configuration of one of the servers into the folder of
// the rules.
func scriptConfig(t *testing.T, dir, target, receiver string) string {
	t.Helper()
	address := func(u string) string { return strings.TrimPrefix(u, "http://") }
	return filepath.Join(write(t, map[string]string{"prometheus.yml": fmt.Sprintf(`
global:
  scrape_interval: 2s
  scrape_timeout: 2s
  evaluation_interval: %s
  external_labels: {region: east, replica: one}
rule_files: [%s]
scrape_configs:
  - job_name: shop
    static_configs: [{targets: [%q]}]
alerting:
  alert_relabel_configs:
    - {action: labeldrop, regex: "replica|instance"}
  alertmanagers:
    - static_configs: [{targets: [%q]}]
`, ruleInterval, filepath.Join(dir, "rules.yml"), address(target), address(receiver))}), "prometheus.yml")
}

// transcript is a receiver of Alertmanager's API that keeps what it is told.
type transcript struct {
	*httptest.Server

	mu    sync.Mutex // guards heard
	heard []told
}

// told is one alert of a request.
type told struct {
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
	StartsAt     time.Time
	EndsAt       time.Time
	at           time.Time
}

func (a told) status() string {
	if a.EndsAt.After(a.at) {
		return "firing"
	}
	return "resolved"
}

func newTranscript(t *testing.T) *transcript {
	s := &transcript{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alerts []told
		if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil || r.URL.Path != "/api/v2/alerts" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, a := range alerts {
			a.at = time.Now()
			s.heard = append(s.heard, a)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// story tells of each alert what was new, a line each, by alert.
func (s *transcript) story() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make(map[string][]string) // by alert
	for _, a := range s.heard {
		line := "  " + a.status() + " " + inOrder(a.Annotations)
		key := inOrder(a.Labels) + " " + a.GeneratorURL
		if before := lines[key]; len(before) == 0 || before[len(before)-1] != line {
			lines[key] = append(before, line)
		}
	}
	b := strings.Builder{}
	for _, key := range sortedKeys(lines) {
		fmt.Fprintf(&b, "%s\n%s\n", key, strings.Join(lines[key], "\n"))
	}
	return b.String()
}

// checkEnds holds every alert to the rule of when it ends: a firing one four times
// the longer of interval and resend delay after the evaluation that sent it; all
// evaluations are whole intervals apart.
func (s *transcript) checkEnds(t *testing.T, name string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.heard {
		lasted := a.EndsAt.Sub(a.StartsAt)
		if a.status() == "firing" {
			lasted -= 4 * max(ruleInterval, resendDelay)
		}
		if lasted < 0 || lasted%ruleInterval != 0 {
			t.Errorf("%s: %s %v from %v to %v", name, a.status(), a.Labels, a.StartsAt, a.EndsAt)
		}
	}
}

func inOrder(m map[string]string) string {
	var pairs []string
	for _, key := range sortedKeys(m) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", key, m[key]))
	}
	return "{" + strings.Join(pairs, " ") + "}"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// seriesOf returns the series that an API answers with, in order.
func seriesOf(address string) (string, error) {
	body, err := fetch(address)
	if err != nil {
		return "", err
	}
	var answer struct{ Data []map[string]string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", err
	}
	var series []string
	for _, s := range answer.Data {
		series = append(series, inOrder(s))
	}
	slices.Sort(series)
	return strings.Join(series, "\n"), nil
}

// badTemplate are the annotations of an alert whose template fails.
const badTemplate = `{summary="<error expanding template: error executing template __alert_BadTemplate: ` +
	`template: __alert_BadTemplate:1:115: executing \"__alert_BadTemplate\" at <humanize \"much\">: ` +
	`error calling humanize: strconv.ParseFloat: parsing \"much\": invalid syntax>"}`

// scriptStory is what there is to be told: NotYet and TooMany never fire.
const scriptStory = `{alertname="BadTemplate" job="shop" region="east"} http://prometheus.example/graph?g0.expr=%28last_over_time%28door_open%5B6s%5D%29+%3D%3D+1%29+%2A+100&g0.tab=1
  firing ` + badTemplate + `
  resolved ` + badTemplate + `
  firing ` + badTemplate + `
  resolved ` + badTemplate + `
{alertname="Errors" job="shop" region="east" severity="page"} http://prometheus.example/graph?g0.expr=increase%28errors_total%5B10s%5D%29+%3E+0&g0.tab=1
  firing {}
  resolved {}
{alertname="Gone" job="shop" region="east"} http://prometheus.example/graph?g0.expr=last_over_time%28heartbeat%5B1m%5D%29+unless+heartbeat&g0.tab=1
  firing {}
  resolved {}
{alertname="Held" job="shop" region="east"} http://prometheus.example/graph?g0.expr=last_over_time%28door_open%5B6s%5D%29+%3D%3D+1&g0.tab=1
  firing {summary="the door of shop is open, see http://prometheus.example"}
  resolved {summary="the door of shop is open, see http://prometheus.example"}
  firing {summary="the door of shop is open, see http://prometheus.example"}
  resolved {summary="the door of shop is open, see http://prometheus.example"}
{alertname="Long" kind="recorded" region="east" severity="page" shop="north"} http://prometheus.example/graph?g0.expr=shop%3Awaiting%3Asum%7Bkind%3D%22recorded%22%7D+%3E+10&g0.tab=1
  firing {summary="80 orders wait in North (east)" version="7"}
  resolved {summary="80 orders wait in North (east)" version="7"}
{alertname="Long" kind="recorded" region="east" severity="ticket" shop="north"} http://prometheus.example/graph?g0.expr=shop%3Awaiting%3Asum%7Bkind%3D%22recorded%22%7D+%3E+10&g0.tab=1
  firing {summary="20 orders wait in North (east)" version="7"}
  firing {summary="30 orders wait in North (east)" version="7"}
  resolved {summary="30 orders wait in North (east)" version="7"}
{alertname="Long" kind="recorded" region="east" severity="ticket" shop="south"} http://prometheus.example/graph?g0.expr=shop%3Awaiting%3Asum%7Bkind%3D%22recorded%22%7D+%3E+10&g0.tab=1
  firing {summary="50 orders wait in South (east)" version="7"}
  resolved {summary="50 orders wait in South (east)" version="7"}
`
