package integration_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/template"

	"github.com/cresset-metrics/cresset/internal/diff"
	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/notify/integration"
)

const templateData = `{
  "receiver": "team\\.x", "status": "firing", "notification_reason": "first notification", "externalURL": "http://am.example:9093",
  "groupLabels": {"alertname": "Disk", "cluster": "eu"},
  "commonLabels": {"alertname": "Disk", "cluster": "eu", "severity": "page"},
  "commonAnnotations": {"summary": "a <b> & \"c\""},
  "routeLabels": {"team": "db"},
  "alerts": [
    {"status": "firing", "labels": {"alertname": "Disk", "instance": "a", "n": "3"}, "annotations": {"summary": "x"}, "startsAt": "2026-03-01T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/graph", "fingerprint": "00ff"},
    {"status": "resolved", "labels": {"alertname": "Disk", "instance": "b"}, "annotations": {}, "startsAt": "2026-03-01T10:00:00Z", "endsAt": "2026-03-01T11:30:00Z", "generatorURL": "", "fingerprint": "00fe"}
  ]
}`

// every has each function, and each part of the data.
var every = []string{
	`{{ "aB" | toUpper }}{{ "aB" | toLower }}{{ "ab cd" | title }}{{ "  x " | trimSpace }}`,
	`{{ join "-" (stringSlice "a" "b") }}{{ match "a+" "caab" }}{{ reReplaceAll "(a+)" "<$1>" "caab" }}`,
	`{{ safeHtml "<b>" }}{{ safeUrl "http://x?a=b&c" }}{{ urlUnescape "a%20b" }}`,
	`{{ (index .Alerts 0).StartsAt | date "2006-01-02" }}{{ (index .Alerts 0).StartsAt | tz "Europe/Berlin" | date "15:04" }}`,
	`{{ humanizeDuration 3661.5 }}{{ toDate "2006-01-02" "2026-03-01" }}{{ toDate "2006" "x" }}{{ mustToDate "2006" "2026" }}`,
	`{{ .CommonLabels | toJson }}{{ toJson .Alerts }}{{ base64encode "a?b" }}{{ base64decode "YT9i" }}`,
	`{{ range list 1 "a" nil }}{{ . }}{{ end }}{{ range append (list 1) 2 3 }}{{ . }}{{ end }}{{ (dict "k" "v").k }}`,
	`{{ now.IsZero }}{{ gt (since (index .Alerts 0).StartsAt).Hours 1.0 }}`,
	`{{ print 1 "a" }}{{ println "x" }}{{ printf "%05d %q %v %*d" 7 "q" .Status 4 2 }}{{ html "<&>" }}{{ js "'\"" }}{{ urlquery "a b&c" }}`,
	`{{ len .Alerts }}{{ index .CommonLabels "severity" }}{{ slice "abcdef" 1 3 }}{{ eq 1 1 }}{{ ne 1 2 }}{{ lt 1 2 }}{{ le 2 2 }}{{ gt 2 1 }}{{ ge 2 2 }}{{ and true 1 }}{{ or false 0 }}{{ not true }}`,
	`{{ .Receiver }}{{ .Status }}{{ .NotificationReason }}{{ .ExternalURL }}{{ .GroupLabels }}{{ .CommonAnnotations.summary }}{{ .RouteLabels.team }}`,
	`{{ .CommonLabels.SortedPairs }}{{ .CommonLabels.Names }}{{ .CommonLabels.Values }}{{ .CommonLabels.Names.Join "," }}{{ (.CommonLabels.Remove (stringSlice "cluster")).Names }}{{ .CommonLabels.SortedPairs.Names }}`,
	`{{ range .Alerts.Firing }}{{ .Fingerprint }}{{ .GeneratorURL }}{{ end }}{{ range .Alerts.Resolved }}{{ .EndsAt }}{{ .Labels.instance }}{{ .Annotations.none }}{{ end }}`,
	`{{ range $i, $a := .Alerts }}{{ if eq $i 1 }}{{ break }}{{ end }}{{ $a.Labels.n }}{{ continue }}{{ else }}none{{ end }}{{ range 3 }}{{ . }}{{ end }}`,
	`{{ with .GroupLabels.nothing }}{{ . }}{{ else with .Status }}{{ . }}{{ end }}{{ $x := 1 }}{{ $x = 2 }}{{ $x }}{{ block "own block" .Status }}<{{ . }}>{{ end }}`,
	`{{ define "rec" }}{{ if lt (len .) 5 }}{{ template "rec" (print . "x") }}{{ else }}{{ . }}{{ end }}{{ end }}{{ template "rec" "" }}`,
	`{{ template "slack.default.title" . }}{{ template "pagerduty.default.instances" .Alerts.Firing }}{{ template "__alertmanagerURL" . }}{{ template "opsgenie.default.description" . }}`,
	`plain text`, ``,
}

func loadTemplates(t testing.TB, patterns ...string) *integration.Templates {
	t.Helper()
	templates, err := integration.LoadTemplates(patterns, &url.URL{Scheme: "http", Host: "am.example:9093"})
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

func exampleData(t testing.TB) *template.Data {
	t.Helper()
	var data template.Data
	if err := json.Unmarshal([]byte(templateData), &data); err != nil {
		t.Fatal(err)
	}
	return &data
}

// Templates give what amtool's give, and the limits are in nobody's way.
func TestTemplatesAgainstAmtool(t *testing.T) {
	amtool := peertest.Amtool(t)
	folder := t.TempDir()
	file, own := write(t, folder, "data.json", templateData), write(t, folder, "own.tmpl", `{{ define "own" }}x{{ end }}`)
	templates, data := loadTemplates(t, own), exampleData(t)
	check := templates.NewCheck(t.Context(), data)
	for _, text := range every {
		got, err := templates.ExecuteTextString(text, data)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err := check.Text(text); err != nil {
			t.Errorf("%s: the limits say %v", text, err)
		}
		if text == "" {
			continue
		}
		cmd := exec.Command(amtool, "template", "render", "--template.glob="+own, "--template.text="+text, "--template.data="+file)
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("amtool: %s: %v: %s", text, err, output)
		}
		if want := string(output); got != want {
			t.Errorf("%s: got and want differ:\n%s", text, diff.Lines(got, want))
		}
	}
}

// What the limits allow, can be expanded, and the reverse; whatever the text, the
// verdict comes.
func FuzzCheck(f *testing.F) {
	for _, text := range every {
		f.Add(text)
	}
	for _, text := range []string{
		`{{ index .Alerts 7 }}`, `{{ if }}`, `{{ .A.B }}`, `{{ template "missing" }}`, `{{ range 1000 }}{{ end }}`,
		`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, `{{ routeLabels "team" }}`, `{{ dict 1 }}`, `{{ call 1 }}`,
		`{{ range $k, $v := .GroupLabels }}{{ $k }}{{ end }}`, `{{ reReplaceAll "(" "" "" }}`, `{{ slice "a" 5 }}`, `{{ define "" }}x{{ end }}`,
	} {
		f.Add(text)
	}
	templates, data := loadTemplates(f), exampleData(f)
	template.MarkRouteLabelsRendered(data)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "__") {
			t.Skip("the functions that count have such names")
		}
		err := templates.NewCheck(context.Background(), data).Text(text)
		if err != nil && integration.IsEndless(err) {
			return // nobody may expand it
		}
		if _, theirs := templates.ExecuteTextString(text, data); (theirs == nil) != (err == nil) {
			t.Errorf("%q: the limits say %v, without them it is %v", text, err, theirs)
		}
	})
}
