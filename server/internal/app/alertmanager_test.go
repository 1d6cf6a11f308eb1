package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
)

// runAlertmanager runs an Alertmanager until the test ends, or stop is called,
// which can be done more than once. It gives back where its paths begin.
func runAlertmanager(t *testing.T, o AlertmanagerOptions) (a *Alertmanager, base string, stop func()) {
	t.Helper()
	if o.StoragePath == "" {
		o.StoragePath = t.TempDir()
	}
	if o.ListenAddresses == nil {
		o.ListenAddresses = []string{"127.0.0.1:0"}
	}
	a, err := NewAlertmanager(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	t.Cleanup(stop)
	base = "http://" + a.Addrs()[0].String() + a.prefix + "/"
	eventually(t, "the server to be ready", func() error {
		_, err := fetch(base + "-/ready")
		return err
	})
	return a, base, stop
}

// quietYML is an alertmanager.yml that tells nobody.
const quietYML = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

func quietFile(t *testing.T) string {
	return filepath.Join(write(t, map[string]string{"alertmanager.yml": quietYML}), "alertmanager.yml")
}

func TestAlertmanagerNotifies(t *testing.T) {
	hook, received := webhook(t)
	dir := write(t, map[string]string{"alertmanager.yml": alertmanagerYML(hook)})
	_, base, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: filepath.Join(dir, "alertmanager.yml")})
	resp, err := http.Post(base+"api/v2/alerts", "application/json", strings.NewReader(`[{"labels":{"alertname":"A"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := receive(t, received, "firing"); n.Alerts[0].Labels["alertname"] != "A" {
		t.Errorf("got %v firing, want A", n.Alerts[0].Labels)
	}
}

// answer is what a server says to a request, redirects included.
func answer(t *testing.T, method, url string) (code int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestAlertmanagerPaths(t *testing.T) {
	_, plain, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: quietFile(t)})
	_, prefixed, _ := runAlertmanager(t, AlertmanagerOptions{
		ConfigFile:  quietFile(t),
		ExternalURL: &url.URL{Scheme: "https", Host: "shop.example", Path: "/am"},
	})
	for _, base := range []string{plain, prefixed} {
		for _, test := range []struct {
			method, path string
			code         int
			body         string // a part of it, or all if it ends with $
		}{
			{"GET", "-/healthy", 200, "OK$"},
			{"HEAD", "-/healthy", 200, "$"},
			{"GET", "-/ready", 200, "OK$"},
			{"HEAD", "-/ready", 200, "$"},
			{"POST", "-/ready", 405, ""},
			{"POST", "-/reload", 200, "$"},
			{"GET", "-/reload", 405, ""},
			{"GET", "metrics", 200, "alertmanager_build_info"},
			{"GET", "api/v2/status", 200, `"versionInfo"`},
			{"GET", "api/v2/alerts", 200, "[]"},
			{"GET", "debug/pprof/", 200, "goroutine"},
			{"GET", "debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
			{"GET", "debug/pprof/cmdline", 200, ""},
			{"POST", "debug/pprof/symbol", 200, "num_symbols"},
			{"GET", "no-such-path", 404, ""},
		} {
			code, _, body := answer(t, test.method, base+test.path)
			whole, isWhole := strings.CutSuffix(test.body, "$")
			if code != test.code || isWhole && body != whole || !isWhole && !strings.Contains(body, test.body) {
				t.Errorf("%s %s: got %d %.200q, want %d %q", test.method, base+test.path, code, body, test.code, test.body)
			}
		}
	}
	code, header, _ := answer(t, "GET", strings.TrimSuffix(prefixed, "am/"))
	if code != 302 || header.Get("Location") != "/am" {
		t.Errorf("GET /: got %d to %q, want 302 to /am", code, header.Get("Location"))
	}
}

// A page of another origin cannot have the configuration loaded anew.
func TestAlertmanagerReloadIsNotForOtherOrigins(t *testing.T) {
	_, base, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: quietFile(t)})
	req, err := http.NewRequest("POST", base+"-/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s, want 403", resp.Status)
	}
}

func TestAlertmanagerListensWhereverItIsTold(t *testing.T) {
	dir := write(t, map[string]string{"alertmanager.yml": quietYML, "web.yml": "http_server_config: {http2: false}\n"})
	a, _, _ := runAlertmanager(t, AlertmanagerOptions{
		ConfigFile:      filepath.Join(dir, "alertmanager.yml"),
		ListenAddresses: []string{"127.0.0.1:0", "127.0.0.1:0"},
		WebConfigFile:   filepath.Join(dir, "web.yml"),
	})
	if len(a.Addrs()) != 2 {
		t.Fatalf("got addresses %v, want two", a.Addrs())
	}
	for _, addr := range a.Addrs() {
		if _, err := fetch("http://" + addr.String() + "/-/ready"); err != nil {
			t.Error(err)
		}
	}
}

func TestNewAlertmanagerRefusesWhatCannotWork(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(taken.Close)
	dir := write(t, map[string]string{"bad.yml": "route:\n  receiver: none\n", "good.yml": quietYML, "file": "", "web.yml": "nonsense: true\n"})
	in := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		name string
		o    AlertmanagerOptions
		want string
	}{
		{"no file", AlertmanagerOptions{}, "no configuration file: give one with --config.file"},
		{"missing file", AlertmanagerOptions{ConfigFile: in("none.yml")}, "error loading configuration file: " + in("none.yml") + ": no such file"},
		{"bad file", AlertmanagerOptions{ConfigFile: in("bad.yml")}, "bad.yml:2"},
		{"taken port", AlertmanagerOptions{ConfigFile: in("none.yml"), ListenAddresses: []string{"127.0.0.1:0", taken.Listener.Addr().String()}}, "address already in use"},
		{"no vsock port", AlertmanagerOptions{ConfigFile: in("good.yml"), ListenAddresses: []string{"vsock://:none"}}, "cannot listen on vsock://:none"},
		{"no address", AlertmanagerOptions{ConfigFile: in("good.yml"), ListenAddresses: []string{}}, "give one with --web.listen-address"},
		{"systemd without sockets", AlertmanagerOptions{ConfigFile: in("good.yml"), SystemdSocket: true}, "systemd handed over no socket"},
		{"bad web config", AlertmanagerOptions{ConfigFile: in("good.yml"), WebConfigFile: in("web.yml")}, "web.yml: "},
		{"bad prefix", AlertmanagerOptions{ConfigFile: in("good.yml"), RoutePrefix: "/a b"}, "only letters"},
		{"no folder", AlertmanagerOptions{ConfigFile: in("good.yml"), StoragePath: in("file")}, "unable to create data directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.o.ListenAddresses == nil {
				test.o.ListenAddresses = []string{"127.0.0.1:0"}
			}
			if test.o.StoragePath == "" {
				test.o.StoragePath = t.TempDir()
			}
			_, err := NewAlertmanager(test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// What is taken before something turns out to be wrong is given back.
func TestNewAlertmanagerGivesPortsBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, addresses := range [][]string{{address}, {address, "nowhere"}} {
		if _, err := NewAlertmanager(AlertmanagerOptions{ConfigFile: "none.yml", ListenAddresses: addresses}); err == nil {
			t.Fatal("got no error")
		}
	}
	l, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the port was not given back: %v", err)
	}
	l.Close()
}

// log is what a server logs, which tests may read meanwhile.
type log struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// swapFile replaces a file in one step, so that nobody finds it half written.
func swapFile(t *testing.T, path, content string) {
	t.Helper()
	replaceFile(t, path+".new", content)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// A file that changes is loaded, whichever of those that the configuration is made
// of; a bad one is refused once, and the one before runs on.
func TestFilesThatChangeAreLoaded(t *testing.T) {
	dir := write(t, map[string]string{"alertmanager.yml": quietYML, "a.tmpl": ""})
	file := filepath.Join(dir, "alertmanager.yml")
	var log log
	_, base, _ := runAlertmanager(t, AlertmanagerOptions{
		ConfigFile:         file,
		AutoReloadInterval: 20 * time.Millisecond,
		Logger:             promslog.New(&promslog.Config{Writer: &log}),
	})
	const failed = "Loading configuration file failed"
	want := func(metric string) {
		t.Helper()
		eventually(t, metric, func() error {
			page, err := fetch(base + "metrics")
			if err == nil && !strings.Contains(page, "\n"+metric+"\n") {
				err = fmt.Errorf("the page has %q", regexp.MustCompile("(?m)^alertmanager_(receivers|config_last_reload_successful) .*").FindAllString(page, -1))
			}
			return err
		})
	}
	want("alertmanager_config_last_reload_successful 1")

	two := "templates: [a.tmpl]\nroute: {receiver: nobody, routes: [{receiver: two, matchers: [a=b]}]}\nreceivers: [{name: nobody}, {name: two}]\n"
	swapFile(t, file, two)
	want("alertmanager_receivers 2")

	swapFile(t, filepath.Join(dir, "a.tmpl"), "{{ bad")
	want("alertmanager_config_last_reload_successful 0")
	want("alertmanager_receivers 2")
	// The bad one is not tried again; what comes next is.
	swapFile(t, filepath.Join(dir, "a.tmpl"), `{{ define "good" }}{{ end }}`)
	want("alertmanager_config_last_reload_successful 1")
	if got := log.count(failed); got != 1 {
		t.Errorf("a bad file was tried %d times, want once", got)
	}
}

func TestFilesThatChangeAreNotLoadedUnasked(t *testing.T) {
	file := quietFile(t)
	a, _, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: file})
	replaceFile(t, file, strings.ReplaceAll(quietYML, "nobody", "somebody"))
	if got := a.parts.Load().pipeline.Config().Route.Receiver; got != "nobody" {
		t.Errorf("got receiver %q, want the one before", got)
	}
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := a.parts.Load().pipeline.Config().Route.Receiver; got != "somebody" {
		t.Errorf("got receiver %q, want the new one", got)
	}
}

// A reload that is asked for too early is made up for.
func TestReloadBeforeTheStart(t *testing.T) {
	file := quietFile(t)
	a, err := NewAlertmanager(AlertmanagerOptions{ConfigFile: file, StoragePath: t.TempDir(), ListenAddresses: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, file, strings.ReplaceAll(quietYML, "nobody", "somebody"))
	if err := a.Reload(); err != ErrNotReady {
		t.Errorf("got %v, want %v", err, ErrNotReady)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	eventually(t, "the changed file to be in force", func() error {
		receivers, err := fetch("http://" + a.Addrs()[0].String() + "/api/v2/receivers")
		if err == nil && !strings.Contains(receivers, `"somebody"`) {
			err = fmt.Errorf("the receivers are %s", receivers)
		}
		return err
	})
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// Reloads at any time, of any origin, good or bad, before, during and after the
// life of the server, come one after the other, and the last good one is in force.
func TestReloadsOfAllOrigins(t *testing.T) {
	file := quietFile(t)
	a, err := NewAlertmanager(AlertmanagerOptions{
		ConfigFile: file, StoragePath: t.TempDir(), ListenAddresses: []string{"127.0.0.1:0"}, AutoReloadInterval: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(); err != ErrNotReady {
		t.Errorf("before the start: got %v, want %v", err, ErrNotReady)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()

	var busy sync.WaitGroup
	base := "http://" + a.Addrs()[0].String() + "/"
	for range 2 {
		busy.Go(func() {
			for range 20 {
				_ = a.Reload() // may come before the start or find a bad file
			}
		})
		busy.Go(func() {
			for range 20 {
				if resp, err := http.Post(base+"-/reload", "", nil); err == nil {
					resp.Body.Close()
				}
			}
		})
	}
	for i := range 20 {
		replaceFile(t, file, []string{"route: [", quietYML}[i%2])
	}
	busy.Wait()
	eventually(t, "the last file to be in force", a.Reload)

	for range 2 {
		busy.Go(func() {
			for a.Reload() == nil {
			}
		})
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	busy.Wait()
	if err := a.Reload(); err != ErrNotReady {
		t.Errorf("after the end: got %v, want %v", err, ErrNotReady)
	}
	http.DefaultClient.CloseIdleConnections()
}
