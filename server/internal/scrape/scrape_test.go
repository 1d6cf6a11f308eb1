package scrape

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a Scraper that runs, and the storage it fills.
type fixture struct {
	t    *testing.T
	db   *storage.DB
	s    *Scraper
	stop func() // ends Run and waits for it
}

func start(t *testing.T) *fixture {
	t.Helper()
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{
		Appendable:     db,
		Registerer:     prometheus.NewRegistry(),
		ReloadInterval: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fixture{t, db, s, stop}
}

func (f *fixture) apply(config string) {
	f.t.Helper()
	cfg, err := promconfig.Load(config, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.s.Apply(cfg); err != nil {
		f.t.Fatal(err)
	}
}

// samples are all values of the series of a job.
func (f *fixture) samples(name, job string) []float64 {
	f.t.Helper()
	q, err := f.db.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	if err != nil {
		f.t.Fatal(err)
	}
	defer q.Close()
	var out []float64
	set := q.Select(context.Background(), false, nil,
		labels.MustNewMatcher(labels.MatchEqual, "__name__", name),
		labels.MustNewMatcher(labels.MatchEqual, "job", job))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			_, v := it.At()
			out = append(out, v)
		}
	}
	if err := set.Err(); err != nil {
		f.t.Fatal(err)
	}
	return out
}

// waitFor fails the test if the condition does not come true.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// serve starts a target and returns its address.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func job(name, address, more string) string {
	return fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%q]}]%s}\n", name, address, more)
}

func page(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

const textFormat = "text/plain; version=0.0.4"

// Every way in which a target can be bad makes up 0, while its neighbour is
// scraped on.
func TestBadTargets(t *testing.T) {
	refused := func() string { // an address where nobody listens
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	bad := map[string]string{
		"hangs": serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		"hangs-in-body": serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", textFormat)
			_, _ = io.WriteString(w, "a 1\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}),
		"lies-protobuf":    serve(t, page("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "a 1\n")),
		"lies-openmetrics": serve(t, page("application/openmetrics-text; version=1.0.0", "a 1\n")), // without # EOF
		"html":             serve(t, page("text/html", "<html></html>")),
		"garbage":          serve(t, page(textFormat, "\x89PNG\r\n\x1a\n{{{ not a metric\n")),
		"garbage-at-end":   serve(t, page(textFormat, "a 1\nb{c=\n")),
		"not-gzip": serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			page(textFormat, "a 1\n")(w, nil)
		}),
		"error": serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }),
		"breaks-off": serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			page(textFormat, "a 1\n")(w, nil)
		}),
		"refused":   refused(),
		"too-large": serve(t, page(textFormat, strings.Repeat("a 1\n", 1000))),
	}
	f := start(t)
	config := "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n"
	config += job("good", serve(t, page(textFormat, "a 1\n")), "")
	for name, address := range bad {
		config += job(name, address, ", body_size_limit: 1KB")
	}
	f.apply(config)

	for name := range bad {
		t.Run(name, func(t *testing.T) {
			waitFor(t, "two scrapes", func() bool { return len(f.samples("up", name)) >= 2 })
			for _, v := range f.samples("up", name) {
				if v != 0 {
					t.Errorf("up is %v, want 0", v)
				}
			}
			if got := f.samples("a", name); len(got) != 0 {
				t.Errorf("stored %v of a scrape that failed", got)
			}
			if target := f.s.TargetsActive()[name][0]; target.LastError() == nil {
				t.Error("the target has no error to show")
			}
		})
	}
	waitFor(t, "the good target is up", func() bool { return len(f.samples("up", "good")) >= 2 })
	for _, v := range f.samples("up", "good") {
		if v != 1 {
			t.Errorf("up of the good target is %v, want 1", v)
		}
	}
	if got := f.samples("a", "good"); len(got) < 2 || got[0] != 1 {
		t.Errorf("got %v from the good target, want ones", got)
	}
}

// A target that takes as long as it may does not delay another one of its job.
func TestSlowTargetDelaysNobody(t *testing.T) {
	entered := make(chan struct{}, 100)
	var finished atomic.Int64
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
		finished.Add(1)
	})
	good := serve(t, page(textFormat, "a 1\n"))
	f := start(t)
	f.apply(fmt.Sprintf(`
global: {scrape_interval: 100ms, scrape_timeout: 100ms}
scrape_configs:
  - job_name: both
    static_configs:
      - targets: [%q]
        labels: {__scrape_interval__: 4s, __scrape_timeout__: 4s}
      - targets: [%q]
`, slow, good))
	<-entered
	before := len(f.samples("a", "both"))
	waitFor(t, "scrapes of the good target", func() bool { return len(f.samples("a", "both")) >= before+3 })
	if n := finished.Load(); n != 0 {
		t.Errorf("the good target had to wait until the slow one was given up")
	}
}

// Targets come and go with the configuration, and with the files that it names.
func TestApply(t *testing.T) {
	address := serve(t, page(textFormat, "# HELP a help\n# TYPE a gauge\na 1\n"))
	dir := t.TempDir()
	file := filepath.Join(dir, "targets.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `[{"targets": [%q], "labels": {"from": "file"}}]`, address), 0o600); err != nil {
		t.Fatal(err)
	}
	const global = "global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs:\n"
	f := start(t)
	f.apply(global + job("one", address, "") + job("dropped", address, ", relabel_configs: [{action: drop, source_labels: [job]}]"))
	waitFor(t, "job one is up", func() bool { return len(f.samples("a", "one")) > 0 })
	waitFor(t, "a target is dropped", func() bool { return len(f.s.TargetsDropped()["dropped"]) == 1 })
	if got := f.s.TargetsDroppedCounts()["dropped"]; got != 1 {
		t.Errorf("%d targets dropped, want 1", got)
	}
	if md, ok := f.s.TargetsActive()["one"][0].GetMetadata("a"); !ok || md.Help != "help" {
		t.Errorf("got metadata %v, %v, want the help text", md, ok)
	}

	f.apply(global + fmt.Sprintf("  - {job_name: two, file_sd_configs: [{files: [%q]}]}\n", file))
	waitFor(t, "job two is up", func() bool { return len(f.samples("a", "two")) > 0 })
	pools := f.s.ScrapePools()
	if len(pools) != 1 || pools[0] != "two" {
		t.Errorf("jobs are %v, want only the second configuration's", pools)
	}
	if got := f.s.TargetsActive()["two"][0].GetValue("from"); got != "file" {
		t.Errorf("label from is %q, want the one in the file", got)
	}
}

func TestHTTPDiscovery(t *testing.T) {
	address := serve(t, page(textFormat, "a 1\n"))
	list := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		page("application/json", fmt.Sprintf(`[{"targets": [%q]}]`, address))(w, nil)
	})
	f := start(t)
	f.apply("global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs:\n" +
		fmt.Sprintf("  - {job_name: found, http_sd_configs: [{url: \"http://%s/\"}]}\n", list))
	waitFor(t, "the target that was found is up", func() bool { return len(f.samples("a", "found")) > 0 })
}

// A Scraper that is stopped before it began leaves nothing behind.
func TestRunWithoutConfiguration(t *testing.T) { start(t) }

// Metrics that another one has registered already are an error, and no panic.
func TestRegisterTwice(t *testing.T) {
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reg := prometheus.NewRegistry()
	if _, err := New(Options{Appendable: db, Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Appendable: db, Registerer: reg}); err == nil {
		t.Error("registered the same metrics twice")
	}
}

// More targets hang than scrapes are ended at a time; still, a Scraper that is
// cut off ends at once.
func TestCutOffEndsScrapesThatHang(t *testing.T) {
	var hanging atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hanging.Add(1)
		<-r.Context().Done() // ends with the connection
	}))
	defer target.Close()

	f := start(t)
	const jobs = 6
	config := "scrape_configs:\n"
	for i := range jobs {
		config += fmt.Sprintf("  - {job_name: hang%d, scrape_interval: 4s, scrape_timeout: 4s, static_configs: [{targets: [%q]}]}\n",
			i, strings.TrimPrefix(target.URL, "http://"))
	}
	f.apply(config)
	waitFor(t, "all targets to be scraped", func() bool { return hanging.Load() >= jobs })

	begin := time.Now()
	f.s.CutOff()
	f.stop()
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("stopping took %v, want it not to wait for scrapes", took)
	}
}
