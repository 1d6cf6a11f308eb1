package send

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	promconfig "github.com/prometheus/prometheus/config"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
	"github.com/prometheus/prometheus/model/labels"
)

const patience = 20 * time.Second

// peer is an Alertmanager that shows what it is sent.
type peer struct {
	*httptest.Server
	requests chan request
}

type request struct {
	path, authorization, userAgent, contentType, body string
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{requests: make(chan request, 100)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.requests <- request{r.Method + " " + r.URL.Path, r.Header.Get("Authorization"), r.UserAgent(), r.Header.Get("Content-Type"), string(body)}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *peer) address() string { return p.Listener.Addr().String() }

func (p *peer) next(t *testing.T) request {
	t.Helper()
	select {
	case r := <-p.requests:
		return r
	case <-time.After(patience):
		t.Fatalf("nothing was sent to %s", p.URL)
		return request{}
	}
}

// labelsOf returns the labels of the alerts in a request.
func (r request) labelsOf(t *testing.T) string {
	t.Helper()
	var alerts []struct{ Labels labels.Labels }
	if err := json.Unmarshal([]byte(r.body), &alerts); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range alerts {
		all = append(all, a.Labels.String())
	}
	return strings.Join(all, " ")
}

func load(t testing.TB, content string) *promconfig.Config {
	t.Helper()
	cfg, err := promconfig.Load(content, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func apply(t *testing.T, s *Sender, content string) {
	t.Helper()
	if err := s.Apply(load(t, content)); err != nil {
		t.Fatal(err)
	}
}

// run runs a Sender until the test ends, or the returned function is called.
func run(t testing.TB, s *Sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not return")
		}
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still not so: %s", what)
		}
	}
}

func urls(s *Sender) string {
	var all []string
	for _, u := range s.Alertmanagers() {
		all = append(all, u.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestWhatIsSent(t *testing.T) {
	p := newPeer(t)
	s := New(Options{UserAgent: "Cresset/test"})
	apply(t, s, fmt.Sprintf(`
alerting:
  alertmanagers:
  - static_configs: [{targets: [%q]}]
    path_prefix: /am
    basic_auth: {username: u, password: p}
`, p.address()))
	run(t, s)
	start := time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC)
	s.Send([]rule.Alert{
		{
			Labels: labels.FromStrings("alertname", "A", "job", `x"<y>`), Annotations: labels.FromStrings("summary", "it burns"),
			StartsAt: start, EndsAt: start.Add(time.Minute), GeneratorURL: "http://c/graph?g0.expr=up&g0.tab=1",
		},
		{Labels: labels.FromStrings("alertname", "B"), StartsAt: start.In(time.FixedZone("", 3600))},
	})
	got := p.next(t)
	want := request{
		path: "POST /am/api/v2/alerts", authorization: "Basic dTpw", userAgent: "Cresset/test", contentType: "application/json",
		body: `[{"annotations":{"summary":"it burns"},"endsAt":"2026-03-01T10:01:00.123Z","startsAt":"2026-03-01T10:00:00.123Z",` +
			`"generatorURL":"http://c/graph?g0.expr=up\u0026g0.tab=1","labels":{"alertname":"A","job":"x\"\u003cy\u003e"}},` +
			`{"annotations":{},"endsAt":"0001-01-01T00:00:00.000Z","startsAt":"2026-03-01T10:00:00.123Z","labels":{"alertname":"B"}}]`,
	}
	if got != want {
		t.Errorf("request:\ngot  %+v\nwant %+v", got, want)
	}
}

func TestLabels(t *testing.T) {
	one, two := newPeer(t), newPeer(t)
	s := New(Options{})
	apply(t, s, fmt.Sprintf(`
global:
  external_labels: {cluster: c1, replica: r1, job: external}
alerting:
  alert_relabel_configs:
  - {action: labeldrop, regex: replica}
  - {action: drop, source_labels: [alertname], regex: Nowhere}
  alertmanagers:
  - static_configs: [{targets: [%q]}]
    alert_relabel_configs:
    - {target_label: set, replacement: one}
  - static_configs: [{targets: [%q]}]
    alert_relabel_configs:
    - {action: keep, source_labels: [job], regex: external}
`, one.address(), two.address()))
	run(t, s)
	alert := func(l ...string) rule.Alert { return rule.Alert{Labels: labels.FromStrings(l...)} }
	s.Send([]rule.Alert{alert("alertname", "Nowhere"), alert("alertname", "A", "job", "own"), alert("alertname", "B")})
	if got, want := one.next(t).labelsOf(t), `{alertname="A", cluster="c1", job="own", set="one"} {alertname="B", cluster="c1", job="external", set="one"}`; got != want {
		t.Errorf("first Alertmanager: got %s, want %s", got, want)
	}
	if got, want := two.next(t).labelsOf(t), `{alertname="B", cluster="c1", job="external"}`; got != want {
		t.Errorf("second Alertmanager: got %s, want %s", got, want)
	}
}

// Who takes alerts within the process gets them as an Alertmanager without
// relabelling of its own does, at once, and even if the Sender does not run yet.
func TestLocal(t *testing.T) {
	var taken []string
	s := New(Options{Local: func(alerts []rule.Alert) {
		for _, a := range alerts {
			taken = append(taken, a.Labels.String())
		}
		taken = append(taken, "|")
	}})
	apply(t, s, `
global: {external_labels: {cluster: c1, replica: r1}}
alerting:
  alert_relabel_configs:
  - {action: labeldrop, regex: replica}
  - {action: drop, source_labels: [alertname], regex: Nowhere}
  alertmanagers:
  - static_configs: [{targets: ["a:1"]}]
    alert_relabel_configs: [{action: drop, source_labels: [alertname], regex: A}]
`)
	s.Send([]rule.Alert{alertNamed("Nowhere")[0], alertNamed("A")[0]})
	s.Send(alertNamed("Nowhere"))
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "B", "cluster", "", "empty", "")}})
	const want = `{alertname="A", cluster="c1"} | {alertname="B", cluster="c1"} |`
	if got := strings.Join(taken, " "); got != want {
		t.Errorf("taken: got %s, want %s", got, want)
	}
	apply(t, s, "alerting: {}")
}

func TestTargets(t *testing.T) {
	for _, test := range []struct{ name, set, want string }{
		{"plain", `{static_configs: [{targets: ["a:1", "b:2", "a:1"]}]}`, "http://a:1/api/v2/alerts http://b:2/api/v2/alerts"},
		{"scheme and prefix", `{scheme: https, path_prefix: x/y/, static_configs: [{targets: ["a:1"]}]}`, "https://a:1/x/y/api/v2/alerts"},
		{"labels of the group", `{static_configs: [{targets: ["a:1"], labels: {__scheme__: https, __alerts_path__: /p}}]}`, "https://a:1/p"},
		{
			"relabelling", `{static_configs: [{targets: ["a:1", "b:2"], labels: {zone: z}}], relabel_configs: [` +
				`{action: drop, source_labels: [__address__], regex: "b:.*"}, {source_labels: [zone], target_label: __alerts_path__, replacement: /$1}]}`,
			"http://a:1/z",
		},
		{
			"no address", `{static_configs: [{targets: ["a:1", "b:2"]}], relabel_configs: [` +
				`{source_labels: [__address__], regex: "b:2", target_label: __address__, replacement: ""}]}`,
			"http://a:1/api/v2/alerts",
		},
		{
			"no address but a URL", `{static_configs: [{targets: ["a:1", "b:2"]}], relabel_configs: [` +
				`{source_labels: [__address__], regex: "b:2", target_label: __address__, replacement: "http://b"}]}`,
			"http://a:1/api/v2/alerts",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{})
			apply(t, s, "alerting: {alertmanagers: ["+test.set+"]}")
			if got := urls(s); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ams.json")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"targets": ["a:1", "b:2"]}]`)
	found := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `[{"targets": ["h:9"]}]`)
	}))
	defer found.Close()

	registry := prometheus.NewRegistry()
	s := New(Options{Registerer: registry, discoveryInterval: 10 * time.Millisecond})
	both := fmt.Sprintf(`
alerting:
  alertmanagers:
  - file_sd_configs: [{files: [%q]}]
    static_configs: [{targets: ["s:1"]}]
  - http_sd_configs: [{url: %q}]
    path_prefix: /h
`, file, found.URL)
	apply(t, s, both)
	stop := run(t, s)
	const h, static = "http://h:9/h/api/v2/alerts", "http://s:1/api/v2/alerts"
	for _, step := range []struct{ content, want string }{
		{"", "http://a:1/api/v2/alerts http://b:2/api/v2/alerts " + h + " " + static},
		{`[{"targets": ["b:2", "c:3"]}]`, "http://b:2/api/v2/alerts http://c:3/api/v2/alerts " + h + " " + static},
		{`[]`, h + " " + static},
		{`[{"targets": ["d:4"]}]`, "http://d:4/api/v2/alerts " + h + " " + static},
	} {
		if step.content != "" {
			write(step.content)
		}
		eventually(t, "the Alertmanagers are "+step.want, func() bool { return urls(s) == step.want })
	}
	if got := valuesOf(t, registry)["alertmanagers_discovered"]; got != 3 {
		t.Errorf("alertmanagers_discovered: got %v, want 3", got)
	}

	// After a reload, what was discovered in the same way is known at once.
	apply(t, s, strings.ReplaceAll(both, "path_prefix: /h", "path_prefix: /i"))
	if got, want := urls(s), "http://d:4/api/v2/alerts http://h:9/i/api/v2/alerts "+static; got != want {
		t.Errorf("after a reload: got %s, want %s", got, want)
	}
	apply(t, s, "alerting: {}")
	eventually(t, "there are no Alertmanagers", func() bool { return urls(s) == "" })
	stop()
}

// A reload in the middle of an outage loses nothing, and what it changes is used
// for what is queued already.
func TestReloadKeepsTheQueue(t *testing.T) {
	refused := make(chan struct{}, 100)
	taken := make(chan string, 100)
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "new" {
			w.WriteHeader(http.StatusServiceUnavailable)
			refused <- struct{}{}
			return
		}
		body, _ := io.ReadAll(r.Body)
		taken <- request{body: string(body)}.labelsOf(t)
	}))
	defer am.Close()
	cfg := fmt.Sprintf(`
alerting:
  alertmanagers:
  - static_configs: [{targets: [%q]}]
    basic_auth: {username: u, password: old}
`, am.Listener.Addr())
	s := New(Options{})
	apply(t, s, cfg)
	run(t, s)
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "A")}})
	<-refused
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "B")}})

	apply(t, s, strings.ReplaceAll(cfg, "old", "new"))
	const want = `{alertname="A"} {alertname="B"}`
	select {
	case got := <-taken:
		if got != want {
			t.Errorf("taken: got %s, want %s", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("%s was not sent", want)
	}
}

func TestABadConfigurationChangesNothing(t *testing.T) {
	s := New(Options{})
	apply(t, s, `alerting: {alertmanagers: [{static_configs: [{targets: ["a:1"]}]}]}`)
	err := s.Apply(load(t, `
alerting:
  alertmanagers:
  - static_configs: [{targets: ["b:1"]}]
  - static_configs: [{targets: ["c:1"]}]
    tls_config: {ca_file: /does/not/exist}
`))
	if err == nil || !strings.HasPrefix(err.Error(), "alerting.alertmanagers[1]: ") || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("got error %v, want one that names the entry and the file", err)
	}
	if got, want := urls(s), "http://a:1/api/v2/alerts"; got != want {
		t.Errorf("Alertmanagers: got %s, want %s", got, want)
	}
}

func TestASlowAlertmanagerDelaysNobody(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	quick := newPeer(t)
	s := New(Options{DrainTimeout: time.Millisecond})
	apply(t, s, fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q, %q]}]}]}", slow.Listener.Addr(), quick.address()))
	stop := run(t, s)
	for i := range 5 {
		want := fmt.Sprintf(`{alertname="%d"}`, i)
		s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", fmt.Sprint(i))}})
		if got := quick.next(t).labelsOf(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	stop() // although the slow one still holds a request
}

func TestSigV4(t *testing.T) {
	p := newPeer(t)
	s := New(Options{})
	apply(t, s, fmt.Sprintf(`
alerting:
  alertmanagers:
  - static_configs: [{targets: [%q]}]
    sigv4: {region: eu, access_key: k, secret_key: s}
`, p.address()))
	run(t, s)
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "A")}})
	if got := p.next(t).authorization; !strings.HasPrefix(got, "AWS4-HMAC-SHA256 Credential=k/") {
		t.Errorf("Authorization: got %q, want a signature", got)
	}
}

func TestTheEnd(t *testing.T) {
	p := newPeer(t)
	s := New(Options{})
	apply(t, s, fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}", p.address()))
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "early")}}) // before Run
	stop := run(t, s)
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "late")}})
	stop()
	all := p.next(t).labelsOf(t)
	for len(p.requests) > 0 {
		all += " " + p.next(t).labelsOf(t)
	}
	if want := `{alertname="early"} {alertname="late"}`; all != want {
		t.Errorf("after Run has returned: got %s, want %s", all, want)
	}
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "too late")}})
	if err := s.Run(context.Background()); err == nil {
		t.Error("it ran a second time")
	}
	apply(t, s, "alerting: {}") // does no harm
}
