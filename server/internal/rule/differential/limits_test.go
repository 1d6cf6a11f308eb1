package differential_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// limits is differsInLimit: where a rule of theirs exceeds the limit of its group,
// it marks the rule's series stale, before the next rule is evaluated.
//
// It watches the evaluations of a group, which goes from rule to rule in its own
// goroutine. It is not for rules that are evaluated concurrently.
type limits struct {
	db *tsdb.DB

	mu      sync.Mutex        // guards what follows
	written map[string]series // by rule: what its last good evaluation wrote
	marked  map[string]series // by rule: what was marked when it exceeded the limit
}

// series is a set, by their texts.
type series map[string]labels.Labels

func newLimits(db *tsdb.DB) *limits {
	return &limits{db: db, written: make(map[string]series), marked: make(map[string]series)}
}

// evaluation is one evaluation of a group, and goes along in its context.
type evaluation struct {
	group *rules.Group
	at    time.Time
	index int          // of the rule that is evaluated; -1 before the first
	wrote int          // the rule that has had its appender; -1 before the first
	ended map[int]bool // rules that exceeded the limit, and whose series are marked
}

type evaluationKey struct{}

func evaluationOf(ctx context.Context) *evaluation {
	e, _ := ctx.Value(evaluationKey{}).(*evaluation)
	return e
}

// iterate is the function that evaluates a group.
func (l *limits) iterate(ctx context.Context, g *rules.Group, at time.Time) {
	e := &evaluation{group: g, at: at, index: -1, wrote: -1, ended: make(map[int]bool)}
	rules.DefaultEvalIterationFunc(context.WithValue(ctx, evaluationKey{}, e), g, at)
	l.settle(e)
}

// query is called before each query.
func (l *limits) query(ctx context.Context, expr string) {
	e, detail := evaluationOf(ctx), rules.FromOriginContext(ctx)
	if e == nil || expr != detail.Query {
		return // of a template, which may not ask for the same as the rule
	}
	l.settle(e)
	for e.index++; ; e.index++ {
		r := e.group.Rules()[e.index]
		if r.Name() == detail.Name && r.Query().String() == detail.Query && labels.Equal(r.Labels(), detail.Labels) {
			return
		}
	}
}

// watch returns the appender of the current rule, or of the series that rules
// have left behind which are gone.
func (l *limits) watch(ctx context.Context, app storage.Appender) storage.Appender {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := evaluationOf(ctx)
	if e == nil || e.wrote == e.index || e.group.Rules()[e.index].LastError() != nil {
		marked := make(series)
		for rule, all := range l.marked {
			if strings.HasPrefix(rule, groupOf(ctx)) {
				maps.Copy(marked, all)
			}
		}
		return watchedAppender{app, make(series), marked}
	}
	e.wrote = e.index
	rule, wrote := e.rule(e.index), make(series)
	marked := l.marked[rule]
	l.written[rule] = wrote
	delete(l.marked, rule)
	return watchedAppender{app, wrote, marked}
}

// groupOf returns the group that is evaluated, as rules are named by.
func groupOf(ctx context.Context) string {
	origin, _ := ctx.Value(promql.QueryOrigin{}).(map[string]any)
	group, _ := origin["ruleGroup"].(map[string]string)
	return group["file"] + ";" + group["name"] + ";"
}

// watchedAppender notes what is written, and leaves out stale markers of series
// that are marked already.
type watchedAppender struct {
	storage.Appender
	wrote, marked series
}

func (a watchedAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	stale := value.IsStaleNaN(v)
	if _, ok := a.marked[l.String()]; ok && stale {
		return ref, nil
	}
	ref, err := a.Appender.Append(ref, l, t, v)
	if err == nil && !stale {
		a.wrote[l.String()] = l
	}
	return ref, err
}

func (a watchedAppender) AppendHistogram(ref storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	ref, err := a.Appender.AppendHistogram(ref, l, t, h, fh)
	if err == nil {
		a.wrote[l.String()] = l
	}
	return ref, err
}

// rule names a rule as it is found again after a reload.
func (e *evaluation) rule(index int) string {
	all := e.group.Rules()
	nth := 0
	for _, r := range all[:index] {
		if r.Name() == all[index].Name() && labels.Equal(r.Labels(), all[index].Labels()) {
			nth++
		}
	}
	return fmt.Sprintf("%s;%s;%s%s%d", e.group.File(), e.group.Name(), all[index].Name(), all[index].Labels(), nth)
}

// settle marks the series of the rules that have exceeded the limit. The current
// rule is no longer being evaluated.
func (l *limits) settle(e *evaluation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range e.group.Rules()[:e.index+1] {
		err := r.LastError()
		if err == nil || !strings.HasPrefix(err.Error(), "exceeded limit") || e.ended[i] {
			continue
		}
		e.ended[i] = true
		app := l.db.Appender(context.Background())
		rule := e.rule(i)
		for _, s := range l.written[rule] {
			// It fails where another rule has written, as it should.
			_, _ = app.Append(0, s, timestamp.FromTime(e.at.Add(-e.group.QueryOffset())), math.Float64frombits(value.StaleNaN))
		}
		if err := app.Commit(); err != nil {
			panic(err)
		}
		if l.marked[rule] == nil {
			l.marked[rule] = make(series)
		}
		maps.Copy(l.marked[rule], l.written[rule])
		delete(l.written, rule)
	}
}

// before puts the watching before a query function.
func (l *limits) before(query rules.QueryFunc) rules.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		l.query(ctx, expr)
		return query(ctx, expr, at)
	}
}
