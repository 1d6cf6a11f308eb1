package demo

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// TestFiles: the files are good, as a server reads them.
func TestFiles(t *testing.T) {
	files, err := WriteFiles(t.TempDir(), "127.0.0.1:1234", "http://127.0.0.1:5678/")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Files{Prometheus: files.Prometheus, Alertmanager: files.Alertmanager})
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings: %v", cfg.Warnings)
	}
	var names []string
	for _, f := range cfg.Rules {
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				names = append(names, r.Name)
			}
		}
	}
	if got, want := strings.Join(names, " "), "path:shop_errors:ratio_rate5s "+alertName; got != want {
		t.Errorf("rules: got %q, want %q", got, want)
	}
	if got, want := cfg.Alertmanager.Receivers[0].WebhookConfigs[0].URL, "http://127.0.0.1:5678/"; string(got) != want {
		t.Errorf("webhook: got %q, want %q", got, want)
	}
	if _, err := WriteFiles(t.TempDir()+"/none", "", ""); err == nil {
		t.Error("a folder that is not there: got no error")
	}
}

// TestShop visits the shop and reads its metrics.
func TestShop(t *testing.T) {
	s := NewShop()
	h := s.Handler()
	visitAll := func(path string, n int) (codes map[int]int) {
		codes = make(map[int]int)
		var mu sync.Mutex // guards codes
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				res := httptest.NewRecorder()
				h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
				mu.Lock()
				defer mu.Unlock()
				codes[res.Code]++
			})
		}
		wg.Wait()
		return codes
	}
	metrics := func() string {
		res := httptest.NewRecorder()
		h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return res.Body.String()
	}
	if want := `shop_requests_total{code="500",path="/checkout"} 0`; !strings.Contains(metrics(), want+"\n") {
		t.Errorf("before the first visit: no %q in:\n%s", want, metrics())
	}
	if got := visitAll("/products", 3); got[200] != 3 {
		t.Errorf("/products: got %v, want 200 three times", got)
	}
	if got := visitAll("/checkout", 100); got[200] != 100 {
		t.Errorf("/checkout: got %v, want 200 each time", got)
	}
	s.Break()
	got := visitAll("/checkout", 100)
	if got[200] == 0 || got[500] == 0 || got[200]+got[500] != 100 {
		t.Errorf("/checkout of a broken shop: got %v, want some of 200 and some of 500", got)
	}
	s.Heal()
	if got := visitAll("/checkout", 100); got[200] != 100 {
		t.Errorf("/checkout of a healed shop: got %v, want 200 each time", got)
	}

	page := metrics()
	for _, want := range []string{
		`shop_requests_total\{code="200",path="/products"\} 3`,
		`shop_requests_total\{code="500",path="/checkout"\} [1-9]\d*`,
		`shop_request_duration_seconds_count\{path="/checkout"\} 300`,
		`shop_request_duration_seconds_bucket\{path="/products",le="\+Inf"\} 3`,
		`shop_requests_in_flight 0`,
	} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(page) {
			t.Errorf("no line %s in:\n%s", want, page)
		}
	}
}

func TestReceiver(t *testing.T) {
	var got []Notification
	var toldErr error
	h := Receiver(func(n Notification) error {
		got = append(got, n)
		return toldErr
	})
	post := func(method, body string) *httptest.ResponseRecorder {
		res := httptest.NewRecorder()
		h.ServeHTTP(res, httptest.NewRequest(method, "/", strings.NewReader(body)))
		return res
	}
	for _, tc := range []struct {
		name, method, body string
		code               int
		want               string
	}{
		{"not posted", http.MethodGet, "", 405, "notifications are posted"},
		{"no JSON", http.MethodPost, "hello", 400, "not a notification: invalid character"},
		{"another version", http.MethodPost, `{"version":"3"}`, 400, `version "3" of the message is not known, only 4`},
		{"too large", http.MethodPost, `{"version":"4","status":"` + strings.Repeat("x", maxNotification) + `"}`, 400, "request body too large"},
	} {
		if res := post(tc.method, tc.body); res.Code != tc.code || !strings.Contains(res.Body.String(), tc.want) {
			t.Errorf("%s: got %d %q, want %d with %q", tc.name, res.Code, res.Body, tc.code, tc.want)
		}
	}
	if len(got) > 0 {
		t.Errorf("bad messages were told: %v", got)
	}

	const good = `{"version":"4","status":"firing","receiver":"on-call","unknown":1,"alerts":[{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-03-01T12:00:00Z"}],"truncatedAlerts":2}`
	if res := post(http.MethodPost, good); res.Code != 200 {
		t.Errorf("a notification: got %d, want 200", res.Code)
	}
	if len(got) != 1 || got[0].Receiver != "on-call" || got[0].TruncatedAlerts != 2 || len(got[0].Alerts) != 1 || got[0].Alerts[0].Labels["alertname"] != "A" {
		t.Errorf("told: %+v", got)
	}
	toldErr = errors.New("not now")
	if res := post(http.MethodPost, good); res.Code != 503 {
		t.Errorf("an error of told: got %d, want 503, so that the sender tries again", res.Code)
	}
}
