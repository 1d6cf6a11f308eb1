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
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// The defaults of Options.
const (
	DefaultResendDelay     = time.Minute
	DefaultOutageTolerance = time.Hour
	DefaultForGracePeriod  = 10 * time.Minute
)

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
	ResendDelay time.Duration // least time between two sendings of an unchanged alert; 0 is DefaultResendDelay, less is none

	// Queryable is where the series are found that tell since when alerts are
	// active, for the alerts of the groups of the first configuration to go on
	// where they were before the process ended. Nil restores nothing.
	Queryable       storage.Queryable
	OutageTolerance time.Duration // how long ago an alert may have been active to be restored; 0 is DefaultOutageTolerance, less is none
	ForGracePeriod  time.Duration // least time for which a restored alert is still pending; 0 is DefaultForGracePeriod, less is none
	// Journal keeps alerts beyond the end of the process; nil keeps none.
	Journal Journal

	// MaxConcurrentEvals is how many rules may be evaluated at the same time as
	// others of their group, in all groups together. 0 evaluates the rules of each
	// group one after the other.
	MaxConcurrentEvals int

	Now func() time.Time // nil is time.Now

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
	change  sync.Mutex
	applied bool // a configuration; guarded by change

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
	query           QueryFunc
	appendable      storage.AppendableV2
	send            func(ctx context.Context, alerts []Alert)
	firing          func(but *groupRule) map[string]bool // keys of the alerts of all other rules that fire
	externalURL     *url.URL
	resendDelay     time.Duration
	queryable       storage.Queryable
	outageTolerance time.Duration
	forGracePeriod  time.Duration
	journal         Journal
	slots           evaluationSlots // nil when rules are evaluated one after the other
	now             func() time.Time
	logger          *slog.Logger
	metrics         *metrics
}

// New returns an engine without rules.
func New(o Options) *Engine {
	env := &environment{
		query:           o.Query,
		appendable:      o.Appendable,
		send:            o.Send,
		externalURL:     o.ExternalURL,
		resendDelay:     max(cmp.Or(o.ResendDelay, DefaultResendDelay), 0),
		queryable:       o.Queryable,
		outageTolerance: max(cmp.Or(o.OutageTolerance, DefaultOutageTolerance), 0),
		forGracePeriod:  max(cmp.Or(o.ForGracePeriod, DefaultForGracePeriod), 0),
		journal:         o.Journal,
		now:             o.Now,
		logger:          o.Logger,
		metrics:         newMetrics(o.Registerer),
	}
	if o.MaxConcurrentEvals > 0 {
		env.slots = make(evaluationSlots, o.MaxConcurrentEvals)
	}
	if env.now == nil {
		env.now = time.Now
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
	e := &Engine{env: env, groups: make(map[string]*group)}
	env.firing = e.firing
	return e
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

// start starts a group if the engine runs. The caller holds mu.
func (e *Engine) start(g *group) {
	if e.running == nil {
		return
	}
	g.started = true
	ctx := e.running
	e.wg.Go(func() { g.run(ctx) })
}

// EvaluateGroup evaluates a group at an instant, whatever its schedule says. It is
// for those who keep the time themselves: the engine must not run, and a group
// must not be evaluated by two at the same time. What came of it, Groups tells.
func (e *Engine) EvaluateGroup(ctx context.Context, file, name string, at time.Time) error {
	return e.by(file, name, func(g *group) { g.evaluate(ctx, at) })
}

// RestoreGroup restores the alerts of a group as Run does after its second
// evaluation, for those who call EvaluateGroup. Until then, nothing is recorded of
// the alerts of a group that has to be restored.
func (e *Engine) RestoreGroup(ctx context.Context, file, name string, at time.Time) error {
	return e.by(file, name, func(g *group) { g.restore(ctx, at) })
}

// by calls f with a group of an engine that does not run.
func (e *Engine) by(file, name string, f func(*group)) error {
	e.mu.Lock()
	g, running := e.groups[groupKey(file, name)], e.running != nil
	e.mu.Unlock()
	switch {
	case running:
		return errors.New("the rule engine runs by itself")
	case g == nil:
		return fmt.Errorf("there is no group %q of %s", name, file)
	}
	f(g)
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
