package query

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// newEngine makes an engine over a counter "c" that is i after i minutes.
func newEngine(t *testing.T, o Options) *Engine {
	t.Helper()
	db, err := storage.Open(storage.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	app := db.Appender(t.Context())
	for i := range 11 {
		if _, err := app.Append(0, labels.FromStrings("__name__", "c", "l", "v"), start.Add(time.Duration(i)*time.Minute).UnixMilli(), float64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	o.Queryable = db
	e := New(o)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestRuleQuery(t *testing.T) {
	e := newEngine(t, Options{})
	tests := []struct {
		expr string
		want string // the vector as text, or the error
	}{
		{"c", `{__name__="c", l="v"} => 5 @[1767323100000]`},
		{"c > 5", ``},
		{"1 + 1", `{} => 2 @[1767323100000]`},
		{`"a"`, "rule result is not a vector or scalar"},
		{"c[1m]", "rule result is not a vector or scalar"},
		{"c @ end()", `{__name__="c", l="v"} => 5 @[1767323100000]`},
		{"c offset -1m", `{__name__="c", l="v"} => 6 @[1767323100000]`},
		{"c +", "1:4: parse error: unexpected end of input"},
	}
	for _, test := range tests {
		t.Run(test.expr, func(t *testing.T) {
			at := start.Add(5 * time.Minute)
			v, err := e.RuleQuery(t.Context(), test.expr, at)
			got := v.String()
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if _, err := e.RuleQuery(t.Context(), `"a"`, start); !errors.Is(err, ErrRuleResult) {
		t.Errorf("got %v, want ErrRuleResult", err)
	}
}

func exec(t *testing.T, e *Engine, ctx context.Context, expr string) *promql.Result {
	t.Helper()
	q, err := e.Instant(ctx, expr, start.Add(10*time.Minute), nil)
	if err != nil {
		return &promql.Result{Err: err}
	}
	defer q.Close()
	return q.Exec(ctx)
}

func TestLimits(t *testing.T) {
	t.Run("samples", func(t *testing.T) {
		e := newEngine(t, Options{MaxSamples: 5})
		err := exec(t, e, t.Context(), "sum_over_time(c[10m])").Err
		if _, ok := errors.AsType[promql.ErrTooManySamples](err); !ok {
			t.Errorf("got %v, want too many samples", err)
		}
	})
	t.Run("time", func(t *testing.T) {
		e := newEngine(t, Options{Timeout: time.Nanosecond})
		err := exec(t, e, t.Context(), "c").Err
		if _, ok := errors.AsType[promql.ErrQueryTimeout](err); !ok && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
	})
	t.Run("lookback", func(t *testing.T) {
		e := newEngine(t, Options{Lookback: time.Minute})
		v, err := e.RuleQuery(t.Context(), "c", start.Add(12*time.Minute))
		if err != nil || len(v) != 0 {
			t.Errorf("got %v, %v, want nothing: the last sample is two minutes old", v, err)
		}
	})
}

// A query waits while as many run as may, a rule does not.
func TestConcurrency(t *testing.T) {
	e := newEngine(t, Options{Concurrency: 1})
	g := newGate(1)
	held, err := g.Insert(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Insert(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a second query got %v, want to wait until its context ends", err)
	}
	pass, err := g.Insert(passGate(t.Context()), "")
	if err != nil {
		t.Errorf("a rule had to wait: %v", err)
	}
	g.Delete(pass)
	g.Delete(held)
	if _, err := g.Insert(t.Context(), ""); err != nil {
		t.Errorf("the slot was not given back: %v", err)
	}

	// The engine asks the gate twice for each query, and must not wait for itself.
	for range 3 {
		if err := exec(t, e, t.Context(), "c").Err; err != nil {
			t.Fatal(err)
		}
	}
}

func TestApply(t *testing.T) {
	e := newEngine(t, Options{})
	file := filepath.Join(t.TempDir(), "queries.log")
	apply := func(text string) {
		t.Helper()
		cfg, err := promconfig.Load(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Apply(cfg); err != nil {
			t.Fatal(err)
		}
	}
	logged := func() int {
		t.Helper()
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), "\n")
	}
	apply("global: {query_log_file: " + file + ", evaluation_interval: 2m}")
	res := exec(t, e, t.Context(), "count_over_time(c[10m:])")
	if got := res.String(); !strings.Contains(got, "=> 5 ") {
		t.Errorf("a subquery without a step has %s, want 5 points: one for each evaluation interval", got)
	}
	if logged() != 1 {
		t.Errorf("logged %d queries, want 1", logged())
	}
	apply("")
	exec(t, e, t.Context(), "c")
	if logged() != 1 {
		t.Errorf("logged %d queries, want no more after the log was taken out of the file", logged())
	}

	cfg, err := promconfig.Load("global: {query_log_file: "+file+"/below}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(cfg); err == nil || !strings.Contains(err.Error(), "query_log_file") {
		t.Errorf("got %v, want an error about query_log_file", err)
	}
}

func TestRange(t *testing.T) {
	e := newEngine(t, Options{})
	q, err := e.Range(t.Context(), "c", start, start.Add(2*time.Minute), time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	m, err := q.Exec(t.Context()).Matrix()
	if err != nil {
		t.Fatal(err)
	}
	if len(m) != 1 || len(m[0].Floats) != 3 || m[0].Floats[2].F != 2 {
		t.Errorf("got %v, want 0, 1, 2", m)
	}
}
