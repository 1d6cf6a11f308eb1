package integration_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// templatesOf are integrations with one text that fails, and others that do not.
// ADDRESS is a local server.
var templateFailures = []struct {
	name, receiver string
	templates      string
	want           []string // of what is sent
	errors         float64  // in one attempt
}{
	{
		name:     "webhook payload",
		receiver: `webhook_configs: [{url: 'http://ADDRESS', payload: {title: '{{ .Status }}', 'text': 'a {{ index .Alerts 7 }}', list: [1, '{{ mustToDate "2006" "x" }}']}}]`,
		want:     []string{`"title":"firing"`, `"text":"\u003cerror expanding template: template: :1:5: executing`, `"list":[1,"\u003cerror expanding template:`},
		errors:   2,
	},
	{
		name:     "slack sends half of it, where Alertmanager is left alone",
		receiver: `slack_configs: [{api_url: 'http://ADDRESS/slack', channel: '#c', title: '{{ .Nothing.At.All }}', text: 'all is {{ .Status }}', fields: [{title: f, value: '{{ template "missing" . }}'}]}]`,
		want:     []string{`"channel":"#c"`, `"title":"\u003cerror expanding template: template: :1:`, `"text":"all is firing"`, `template \"missing\" not defined`},
		errors:   2,
	},
	{
		name:     "a text that does not parse",
		receiver: `discord_configs: [{webhook_url: 'http://ADDRESS', title: '{{ if }}', message: 'm', username: '{{ literal'}]`,
		want:     []string{`missing value for if`, `"description":"m"`, `"username":"{{ literal"`},
		errors:   1,
	},
	{
		name:     "HTML",
		receiver: `telegram_configs: [{api_url: 'http://ADDRESS/telegram', bot_token: t, chat_id: 1, message: '<b>{{ index .Alerts 9 }}</b>'}]`,
		want:     []string{`\u0026lt;error expanding template:`},
		errors:   1,
	},
	{
		name:      "a template of a file",
		receiver:  `pagerduty_configs: [{url: 'http://ADDRESS', routing_key: k, description: '{{ template "own" . }}', details: {good: '{{ .Status }}', bad: {deep: ['{{ template "own" . }}']}}}]`,
		templates: `{{ define "own" }}{{ reReplaceAll "(" "" "x" }}{{ end }}`,
		want:      []string{`"summary":"\u003cerror expanding template:`, `"good":"firing"`, `"deep":["\u003cerror`},
		errors:    2,
	},
	{
		name:      "repeats itself without end",
		receiver:  `webhook_configs: [{url: 'http://ADDRESS', payload: {text: '{{ template "own" . }}', good: yes}}]`,
		templates: `{{ define "own" }}x{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}{{ end }}`,
		want:      []string{`repeats itself more than`, `"good":`},
		errors:    1,
	},
	{
		name:      "calls itself",
		receiver:  `webhook_configs: [{url: 'http://ADDRESS', payload: {text: '{{ template "own" . }}'}}]`,
		templates: `{{ define "own" }}{{ template "own" . }}{{ template "own" . }}{{ end }}`,
		want:      []string{`call each other more than`},
		errors:    1,
	},
	{
		name:     "grows",
		receiver: `webhook_configs: [{url: 'http://ADDRESS', payload: {text: '{{ $x := "x" }}{{ range 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}'}}]`,
		want:     []string{`makes more than`},
		errors:   1,
	},
	{
		name:     "shows too much",
		receiver: `webhook_configs: [{url: 'http://ADDRESS', payload: {text: '{{ $x := printf "%1000000d" 1 }}{{ range 100 }}{{ $x }}{{ end }}'}}]`,
		want:     []string{`shows more than`},
		errors:   1,
	},
	{
		name:     "widths",
		receiver: `webhook_configs: [{url: 'http://ADDRESS', payload: {text: '{{ printf "%*d" 999999999 1 }}{{ join (printf "%999999d" 1) (stringSlice "a" "b") | reReplaceAll "" (printf "%999999d" 1) }}'}}]`,
		want:     []string{`makes more than`},
		errors:   1,
	},
}

// A text that cannot be expanded costs itself: the notification goes out with the
// error in its place, and is counted.
func TestTemplateFailures(t *testing.T) {
	for _, tc := range templateFailures {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sent := make(chan string, 10)
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				sent <- string(body)
				(&services{}).respond(w, r)
			}))
			defer service.Close()
			folder := t.TempDir()
			write(t, folder, "own.tmpl", tc.templates)
			r := newRig(t, write(t, folder, "alertmanager.yml", strings.ReplaceAll(`
route: {receiver: team, group_wait: 0s}
templates: ['*.tmpl']
receivers: [{name: team, `+tc.receiver+`}]
`, "ADDRESS", service.Listener.Addr().String())))
			defer r.stop()
			r.receive(t, model.Alert{Labels: model.LabelSet{"alertname": "A"}, EndsAt: time.Now().Add(time.Hour)})
			got := <-sent
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want something with %s", got, want)
				}
			}
			if n := r.value(t, "cresset_notification_template_errors_total"); n != tc.errors {
				t.Errorf("%v errors are counted, want %v", n, tc.errors)
			}
			kind, _, _ := strings.Cut(tc.receiver, "_configs")
			peertest.Wait(t, func() bool { return r.value(t, "alertmanager_notification_requests_total", kind) == 1 }, "the attempt is not over")
			if n := r.value(t, "alertmanager_notifications_failed_total"); n != 0 {
				t.Errorf("%v failures are counted, want none: it was sent", n)
			}
		})
	}
}

// Where a notification goes cannot be replaced by an error: it fails as before, and
// is counted.
func TestAddressFailures(t *testing.T) {
	for _, tc := range []struct{ name, receiver string }{
		{"webhook URL", `webhook_configs: [{url: 'http://127.0.0.1:1/{{ index .Alerts 9 }}'}]`},
		{"VictorOps routing key", `victorops_configs: [{api_key: k, api_url: 'http://127.0.0.1:1/', routing_key: '{{ index .Alerts 9 }}'}]`},
		{"SNS topic", `sns_configs: [{api_url: 'http://127.0.0.1:1/', topic_arn: '{{ index .Alerts 9 }}', sigv4: {region: r, access_key: a, secret_key: s}}]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, write(t, t.TempDir(), "alertmanager.yml", `
route: {receiver: team, group_wait: 0s}
receivers: [{name: team, `+tc.receiver+`}]
`))
			defer r.stop()
			r.receive(t, model.Alert{Labels: model.LabelSet{"alertname": "A"}, EndsAt: time.Now().Add(time.Hour)})
			peertest.Wait(t, func() bool { return r.value(t, "alertmanager_notification_requests_failed_total") > 0 }, "no attempt fails")
			if n := r.value(t, "cresset_notification_template_errors_total"); n == 0 {
				t.Error("the error is not counted")
			}
		})
	}
}

// An email whose text fails is sent once, whole: a part of it is never sent.
func TestEmailTemplateFails(t *testing.T) {
	s := newServices(t)
	r := newRig(t, write(t, t.TempDir(), "alertmanager.yml", s.in(`
route: {receiver: team, group_wait: 0s}
receivers:
- name: team
  email_configs: [{to: a@example.com, from: b@example.com, smarthost: 'SMTP', require_tls: false, headers: {subject: 's {{ index .Alerts 9 }}'}, html: '<p title="{{ .Status }}">{{ template "missing" }}</p>', text: 'all is {{ .Status }}'}]
`)))
	r.receive(t, model.Alert{Labels: model.LabelSet{"alertname": "A"}, EndsAt: time.Now().Add(time.Hour)})
	peertest.Wait(t, func() bool { return len(s.sent()) > 0 }, "no mail is sent")
	r.stop()
	sent := s.sent()
	if len(sent) != 1 || !strings.Contains(sent[0], "Subject: ") || strings.Count(sent[0], "error expanding") < 2 || !strings.Contains(sent[0], "all is firing") {
		t.Errorf("got %s, want one mail with two errors", fmt.Sprint(sent))
	}
}

// A label of a route that does not come to its end is left out.
func TestEndlessRouteLabel(t *testing.T) {
	sent := make(chan string, 10)
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		sent <- string(body)
	}))
	defer service.Close()
	r := newRig(t, write(t, t.TempDir(), "alertmanager.yml", `
route: {receiver: team, group_wait: 0s, labels: {good: '{{ .Status }}', endless: '{{ range 1000000000000 }}{{ end }}'}}
receivers: [{name: team, webhook_configs: [{url: '`+service.URL+`'}]}]
`))
	defer r.stop()
	r.receive(t, model.Alert{Labels: model.LabelSet{"alertname": "A"}, EndsAt: time.Now().Add(time.Hour)})
	if got, want := <-sent, `"routeLabels":{"good":"firing"}`; !strings.Contains(got, want) {
		t.Errorf("got %s, want something with %s", got, want)
	}
}
