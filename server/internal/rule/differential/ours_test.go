package differential_test

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/prometheus/tsdb"
)

// ours is the rule engine, put together as the server does it.
type ours struct {
	t      testing.TB
	db     *tsdb.DB
	query  rule.QueryFunc
	outbox outbox

	// Of the process that runs.
	engine   *rule.Engine
	cancel   context.CancelFunc
	ended    chan error
	registry *prometheus.Registry
}

func newOurs(t testing.TB, db *tsdb.DB, d *disturbance) *ours {
	s := &ours{t: t, db: db}
	engine := query.New(query.Options{Queryable: s.db, MaxSamples: 1e6, Timeout: time.Hour})
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	s.query = d.disturb(engine.RuleQuery)
	return s
}

func (s *ours) start(c settings, f files) error {
	if err := s.build(c); err != nil {
		return err
	}
	if err := s.reload(c, f); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.ended = cancel, make(chan error, 1)
	go func() { s.ended <- s.engine.Run(ctx) }()
	return nil
}

// build makes the engine of a new process.
func (s *ours) build(c settings) error {
	external, err := url.Parse(externalURL)
	if err != nil {
		return err
	}
	s.registry = prometheus.NewRegistry()
	s.engine = rule.New(rule.Options{
		Query:       s.query,
		Appendable:  s.db,
		Send:        s.send,
		ExternalURL: external,
		ResendDelay: c.resendDelay,

		Queryable:       readable{s.db, !c.noRestore},
		OutageTolerance: c.tolerance,
		ForGracePeriod:  c.grace,

		MaxConcurrentEvals: c.concurrency,

		Logger:     slog.New(slog.DiscardHandler),
		Registerer: s.registry,
	})
	return nil
}

func (s *ours) reload(c settings, f files) error {
	cfg := rule.Config{Interval: orDefault(c.interval, time.Minute), QueryOffset: c.offset, ExternalLabels: c.external}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		file, _, err := definition.Parse(name, []byte(f[name]), definition.Options{})
		if err != nil {
			return err
		}
		cfg.Files = append(cfg.Files, file)
	}
	return s.engine.Apply(cfg)
}

func (s *ours) stop() {
	s.cancel()
	if err := <-s.ended; err != nil {
		s.t.Errorf("Run: %v", err)
	}
}

func (s *ours) send(_ context.Context, alerts []rule.Alert) {
	for _, a := range alerts {
		s.outbox.add(a.Labels, a.Annotations, a.StartsAt, a.EndsAt, a.GeneratorURL)
	}
}

func (s *ours) look() view {
	v := view{sent: s.outbox.take()}
	for _, g := range s.engine.Groups() {
		name := g.File + ";" + g.Name
		v.groups = append(v.groups, showGroup(name, g.Interval, g.Limit, g.LastEvaluation, g.EvaluationTime))
		for i, r := range g.Rules {
			v.groups = append(v.groups, ourRule(r).lines(name, i)...)
		}
	}
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	v.metrics = showMetrics(families)
	return v
}

func ourRule(r rule.Status) ruleView {
	v := ruleView{
		kind: string(r.Kind), name: r.Name, query: r.Query, labels: r.Labels,
		health: string(r.Health), lastError: comparableError(r.LastError), lastEvaluation: r.LastEvaluation, evaluationTime: r.EvaluationTime,
		annotations: r.Annotations, holdFor: r.For, keepFiringFor: r.KeepFiringFor, state: string(r.State),
	}
	for _, a := range r.Alerts {
		v.alerts = append(v.alerts, alertView{
			labels: a.Labels, annotations: a.Annotations, state: string(a.State), value: a.Value,
			activeAt: a.ActiveAt, keepFiringSince: a.KeepFiringSince,
		})
	}
	return v
}

func (s *ours) database() *tsdb.DB { return s.db }
