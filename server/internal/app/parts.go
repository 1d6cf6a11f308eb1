package app

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/discovery"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/scrape"
	"github.com/cresset-metrics/cresset/server/internal/send"
	"github.com/cresset-metrics/cresset/server/internal/state"
	"github.com/cresset-metrics/cresset/server/internal/storage"
)

// parts are the rooms of the server, in the order in which a signal passes them.
type parts struct {
	storage  *storage.DB
	scraper  *scrape.Scraper
	query    *query.Engine
	rules    *rule.Engine
	alerts   *alert.Store
	silences *silence.Store
	sender   *send.Sender
	pipeline *dispatch.Pipeline
	state    *state.Keeper
}

// build makes the parts and ties them together; nothing runs yet.
func (a *App) build() (*parts, error) {
	discoveryMetrics, err := discovery.CreateAndRegisterSDMetrics(a.registry.theirs)
	if err != nil {
		return nil, err
	}
	p := &parts{}
	p.storage, err = storage.Open(storage.Options{
		Dir:        a.o.StoragePath,
		Retention:  a.o.StorageRetention,
		MaxBytes:   a.o.StorageMaxBytes,
		Logger:     a.logger.With("part", "storage"),
		Registerer: a.registry.theirs,
	})
	if err != nil {
		return nil, err
	}
	p.scraper, err = scrape.New(scrape.Options{
		Appendable: p.storage,
		Logger:     a.logger.With("part", "scrape"),
		Registerer: a.registry.theirs,
		Discovery:  discoveryMetrics,
	})
	if err != nil {
		return nil, errors.Join(err, p.storage.Close())
	}
	p.query = query.New(query.Options{
		Queryable:   p.storage,
		Timeout:     a.o.QueryTimeout,
		MaxSamples:  a.o.QueryMaxSamples,
		Concurrency: a.o.QueryConcurrency,
		Lookback:    a.o.QueryLookback,
		Logger:      a.logger.With("part", "query"),
		Registerer:  a.registry.theirs,
	})
	journals := state.NewJournals()
	p.alerts = alert.NewStore(alert.Options{
		Journal:    journals.Alerts(),
		Logger:     a.logger.With("part", "alert"),
		Registerer: a.registry.ours,
	})
	p.sender = send.New(send.Options{
		Local:               p.receive(a.logger.With("part", "alert")),
		QueueCapacity:       a.o.SendQueueCapacity,
		BatchSize:           a.o.SendBatchSize,
		ResendDelay:         a.o.ResendDelay,
		DropOnStop:          a.o.SendDropOnStop,
		UserAgent:           "Cresset/" + a.o.Version,
		Logger:              a.logger.With("part", "send"),
		Registerer:          a.registry.ours,
		DiscoveryMetrics:    discoveryMetrics,
		DiscoveryRegisterer: a.registry.theirs,
	})
	p.rules = rule.New(rule.Options{
		Query:              p.query.RuleQuery,
		Appendable:         p.storage,
		Send:               func(_ context.Context, alerts []rule.Alert) { p.sender.Send(alerts) },
		ExternalURL:        a.o.ExternalURL,
		ResendDelay:        a.o.ResendDelay,
		Queryable:          p.storage,
		OutageTolerance:    a.o.OutageTolerance,
		ForGracePeriod:     a.o.ForGracePeriod,
		Journal:            journals.Rules,
		MaxConcurrentEvals: a.o.MaxConcurrentEvals,
		Logger:             a.logger.With("part", "rule"),
		Registerer:         a.registry.ours,
	})
	p.silences = silence.New(silence.Options{
		Retention:  notify.DefaultRetention,
		Journal:    journals.Silences(),
		Logger:     a.logger.With("part", "silence"),
		Registerer: a.registry.ours,
	})
	log := notify.NewLog(notify.LogOptions{
		Journal:    journals.Notified(),
		Logger:     a.logger.With("part", "notify"),
		Registerer: a.registry.ours,
	})
	p.pipeline = dispatch.New(dispatch.Options{
		Store:              p.alerts,
		Log:                log,
		Silences:           p.silences,
		Journal:            journals.Groups(),
		ExternalURL:        a.o.ExternalURL,
		ResolvedWhileMuted: true,
		ExactRepeat:        true,
		Logger:             a.logger.With("part", "dispatch"),
		Registerer:         a.registry.ours,
	})
	p.state = state.New(state.Options{
		Dir:             filepath.Join(a.o.StoragePath, "state"), // the storage's lock keeps other servers out
		AlertmanagerDir: a.o.StoragePath,
		Journals:        journals,
		Pipeline:        p.pipeline,
		Silences:        p.silences,
		Log:             log,
		Logger:          a.logger.With("part", "state"),
		Registerer:      a.registry.ours,
	})
	p.state.Restore(time.Now())
	return p, nil
}

// start runs the parts. They are stopped in the order of what it returns: what
// makes alerts before what delivers them.
func (p *parts) start(fail context.CancelCauseFunc) []*running {
	return []*running{
		start("rule", fail, p.rules.Run),
		start("alerts", fail, p.sender.Run, p.pipeline.Run),
		start("scrape", fail, p.scraper.Run),
		start("state", fail, p.state.Run),
	}
}

// close saves what must survive, now that it changes no more, and closes what has
// no Run; the storage last, whose lock covers the state too.
func (p *parts) close() error {
	return errors.Join(p.state.Close(time.Now()), p.query.Close(), p.storage.Close())
}

// open lets requests through to the parts.
func (a *App) open(p *parts) {
	handler := a.routes(p)
	a.parts.Store(p)
	a.handler.Store(&handler)
	a.logger.Info("Ready", "url", a.URL())
}

// turnAway answers further requests with an apology.
func (a *App) turnAway() {
	handler := http.Handler(http.HandlerFunc(stopping))
	a.handler.Store(&handler)
}

// shut waits for a reload that is under way and refuses further ones.
func (a *App) shut() {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	a.parts.Store(nil)
}

// steps are how each part is told of a configuration, those first that can find
// something wrong with it.
func (p *parts) steps() []func(*config.Config) error {
	return []func(*config.Config) error{
		func(c *config.Config) error { return p.pipeline.Apply(c.Alertmanager) },
		func(c *config.Config) error { return p.sender.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.query.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.storage.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.scraper.Apply(c.Prometheus) },
		// Last, because it cannot be taken back: alerts of rules that are gone are
		// told resolved.
		func(c *config.Config) error { return p.rules.Apply(ruleConfig(c)) },
	}
}
