package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/diff"
	"github.com/cresset-metrics/cresset/internal/peertest"
)

// startAlertmanager runs the real one until the test ends, and returns its URL.
func startAlertmanager(t *testing.T, file string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(peertest.Alertmanager(t), "--config.file="+file, "--storage.path="+t.TempDir(), "--cluster.listen-address=",
		"--web.listen-address="+address, "--web.external-url="+external, "--web.route-prefix=/", "--log.level=debug")
	cmd.Env = append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is ended by a signal
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		http.DefaultClient.CloseIdleConnections()
		if t.Failed() {
			t.Logf("Alertmanager wrote:\n%s", log.String())
		}
	})
	peertest.Wait(t, func() bool {
		select {
		case <-ended:
			t.Fatal("Alertmanager has ended")
		default:
		}
		resp, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, "Alertmanager is not ready")
	return "http://" + address
}

func post(t *testing.T, url string, alerts ...model.Alert) {
	t.Helper()
	type postable struct {
		Labels       model.LabelSet `json:"labels"`
		Annotations  model.LabelSet `json:"annotations"`
		StartsAt     time.Time      `json:"startsAt"`
		EndsAt       time.Time      `json:"endsAt"`
		GeneratorURL string         `json:"generatorURL"`
	}
	var all []postable
	for _, a := range alerts {
		all = append(all, postable{a.Labels, a.Annotations, a.StartsAt, a.EndsAt, a.GeneratorURL})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers %s", resp.Status)
	}
}

// files are those that all.yml names.
var files = map[string]string{
	"own.tmpl":       `{{ define "own.title" }}[{{ .Status | toUpper }}] {{ .GroupLabels.SortedPairs.Values | join " " }} <{{ .CommonLabels.severity }}> {{ routeLabels "runbook" }}{{ end }}`,
	"header":         "from-file\n",
	"token":          "token-of-file\n",
	"password":       "password-of-file",
	"chat":           "-100\n",
	"webhook-url":    "http://HTTP/webhook-of-file/{{ .GroupLabels.cluster }}\n",
	"slack-url":      "http://HTTP/slack-of-file\n",
	"discord-url":    "http://HTTP/discord-of-file\n",
	"mattermost-url": "http://HTTP/mattermost-of-file\n",
	"incidentio-url": "http://HTTP/incidentio-of-file\n",
}

// configured writes all.yml and its files, and returns the name of the former.
func configured(t *testing.T, s *services) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		write(t, folder, name, s.in(content))
	}
	yaml, err := os.ReadFile("testdata/all.yml")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, folder, "alertmanager.yml", strings.ReplaceAll(s.in(string(yaml)), "DIR", folder))
}

var (
	ownAddress = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	mailDates  = regexp.MustCompile(`(?m)^(Date: |Message-Id: ).*$`)
	boundaries = regexp.MustCompile(`boundary=([0-9a-f]+)`)
	mailHeader = regexp.MustCompile(`(?s)DATA\r\n(.*?\r\n)\r\n`)
)

// normal leaves out what differs between two runs.
func normal(notes []string) string {
	var b strings.Builder
	for _, n := range notes {
		if m := boundaries.FindStringSubmatch(n); m != nil {
			n = strings.ReplaceAll(n, m[1], "BOUNDARY")
		}
		n = mailDates.ReplaceAllString(n, "$1 X")
		n = mailHeader.ReplaceAllStringFunc(n, sortedLines) // they come out of a map
		fmt.Fprintf(&b, "%s\n---\n", strings.TrimRight(ownAddress.ReplaceAllString(n, "ADDRESS"), "\n"))
	}
	return b.String()
}

func sortedLines(header string) string {
	lines := strings.Split(header, "\r\n")
	// The order of the lines without the last two, which end the header.
	inner := lines[1 : len(lines)-2]
	for i := range inner {
		for j := i + 1; j < len(inner); j++ {
			if inner[j] < inner[i] {
				inner[i], inner[j] = inner[j], inner[i]
			}
		}
	}
	return strings.Join(lines, "\r\n")
}

// What every integration sends, with every key, is what Alertmanager 0.34.2 sends:
// the same requests, headers and bodies, when alerts fire, when one more does, and
// when they are resolved.
func TestIntegrationsAgainstAlertmanager(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	theirs, ours := newServices(t), newServices(t)
	url := startAlertmanager(t, configured(t, theirs))
	rig := newRig(t, configured(t, ours))

	begin := time.Now().UTC().Truncate(time.Millisecond)
	alertOf := func(instance string, ends time.Time) model.Alert {
		return model.Alert{
			Labels:       model.LabelSet{"alertname": "Disk <full>", "cluster": "eu", "severity": "critical", "instance": model.LabelValue(instance), "ü": "ö"},
			Annotations:  model.LabelSet{"summary": model.LabelValue(`"quoted" & <b>` + instance + "</b>"), "runbook": "https://run.example/?a=b&c=d"},
			StartsAt:     begin,
			EndsAt:       ends,
			GeneratorURL: "http://prom.example/graph?g0.expr=up",
		}
	}
	later := begin.Add(time.Hour)
	for _, phase := range []struct {
		name   string
		alerts []model.Alert
		want   int // requests, and sessions of SMTP
	}{
		{"fires", []model.Alert{alertOf("a", later), alertOf("b", later)}, 53},
		{"one more", []model.Alert{alertOf("c", later)}, 51},
		{"resolved", []model.Alert{alertOf("a", time.Time{}), alertOf("b", time.Time{}), alertOf("c", time.Time{})}, 50},
	} {
		for i := range phase.alerts {
			if phase.alerts[i].EndsAt.IsZero() {
				phase.alerts[i].EndsAt = time.Now().UTC().Truncate(time.Millisecond)
			}
		}
		post(t, url, phase.alerts...)
		rig.receive(t, phase.alerts...)
		deadline := time.Now().Add(20 * time.Second)
		peertest.Wait(t, func() bool {
			got, want := len(ours.sent()), len(theirs.sent())
			return got >= phase.want && want >= phase.want || time.Now().After(deadline)
		}, "%s: the requests do not come", phase.name)
		got, want := ours.take(), theirs.take()
		if len(got) != phase.want || len(want) != phase.want {
			t.Errorf("%s: got %d, Alertmanager sends %d, want %d", phase.name, len(got), len(want), phase.want)
		}
		if g, w := normal(got), normal(want); g != w {
			t.Errorf("%s: got and want differ:\n%s", phase.name, diff.Lines(g, w))
		}
	}
}
