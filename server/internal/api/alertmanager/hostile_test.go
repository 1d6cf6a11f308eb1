package alertmanager

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What counted repetitions multiply is bounded; long texts without any are not.
func TestRegexpBudget(t *testing.T) {
	var hosts []string
	for i := range 20_000 {
		hosts = append(hosts, fmt.Sprintf("host-%d.example.com", i))
	}
	for _, tc := range []struct {
		name  string
		exprs []string
		fits  bool
	}{
		{"many names", []string{strings.Join(hosts, "|")}, true},
		{"a host name", []string{`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?){0,5}`}, true},
		{"everything that is no repetition", []string{strings.Repeat(`(?i)(a|b)*[^c-d]+?.\d\pL\b$`, 1000)}, true},
		{"one large repetition", []string{"x{1000}"}, true},
		{"many large repetitions", []string{strings.Repeat("x{1000}", 11)}, false},
		{"nested", []string{"((x{30}y){30}z)"}, true},
		{"nested, of much", []string{"((abcdefghij{30}y){30}klmnopqrst){1,}" + strings.Repeat("(.{31}){31}", 20)}, false},
		{"large together", []string{strings.Repeat("x{1000}", 6), strings.Repeat("y{1000}", 6)}, false},
		{"none", []string{"("}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var budget regexpBudget
			var err error
			for _, expr := range tc.exprs {
				if err == nil {
					err = budget.spend(expr)
				}
			}
			if (err == nil) != tc.fits {
				t.Errorf("got %v, want that it fits: %v", err, tc.fits)
			}
		})
	}
}

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
