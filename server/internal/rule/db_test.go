package rule

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// t0 is when the tests' virtual time begins.
var t0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// openDB opens a database in a temporary folder.
func openDB(t testing.TB) *tsdb.DB {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration = (30 * 24 * time.Hour).Milliseconds() // all tests stay in the head
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// put stores samples of one time, "name{labels} value" each.
func put(t testing.TB, db *tsdb.DB, at time.Time, samples ...string) {
	t.Helper()
	app := db.AppenderV2(context.Background())
	for _, s := range samples {
		i := strings.LastIndex(s, " ")
		l, err := parser.NewParser(parser.Options{}).ParseMetric(s[:i])
		if err != nil {
			t.Fatal(err)
		}
		v := math.Float64frombits(value.StaleNaN)
		if s[i+1:] != "stale" {
			if _, err := fmt.Sscan(s[i+1:], &v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := app.Append(0, l, 0, timestamp.FromTime(at), v, nil, nil, storage.AppendV2Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// dump returns what is stored under the matchers, one line per series:
// "{labels} offset:value ...", offsets being seconds since t0.
func dump(t testing.TB, db *tsdb.DB, matchers ...*labels.Matcher) []string {
	t.Helper()
	q, err := db.Querier(0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var lines []string
	set := q.Select(context.Background(), true, nil, matchers...)
	for set.Next() {
		line := set.At().Labels().String()
		it := set.At().Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			var ts int64
			var text string
			if kind == chunkenc.ValFloat {
				var v float64
				ts, v = it.At()
				text = fmt.Sprint(v)
				if value.IsStaleNaN(v) {
					text = "stale"
				}
			} else {
				h, fh := it.AtFloatHistogram(nil)
				ts, text = h, fh.String()
				if value.IsStaleNaN(fh.Sum) {
					text = "stale"
				}
			}
			line += fmt.Sprintf(" %g:%s", float64(ts-timestamp.FromTime(t0))/1000, text)
		}
		lines = append(lines, line)
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return lines
}

func named(name string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name)
}

func namedLike(re string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, re)
}

// queryOf returns a query function over a database, with a real engine.
func queryOf(t testing.TB, db storage.Queryable) QueryFunc {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	t.Cleanup(func() { engine.Close() })
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		q, err := engine.NewInstantQuery(ctx, db, nil, expr, at)
		if err != nil {
			return nil, err
		}
		defer q.Close()
		result := q.Exec(ctx)
		if result.Err != nil {
			return nil, result.Err
		}
		if s, ok := result.Value.(promql.Scalar); ok {
			return promql.Vector{{T: s.T, F: s.V}}, nil
		}
		v, ok := result.Value.(promql.Vector)
		if !ok {
			return nil, fmt.Errorf("rule result is not a vector or scalar")
		}
		return v, nil
	}
}

// parse returns a rule file, which must be good.
func parse(t testing.TB, path, content string) *definition.File {
	t.Helper()
	f, _, err := definition.Parse(path, []byte(content), definition.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wantLines(t testing.TB, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", what, g, w)
	}
}
