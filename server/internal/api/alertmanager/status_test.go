package alertmanager

import (
	"net/http"
	"testing"

	"github.com/prometheus/alertmanager/config"
)

func TestStatus(t *testing.T) {
	f := newFixture(t, "route: {receiver: team}\nreceivers: [{name: team}]\n")
	expect(t, bodyOf(t, f.do(http.MethodGet, "/api/v2/status", "")), `{"cluster":{"peers":[],"status":"disabled"},"config":{"original":"route:\n    receiver: team\n    continue: false\nreceivers:\n    - name: team\ntemplates: []\n"},`+
		`"uptime":"2026-03-01T12:00:00.000Z","versionInfo":{"branch":"main","buildDate":"today","buildUser":"me","goVersion":"go1","revision":"abc","version":"1.2.3"}}`+"\n")
}

// What is shown has no secret in it, keeps what the user set, and is a
// configuration again.
func TestShownConfig(t *testing.T) {
	c, err := config.Load(`
global:
  resolve_timeout: 7m
  opsgenie_api_key: top
  http_config: {basic_auth: {username: me, password: top}}
route: {receiver: a, group_wait: 0s, group_by: ['...']}
receivers:
- name: a
  labels: {owner: ops}
  webhook_configs:
  - {url: 'https://example.com/top', max_alerts: 3, send_resolved: false}
  - {url_file: /etc/url, timeout: 4s}
- name: b
  opsgenie_configs: [{}]
`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := shownConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	want := `global:
    resolve_timeout: 7m
    http_config:
        basic_auth:
            username: me
            password: <secret>
        follow_redirects: true
        enable_http2: true
    opsgenie_api_key: <secret>
route:
    receiver: a
    group_by:
        - '...'
    continue: false
    group_wait: 0s
receivers:
    - name: a
      labels:
        name: a
        owner: ops
      webhook_configs:
        - send_resolved: false
          url: http://secret.invalid/<secret>
          max_alerts: 3
        - url_file: /etc/url
          timeout: 4s
    - name: b
      opsgenie_configs:
        - api_key: <secret>
templates: []
`
	expect(t, got, want)
	if _, err := config.Load(got); err != nil {
		t.Errorf("what is shown cannot be loaded: %v", err)
	}
}
