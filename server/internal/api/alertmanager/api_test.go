package alertmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	goleak.VerifyTestMain(m)
}

const testConfig = `
route:
  receiver: team
  group_by: [cluster]
  group_wait: 1h
  routes:
  - {matchers: [muted=yes], receiver: quiet, mute_time_intervals: [always], labels: {note: '{{ .GroupLabels.cluster }} is quiet'}}
  - {matchers: [copy=yes], receiver: copies, continue: true}
  - {matchers: [copy=yes], receiver: team}
receivers:
- {name: team, labels: {owner: ops}}
- {name: copies, labels: {owner: audit}}
- {name: quiet}
inhibit_rules:
- {source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [cluster]}
time_intervals:
- {name: always, time_intervals: [{years: ['2000:3000']}]}
`

// fixture is the API over a real store and pipeline.
type fixture struct {
	mux      *http.ServeMux
	pipeline *dispatch.Pipeline
	silences *silence.Store
}

func newFixture(t *testing.T, yaml string) *fixture { return newFixtureWith(t, yaml, Options{}) }

// newFixtureWith takes all but the parts from the options.
func newFixtureWith(t *testing.T, yaml string, o Options) *fixture {
	t.Helper()
	f := newMux(t, yaml, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.pipeline.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return f
}

// newMux is a fixture whose pipeline does not run: no alert gets into a group.
func newMux(t *testing.T, yaml string, o Options) *fixture {
	t.Helper()
	store := alert.NewStore(alert.Options{})
	silences := silence.New(silence.Options{Retention: time.Hour})
	p := dispatch.New(dispatch.Options{Store: store, Silences: silences})
	c, err := config.Load(yaml)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(c); err != nil {
		t.Fatal(err)
	}
	f := &fixture{mux: http.NewServeMux(), pipeline: p, silences: silences}
	o.Store, o.Pipeline, o.Silences = store, p, f.silences
	o.Started = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if o.Version == (Version{}) {
		o.Version = Version{Version: "1.2.3", Revision: "abc", Branch: "main", BuildUser: "me", BuildDate: "today", GoVersion: "go1"}
	}
	api := New(o)
	api.Register(f.mux, "")
	api.RegisterRemoved(f.mux, "")
	return f
}

// do serves one request and returns the status and the body.
func (f *fixture) do(method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.mux.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// listed returns the decoded answer to a request that must succeed.
func listed[T any](t *testing.T, f *fixture, path string, query ...string) T {
	t.Helper()
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Add(query[i], query[i+1])
	}
	resp := f.do(http.MethodGet, path+"?"+q.Encode(), "")
	body := bodyOf(t, resp)
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s?%s: %d %s (%v)", path, q.Encode(), resp.StatusCode, body, err)
	}
	return v
}

// post sends alerts, each given by its labels as "k=v k=v", that fire from a
// fixed time for an hour, and waits until they are in their groups.
func (f *fixture) post(t *testing.T, specs ...string) {
	t.Helper()
	var posted []map[string]any
	for _, spec := range specs {
		ls := map[string]string{}
		for _, field := range strings.Fields(spec) {
			name, value, _ := strings.Cut(field, "=")
			ls[name] = value
		}
		posted = append(posted, map[string]any{"labels": ls, "startsAt": "2026-03-01T12:00:00Z", "endsAt": time.Now().Add(time.Hour)})
	}
	body, err := json.Marshal(posted)
	if err != nil {
		t.Fatal(err)
	}
	if resp := f.do(http.MethodPost, "/api/v2/alerts", string(body)); resp.StatusCode != http.StatusOK {
		t.Fatalf("POST: %d %s", resp.StatusCode, bodyOf(t, resp))
	}
	deadline := time.Now().Add(30 * time.Second)
	for f.grouped() < len(listed[[]any](t, f, "/api/v2/alerts")) {
		if time.Now().After(deadline) {
			t.Fatal("the alerts do not get into groups")
		}
	}
}

func (f *fixture) grouped() int {
	fps := make(map[string]bool)
	for _, g := range f.pipeline.Groups(time.Now(), func(string) bool { return true }) {
		for _, a := range g.Alerts {
			fps[a.Fingerprint().String()] = true
		}
	}
	return len(fps)
}

// jsonAlert is an alert as a client reads it.
type jsonAlert struct {
	Labels       map[string]string   `json:"labels"`
	Annotations  map[string]string   `json:"annotations"`
	StartsAt     string              `json:"startsAt"`
	EndsAt       string              `json:"endsAt"`
	UpdatedAt    string              `json:"updatedAt"`
	GeneratorURL string              `json:"generatorURL"`
	Fingerprint  string              `json:"fingerprint"`
	Receivers    []map[string]string `json:"receivers"`
	Status       struct {
		State       string   `json:"state"`
		InhibitedBy []string `json:"inhibitedBy"`
		SilencedBy  []string `json:"silencedBy"`
		MutedBy     []string `json:"mutedBy"`
	} `json:"status"`
}

type jsonGroup struct {
	Labels      map[string]string `json:"labels"`
	RouteLabels map[string]string `json:"routeLabels"`
	Receiver    map[string]string `json:"receiver"`
	Alerts      []jsonAlert       `json:"alerts"`
}

// names writes what is interesting about a list of alerts.
func names(alerts []jsonAlert) string {
	var s []string
	for _, a := range alerts {
		s = append(s, a.Labels["alertname"]+a.Labels["n"])
	}
	return strings.Join(s, " ")
}

func expect(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}
