package web

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"

	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/storage"
)

// TestRealEngine asks the real engine over a real database.
func TestRealEngine(t *testing.T) {
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	app := db.Appender(t.Context())
	for i, v := range []float64{1, 2, 4} {
		at := timestamp.FromTime(ago(time.Duration(2-i) * time.Minute))
		if _, err := app.Append(0, labels.FromStrings("__name__", "queue_length", "shard", "a"), at, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	engine := query.New(query.Options{Queryable: db})
	defer engine.Close()
	w := &world{}
	w.Engine = engine
	h := w.serve("")

	for _, tc := range []struct {
		query string
		code  int
		want  []string
	}{
		{"g0.expr=queue_length", 200, []string{`queue_length{shard="a"}`, `<td class="number">4</td>`, "1 series"}},
		{"g0.expr=queue_length&g0.moment_input=2026-03-01+03:11:00", 200, []string{`<td class="number">2</td>`, "2026-03-01 03:11:00Z", "1m ago"}},
		{"g0.expr=queue_length&g0.moment_input=2026-03-01T03:11:00Z", 200, []string{`<td class="number">2</td>`}},
		{"g0.expr=queue_length&g0.end_input=1772334600.5", 200, []string{`<td class="number">1</td>`, "03:10:00Z"}},
		{"g0.expr=queue_length%5B90s%5D", 200, []string{`<td class="number">2</td><td>2026-03-01 03:11:00.000Z</td>`, "1 series with their samples"}},
		{"g0.expr=1%2B1", 200, []string{"a scalar", `<td class="number">2</td>`}},
		{"g0.expr=%22text%22", 200, []string{"a string", "text"}},
		{"g0.expr=none", 200, []string{"The result is empty"}},
		{"g0.expr=+", 200, []string{"<button>Evaluate</button>"}},
		{"g0.expr=sum(", 400, []string{"parse error: unclosed left parenthesis", ">\nsum(</textarea>"}},
		{"g0.expr=up&g0.moment_input=yesterday", 400, []string{`"yesterday" is not a time`}},
		{"g0.expr=vector(1)+%2B+on(x)+(queue_length+or+vector(1))", 422, []string{"found duplicate series"}},
	} {
		res := get(t, h, "/graph?g0.tab=1&"+tc.query)
		body := html.UnescapeString(res.Body.String())
		if res.Code != tc.code {
			t.Errorf("%s: status %d, want %d", tc.query, res.Code, tc.code)
		}
		for _, want := range tc.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: has no %q:\n%s", tc.query, want, body)
			}
		}
	}
}

func TestHistograms(t *testing.T) {
	h := &histogram.FloatHistogram{Count: 3, Sum: 7.5, ZeroCount: 3, ZeroThreshold: 0.001}
	w := &world{}
	w.Engine = engineFunc(func(_ context.Context, expr string, _ time.Time) *promql.Result {
		if expr == "h" {
			return &promql.Result{Value: promql.Vector{{H: h}}}
		}
		return &promql.Result{Value: promql.Matrix{{Metric: labels.FromStrings("__name__", "h"), Histograms: []promql.HPoint{{T: 1000, H: h}}}}}
	})
	pages := w.serve("")
	for _, expr := range []string{"h", "h[1m]"} {
		if body := get(t, pages, "/graph?g0.expr="+expr).Body.String(); !strings.Contains(body, "count:3, sum:7.5") {
			t.Errorf("%s: the histogram is not shown:\n%s", expr, body)
		}
	}
}

// TestTimeout: a query that does not end is ended, also when the reader goes.
func TestTimeout(t *testing.T) {
	w := &world{}
	w.QueryTimeout = time.Millisecond
	w.Engine = engineFunc(func(ctx context.Context, _ string, _ time.Time) *promql.Result {
		<-ctx.Done()
		return &promql.Result{Err: promql.ErrQueryTimeout("query execution")}
	})
	res := get(t, w.serve(""), "/graph?g0.expr=slow")
	if want := "query timed out in query execution"; res.Code != 503 || !strings.Contains(res.Body.String(), want) {
		t.Errorf("status %d, want 503, and %q in:\n%s", res.Code, want, res.Body)
	}

	w.QueryTimeout = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := httptest.NewRecorder()
	w.serve("").ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/graph?g0.expr=slow", nil))
	if rec.Code != 503 {
		t.Errorf("status %d, want 503", rec.Code)
	}
}
