package prometheus

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	clientgolang "github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/scrape"
	"github.com/cresset-metrics/cresset/server/internal/storage"
)

// peerPage is what both servers scrape. Its samples never change.
const peerPage = `# HELP a A gauge.
# TYPE a gauge
a{l="x"} 1
a{l="\"y\" é"} 2.5
# HELP c_total A counter.
# TYPE c_total counter
c_total 1e+22
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
odd NaN
inf +Inf
`

// Cresset and Debian's prometheus scrape the same target; their answers have the
// same shape, and the same content where it does not depend on the time.
func TestAgainstPrometheus(t *testing.T) {
	binary, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("peer not installed: prometheus (Debian package prometheus)")
	}
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte(peerPage))
	}))
	defer target.Close()
	config := fmt.Sprintf(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
scrape_configs:
  - job_name: job
    static_configs: [{targets: [%q]}]
  - job_name: gone
    static_configs: [{targets: ["127.0.0.1:1"]}]
    relabel_configs: [{action: drop, source_labels: [job]}]
`, target.Listener.Addr())

	ours, theirs := startOurs(t, config), startPeer(t, binary, config)
	for _, base := range []string{ours, theirs} {
		awaitSamples(t, base)
	}

	// The same to the last character, but for times.
	for _, path := range []string{
		"/query?query=sort(a)",
		"/query?query=c_total",
		"/query?query=odd",
		"/query?query=inf",
		"/query?query=1",
		"/query?query=%22s%22",
		"/query?query=sum(h_bucket)by(job)",
		"/query?query=none",
		"/query_range?query=vector(1)&start=0&end=2&step=1",
		"/series?match[]=a&match[]=c_total",
		"/series?match[]=none",
		"/labels?match[]=a",
		"/label/l/values",
		"/label/__name__/values?match[]={l!=%22%22}",
		"/label/none/values",
		"/metadata?metric=a",
		"/metadata?metric=none",
		"/targets/metadata?metric=a",
		"/format_query?query=sum(a)by(l)/2",
		"/query_exemplars?query=a&start=0&end=1",
		"/alertmanagers",
		"/rules",
		"/alerts",
		"/query?query=a&timeout=x",
		"/query?query=a%2B",
		"/query_range?query=a&start=x",
		"/query_range?query=a&start=2&end=1&step=1",
		"/query_range?query=a&start=1&end=2&step=0",
		"/query_range?query=a&start=0&end=11001&step=1",
		"/series",
		"/series?match[]={l=%22%22}",
		"/series?match[]=a{",
		"/labels?match[]=a{",
	} {
		ourCode, ourBody := fetch(t, ours+path)
		theirCode, theirBody := fetch(t, theirs+path)
		if ourCode != theirCode || !reflect.DeepEqual(timeless(ourBody), timeless(theirBody)) {
			t.Errorf("%s:\nours   %d %v\ntheirs %d %v", path, ourCode, ourBody, theirCode, theirBody)
		}
	}

	// The same kind of error; its text has changed since.
	for _, path := range []string{
		"/query",
		"/query?query=a&time=noon",
		"/label/l/values?start=x",
		"/query?query=a%2Bon()a",
	} {
		ourCode, ourBody := fetch(t, ours+path)
		theirCode, theirBody := fetch(t, theirs+path)
		if got, want := ourBody.(map[string]any)["errorType"], theirBody.(map[string]any)["errorType"]; ourCode != theirCode || got != want {
			t.Errorf("%s: got %d %v, want %d %v", path, ourCode, got, theirCode, want)
		}
	}

	// The same keys and types; what the newer one has in addition is named.
	for path, added := range map[string][]string{
		"/query?query=a[1s]":                        nil,
		"/query?query=a&stats=true":                 {"data.stats.samples.samplesRead"},
		"/query_range?query=a&start=0&end=0&step=1": nil,
		"/targets":            {"data.droppedTargetCounts", "data.activeTargets.discoveredLabels", "data.droppedTargets.scrapePool", "data.droppedTargets.discoveredLabels"},
		"/metadata":           nil,
		"/status/config":      nil,
		"/status/flags":       {"data"},
		"/status/buildinfo":   nil,
		"/status/runtimeinfo": {"data.CWD", "data.GOMEMLIMIT", "data.serverTime", "data.hostname"},
	} {
		_, ourBody := fetch(t, ours+path)
		_, theirBody := fetch(t, theirs+path)
		got, want := shape("", ourBody), shape("", theirBody)
		for _, key := range added {
			for _, m := range []map[string]string{got, want} {
				for have := range m {
					if have == key || strings.HasPrefix(have, key+".") {
						delete(m, have)
					}
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\nours   %v\ntheirs %v", path, got, want)
		}
	}
}

func startOurs(t *testing.T, config string) string {
	t.Helper()
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	engine := query.New(query.Options{Queryable: db})
	s, err := scrape.New(scrape.Options{Appendable: db, Registerer: clientgolang.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := promconfig.Load(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	New(Options{
		Engine: engine, Storage: db, Targets: s,
		Rules:         func() []rule.GroupStatus { return nil },
		Config:        cfg.String,
		Flags:         map[string]string{},
		Runtime:       func() RuntimeInfo { return RuntimeInfo{} },
		ListenAddress: server.Listener.Addr().String(),
		ExternalURL:   &url.URL{Scheme: "http", Host: "localhost"},
	}).Register(mux, "")
	t.Cleanup(func() {
		server.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL + "/api/v1"
}

func startPeer(t *testing.T, binary, config string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // its exit code is not what is tested
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			if b, err := os.ReadFile(log.Name()); err == nil {
				t.Logf("log of prometheus:\n%s", b)
			}
		}
	})
	return "http://" + address + "/api/v1"
}

// awaitSamples waits until the target was scraped often enough for a range.
func awaitSamples(t *testing.T, base string) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		res, err := client.Get(base + "/query?query=" + url.QueryEscape(`count_over_time(up{job="job"}[1m]) > 5`))
		if err == nil {
			var body struct {
				Data struct{ Result []any }
			}
			err = json.NewDecoder(res.Body).Decode(&body)
			if closeErr := res.Body.Close(); err == nil && closeErr == nil && len(body.Data.Result) > 0 {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s has no samples, last error %v", base, err)
		}
	}
}

func fetch(t *testing.T, url string) (int, any) {
	t.Helper()
	code, _, b := get(t, url)
	if len(b) == 0 {
		return code, nil
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v in %s", url, err, b)
	}
	return code, v
}

// timeless is v with a zero for each number that is the time of a sample now.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = timeless(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = timeless(e)
		}
		return out
	case float64:
		if v > 1e9 {
			return 0.0
		}
	}
	return v
}

// shape is the type at each path of keys below v. Elements of a list share a path.
func shape(path string, v any) map[string]string {
	out := map[string]string{}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			for p, typ := range shape(strings.TrimPrefix(path+"."+k, "."), e) {
				out[p] = typ
			}
		}
	case []any:
		for _, e := range v {
			for p, typ := range shape(path, e) {
				out[p] = typ
			}
		}
	default:
		out[path] = fmt.Sprintf("%T", v)
	}
	return out
}
