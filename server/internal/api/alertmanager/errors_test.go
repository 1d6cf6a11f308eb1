package alertmanager

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// request is one that is refused, and how.
type request struct {
	name         string
	method, path string
	contentType  string
	body         string
	status       int
	answer       string
}

// refused are the requests that Alertmanager refuses, with its answers.
var refused = []request{
	{"bad matcher", "GET", "/api/v2/alerts?filter=%7Ba%3Db%7D", "", "", 400, `"unexpected open or close brace: {a=b}"`},
	{"bad matcher for groups", "GET", "/api/v2/alerts/groups?filter=a", "", "", 400, `"bad matcher format: a"`},
	{"bad receiver", "GET", "/api/v2/alerts?receiver=%28", "", "", 400, `"failed to parse receiver param: error parsing regexp: missing closing ): ` + "`^(?:()$`" + `"`},
	{"bad receiver for groups", "GET", "/api/v2/alerts/groups?receiver=%28", "", "", 400, `"failed to parse receiver param: error parsing regexp: missing closing ): ` + "`^(?:()$`" + `"`},
	{"bad receiver matcher", "GET", "/api/v2/receivers?receiver_matchers=x", "", "", 400, `"failed to parse receiver_matchers param: bad matcher format: x"`},
	{"wrong method", "PUT", "/api/v2/alerts", "", "", 405, `{"code":405,"message":"method PUT is not allowed, but [GET,POST] are"}`},
	{"wrong method for status", "DELETE", "/api/v2/status", "", "", 405, `{"code":405,"message":"method DELETE is not allowed, but [GET] are"}`},
	{"unknown path", "GET", "/api/v2/foo", "", "", 404, `{"code":404,"message":"path /api/v2/foo was not found"}`},
	{"silences are not there yet", "GET", "/api/v2/silences", "", "", 404, `{"code":404,"message":"path /api/v2/silences was not found"}`},
	{"no body", "POST", "/api/v2/alerts", "application/json", "", 422, `{"code":602,"message":"alerts in body is required"}`},
	{"no body, no type", "POST", "/api/v2/alerts", "", "", 422, `{"code":602,"message":"alerts in body is required"}`},
	{"blank body", "POST", "/api/v2/alerts", "application/json", " ", 422, `{"code":602,"message":"alerts in body is required"}`},
	{"cut off", "POST", "/api/v2/alerts", "application/json", "[{", 400, `{"code":400,"message":"parsing alerts body from \"\" failed, because unexpected EOF"}`},
	{"not a list", "POST", "/api/v2/alerts", "application/json", "{}", 400, `{"code":400,"message":"parsing alerts body from \"\" failed, because json: cannot unmarshal object into Go value of type models.PostableAlerts"}`},
	{"not JSON", "POST", "/api/v2/alerts", "text/plain", "[]", 415, `{"code":415,"message":"unsupported media type \"text/plain\", only [application/json] are allowed"}`},
	{"no type", "POST", "/api/v2/alerts", "", "[]", 415, `{"code":415,"message":"unsupported media type \"application/octet-stream\", only [application/json] are allowed"}`},
	{"no labels", "POST", "/api/v2/alerts", "application/json", "[{}]", 422, `{"code":602,"message":"0.labels in body is required"}`},
	{"null alert", "POST", "/api/v2/alerts", "application/json", `[{"labels":{"a":"b"}},null]`, 422, `{"code":602,"message":"1 in body is required"}`},
	{"bad time", "POST", "/api/v2/alerts", "application/json", `[{"labels":{"a":"b"},"startsAt":"yesterday"}]`, 400,
		`{"code":400,"message":"parsing alerts body from \"\" failed, because parsing time \"yesterday\" as \"2006-01-02\": cannot parse \"yesterday\" as \"2006\""}`},
	{"bad URL", "POST", "/api/v2/alerts", "application/json", `[{"labels":{"a":"b"},"generatorURL":"::"}]`, 422, `{"code":601,"message":"0.generatorURL in body must be of type uri: \"::\""}`},
	{"number as label", "POST", "/api/v2/alerts", "application/json", `[{"labels":{"a":1}}]`, 400,
		`{"code":400,"message":"parsing alerts body from \"\" failed, because json: cannot unmarshal number into Go struct field Alert.labels of type string"}`},
}

func TestRefused(t *testing.T) {
	f := newFixture(t, testConfig)
	for _, tc := range refused {
		t.Run(tc.name, func(t *testing.T) {
			resp := f.do(tc.method, tc.path, tc.body, "Content-Type", tc.contentType)
			expect(t, fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(bodyOf(t, resp))), fmt.Sprint(tc.status, " ", tc.answer))
			expect(t, resp.Header.Get("Content-Type"), "application/json")
		})
	}
	expect(t, f.do(http.MethodPut, "/api/v2/alerts", "").Header.Get("Allow"), "GET,POST")
	expect(t, f.do(http.MethodHead, "/api/v2/alerts", "").StatusCode, 405)
	expect(t, f.do(http.MethodGet, "/api/v2/alerts/", "").StatusCode, 200)
}

func TestPrefix(t *testing.T) {
	f := newFixture(t, testConfig)
	prefixed := &fixture{mux: http.NewServeMux()}
	New(Options{Store: alert.NewStore(alert.Options{}), Pipeline: f.pipeline}).Register(prefixed.mux, "/am")
	expect(t, prefixed.do(http.MethodGet, "/am/api/v2/alerts", "").StatusCode, 200)
	expect(t, prefixed.do(http.MethodGet, "/api/v2/alerts", "").StatusCode, 404)
}

// Nothing that changes state can be sent by a page of another origin.
func TestCrossOrigin(t *testing.T) {
	f := newFixture(t, testConfig)
	const body = `[{"labels":{"alertname":"A"}}]`
	for _, tc := range []struct {
		name   string
		header []string
		want   int
	}{
		{"no browser", nil, 200},
		{"a page of ours", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, 200},
		{"a page of another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"}, 403},
		{"an old browser on another site", []string{"Origin", "http://evil.example"}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp := f.do(http.MethodPost, "/api/v2/alerts", body, tc.header...)
			expect(t, resp.StatusCode, tc.want)
			expect(t, resp.Header.Get("Access-Control-Allow-Origin"), "")
		})
	}
	expect(t, f.do(http.MethodGet, "/api/v2/alerts", "", "Origin", "http://evil.example").StatusCode, 200)
}

func TestBodyTooLarge(t *testing.T) {
	f := newFixture(t, testConfig)
	small := &fixture{mux: http.NewServeMux()}
	New(Options{Store: alert.NewStore(alert.Options{}), Pipeline: f.pipeline, MaxBodyBytes: 20}).Register(small.mux, "")
	resp := small.do(http.MethodPost, "/api/v2/alerts", `[{"labels":{"alertname":"A"}}]`)
	expect(t, fmt.Sprint(resp.StatusCode, " ", bodyOf(t, resp)), `413 {"code":413,"message":"body is larger than 20 bytes: send fewer alerts at a time"}`)
}

func TestNotConfigured(t *testing.T) {
	store := alert.NewStore(alert.Options{})
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: store, Pipeline: dispatch.New(dispatch.Options{Store: store})}).Register(f.mux, "")
	expect(t, f.do(http.MethodGet, "/api/v2/status", "").StatusCode, 503)
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

func (fixedPipeline) Config() *config.Config { return &config.Config{} }
func (fixedPipeline) InhibitedBy(model.LabelSet, time.Time) (model.Fingerprint, bool) {
	return 0, false
}

// No more than so many GET requests are answered at the same time.
func TestConcurrencyLimit(t *testing.T) {
	store := &slowStore{asked: make(chan struct{}), answer: make(chan struct{})}
	f := &fixture{mux: http.NewServeMux()}
	New(Options{Store: store, Pipeline: fixedPipeline{}, Concurrency: 2}).Register(f.mux, "")
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
	resp := f.do(http.MethodGet, "/api/v2/alerts", "")
	expect(t, fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(bodyOf(t, resp))), "503 Limit of concurrent GET requests reached (2), try again later.")
	close(store.answer)
	wg.Wait()
	expect(t, f.do(http.MethodGet, "/api/v2/receivers", "").StatusCode, 200)
}
