package alertmanager

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzRequest sends whatever comes up: nothing may fail here because of it, and
// what goes in must come out again as JSON.
func FuzzRequest(f *testing.F) {
	for _, body := range append(append(append(badBodies, badAlerts...), badSilences...), goodAlerts...) {
		f.Add(body, "a=b", "application/json")
	}
	for _, body := range goodSilences() {
		f.Add(body, "{a=b", "text/html, */*;q=0.1")
	}
	var fx *fixture
	f.Fuzz(func(t *testing.T, body, filter, accept string) {
		if fx == nil {
			fx = newMux(t, testConfig, Options{})
		}
		for _, path := range []string{"/api/v2/alerts", "/api/v2/silences"} {
			if resp := fx.do(http.MethodPost, path, body); resp.StatusCode >= 500 {
				t.Errorf("POST %s: %d %s", path, resp.StatusCode, bodyOf(t, resp))
			}
			resp := fx.do(http.MethodGet, path+"?"+url.Values{"filter": {filter}, "receiver": {filter}}.Encode(), "", "Accept", accept)
			if resp.StatusCode >= 500 {
				t.Errorf("GET %s with filter %q: %d %s", path, filter, resp.StatusCode, bodyOf(t, resp))
			}
			_ = listed[[]any](t, fx, path)
		}
	})
}
