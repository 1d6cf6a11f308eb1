// Package query evaluates PromQL over the storage, for people, for the API and
// for rules.
//
// It is Prometheus' engine with its limits: how long a query may run, how many
// samples it may hold, how many may run at once. Rules pass the last limit by:
// their number is bounded by the number of groups already, and slow queries of
// people must not make alerts late.
package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/logging"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
)

// Defaults of Options.
const (
	DefaultTimeout     = 2 * time.Minute
	DefaultMaxSamples  = 50_000_000
	DefaultConcurrency = 20
	DefaultLookback    = 5 * time.Minute
)

// ErrRuleResult is returned where the expression of a rule gives a string or a
// range vector.
var ErrRuleResult = errors.New("rule result is not a vector or scalar")

// Options say what is queried and within which limits.
type Options struct {
	Queryable storage.Queryable

	Timeout     time.Duration // of one query; 0 is DefaultTimeout
	MaxSamples  int           // that one query may hold in memory; 0 is DefaultMaxSamples
	Concurrency int           // queries that may run at once; 0 is DefaultConcurrency
	Lookback    time.Duration // how old a sample may be to count as current; 0 is DefaultLookback

	Language           *parser.Options // nil is syntax.Default
	DelayedNameRemoval bool            // metric names go at the end of a query instead of in its middle

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // gets the engine's own metrics; nil for none
}

// Engine evaluates PromQL. All its methods may be called at the same time.
type Engine struct {
	queryable storage.Queryable
	promql    *promql.Engine
	parser    parser.Parser

	// subqueryStep is the step, in milliseconds, of subqueries that name none:
	// the global evaluation interval. Written by Apply, read by queries.
	subqueryStep atomic.Int64

	mu      sync.Mutex // guards logFile
	logFile string     // where queries are logged, empty for nowhere
}

// New makes an engine over o.Queryable.
func New(o Options) *Engine {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxSamples == 0 {
		o.MaxSamples = DefaultMaxSamples
	}
	if o.Concurrency == 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Lookback == 0 {
		o.Lookback = DefaultLookback
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Language == nil {
		o.Language = &syntax.Default
	}
	e := &Engine{queryable: o.Queryable, parser: syntax.NewParser(*o.Language)}
	e.subqueryStep.Store(time.Duration(promconfig.DefaultGlobalConfig.EvaluationInterval).Milliseconds())
	e.promql = promql.NewEngine(promql.EngineOpts{
		Logger:                   o.Logger,
		Reg:                      o.Registerer,
		MaxSamples:               o.MaxSamples,
		Timeout:                  o.Timeout,
		ActiveQueryTracker:       newGate(o.Concurrency),
		LookbackDelta:            o.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return e.subqueryStep.Load() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		EnableDelayedNameRemoval: o.DelayedNameRemoval,
		Parser:                   e.parser,
	})
	return e
}

// Parser is the engine's parser.
func (e *Engine) Parser() parser.Parser { return e.parser }

// Apply takes what concerns queries from the configuration: the step of
// subqueries that name none, and the query log. The log file is opened anew
// each time, so that it can be rotated by a reload.
func (e *Engine) Apply(cfg *promconfig.Config) error {
	e.mu.Lock()
	defer e.mu.Unlock()

	if file := cfg.GlobalConfig.QueryLogFile; file != "" {
		l, err := logging.NewJSONFileLogger(file)
		if err != nil {
			return fmt.Errorf("global.query_log_file: %w", err)
		}
		e.promql.SetQueryLogger(l) // closes the one before
		e.logFile = file
	} else if e.logFile != "" {
		e.promql.SetQueryLogger(nil)
		e.logFile = ""
	}
	e.subqueryStep.Store(time.Duration(cfg.GlobalConfig.EvaluationInterval).Milliseconds())
	return nil
}

// Instant prepares a query for one moment. The caller runs it with Exec and
// must Close it when it has done with the result.
func (e *Engine) Instant(ctx context.Context, expr string, at time.Time, opts promql.QueryOpts) (promql.Query, error) {
	return e.promql.NewInstantQuery(ctx, e.queryable, opts, expr, at)
}

// Range prepares a query for each step from start to end. The caller runs it
// with Exec and must Close it when it has done with the result.
func (e *Engine) Range(ctx context.Context, expr string, start, end time.Time, step time.Duration, opts promql.QueryOpts) (promql.Query, error) {
	return e.promql.NewRangeQuery(ctx, e.queryable, opts, expr, start, end, step)
}

// RuleQuery evaluates the expression of a rule. A scalar becomes a vector with
// one element without labels. The result belongs to the caller.
func (e *Engine) RuleQuery(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	ctx = passGate(ctx)
	q, err := e.Instant(ctx, expr, at, nil)
	if err != nil {
		return nil, err
	}
	// Not closed: closing hands memory that the result may point to back to a
	// pool. The garbage collector takes it when the caller has done with it.
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	switch v := res.Value.(type) {
	case promql.Vector:
		return v, nil
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}, nil
	default:
		return nil, ErrRuleResult
	}
}

// Close closes the query log. No query may run or come after it.
func (e *Engine) Close() error {
	e.promql.SetQueryLogger(nil)
	return e.promql.Close()
}
