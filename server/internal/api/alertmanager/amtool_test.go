package alertmanager

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// debianAmtool returns the path of the older amtool that Debian has.
func debianAmtool(t *testing.T) string {
	t.Helper()
	const path = "/usr/bin/amtool"
	if _, err := os.Stat(path); err != nil {
		t.Skip("peer not installed: amtool (Debian package prometheus-alertmanager)")
	}
	return path
}

// run runs an amtool against a server and returns all that it says, with the
// server's own IDs and address replaced.
func (s *server) run(t *testing.T, amtool string, args ...string) string {
	t.Helper()
	for i, arg := range args {
		args[i] = s.fill(arg)
	}
	cmd := exec.CommandContext(t.Context(), amtool, append([]string{"--alertmanager.url=http://" + s.addr}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	code := 0
	if err := cmd.Run(); err != nil {
		code = cmd.ProcessState.ExitCode()
	}
	text := out.String()
	for id := range strings.Lines(text) {
		if id = strings.TrimSpace(id); isID.MatchString(id) && !slices.Contains(s.ids, id) {
			s.ids = append(s.ids, id)
		}
	}
	for n, id := range s.ids {
		text = strings.ReplaceAll(text, id, fmt.Sprintf("{id:%d}", n))
	}
	return fmt.Sprintf("exit code %d\n%s", code, strings.ReplaceAll(text, s.addr, "{address}"))
}

var (
	isID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// What the test's own moment is in: the ends of new silences, and all times as
	// JSON.
	moments = regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000)?( UTC|Z|[+-]\d\d:\d\d)`)
)

// An amtool of either age says the same of ours as of a real Alertmanager.
func TestAmtool(t *testing.T) {
	for name, find := range map[string]func(*testing.T) string{
		"0.34.2":   func(t *testing.T) string { return peertest.Amtool(t) },
		"Debian's": debianAmtool,
	} {
		t.Run(name, func(t *testing.T) {
			amtool := find(t)
			p := newPair(t, pairConfig, Options{})
			for _, args := range [][]string{
				{"alert"}, {"alert", "query"}, {"silence"}, {"cluster", "show"},
				{"alert", "add", "alertname=Down", "cluster=a", "severity=page", "--annotation=summary=it is down", "--end=2096-01-01T00:00:00Z", "--generator-url=http://x/?<&>"},
				{"alert", "add", "Slow", "cluster=a", "--end=2096-01-01T00:00:00Z"}, {"alert", "add", "Slow", "cluster=b", "--end=2096-01-01T00:00:00Z"}, {"alert", "add", "=", "x"}, {"alert", "add"},
				{"alert"}, {"alert", "query"}, {"alert", "query", "--inhibited"}, {"alert", "query", "--active"}, {"alert", "query", "--unprocessed"}, {"alert", "query", "alertname=Down"}, {"alert", "query", "Slow"},
				{"alert", "query", "-r", "team"}, {"alert", "query", "-r", "te"}, {"alert", "query", "-r", "("}, {"alert", "query", "alertname=~("}, {"-o", "extended", "alert"}, {"-o", "json", "alert"},
				{"silence", "add", "alertname=Down", "-a", "me", "-c", "why <&>", "--end=2096-01-01T00:00:00Z"},
				{"silence", "add", "Slow", "cluster=~a|b", "-a", "me", "-c", "why", "--start=2095-01-01T00:00:00Z", "--end=2096-01-02T00:00:00Z"},
				{"silence", "add", "Slow", "-a", "me", "-c", "why", "--end=2001-01-01T00:00:00Z"}, {"silence", "add", "x=~(", "-a", "me", "-c", "why"}, {"silence", "add", "-a", "me", "-c", "why"}, {"silence", "add", "x=~.*", "-a", "me", "-c", "why"},
				{"silence"}, {"silence", "query"}, {"silence", "query", "alertname=Down"}, {"silence", "query", "--created-by=me"}, {"silence", "query", "--id={id:0}"}, {"silence", "query", "--expired"}, {"silence", "query", "-q"},
				{"-o", "extended", "silence"}, {"-o", "json", "silence"}, {"alert"}, {"alert", "query", "--silenced"}, {"alert", "query", "-s", "-i", "-a"},
				{"silence", "update", "{id:1}", "--comment=other"}, {"silence", "update", "{id:0}", "--duration=5h", "--comment=longer"}, {"silence", "update", "{id:9}"}, {"silence", "update"},
				{"silence", "expire", "{id:0}"}, {"silence", "expire", "{id:9}"}, {"silence", "expire", "x"}, {"silence", "expire"}, {"silence", "query", "--expired"}, {"silence", "query", "--expired", "--within=1h"}, {"alert"},
				{"config", "routes"}, {"config", "routes", "show"}, {"config", "routes", "test", "copy=yes"}, {"config", "routes", "test", "--verify.receivers=team", "x=y"}, {"config", "routes", "test", "--verify.receivers=copies", "x=y"},
				{"template", "render", "--template.glob=/nowhere", "--template.text={{ .Status }}"},
			} {
				ours, theirs := p.ours.run(t, amtool, slices.Clone(args)...), p.theirs.run(t, amtool, slices.Clone(args)...)
				ours, theirs = moments.ReplaceAllString(ours, "{time}"), moments.ReplaceAllString(theirs, "{time}")
				if name != "0.34.2" && args[0] == "config" {
					continue // TestOldAmtoolConfig
				}
				if ours != theirs {
					t.Errorf("amtool %s:\n got %s\nwant %s", strings.Join(args, " "), ours, theirs)
				}
			}
		})
	}
}

// An import of silences that a query has shown makes them again.
func TestAmtoolImport(t *testing.T) {
	amtool := peertest.Amtool(t)
	p := newPair(t, pairConfig, Options{})
	file := filepath.Join(t.TempDir(), "silences.json")
	silences := `[{"matchers":[{"name":"a","value":"b","isRegex":false,"isEqual":true}],"startsAt":"2095-01-01T00:00:00Z","endsAt":"2096-01-01T00:00:00Z","createdBy":"me","comment":"c"},` +
		`{"id":"00000000-0000-0000-0000-000000000001","matchers":[{"name":"a","value":"c","isRegex":false,"isEqual":true}],"startsAt":"2095-01-02T00:00:00Z","endsAt":"2096-01-02T00:00:00Z","createdBy":"me","comment":"c"}]`
	if err := os.WriteFile(file, []byte(silences), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"silence", "import", "--force", file}, {"silence", "import", file}, {"silence", "query", "a=b", "-q"}} {
		ours, theirs := p.ours.run(t, amtool, args...), p.theirs.run(t, amtool, args...)
		for _, text := range []*string{&ours, &theirs} {
			lines := strings.Split(anyID.ReplaceAllString(*text, "{id}"), "\n")
			slices.Sort(lines) // it imports several at a time
			*text = strings.Join(lines, "\n")
		}
		if ours != theirs {
			t.Errorf("amtool %s:\n got %s\nwant %s", strings.Join(args, " "), ours, theirs)
		}
	}
}

var anyID = regexp.MustCompile(`\{id:\d+\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// everyReceiver has each kind of receiver, as short as it can be.
const everyReceiver = `
global:
  resolve_timeout: 7m
  smtp_smarthost: 'localhost:25'
  smtp_from: a@example.com
  smtp_auth_username: a
  smtp_auth_password: very-secret
  slack_api_url: https://slack.example/very-secret
  opsgenie_api_key: very-secret
  victorops_api_key: very-secret
  wechat_api_secret: very-secret
  wechat_api_corp_id: corp
  telegram_bot_token: very-secret
  rocketchat_token: very-secret
  rocketchat_token_id: very-secret
  mattermost_webhook_url: https://mattermost.example/very-secret
  jira_api_url: https://jira.example
  http_config: {basic_auth: {username: me, password: very-secret}, http_headers: {X-Y: {secrets: [very-secret]}}}
route:
  receiver: all
  group_wait: 0s
  routes:
  - {matchers: ['severity="page"'], receiver: webex, continue: true, group_by: ['...']}
  - {match: {a: b}, match_re: {c: 'd|e'}, receiver: all, mute_time_intervals: [night], active_time_intervals: [night]}
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}], weekdays: ['monday:friday'], location: Europe/Berlin}]}
inhibit_rules:
- {name: one, source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [cluster]}
tracing: {endpoint: 'localhost:4317', sampling_fraction: 1}
receivers:
- name: all
  labels: {owner: ops}
  discord_configs: [{webhook_url: 'https://discord.example/very-secret'}]
  email_configs: [{to: b@example.com}]
  incidentio_configs: [{url: 'https://incident.example', alert_source_token: very-secret}]
  pagerduty_configs: [{routing_key: very-secret}, {service_key: very-secret, details: {a: b}}]
  slack_configs: [{channel: '#alerts'}, {api_url: 'https://slack.example/very-secret', channel: '#alerts', send_resolved: true}]
  webhook_configs: [{url: 'http://user:very-secret@127.0.0.1:9/very-secret'}, {url_file: /etc/url, max_alerts: 3}]
  opsgenie_configs: [{}]
  wechat_configs: [{agent_id: '1', to_user: me}]
  pushover_configs: [{user_key: very-secret, token: very-secret}]
  victorops_configs: [{routing_key: x}]
  sns_configs: [{topic_arn: 'arn:aws:sns:us-east-2:123456789012:x', sigv4: {region: us-east-2, access_key: a, secret_key: very-secret}}]
  telegram_configs: [{chat_id: 1}]
  msteams_configs: [{webhook_url: 'https://teams.example/very-secret'}]
  msteamsv2_configs: [{webhook_url: 'https://teams.example/very-secret'}]
  jira_configs: [{project: P, issue_type: Bug}]
  rocketchat_configs: [{channel: x}]
  mattermost_configs: [{channel: x}]
- name: webex
  webex_configs: [{room_id: x, http_config: {authorization: {credentials: very-secret}}}]
`

// What amtool shows of the configuration has no secret in it, and is the same
// configuration: loaded again, it is what a real Alertmanager shows, but for the
// addresses of webhooks, which stand for themselves in neither.
func TestSameConfig(t *testing.T) {
	amtool := peertest.Amtool(t)
	p := newPair(t, everyReceiver, Options{})
	shown := func(s *server) string {
		_, text, _ := strings.Cut(s.run(t, amtool, "config", "show"), "\n")
		if strings.Contains(text, "very-secret") {
			t.Errorf("config show tells a secret:\n%s", text)
		}
		var kept []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "WARNING") {
				kept = append(kept, line)
			}
		}
		c, err := config.Load(strings.Join(kept, ""))
		if err != nil {
			t.Fatalf("what is shown cannot be loaded: %v\n%s", err, text)
		}
		withoutMadeHeaders(c)
		return strings.ReplaceAll(c.String(), hiddenURL, hidden)
	}
	if ours, theirs := shown(p.ours), shown(p.theirs); ours != theirs {
		t.Errorf("\n got %s\nwant %s", ours, theirs)
	}
	for _, args := range [][]string{{"config", "routes", "show"}, {"config", "routes", "test", "severity=page", "a=b", "c=d"}, {"config", "routes", "test", "--tree", "c=d"}} {
		ours, theirs := p.ours.run(t, amtool, args...), p.theirs.run(t, amtool, args...)
		if ours != theirs || !strings.HasPrefix(ours, "exit code 0") {
			t.Errorf("amtool %s:\n got %s\nwant %s", strings.Join(args, " "), ours, theirs)
		}
	}
}

// withoutMadeHeaders removes the headers that Alertmanager writes into the
// configuration of mail when it makes the integration: they say what its other keys do.
func withoutMadeHeaders(c *config.Config) {
	for _, r := range c.Receivers {
		for _, mail := range r.EmailConfigs {
			maps.DeleteFunc(mail.Headers, func(name, value string) bool {
				return name == "From" && value == mail.From || name == "To" && value == mail.To || name == "Subject" && strings.Contains(value, "email.default.subject")
			})
		}
	}
}

// An older amtool reads the configuration that ours shows, if the file has nothing
// that it does not know. What a real Alertmanager of today shows, it cannot read.
func TestOldAmtoolConfig(t *testing.T) {
	amtool := debianAmtool(t)
	p := newPair(t, `
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
`, Options{})
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{"config", "routes"}, []string{"default-route  receiver: team", `severity="page"}  continue: true  receiver: pager`, `{team=~"db|web"}  receiver: team`}},
		{[]string{"config", "routes", "test", "severity=page", "team=db"}, []string{"pager,team\n"}},
		{[]string{"config", "show"}, []string{"receiver: team"}},
	} {
		got := p.ours.run(t, amtool, tc.args...)
		for _, want := range tc.want {
			if !strings.HasPrefix(got, "exit code 0") || !strings.Contains(got, want) || strings.Contains(got, "very-secret") {
				t.Errorf("amtool %s: got %s\nwant %q", strings.Join(tc.args, " "), got, want)
			}
		}
		if got := p.theirs.run(t, amtool, tc.args...); tc.args[1] == "routes" && !strings.HasPrefix(got, "exit code 1") {
			t.Errorf("amtool %s reads what the real one shows: %s", strings.Join(tc.args, " "), got)
		}
	}
}

// Karma asks the metrics for the version (which is the server's to show), then
// these paths, and reads these fields.
func TestKarma(t *testing.T) {
	p := newPair(t, pairConfig, Options{})
	p.compare(t, post("/api/v2/alerts", goodAlerts[3]))
	p.compare(t, post("/api/v2/silences", goodSilences()[0]))
	for _, header := range [][]string{{"Accept: application/json", "User-Agent: karma/0.121"}, {"Accept: application/json", "Accept-Encoding: gzip"}} {
		for _, path := range []string{"/api/v2/status", "/api/v2/silences", "/api/v2/alerts/groups", "/api/v2/alerts/groups?active=true&inhibited=true&silenced=true"} {
			p.compare(t, &request{method: "GET", path: path, header: header})
			if got := p.ours.send(t, &request{method: "GET", path: path, header: header}); got.status != http.StatusOK {
				t.Errorf("%s: got %s", path, got)
			}
		}
	}
}
