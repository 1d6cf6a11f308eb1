package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/cresset-metrics/cresset/server/internal/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write what comes out into the files of testdata")

// now is the present of the tests: 1767322800 in seconds.
var now = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// fill writes the samples that the tests know: one per minute in the ten minutes
// before now.
func fill(t *testing.T, db *storage.DB) {
	t.Helper()
	if err := db.Apply(&promconfig.Config{StorageConfig: promconfig.StorageConfig{ExemplarsConfig: &promconfig.ExemplarsConfig{MaxExemplars: 10}}}); err != nil {
		t.Fatal(err)
	}
	app := db.AppenderV2(t.Context())
	put := func(at time.Time, v float64, h *histogram.Histogram, o promstorage.AOptions, ls ...string) {
		if _, err := app.Append(0, labels.FromStrings(ls...), 0, at.UnixMilli(), v, h, nil, o); err != nil {
			t.Fatal(err)
		}
	}
	for i := -10; i <= 0; i++ {
		at := now.Add(time.Duration(i) * time.Minute)
		put(at, float64(10+i), nil, promstorage.AOptions{}, "__name__", "c", "job", "a", "instance", "one")
		put(at, float64(20+2*i), nil, promstorage.AOptions{}, "__name__", "c", "job", "b", "instance", "two")
	}
	put(now, 1e-7, nil, promstorage.AOptions{}, "__name__", "odd", "value", "tiny")
	put(now, 1e21, nil, promstorage.AOptions{}, "__name__", "odd", "value", "huge")
	put(now, math.Inf(-1), nil, promstorage.AOptions{}, "__name__", "odd", "value", "-Inf")
	put(now, math.NaN(), nil, promstorage.AOptions{}, "__name__", "odd", "value", "NaN")
	put(now, 0.1, nil, promstorage.AOptions{}, "__name__", "odd", "value", "\"quoted\" <b> \\ \n é \u2028", "dotted.name", "x")
	put(now, 0, &histogram.Histogram{
		Schema: 0, Count: 6, Sum: 7.5, ZeroThreshold: 0.001, ZeroCount: 1,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{1, 1},
		NegativeSpans: []histogram.Span{{Offset: 0, Length: 1}}, NegativeBuckets: []int64{2},
	}, promstorage.AOptions{}, "__name__", "h")
	put(now, 1, nil, promstorage.AOptions{Exemplars: []exemplar.Exemplar{
		{Labels: labels.FromStrings("trace_id", "abc"), Value: 1.5, Ts: now.UnixMilli() + 20, HasTs: true},
	}}, "__name__", "e")
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// targets are made up, with the real type.
type targets struct{ active, dropped map[string][]*scrape.Target }

func (f targets) TargetsActive() map[string][]*scrape.Target  { return f.active }
func (f targets) TargetsDropped() map[string][]*scrape.Target { return f.dropped }
func (f targets) TargetsDroppedCounts() map[string]int        { return map[string]int{"a": 1, "b": 0} }
func (f targets) ScrapePools() []string                       { return []string{"b", "a"} }

type metadataStore []scrape.MetricMetadata

func (m metadataStore) ListMetadata() []scrape.MetricMetadata { return m }
func (m metadataStore) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	for _, md := range m {
		if md.MetricFamily == name {
			return md, true
		}
	}
	return scrape.MetricMetadata{}, false
}
func (m metadataStore) SizeMetadata() int   { return 0 }
func (m metadataStore) LengthMetadata() int { return len(m) }

func newTarget(job, address string, err error, md ...scrape.MetricMetadata) *scrape.Target {
	t := scrape.NewTarget(
		labels.FromStrings("job", job, "instance", address, "__address__", address, "__scheme__", "http", "__metrics_path__", "/metrics",
			"__scrape_interval__", "15s", "__scrape_timeout__", "10s"),
		&promconfig.ScrapeConfig{JobName: job, Scheme: "http", MetricsPath: "/metrics", ScrapeInterval: model.Duration(15 * time.Second), ScrapeTimeout: model.Duration(10 * time.Second)},
		model.LabelSet{"__address__": model.LabelValue(address)}, nil)
	t.Report(now, 25*time.Millisecond, err)
	t.SetMetadataStore(metadataStore(md))
	return t
}

func makeTargets() targets {
	counter := scrape.MetricMetadata{MetricFamily: "c", Type: model.MetricTypeCounter, Help: "Counts."}
	other := scrape.MetricMetadata{MetricFamily: "c", Type: model.MetricTypeGauge, Help: "Says otherwise."}
	gauge := scrape.MetricMetadata{MetricFamily: "g", Type: model.MetricTypeGauge, Help: "Goes up and down.", Unit: "bytes"}
	return targets{
		active: map[string][]*scrape.Target{
			"a": {
				newTarget("a", "localhost:9091", errors.New("connection refused")),
				newTarget("a", "127.0.0.1:9090", nil, counter, gauge),
			},
			"b": {newTarget("b", "example.org", nil, other)},
		},
		dropped: map[string][]*scrape.Target{"a": {newTarget("a", "dropped:1", nil)}},
	}
}

func makeGroups() []rule.GroupStatus {
	return []rule.GroupStatus{
		{
			Name: "empty", File: "a.yml", Interval: time.Minute,
		}, {
			Name: "first", File: "a.yml", Interval: 15 * time.Second, Limit: 5,
			EvaluationTime: 1500 * time.Microsecond, LastEvaluation: now,
			Rules: []rule.Status{{
				Kind: definition.KindAlerting, Name: "Down", Query: "up == 0", Labels: labels.FromStrings("severity", "page"),
				Annotations: labels.FromStrings("summary", "it is down"), For: time.Minute, KeepFiringFor: 30 * time.Second,
				State: rule.StateFiring, Health: rule.HealthGood, EvaluationTime: time.Millisecond, LastEvaluation: now,
				Alerts: []rule.ActiveAlert{{
					Labels: labels.FromStrings("alertname", "Down", "severity", "page"), Annotations: labels.FromStrings("summary", "it is down"),
					State: rule.StateFiring, ActiveAt: now.Add(-time.Hour), KeepFiringSince: now, Value: 0.5,
				}, {
					Labels: labels.FromStrings("alertname", "Down"), State: rule.StatePending, ActiveAt: now, Value: math.Inf(1),
				}},
			}, {
				Kind: definition.KindRecording, Name: "job:c:sum", Query: "sum by (job) (c)", Labels: labels.FromStrings("team", "x"),
				Health: rule.HealthBad, LastError: "query timed out", EvaluationTime: time.Second, LastEvaluation: now,
			}},
		}, {
			Name: "second", File: "b.yml", Interval: time.Minute,
			Rules: []rule.Status{{
				Kind: definition.KindAlerting, Name: "Quiet", Query: "vector(0) > 1", State: rule.StateUnknown, Health: rule.HealthUnknown,
			}},
		},
	}
}

// newServer serves the API over the known samples.
func newServer(t *testing.T, change func(*Options)) *httptest.Server {
	t.Helper()
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, db)
	engine := query.New(query.Options{Queryable: db})
	o := Options{
		Engine:  engine,
		Storage: db,
		Targets: makeTargets(),
		Rules:   makeGroups,
		Alertmanagers: func() []*url.URL {
			return []*url.URL{{Scheme: "http", Host: "localhost:9093", Path: "/api/v2/alerts"}}
		},
		Config:        func() string { return "global:\n  scrape_interval: 15s\n" },
		Flags:         map[string]string{"web.listen-address": "127.0.0.1:9090"},
		Build:         BuildInfo{Version: "1.2.3", Revision: "abc", GoVersion: "go1.26"},
		Runtime:       func() RuntimeInfo { return RuntimeInfo{StartTime: now, ReloadSuccess: true, StorageRetention: "15d"} },
		ListenAddress: "127.0.0.1:9090",
		ExternalURL:   &url.URL{Scheme: "https", Host: "metrics.example.org"},
		Now:           func() time.Time { return now },
	}
	if change != nil {
		change(&o)
	}
	mux := http.NewServeMux()
	New(o).Register(mux, "/prefix")
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestGolden sends the requests in testdata/*.txt and compares the answers. A
// request is a line "> METHOD path form"; the answer follows it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata, err %v", err)
	}
	server := newServer(t, nil)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for line := range strings.Lines(string(content)) {
				if request, ok := strings.CutPrefix(line, "> "); ok {
					out.WriteString(line + answerTo(t, server.URL+"/prefix/api/v1", strings.Fields(request)) + "\n")
				} else if strings.HasPrefix(line, "#") {
					out.WriteString(line)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got := out.String(); got != string(content) {
				t.Errorf("%s differs:\n%s", file, firstDifference(got, string(content)))
			}
		})
	}
}

func answerTo(t *testing.T, base string, request []string) string {
	t.Helper()
	var body io.Reader
	if len(request) > 2 {
		body = strings.NewReader(request[2])
	}
	req, err := http.NewRequestWithContext(t.Context(), request[0], base+request[1], body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	code, header, b := do(t, req)
	if header.Get("Content-Type") != "application/json" {
		return fmt.Sprintf("%d %s\n%s\n", code, header.Get("Content-Type"), b)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, b, "", " "); err != nil {
		t.Fatalf("%v: %v in %s", request, err, b)
	}
	return fmt.Sprintf("%d\n%s\n", code, pretty.String())
}

func do(t *testing.T, req *http.Request) (int, http.Header, []byte) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, b
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			from := max(0, i-6)
			return fmt.Sprintf("line %d\ngot:\n%s\nwant:\n%s", i+1,
				strings.Join(g[from:min(len(g), i+6)], "\n"), strings.Join(w[from:min(len(w), i+6)], "\n"))
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

func get(t *testing.T, url string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func TestStats(t *testing.T) {
	server := newServer(t, nil)
	for _, kind := range []string{"true", "all"} {
		_, _, b := get(t, server.URL+"/prefix/api/v1/query?query=c&stats="+kind)
		var res struct {
			Data struct {
				Stats struct {
					Timings map[string]float64 `json:"timings"`
					Samples struct {
						Total int `json:"totalQueryableSamples"`
						Peak  int `json:"peakSamples"`
					} `json:"samples"`
				} `json:"stats"`
			} `json:"data"`
			Warnings []string `json:"warnings"`
		}
		if err := json.Unmarshal(b, &res); err != nil {
			t.Fatal(err)
		}
		if res.Data.Stats.Samples.Total != 2 || res.Data.Stats.Timings["execTotalTime"] <= 0 || len(res.Warnings) > 0 {
			t.Errorf("stats=%s: got %s, want two samples and a time", kind, b)
		}
	}
	if _, _, b := get(t, server.URL+"/prefix/api/v1/query?query=c&stats=yes"); !strings.Contains(string(b), `value \"yes\" for parameter \"stats\" is deprecated`) {
		t.Errorf("got %s, want a warning about stats", b)
	}
}

func TestRuntimeInfo(t *testing.T) {
	server := newServer(t, nil)
	code, _, b := get(t, server.URL+"/prefix/api/v1/status/runtimeinfo")
	var res struct{ Data map[string]any }
	if err := json.Unmarshal(b, &res); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"startTime", "CWD", "hostname", "serverTime", "reloadConfigSuccess", "lastConfigTime", "corruptionCount", "goroutineCount", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "storageRetention"} {
		if _, ok := res.Data[key]; !ok {
			t.Errorf("no %s in %s", key, b)
		}
	}
	if code != http.StatusOK || res.Data["serverTime"] != "2026-01-02T03:00:00Z" || res.Data["goroutineCount"].(float64) < 1 {
		t.Errorf("got %d %s", code, b)
	}
}

func TestOtherOrigins(t *testing.T) {
	tests := []struct {
		name    string
		allowed *regexp.Regexp
		want    string
	}{
		{"none is allowed", nil, ""},
		{"all are allowed", regexp.MustCompile(`^(?:.*)$`), "http://page.example.org"},
		{"this one is", regexp.MustCompile(`^https?://page\.example\.org$`), "http://page.example.org"},
		{"another one is", regexp.MustCompile(`^https?://other\.example\.org$`), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newServer(t, func(o *Options) { o.CORSOrigin = test.allowed })
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/prefix/api/v1/query?query=1", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Origin", "http://page.example.org")
				_, header, _ := do(t, req)
				if got := header.Get("Access-Control-Allow-Origin"); got != test.want {
					t.Errorf("%s: allows origin %q, want %q", method, got, test.want)
				}
				if !strings.Contains(strings.Join(header.Values("Vary"), ","), "Origin") {
					t.Errorf("%s: Vary is %q, want Origin in it", method, header.Values("Vary"))
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	server := newServer(t, nil)
	tests := []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/query?query=1", http.StatusOK},
		{http.MethodHead, "/query?query=1", http.StatusOK},
		{http.MethodPut, "/query?query=1", http.StatusMethodNotAllowed},
		{http.MethodPost, "/rules", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/series", http.StatusMethodNotAllowed},
		{http.MethodOptions, "/rules", http.StatusNoContent},
		{http.MethodPost, "/admin/tsdb/delete_series", http.StatusNotFound},
		{http.MethodGet, "/nothing", http.StatusNotFound},
	}
	for _, test := range tests {
		req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+"/prefix/api/v1"+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if code, _, b := do(t, req); code != test.want {
			t.Errorf("%s %s: got %d %s, want %d", test.method, test.path, code, b, test.want)
		}
	}
}

func TestLargeBody(t *testing.T) {
	server := newServer(t, nil)
	body := "query=" + strings.Repeat("1%2B", maxBody/4+1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/prefix/api/v1/query", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if code, _, b := do(t, req); code != http.StatusBadRequest {
		t.Errorf("got %d %.200s, want 400", code, b)
	}
}

func TestTimeout(t *testing.T) {
	server := newServer(t, nil)
	code, _, b := get(t, server.URL+"/prefix/api/v1/query_range?query=sum_over_time(c[5m])&start=0&end=10000&step=1&timeout=0.000000001")
	if code != http.StatusServiceUnavailable || !strings.Contains(string(b), `"errorType":"timeout"`) {
		t.Errorf("got %d %s, want 503 and the type timeout", code, b)
	}
}

// A client that leaves ends its query.
func TestClientLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	engine := query.New(query.Options{Queryable: db})
	defer engine.Close()
	mux := http.NewServeMux()
	New(Options{Engine: engine, Storage: db}).Register(mux, "")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/query_range?query=1&start=1&end=2&step=1", nil))
	if w.Code != statusClientClosed {
		t.Errorf("got %d %s, want 499", w.Code, w.Body)
	}
}
