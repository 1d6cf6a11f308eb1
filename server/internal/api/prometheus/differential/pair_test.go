package differential_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	grafanaregexp "github.com/grafana/regexp"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	v1 "github.com/prometheus/prometheus/web/api/v1"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/prometheus"
	promapi "github.com/cresset-metrics/cresset/server/internal/api/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const externalURL = "http://cresset.example/sub"

// pair is Prometheus' manager and our engine, with the APIs over them, in one
// bubble of virtual time.
type pair struct {
	t            *testing.T
	ours, theirs side

	engine  *rule.Engine
	manager *rules.Manager
}

// side is what is asked of either.
type side struct {
	api      http.Handler
	gatherer clientprometheus.Gatherer
}

// inBubble runs test with a pair that runs from the beginning of the virtual time
// on and has no rules yet. series are what both sides read, in the notation of
// rule tests, one sample each ten seconds.
func inBubble(t *testing.T, series string, test func(t *testing.T, p *pair)) {
	t.Chdir(t.TempDir()) // the names of rule files decide when groups are evaluated, so they are always the same
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := &pair{t: t} // its T is the bubble's
		db := p.openDB("ours", series)
		peerDB := p.openDB("theirs", series)

		queries := query.New(query.Options{Queryable: db})
		defer queries.Close()
		registry := prometheus.NewRegistry()
		p.engine = rule.New(rule.Options{
			Query: func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
				takeTime(expr)
				return queries.RuleQuery(ctx, expr, at)
			},
			Appendable:  db,
			Queryable:   db,
			ExternalURL: mustURL(externalURL),
			Registerer:  registry,
		})
		mux := http.NewServeMux()
		promapi.New(promapi.Options{
			Engine: queries, Storage: db, Rules: p.engine.Groups, CORSOrigin: regexp.MustCompile("^(?:.*)$"),
		}).Register(mux, "")
		p.ours = side{mux, registry}

		peerQueries := promql.NewEngine(promql.EngineOpts{
			MaxSamples: query.DefaultMaxSamples, Timeout: query.DefaultTimeout, LookbackDelta: query.DefaultLookback,
			EnableAtModifier: true, EnableNegativeOffset: true,
		})
		defer peerQueries.Close()
		peerQuery := rules.EngineQueryFunc(peerQueries, peerDB)
		peerRegistry := clientprometheus.NewRegistry()
		p.manager = rules.NewManager(&rules.ManagerOptions{
			Context:     ctx,
			ExternalURL: mustURL(externalURL),
			QueryFunc: func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
				takeTime(expr)
				return peerQuery(ctx, expr, at)
			},
			NotifyFunc:      func(context.Context, string, ...*rules.Alert) {},
			Appendable:      peerDB,
			Queryable:       peerDB,
			Logger:          slog.New(slog.DiscardHandler),
			Registerer:      peerRegistry,
			OutageTolerance: time.Hour,
			ForGracePeriod:  10 * time.Minute,
			ResendDelay:     time.Minute,
		})
		p.theirs = side{newPeerAPI(peerDB, peerQueries, p.manager), peerRegistry}

		done := make(chan error)
		go func() { done <- p.engine.Run(ctx) }()
		go p.manager.Run()
		defer func() {
			p.manager.Stop()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}()
		test(t, p)
	})
}

// takeTime lets virtual time pass, more for a longer expression, so that times of
// evaluation tell something.
func takeTime(expr string) { time.Sleep(time.Duration(len(expr)) * time.Millisecond) }

// openDB opens a database that has the series.
func (p *pair) openDB(name, series string) *tsdb.DB {
	p.t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration = (30 * 24 * time.Hour).Milliseconds() // all stays in the head
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(name, slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			p.t.Error(err)
		}
	})
	app := db.Appender(context.Background())
	start := time.Now()
	for _, line := range regexp.MustCompile(`\n\s*`).Split(series, -1) {
		if line == "" {
			continue
		}
		l, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(line)
		if err != nil {
			p.t.Fatal(err)
		}
		for i, v := range values {
			t := start.Add(time.Duration(i) * 10 * time.Second).UnixMilli()
			switch {
			case v.Omitted:
			case v.Histogram != nil:
				_, err = app.AppendHistogram(0, l, t, nil, v.Histogram)
			default:
				_, err = app.Append(0, l, t, v.Value)
			}
			if err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		p.t.Fatal(err)
	}
	return db
}

// load gives both sides these rule files, by name, and no others.
func (p *pair) load(files map[string]string) {
	p.t.Helper()
	var paths []string
	c := rule.Config{Interval: time.Minute}
	for name, content := range files {
		path := filepath.Join("rules", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			p.t.Fatal(err)
		}
		paths = append(paths, path)
		f, _, err := definition.Load(path, definition.Options{})
		if err != nil {
			p.t.Fatal(err)
		}
		c.Files = append(c.Files, f)
	}
	ended := make(chan error)
	go func() { ended <- p.manager.Update(c.Interval, paths, labels.EmptyLabels(), externalURL, nil) }()
	if err := p.engine.Apply(c); err != nil {
		p.t.Fatal(err)
	}
	if err := <-ended; err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
}

// get asks one side. The path begins behind /api/v1.
func (s side) get(path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/api/v1"+path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w
}

// newPeerAPI is Prometheus' API over its manager; what does not concern rules is
// left out.
func newPeerAPI(db *tsdb.DB, engine promql.QueryEngine, m *rules.Manager) http.Handler {
	var registry = clientprometheus.NewRegistry()
	api := v1.NewAPI(
		engine, storage.SampleAndChunkQueryable(db), db, db, db,
		nil, nil, nil,
		func() promconfig.Config { return promconfig.Config{} },
		nil, v1.GlobalURLOptions{},
		func(h http.HandlerFunc) http.HandlerFunc { return h },
		nil, "", false, false, 0,
		slog.New(slog.DiscardHandler),
		func(context.Context) v1.RulesRetriever { return m },
		0, 0, 0, false,
		grafanaregexp.MustCompile("^(?:.*)$"),
		nil, nil, nil, nil,
		registry, registry, nil,
		false, nil, false, false, false, false, 0, false, false,
		nil, nil, v1.OpenAPIOptions{}, nil,
	)
	router := route.New()
	api.Register(router.WithPrefix("/api/v1"))
	return router
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", s, err))
	}
	return u
}
