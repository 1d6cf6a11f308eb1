package differential_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/app"
)

// sideServer is one of the servers, with the webhooks that it notifies.
type sideServer struct {
	name  string
	url   string
	hook  *httptest.Server
	file  string            // its configuration
	ids   map[string]string // of silences
	begin time.Time

	mu   sync.Mutex // guards what follows
	told map[string][]sideNotification
}

// sideNotification is what a webhook received.
type sideNotification struct {
	at   time.Duration
	body map[string]any
}

func newSideServer(t *testing.T, newer bool) *sideServer {
	t.Helper()
	s := &sideServer{ids: make(map[string]string), told: make(map[string][]sideNotification)}
	s.hook = httptest.NewServer(http.HandlerFunc(s.receive))
	t.Cleanup(s.hook.Close)
	s.file = filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(s.file, []byte(sideConfigFor(s.hook.URL, newer)), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sideServer) serveTheirs(t *testing.T, program string) {
	t.Helper()
	s.name = program
	s.url = peertest.Start(t, program, func(address string) []string {
		return []string{
			"--config.file=" + s.file, "--storage.path=" + t.TempDir(), "--web.listen-address=" + address,
			"--web.external-url=" + externalURL.String(), "--web.route-prefix=/", "--cluster.listen-address=",
		}
	}, "/-/ready")
}

// serveOurs runs what `cresset alertmanager` runs.
func (s *sideServer) serveOurs(t *testing.T) {
	t.Helper()
	s.name = "ours"
	a, err := app.NewAlertmanager(app.AlertmanagerOptions{
		ConfigFile: s.file, StoragePath: t.TempDir(), ListenAddresses: []string{"127.0.0.1:0"}, ExternalURL: externalURL, RoutePrefix: "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	s.url = "http://" + a.Addrs()[0].String()
}

// receive takes a notification. The first to the failing receiver fails, and the
// first to the refusing one is refused for good.
func (s *sideServer) receive(w http.ResponseWriter, r *http.Request) {
	receiver := strings.TrimPrefix(r.URL.Path, "/")
	var body map[string]any
	content, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(content, &body)
	}
	if err != nil {
		body = map[string]any{"unreadable": err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if receiver == "timeout" {
		s.roundTimes(body)
	}
	n := sideNotification{at: time.Since(s.begin), body: body}
	attempt := len(s.told[receiver])
	s.told[receiver] = append(s.told[receiver], n)
	switch {
	case receiver == "failing" && attempt == 0:
		w.WriteHeader(http.StatusInternalServerError)
	case receiver == "refusing" && attempt == 0:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// roundTimes makes comparable what each server takes from its own clock.
func (s *sideServer) roundTimes(body map[string]any) {
	alerts, _ := body["alerts"].([]any)
	for _, a := range alerts {
		a, _ := a.(map[string]any)
		for _, key := range []string{"startsAt", "endsAt"} {
			text, _ := a[key].(string)
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil && !at.IsZero() {
				a[key] = at.Sub(s.begin).Round(2 * time.Second).String()
			}
		}
	}
}

// happen makes an event happen through the API.
func (s *sideServer) happen(e event) error {
	switch {
	case e.silence != nil:
		return s.silence(e.silence)
	case e.expire != "":
		return s.request(http.MethodDelete, "/silence/"+s.ids[e.expire], nil, nil)
	}
	var alerts []map[string]any
	for _, p := range e.posts {
		a := map[string]any{"labels": p.labels, "annotations": p.annotations, "generatorURL": generatorURL}
		if p.starts != nil {
			a["startsAt"] = s.begin.Add(*p.starts)
		}
		if p.ends != nil {
			a["endsAt"] = s.begin.Add(*p.ends)
		}
		alerts = append(alerts, a)
	}
	return s.request(http.MethodPost, "/alerts", alerts, nil)
}

func (s *sideServer) silence(q *silenced) error {
	var matchers []map[string]any
	for _, m := range q.matchers {
		matchers = append(matchers, map[string]any{"name": m.Name, "value": m.Value, "isRegex": m.Type.String() == "=~", "isEqual": true})
	}
	var answer struct{ SilenceID string }
	err := s.request(http.MethodPost, "/silences", map[string]any{
		"matchers": matchers, "startsAt": s.begin.Add(q.starts), "endsAt": s.begin.Add(q.ends), "createdBy": "somebody", "comment": "something",
	}, &answer)
	s.ids[q.name] = answer.SilenceID
	return err
}

func (s *sideServer) request(method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, s.url+"/api/v2"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err = io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %w", resp.Status, content, err)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(content, answer)
}

// withoutNews returns what the server told without what is newer than Debian's.
func (s *sideServer) withoutNews() *sideServer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &sideServer{name: s.name, told: make(map[string][]sideNotification)}
	for receiver, told := range s.told {
		if receiver == "labelled" || receiver == "rest" {
			continue
		}
		for _, n := range told {
			body := make(map[string]any)
			for key, value := range n.body {
				if key != "routeLabels" && key != "notification_reason" {
					body[key] = value
				}
			}
			c.told[receiver] = append(c.told[receiver], sideNotification{n.at, body})
		}
	}
	return c
}

func (n sideNotification) content() string {
	content, err := json.Marshal(n.body) // keys are sorted
	if err != nil {
		return err.Error()
	}
	return string(content)
}

func (n sideNotification) String() string {
	return fmt.Sprintf("%v %s", n.at.Round(time.Millisecond), n.content())
}
