package web

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var paths = []string{"/", "/silences", "/silences/new", "/alerts", "/rules", "/targets", "/graph?g0.expr=up"}

func TestHeaders(t *testing.T) {
	h := aNight().serve("")
	for _, path := range append(paths, "/nowhere") {
		header := get(t, h, path).Header()
		for name, want := range map[string]string{
			"Content-Type":           "text/html; charset=utf-8",
			"Cache-Control":          "no-store",
			"X-Content-Type-Options": "nosniff",
			"Referrer-Policy":        "same-origin", // less, and browsers would post our own forms as if from nowhere
		} {
			if got := header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", path, name, got, want)
			}
		}
		want := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
		if path == "/" {
			want += "; script-src 'self'" // which follows links of notifications
		}
		if got := header.Get("Content-Security-Policy"); got != want {
			t.Errorf("GET %s: Content-Security-Policy is %q, want %q", path, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	server := httptest.NewServer(aNight().serve(""))
	defer server.Close()
	for _, tc := range []struct {
		method, path string
		code         int
		allow        string
	}{
		{http.MethodHead, "/", 200, ""},
		{http.MethodHead, "/alerts", 200, ""},
		{http.MethodHead, "/silences/new", 200, ""},
		{http.MethodHead, "/static/style.css", 200, ""},
		{http.MethodHead, "/nowhere", 404, ""},
		{http.MethodPost, "/", 405, "GET, HEAD"},
		{http.MethodDelete, "/alerts", 405, "GET, HEAD"},
		{http.MethodPost, "/graph", 405, "GET, HEAD"},
		{http.MethodPost, "/silences", 405, "GET, HEAD"},
		{http.MethodPut, "/silences/new", 405, "GET, HEAD, POST"},
		{http.MethodDelete, "/silences/x", 405, "GET, HEAD"},
		{http.MethodGet, "/silences/x/expire", 405, "POST"},
		{http.MethodGet, "/silences/x/extend", 405, "POST"},
		{http.MethodPost, "/silences/x/expire", 404, ""},
		{http.MethodPost, "/nowhere", 404, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, server.URL+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tc.code {
			t.Errorf("%s %s: status %d, want %d", tc.method, tc.path, res.StatusCode, tc.code)
		}
		if allow := res.Header.Get("Allow"); allow != tc.allow {
			t.Errorf("%s %s: Allow is %q, want %q", tc.method, tc.path, allow, tc.allow)
		}
	}
}

func TestStatic(t *testing.T) {
	h := aNight().serve("/sub")
	for path, wantType := range map[string]string{
		"/sub/static/style.css": "text/css; charset=utf-8",
		"/sub/static/icon.svg":  "image/svg+xml",

		"/sub/static/fragment.js": "text/javascript; charset=utf-8",
	} {
		res := get(t, h, path)
		if got := res.Header().Get("Content-Type"); res.Code != 200 || got != wantType {
			t.Errorf("GET %s: status %d and type %q, want 200 and %q", path, res.Code, got, wantType)
		}
		if got := res.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("GET %s: Cache-Control is %q, want one that spares the next request", path, got)
		}
	}
	for _, path := range []string{"/sub/static/", "/sub/static/none.css", "/sub/static/style.css/"} {
		if res := get(t, h, path); res.Code != 404 {
			t.Errorf("GET %s: status %d, want 404", path, res.Code)
		}
	}
}

// TestBesideOthers registers the pages where other paths are served: nothing
// collides, and the others keep theirs.
func TestBesideOthers(t *testing.T) {
	for _, prefix := range []string{"", "/sub/dir"} {
		w := aNight()
		other := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusTeapot) })

		mux := http.NewServeMux()
		w.register(mux, prefix)
		for _, pattern := range []string{"GET " + prefix + "/api/v1/alerts", "POST " + prefix + "/api/v1/query", prefix + "/api/v2/", "GET " + prefix + "/metrics", "POST " + prefix + "/-/reload"} {
			mux.Handle(pattern, other)
		}
		for path, want := range map[string]int{
			"/api/v1/alerts": 418, "/api/v2/alerts": 418, "/metrics": 418, "/alerts": 200, "/": 200, "/silences": 200, "/silences/new": 200, "/api/v1/none": 404, "/-/reload": 404,
		} {
			if res := get(t, mux, prefix+path); res.Code != want {
				t.Errorf("prefix %q: GET %s: status %d, want %d", prefix, path, res.Code, want)
			}
		}
	}
}

var href = regexp.MustCompile(` (?:href|src|action)="([^"]*)"`)

// TestLinks follows every link of every page, below a prefix that a proxy adds:
// each leads to a page of ours that is there, or to another host.
func TestLinks(t *testing.T) {
	const prefix = "/cresset"
	h := aNight().serve("")
	seen := map[string]bool{}
	outside := map[string]bool{}
	queue := []string{prefix + "/", prefix + "/no/such/page"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		inside, ok := strings.CutPrefix(path, prefix)
		if !ok {
			t.Errorf("a link leads to %s, out of the prefix", path)
			continue
		}
		res := get(t, h, inside)
		want := http.StatusOK
		if strings.HasSuffix(inside, "/extend") || strings.HasSuffix(inside, "/expire") {
			want = http.StatusMethodNotAllowed // the action of a form that is posted
		}
		if res.Code != want && inside != "/no/such/page" && !strings.Contains(inside, "lag_a") {
			t.Errorf("GET %s: status %d, want %d", inside, res.Code, want)
		}
		if !strings.HasPrefix(res.Header().Get("Content-Type"), "text/html") {
			continue
		}
		here, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range href.FindAllStringSubmatch(res.Body.String(), -1) {
			to, err := here.Parse(html.UnescapeString(m[1]))
			if err != nil {
				t.Errorf("%s links to %q: %v", inside, m[1], err)
				continue
			}
			if to.Host != "" {
				outside[to.Host] = true
				continue
			}
			queue = append(queue, to.RequestURI())
		}
	}
	if n := len(seen); n < 20 {
		t.Errorf("%d places were found, want 20 or more: %v", n, seen)
	}
	for _, host := range []string{"runbooks.example.com", "prometheus-eu:9090", "10.0.0.3:9100"} {
		if !outside[host] {
			t.Errorf("no link leads to %s", host)
		}
	}
	if outside["watch.example.com"] {
		t.Error("a link to this very server names its host, want a relative one")
	}
}

func TestUnknownChoice(t *testing.T) {
	h := aNight().serve("")
	for path, want := range map[string]string{
		"/alerts?state=red":  `There is no state "red". Known are: "firing", "pending", "inactive", "unknown".`,
		"/rules?health=bad":  `There is no health "bad". Known are: "err", "ok", "unknown".`,
		"/targets?state=off": `There is no state "off". Known are: "down", "up", "unknown".`,
	} {
		res := get(t, h, path)
		if got := html.UnescapeString(res.Body.String()); res.Code != 400 || !strings.Contains(got, want) {
			t.Errorf("GET %s: status %d, want 400, and %q in:\n%s", path, res.Code, want, got)
		}
	}
}

// TestReceiverLink checks that the links which Alertmanager's templates write
// name a place in the overview.
func TestReceiverLink(t *testing.T) {
	body := get(t, aNight().serve(""), "/").Body.String()
	// https://watch.example.com/#/alerts?receiver=team+db+%26+co
	if want := `id="/alerts?receiver=team+db+%26+co"`; !strings.Contains(strings.ReplaceAll(body, "&#43;", "+"), want) {
		t.Errorf("the overview has no %s:\n%s", want, body)
	}
}

func TestHeadlines(t *testing.T) {
	for _, tc := range []struct {
		firing, suppressed, unsent int
		want                       string
	}{
		{0, 0, 0, "Nothing fires."},
		{1, 0, 0, "1 alert is firing."},
		{2, 0, 0, "2 alerts are firing."},
		{2, 1, 0, "2 alerts are firing; nobody is told of 1."},
		{1, 1, 0, "1 alert is firing, and nobody is told of it."},
		{3, 3, 0, "3 alerts are firing, and nobody is told of them."},
		{0, 0, 1, "1 alert is firing, but no receiver has been given it."},
	} {
		d := overviewData{Firing: tc.firing, Suppressed: tc.suppressed, Unsent: tc.unsent}
		if got := d.Headline(); got != tc.want {
			t.Errorf("headline of %+v: got %q, want %q", tc, got, tc.want)
		}
	}
}

// TestFiringButUnsent: an alert that a rule has, and no group, is no peace.
func TestFiringButUnsent(t *testing.T) {
	w := aNight()
	w.groups = nil
	body := get(t, w.serve(""), "/").Body.String()
	for _, want := range []string{"1 alert is firing, but no receiver has been given it.", "<title>1 firing · Cresset</title>", `href="./alerts?state=firing"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the overview has no %q:\n%s", want, body)
		}
	}
}

func TestAge(t *testing.T) {
	for seconds, want := range map[float64]string{ // seconds
		0: "now", 0.9: "now", 1: "1s ago", 59.9: "59s ago", 60: "1m ago", 61: "1m 1s ago", 599: "9m 59s ago", 600: "10m ago",
		3599: "59m ago", 3600: "1h 0m ago", 90000: "1d 1h ago", -0.5: "now", -30: "in 30s",
	} {
		if got := at(t0.Add(-time.Duration(seconds*float64(time.Second))), t0).Ago; got != want {
			t.Errorf("%v seconds: got %q, want %q", seconds, got, want)
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 1234: "1µs", 1234567: "1.23ms", 1234567890: "1.23s", 83 * time.Second: "1m23s"} {
		if got := took(d); got != want {
			t.Errorf("%d ns: got %q, want %q", d, got, want)
		}
	}
}
