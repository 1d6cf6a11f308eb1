package differential_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"
)

// theirs is Prometheus' rule manager, put together as Prometheus does it.
type theirs struct {
	t      testing.TB
	db     *tsdb.DB
	query  rules.QueryFunc
	outbox outbox

	// Of the process that runs.
	manager  *rules.Manager
	ended    chan struct{}
	registry *prometheus.Registry
	loader   *loader
	limits   *limits

	concurrent bool // rules of a group
}

func newTheirs(t testing.TB, db *tsdb.DB, d *disturbance) *theirs {
	s := &theirs{t: t, db: db}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Hour, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		Parser:                   parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() { engine.Close() })
	s.query = d.disturb(rules.EngineQueryFunc(engine, s.db))
	return s
}

func (s *theirs) start(c settings, f files) error {
	if err := s.build(c); err != nil {
		return err
	}
	if err := s.reload(c, f); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		s.manager.Run()
	}()
	return nil
}

// build makes the manager of a new process.
func (s *theirs) build(c settings) error {
	external, err := url.Parse(externalURL)
	if err != nil {
		return err
	}
	s.registry = prometheus.NewRegistry()
	s.loader = &loader{parser: parser.NewParser(parser.Options{})}
	s.concurrent = c.concurrency > 0
	s.limits = newLimits(s.db)
	delay := orDefault(c.resendDelay, time.Minute)
	s.manager = rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme:   model.UTF8Validation,
		ExternalURL:            external,
		QueryFunc:              s.limits.before(s.query),
		NotifyFunc:             sendingAsWeDo(delay, rules.SendAlerts(s, externalURL)),
		Context:                context.Background(),
		Appendable:             &theirStore{db: s.db, limits: s.limits},
		Queryable:              readable{s.db, !c.noRestore},
		Logger:                 slog.New(slog.DiscardHandler),
		Registerer:             s.registry,
		OutageTolerance:        orDefault(c.tolerance, time.Hour),
		ForGracePeriod:         orDefault(c.grace, 10*time.Minute),
		ResendDelay:            theirResendDelay(delay),
		GroupLoader:            s.loader,
		MaxConcurrentEvals:     int64(c.concurrency),
		ConcurrentEvalsEnabled: s.concurrent,
	})
	return nil
}

// offer tells what is to be loaded next.
func (s *theirs) offer(c settings, f files) {
	s.loader.files = f
	s.loader.changed(c.external, c.offset)
}

func (s *theirs) reload(c settings, f files) error {
	s.offer(c, f)
	return s.manager.Update(orDefault(c.interval, time.Minute), slices.Sorted(maps.Keys(f)), c.external, externalURL, s.iterate)
}

// iterate evaluates a group.
func (s *theirs) iterate(ctx context.Context, g *rules.Group, at time.Time) {
	noneInFuture(g, at)
	if s.concurrent {
		rules.DefaultEvalIterationFunc(ctx, g, at)
	} else {
		s.limits.iterate(ctx, g, at)
	}
}

func (s *theirs) stop() {
	s.manager.Stop()
	<-s.ended
}

// Send takes the alerts that the manager sends.
func (s *theirs) Send(alerts ...*notifier.Alert) {
	for _, a := range alerts {
		s.outbox.add(a.Labels, a.Annotations, a.StartsAt, a.EndsAt, a.GeneratorURL)
	}
}

func (s *theirs) look() view {
	v := s.state(s.manager.RuleGroups())
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	v.metrics = showMetrics(families)
	return v
}

// state is what can be seen without metrics.
func (s *theirs) state(groups []*rules.Group) view {
	v := view{sent: s.outbox.take()}
	for _, g := range groups {
		name := rules.GroupKey(g.File(), g.Name())
		v.groups = append(v.groups, showGroup(name, g.Interval(), g.Limit(), g.GetLastEvaluation(), g.GetEvaluationTime()))
		for i, r := range g.Rules() {
			v.groups = append(v.groups, theirRule(r).lines(name, i)...)
		}
	}
	return v
}

func showGroup(name string, interval time.Duration, limit int, last time.Time, took time.Duration) string {
	return fmt.Sprintf("%s: every %v, limit %d, evaluated %s in %v", name, interval, limit, showTime(last), took)
}

func theirRule(r rules.Rule) ruleView {
	v := ruleView{
		kind: rules.KindRecording, name: r.Name(), query: r.Query().String(), labels: r.Labels(),
		health: string(r.Health()), lastEvaluation: r.GetEvaluationTimestamp(), evaluationTime: r.GetEvaluationDuration(),
	}
	if err := r.LastError(); err != nil {
		v.lastError = comparableError(err.Error())
	}
	a, ok := r.(*rules.AlertingRule)
	if !ok {
		return v
	}
	v.kind, v.annotations, v.holdFor, v.keepFiringFor = rules.KindAlerting, a.Annotations(), a.HoldDuration(), a.KeepFiringFor()
	v.state = a.State().String()
	for _, alert := range a.ActiveAlerts() {
		v.alerts = append(v.alerts, alertView{
			labels: alert.Labels, annotations: alert.Annotations, state: alert.State.String(), value: alert.Value,
			activeAt: alert.ActiveAt, keepFiringSince: alert.KeepFiringSince,
		})
	}
	return v
}

// loader reads rule files from memory with Prometheus' own parser.
type loader struct {
	parser parser.Parser
	files  files

	// See changed.
	mark, offset time.Duration
	last         string
}

func (l *loader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	var groups *rulefmt.RuleGroups
	for other, content := range l.files {
		parsed, errs := rulefmt.Parse([]byte(content), ignoreUnknown, scheme, l.parser, slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return nil, errs // differsInRefusedReload
		}
		if other == name {
			groups = parsed
		}
	}
	for i := range groups.Groups {
		l.touch(&groups.Groups[i])
	}
	return groups, nil
}

func (l *loader) Parse(expr string) (parser.Expr, error) { return l.parser.ParseExpr(expr) }

func (s *theirs) database() *tsdb.DB { return s.db }
