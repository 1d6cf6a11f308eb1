package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

func TestPrefix(t *testing.T) {
	f := newFixture(t, testConfig)
	prefixed := &fixture{mux: http.NewServeMux()}
	api := New(Options{Store: alert.NewStore(alert.Options{}), Pipeline: f.pipeline})
	api.Register(prefixed.mux, "/am")
	api.RegisterRemoved(prefixed.mux, "/am")
	expect(t, prefixed.do(http.MethodGet, "/am/api/v2/alerts", "").StatusCode, 200)
	expect(t, prefixed.do(http.MethodGet, "/api/v2/alerts", "").StatusCode, 404)
	expect(t, prefixed.do(http.MethodGet, "/am/api/v2/silences", "").StatusCode, 404) // there are none in this one
	expect(t, prefixed.do(http.MethodGet, "/am/api/v1/alerts", "").StatusCode, 410)
}

const anAlert = `[{"labels":{"alertname":"A"}}]`

// Nothing that changes state can be sent by a page of another origin, unless that
// origin is one that may use the API.
func TestCrossOrigin(t *testing.T) {
	origin, err := CORSOrigin(`https://(www\.)?good\.example`)
	if err != nil {
		t.Fatal(err)
	}
	closed, open := newFixture(t, testConfig), newFixtureWith(t, testConfig, Options{CORSOrigin: origin})
	for _, tc := range []struct {
		name         string
		header       []string
		closed, open int
		allowed      string // with the trusted origin
	}{
		{"no browser", nil, 200, 200, ""},
		{"a page of ours", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, 200, 200, ""},
		{"a page of another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"}, 403, 403, ""},
		{"an old browser on another site", []string{"Origin", "http://evil.example"}, 403, 403, ""},
		{"no origin, but another site", []string{"Sec-Fetch-Site", "cross-site"}, 403, 403, ""},
		{"the trusted site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://good.example"}, 403, 200, "https://good.example"},
		{"one that begins like it", []string{"Origin", "https://good.example.evil.example"}, 403, 403, ""},
		{"one that ends like it", []string{"Origin", "https://evil-https://good.example"}, 403, 403, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp := closed.do(http.MethodPost, "/api/v2/alerts", anAlert, tc.header...)
			expect(t, fmt.Sprint(resp.StatusCode, resp.Header["Access-Control-Allow-Origin"], resp.Header["Vary"]), fmt.Sprint(tc.closed, " [] []"))
			resp = open.do(http.MethodPost, "/api/v2/alerts", anAlert, tc.header...)
			expect(t, fmt.Sprint(resp.StatusCode, resp.Header.Get("Access-Control-Allow-Origin")), fmt.Sprint(tc.open, tc.allowed))
		})
	}
	expect(t, closed.do(http.MethodGet, "/api/v2/alerts", "", "Origin", "http://evil.example").StatusCode, 200)

	if none, err := CORSOrigin(""); none != nil || err != nil {
		t.Errorf("CORSOrigin of nothing: got %v, %v", none, err)
	}
	if _, err := CORSOrigin("("); err == nil {
		t.Error("CORSOrigin took what is no expression")
	}
}

// Browsers are told the same as by a real Alertmanager with the same origin, as
// long as the origin is trusted.
func TestCORSAlike(t *testing.T) {
	origin, err := CORSOrigin(`https://good\.example`)
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, pairConfig, Options{CORSOrigin: origin})
	for _, path := range []string{"/api/v2/silences", "/api/v2/alerts", "/api/v2/nothing"} {
		for _, from := range []string{"https://good.example", "https://evil.example", ""} {
			for _, method := range []string{"GET", "POST", "DELETE", "PUT", "nonsense", ""} {
				p.compare(t, &request{method: "OPTIONS", path: path, header: []string{"Origin: " + from, "Access-Control-Request-Method: " + method, "Access-Control-Request-Headers: content-type,x-y"}})
			}
			p.compare(t, &request{method: "GET", path: path, header: []string{"Origin: " + from}})
			if from != "https://evil.example" {
				p.compare(t, &request{method: "POST", path: path, header: []string{"Origin: " + from, "Content-Type: application/json"}, body: "{"})
			}
		}
	}
}

func TestNotConfigured(t *testing.T) {
	store := alert.NewStore(alert.Options{})
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: store, Pipeline: dispatch.New(dispatch.Options{Store: store})}).Register(f.mux, "")
	expect(t, f.do(http.MethodGet, "/api/v2/status", "").StatusCode, 503)
}

var errFull = errors.New("disk is full")

// fullStore keeps no alerts, fullSilences no silences.
type (
	fullStore    struct{}
	fullSilences struct{ Silences }
)

func (fullStore) All() []*alert.Alert { return nil }
func (fullStore) Receive(context.Context, time.Time, []*alert.Alert) error {
	return fmt.Errorf("alerts %w: %w", alert.ErrNotSaved, errFull)
}

func (fullSilences) Set(context.Context, time.Time, *silence.Silence) (string, error) {
	return "", fmt.Errorf("%w: %w", silence.ErrNotSaved, errFull)
}

func (fullSilences) Expire(context.Context, time.Time, string) error {
	return fmt.Errorf("%w: %w", silence.ErrNotSaved, errFull)
}

// What could not be saved is not acknowledged.
func TestNotSaved(t *testing.T) {
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: fullStore{}, Pipeline: fixedPipeline{}, Silences: fullSilences{}}).Register(f.mux, "")
	for _, tc := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/api/v2/alerts", anAlert, `500 "alerts not saved: disk is full"`},
		{http.MethodPost, "/api/v2/silences", withMatchers(`[{"name":"a","value":"b","isRegex":false}]`), `500 "silence is in force but not saved: disk is full"`},
		{http.MethodDelete, "/api/v2/silence/00000000-0000-0000-0000-000000000001", "", `500 "silence is in force but not saved: disk is full"`},
	} {
		resp := f.do(tc.method, tc.path, tc.body)
		expect(t, fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(bodyOf(t, resp))), tc.want)
	}
}

// Version 2 of the API cannot show a silence with several sets of matchers.
func TestSeveralMatcherSets(t *testing.T) {
	f := newFixture(t, testConfig)
	set := func(value string) labels.Matchers {
		return labels.Matchers{{Type: labels.MatchEqual, Name: "a", Value: value}}
	}
	now := time.Now()
	id, err := f.silences.Set(t.Context(), now, &silence.Silence{Matchers: []labels.Matchers{set("b"), set("c")}, StartsAt: now, EndsAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("500 \"silence '%s' has multiple matcher sets which is not supported by this API version\"\n", id)
	for path, want := range map[string]string{
		"/api/v2/silences":               want,
		"/api/v2/silences?filter=a%3Dc":  want,
		"/api/v2/silences?filter=a%3Dd":  "200 []\n",
		"/api/v2/silences?active=false":  "200 []\n",
		"/api/v2/silence/" + id:          want,
		"/api/v2/alerts?silenced=false":  "200 []\n",
		"/api/v2/silences?pending=false": want,
	} {
		resp := f.do(http.MethodGet, path, "")
		expect(t, fmt.Sprint(resp.StatusCode, " ", bodyOf(t, resp)), want)
	}
}

func TestClusterStatus(t *testing.T) {
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: fullStore{}, Pipeline: fixedPipeline{}, Cluster: func() ClusterStatus {
		return ClusterStatus{Name: "b", Status: "ready", Peers: []Peer{{"b", "10.0.0.2:9094"}, {"a", "10.0.0.1:9094"}}}
	}}).Register(f.mux, "")
	body := bodyOf(t, f.do(http.MethodGet, "/api/v2/status", ""))
	want := `{"cluster":{"name":"b","peers":[{"address":"10.0.0.1:9094","name":"a"},{"address":"10.0.0.2:9094","name":"b"}],"status":"ready"},`
	if !strings.HasPrefix(body, want) {
		t.Errorf("got %s, want it to begin with %s", body, want)
	}
}

// slowStore answers only when it is let.
type slowStore struct {
	Store
	asked, answer chan struct{}
}

func (s *slowStore) All() []*alert.Alert {
	s.asked <- struct{}{}
	<-s.answer
	return nil
}

// fixedPipeline is a pipeline with a configuration and nothing else.
type fixedPipeline struct{ Pipeline }

func (fixedPipeline) Config() *config.Config {
	return &config.Config{Route: &config.Route{Receiver: "a"}, Receivers: []config.Receiver{{Name: "a"}}}
}
func (fixedPipeline) InhibitedBy(model.LabelSet, time.Time) (model.Fingerprint, bool) {
	return 0, false
}

// No more than so many GET requests are answered at the same time, and this is
// seen in the metrics.
func TestConcurrencyLimit(t *testing.T) {
	store := &slowStore{asked: make(chan struct{}), answer: make(chan struct{})}
	f := &fixture{mux: http.NewServeMux()}
	reg := prometheus.NewRegistry()
	api := New(Options{Store: store, Pipeline: fixedPipeline{}, Concurrency: 2, Registerer: reg})
	api.Register(f.mux, "")
	f.mux.Handle("/page", api.Limit(api.Instrument("/page", http.NotFoundHandler())))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			w := httptest.NewRecorder()
			f.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v2/alerts", nil))
			if w.Code != http.StatusOK {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
		<-store.asked
	}
	for _, path := range []string{"/api/v2/alerts", "/page"} {
		resp := f.do(http.MethodGet, path, "")
		expect(t, fmt.Sprint(resp.StatusCode, resp.Header, strings.TrimSpace(bodyOf(t, resp))),
			"503 map[Content-Type:[text/plain; charset=utf-8] X-Content-Type-Options:[nosniff]]Limit of concurrent GET requests reached (2), try again later.")
	}
	expect(t, samples(t, reg), `alertmanager_http_concurrency_limit_exceeded_total{method="get"} 2
alertmanager_http_request_duration_seconds{code="503",handler="/api/v2/alerts",method="get"} 1
alertmanager_http_requests_in_flight{method="get"} 2
`)
	close(store.answer)
	wg.Wait()
	expect(t, f.do(http.MethodGet, "/api/v2/receivers", "").StatusCode, 200)
}

// A request that takes too long is given up.
func TestTimeout(t *testing.T) {
	store := &slowStore{asked: make(chan struct{}, 1), answer: make(chan struct{})}
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: store, Pipeline: fixedPipeline{}, Timeout: time.Millisecond}).Register(f.mux, "")
	resp := f.do(http.MethodGet, "/api/v2/alerts", "")
	expect(t, fmt.Sprint(resp.StatusCode, " ", bodyOf(t, resp)), "503 Exceeded configured timeout of 1ms.\n")
	close(store.answer)
}

// Requests are measured under the path's name; what clients make up makes no new
// series.
func TestRequestMetrics(t *testing.T) {
	f := &fixture{mux: http.NewServeMux()}
	reg := prometheus.NewRegistry()
	api := New(Options{Store: fullStore{}, Silences: silence.New(silence.Options{}), Pipeline: fixedPipeline{}, Registerer: reg})
	api.Register(f.mux, "/am")
	api.RegisterRemoved(f.mux, "/am")
	f.mux.Handle("/am/-/ready", api.Limit(api.Instrument("/-/ready", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "OK") }))))
	for _, target := range []string{
		"GET /am/api/v2/alerts", "GET /am/api/v2/alerts/", "POST /am/api/v2/alerts", "GET /am/api/v2/silence/00000000-0000-0000-0000-000000000001", "GET /am/api/v2/silence/x",
		"GET /am/api/v2/made/up", "BREW /am/api/v2/also", "GET /am/-/ready", "GET /am/api/v1/silence/x", "PUT /am/api/v1/alerts",
	} {
		method, path, _ := strings.Cut(target, " ")
		f.do(method, path, "")
	}
	expect(t, samples(t, reg), `alertmanager_http_concurrency_limit_exceeded_total{method="get"} 0
alertmanager_http_request_duration_seconds{code="200",handler="/-/ready",method="get"} 1
alertmanager_http_request_duration_seconds{code="200",handler="/api/v2/alerts",method="get"} 2
alertmanager_http_request_duration_seconds{code="404",handler="/api/v2/",method="get"} 1
alertmanager_http_request_duration_seconds{code="404",handler="/api/v2/",method="unknown"} 1
alertmanager_http_request_duration_seconds{code="404",handler="/api/v2/silence/{silenceID}",method="get"} 1
alertmanager_http_request_duration_seconds{code="410",handler="/silence/:sid",method="get"} 1
alertmanager_http_request_duration_seconds{code="422",handler="/api/v2/alerts",method="post"} 1
alertmanager_http_request_duration_seconds{code="422",handler="/api/v2/silence/{silenceID}",method="get"} 1
alertmanager_http_requests_in_flight{method="get"} 0
alertmanager_http_response_size_bytes{handler="/-/ready",method="get"} 1
alertmanager_http_response_size_bytes{handler="/silence/:sid",method="get"} 1
`)
}

// samples writes the value of each series, of a histogram the count.
func samples(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			var ls []string
			for _, l := range m.Label {
				ls = append(ls, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			fmt.Fprintf(&s, "%s{%s} %v\n", f.GetName(), strings.Join(ls, ","), value)
		}
	}
	return s.String()
}

// A hundred thousand alerts in one body are taken, and are listed.
func TestManyAlerts(t *testing.T) {
	f := newFixture(t, testConfig)
	const n = 100_000
	var body strings.Builder
	for i := range n {
		fmt.Fprintf(&body, `%c{"labels":{"alertname":"A","instance":"%d"},"annotations":{"summary":"something is wrong"}}`, "[,"[min(i, 1)], i)
	}
	body.WriteString("]")
	expect(t, f.do(http.MethodPost, "/api/v2/alerts", body.String()).StatusCode, 200)
	expect(t, len(listed[[]any](t, f, "/api/v2/alerts")), n)
}
