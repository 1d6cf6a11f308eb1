package alertmanager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// peer returns the path of a program that a test needs, or skips the test.
func peer(t *testing.T, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("peer not installed: %s (Debian package prometheus-alertmanager)", filepath.Base(path))
	}
	return path
}

// A real amtool talks to a real server: it adds, lists and filters alerts, and
// reads the routes out of the status.
func TestAmtool(t *testing.T) {
	amtool := peer(t, "/usr/bin/amtool")
	f := newFixture(t, `
global: {smtp_smarthost: 'localhost:25', smtp_from: a@example.com, smtp_auth_password: very-secret}
templates: [/nowhere/*.tmpl]
route:
  receiver: team
  group_by: [alertname]
  routes:
  - {matchers: [severity="page"], receiver: pager, continue: true, group_wait: 0s}
  - {matchers: [team=~"db|web"], receiver: team, mute_time_intervals: [night]}
inhibit_rules:
- {source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [cluster]}
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}
receivers:
- name: team
  webhook_configs: [{url: 'http://user:very-secret@127.0.0.1:9/very-secret'}]
  email_configs: [{to: b@example.com}]
- name: pager
  pagerduty_configs: [{routing_key: very-secret}]
  slack_configs: [{api_url: 'https://hooks.slack.example/very-secret', channel: '#alerts', send_resolved: true}]
`)
	srv := httptest.NewServer(f.mux)
	defer srv.Close()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), amtool, append([]string{"--alertmanager.url=" + srv.URL}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("amtool %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
		}
		return string(out)
	}

	run("alert", "add", "alertname=Down", "cluster=a", "severity=page", "--annotation=summary=it is down")
	run("alert", "add", "Slow", "cluster=a")
	run("alert", "add", "Slow", "cluster=b")
	for _, tc := range []struct {
		args  []string
		lines int
		want  string
	}{
		{[]string{"alert", "query"}, 3, "it is down"}, // it asks for those that nothing mutes
		{[]string{"alert", "query", "--inhibited"}, 2, "suppressed"},
		{[]string{"alert", "query", "alertname=Down"}, 2, "active"},
		{[]string{"alert", "query", "-r", "pager"}, 2, "Down"},
	} {
		out := run(append([]string{"-o", "extended"}, tc.args...)...)
		if lines := strings.Count(out, "\n"); lines != tc.lines || !strings.Contains(out, tc.want) {
			t.Errorf("amtool %s: got %d lines, want %d with %q:\n%s", strings.Join(tc.args, " "), lines, tc.lines, tc.want, out)
		}
	}

	routes := run("config", "routes")
	for _, want := range []string{"default-route  receiver: team", `severity="page"}  continue: true  receiver: pager`, `{team=~"db|web"}  receiver: team`} {
		if !strings.Contains(routes, want) {
			t.Errorf("config routes lacks %q:\n%s", want, routes)
		}
	}
	if got := run("config", "routes", "test", "severity=page", "team=db"); got != "pager,team\n" {
		t.Errorf("config routes test: got %q, want both receivers", got)
	}
	if shown := run("config", "show"); strings.Contains(shown, "very-secret") {
		t.Errorf("config show tells a secret:\n%s", shown)
	}
}

// startAlertmanager runs a real Alertmanager with the fixture's configuration
// and returns its address.
func startAlertmanager(t *testing.T, yaml string) string {
	t.Helper()
	binary := peer(t, "/usr/bin/prometheus-alertmanager")
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var log bytes.Buffer
	cmd := exec.Command(binary, "--config.file="+file, "--storage.path="+dir, "--web.listen-address="+address, "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		http.DefaultClient.CloseIdleConnections()
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		resp, err := http.Get("http://" + address + "/api/v2/status")
		if err == nil {
			resp.Body.Close()
			return "http://" + address
		}
		select {
		case <-exited:
			t.Fatalf("alertmanager ended:\n%s", log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("alertmanager does not answer: %v", err)
		}
	}
}

// The same requests get the same answers from a real Alertmanager: what is
// refused, with which words, and which fields an answer has.
func TestAgainstAlertmanager(t *testing.T) {
	const yaml = `
route: {receiver: team, group_by: [cluster], group_wait: 1h, routes: [{matchers: [copy=yes], receiver: copies}]}
receivers: [{name: team}, {name: copies}]
inhibit_rules: [{source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [cluster]}]
`
	theirs := startAlertmanager(t, yaml)
	f := newFixture(t, yaml)
	ours := httptest.NewServer(f.mux)
	defer ours.Close()
	ask := func(base string, r request) (int, string) {
		t.Helper()
		req, err := http.NewRequest(r.method, base+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		if r.contentType != "" {
			req.Header.Set("Content-Type", r.contentType)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}

	// Debian's version is older than the one whose words we use in these; the order
	// of methods is not always the same there.
	changed := []string{"wrong method", "bad matcher", "bad receiver matcher", "silences are not there yet", "null alert", "bad time", "number as label"}
	for _, r := range refused {
		if slices.Contains(changed, r.name) {
			continue
		}
		status, body := ask(theirs, r)
		gotStatus, gotBody := ask(ours.URL, r)
		if gotStatus != status || gotBody != body && gotBody != body+"\n" {
			t.Errorf("%s: got %d %s, a real one answers %d %s", r.name, gotStatus, gotBody, status, body)
		}
	}

	ends := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	post := request{method: "POST", path: "/api/v2/alerts", contentType: "application/json", body: fmt.Sprintf(`[
{"labels":{"alertname":"Down","cluster":"a","gone":""},"annotations":{"x":"y"},"startsAt":"2026-03-01T12:00:00Z","endsAt":%[1]q,"generatorURL":"http://x/"},
{"labels":{"alertname":"Slow","cluster":"a","job":"j"},"startsAt":"2026-03-01T12:00:00Z","endsAt":%[1]q},
{"labels":{"alertname":"Copied","cluster":"c","copy":"yes"},"startsAt":"2026-03-01T12:00:00Z","endsAt":%[1]q}]`, ends)}
	for _, base := range []string{theirs, ours.URL} {
		if status, body := ask(base, post); status != http.StatusOK || body != "" {
			t.Fatalf("POST to %s: %d %s", base, status, body)
		}
	}
	for _, path := range []string{
		"/api/v2/alerts", "/api/v2/alerts?active=false", "/api/v2/alerts?inhibited=false", "/api/v2/alerts?filter=cluster%3Da", "/api/v2/alerts?receiver=cop.*",
		"/api/v2/alerts/groups", "/api/v2/alerts/groups?active=false", "/api/v2/alerts/groups?receiver=team", "/api/v2/receivers",
	} {
		var want, got string
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
			_, want = ask(theirs, request{method: "GET", path: path})
			_, got = ask(ours.URL, request{method: "GET", path: path})
			if want, got = normal(t, want), normal(t, got); got == want {
				break // both take alerts into their groups a little after the POST
			}
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
	}

	_, want := ask(theirs, request{method: "GET", path: "/api/v2/status"})
	_, got := ask(ours.URL, request{method: "GET", path: "/api/v2/status"})
	if keys(t, got) != keys(t, want) {
		t.Errorf("status has the fields %s, that of a real one %s", keys(t, got), keys(t, want))
	}
}

// normal writes an answer without what differs from one program or moment to
// another, and without the fields that the older peer does not know.
func normal(t *testing.T, body string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			delete(v, "updatedAt")
			delete(v, "mutedBy")
			delete(v, "routeLabels")
			if ls, ok := v["labels"].(map[string]any); ok && ls["name"] != nil {
				delete(v, "labels") // of a receiver
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// keys writes the names of an object's fields and of those of its objects.
func keys(t *testing.T, body string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var s []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		s = append(s, name)
		if o, ok := v[name].(map[string]any); ok {
			s = append(s, fmt.Sprint(slices.Sorted(maps.Keys(o))))
		}
	}
	return strings.Join(s, " ")
}
