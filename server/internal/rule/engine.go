package rule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// DefaultResendDelay is the ResendDelay of Options that set none.
const DefaultResendDelay = time.Minute

// QueryFunc evaluates a PromQL expression at an instant. A scalar is returned
// as a vector of one element without labels; any other result that is not a
// vector is an error.
type QueryFunc func(ctx context.Context, expr string, at time.Time) (promql.Vector, error)

// Alert is an alert as it is sent: firing, or resolved when EndsAt is not after
// the time of sending. The labels are those of the alert alone; who passes it
// on to others adds the external labels.
type Alert struct {
	Labels      labels.Labels
	Annotations labels.Labels

	StartsAt time.Time // when it began to fire
	// EndsAt is when it was resolved. While it fires, it is the time until which
	// a receiver may believe that it does without hearing of it again.
	EndsAt       time.Time
	GeneratorURL string // where the expression can be looked at
}

// Options are what an Engine works with.
type Options struct {
	Query      QueryFunc            // required
	Appendable storage.AppendableV2 // required: where samples go
	// Send takes alerts over. It is called by the evaluation that found them, so
	// that it must not block for long; nil sends them nowhere.
	Send        func(ctx context.Context, alerts []Alert)
	ExternalURL *url.URL      // of this server, as its users reach it; nil is the empty one
	ResendDelay time.Duration // least time between two sendings of an unchanged alert; 0 is DefaultResendDelay

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
}

// Config is what an Engine evaluates.
type Config struct {
	Interval       time.Duration      // of groups that say nothing else; > 0
	QueryOffset    time.Duration      // of groups that say nothing else
	ExternalLabels labels.Labels      // for templates
	Files          []*definition.File // the engine keeps them; nobody may change them any more
}

// Engine evaluates groups of rules, each in a goroutine of its own.
type Engine struct {
	env *environment

	// change serialises what starts and ends groups: Apply, and the start of Run.
	// It is held while Apply waits for evaluations that have to end first; mu is
	// not, so that Groups always answers.
	change sync.Mutex

	mu      sync.Mutex        // guards what follows
	groups  map[string]*group // by key
	running context.Context   // of Run; nil before and after it
	ended   bool              // Run has returned, or is about to

	// wg counts goroutines. It grows under mu and only while running is set, so
	// that Run, which resets running first, waits for all of them.
	wg sync.WaitGroup
}

// environment is what all groups share.
type environment struct {
	query       QueryFunc
	appendable  storage.AppendableV2
	send        func(ctx context.Context, alerts []Alert)
	externalURL *url.URL
	resendDelay time.Duration
	logger      *slog.Logger
	metrics     *metrics
}

// New returns an engine without rules.
func New(o Options) *Engine {
	env := &environment{
		query:       o.Query,
		appendable:  o.Appendable,
		send:        o.Send,
		externalURL: o.ExternalURL,
		resendDelay: cmp.Or(o.ResendDelay, DefaultResendDelay),
		logger:      o.Logger,
		metrics:     newMetrics(o.Registerer),
	}
	if env.send == nil {
		env.send = func(context.Context, []Alert) {}
	}
	if env.externalURL == nil {
		env.externalURL = &url.URL{}
	}
	if env.logger == nil {
		env.logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{env: env, groups: make(map[string]*group)}
}

// Apply makes the engine evaluate the groups of cfg from now on, whether it runs
// already or not. Groups that stay the same are not touched. Changed ones keep
// the state of the rules that keep their name and labels. Series of rules that
// are gone are marked stale. On an error, nothing changes.
//
// Apply waits for the running evaluation of a rule in each group that is
// changed or removed.
func (e *Engine) Apply(cfg Config) error {
	e.change.Lock()
	defer e.change.Unlock()

	wanted, err := e.build(cfg)
	if err != nil {
		return err
	}

	e.mu.Lock()
	current := maps.Clone(e.groups)
	e.mu.Unlock()

	var changes sync.WaitGroup
	for key, g := range wanted {
		old := current[key]
		if old != nil && old.same(g) {
			continue
		}
		changes.Go(func() {
			if old != nil {
				old.stop()
				g.takeOver(old)
			}
			e.put(g)
		})
	}
	for key, old := range current {
		if wanted[key] == nil {
			changes.Go(func() {
				old.stop()
				e.remove(old)
			})
		}
	}
	changes.Wait()
	return nil
}

// build makes the groups of a configuration, none of which runs yet.
func (e *Engine) build(cfg Config) (map[string]*group, error) {
	if cfg.Interval <= 0 {
		return nil, fmt.Errorf("evaluation interval %v: must be more than 0", cfg.Interval)
	}
	groups := make(map[string]*group)
	for _, f := range cfg.Files {
		for _, def := range f.Groups {
			g := newGroup(f.Path, def, cfg, e.env)
			if g.Interval <= 0 {
				return nil, fmt.Errorf("%s: group %q: interval %v: must be more than 0", f.Path, g.Name, g.Interval)
			}
			if groups[g.key()] != nil {
				return nil, fmt.Errorf("%s: group %q is there twice", f.Path, g.Name)
			}
			groups[g.key()] = g
		}
	}
	return groups, nil
}

// put adds a group, in the place of its predecessor if there was one.
func (e *Engine) put(g *group) {
	g.metrics = e.env.metrics.group(g)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.groups[g.key()] = g
	e.start(g)
}

// start starts a group if the engine runs. The caller holds mu.
func (e *Engine) start(g *group) {
	if e.running == nil {
		return
	}
	g.started = true
	ctx := e.running
	e.wg.Go(func() { g.run(ctx) })
}

// remove forgets a group that has ended. Its series are marked stale, as of now,
// after two intervals: until then other groups can take them over.
func (e *Engine) remove(g *group) {
	now := time.Now()
	e.env.metrics.forget(g)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.groups, g.key())
	gone := g.series()
	if e.running == nil || len(gone) == 0 {
		return
	}
	ctx := e.running
	e.wg.Go(func() {
		wait := time.NewTimer(2 * g.Interval)
		defer wait.Stop()
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if err := g.markStale(ctx, now, gone); err != nil {
			e.env.logger.Warn("Marking the series of a removed group stale failed", "file", g.file, "group", g.Name, "err", err)
		}
	})
}

// Run evaluates groups until ctx ends, and returns when no evaluation runs any
// more. Queries are cancelled with ctx. An engine runs once.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.begin(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	e.mu.Lock()
	e.running, e.ended = nil, true
	e.mu.Unlock()
	e.wg.Wait()
	return nil
}

func (e *Engine) begin(ctx context.Context) error {
	e.change.Lock()
	defer e.change.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != nil || e.ended {
		return errors.New("the rule engine was started already")
	}
	e.running = ctx
	for _, g := range e.groups {
		e.start(g)
	}
	return nil
}

// Groups returns the state of all groups, sorted by file and name.
func (e *Engine) Groups() []GroupStatus {
	e.mu.Lock()
	groups := slices.Collect(maps.Values(e.groups))
	e.mu.Unlock()

	status := make([]GroupStatus, 0, len(groups))
	for _, g := range groups {
		status = append(status, g.status())
	}
	slices.SortFunc(status, func(a, b GroupStatus) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Name, b.Name))
	})
	return status
}
