package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/prometheus/discovery"

	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/query"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/scrape"
	"github.com/cresset-metrics/cresset/server/internal/send"
	"github.com/cresset-metrics/cresset/server/internal/storage"
)

// parts are the rooms of the server, in the order in which a signal passes them.
type parts struct {
	app      *App
	storage  *storage.DB
	scraper  *scrape.Scraper
	query    *query.Engine
	rules    *rule.Engine
	sender   *send.Sender
	alerting *alerting
}

// build makes the parts and ties them together; nothing runs yet.
func (a *App) build() (*parts, error) {
	discoveryMetrics, err := discovery.CreateAndRegisterSDMetrics(a.registry.theirs)
	if err != nil {
		return nil, err
	}
	p := &parts{app: a}
	p.storage, err = storage.Open(storage.Options{
		Dir:        a.o.StoragePath,
		Retention:  a.o.StorageRetention,
		MaxBytes:   a.o.StorageMaxBytes,
		Logger:     a.logger.With("component", "storage"),
		Registerer: a.registry.theirs,
	})
	if err != nil {
		return nil, err
	}
	p.scraper, err = scrape.New(scrape.Options{
		Appendable: p.storage,
		Logger:     a.logger.With("component", "scrape"),
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
		Logger:      a.logger.With("component", "query"),
		Registerer:  a.registry.theirs,
	})
	if p.alerting, err = newAlerting(&a.server, a.o.Alerting, a.o.StoragePath); err != nil {
		return nil, errors.Join(err, p.query.Close(), p.storage.Close())
	}
	p.sender = send.New(send.Options{
		Local:               p.receive(a.logger.With("component", "alert")),
		QueueCapacity:       a.o.SendQueueCapacity,
		BatchSize:           a.o.SendBatchSize,
		ResendDelay:         a.o.ResendDelay,
		DropOnStop:          a.o.SendDropOnStop,
		UserAgent:           "Cresset/" + a.o.Version,
		Logger:              a.logger.With("component", "send"),
		Registerer:          a.registry.ours,
		DiscoveryMetrics:    discoveryMetrics,
		DiscoveryRegisterer: a.registry.theirs,
	})
	p.rules = rule.New(rule.Options{
		Query:              p.query.RuleQuery,
		Appendable:         p.storage,
		Send:               func(_ context.Context, alerts []rule.Alert) { p.sender.Send(alerts) },
		ExternalURL:        a.externalURL,
		ResendDelay:        a.o.ResendDelay,
		Queryable:          p.storage,
		OutageTolerance:    a.o.OutageTolerance,
		ForGracePeriod:     a.o.ForGracePeriod,
		Journal:            p.alerting.journals.Rules,
		MaxConcurrentEvals: a.o.MaxConcurrentEvals,
		Logger:             a.logger.With("component", "rule"),
		Registerer:         a.registry.ours,
	})
	p.alerting.restore()
	return p, nil
}

// start runs the parts. They are stopped in the order of what it returns: what
// makes alerts before what delivers them.
func (p *parts) start(fail context.CancelCauseFunc) []*running {
	return slices.Concat(
		[]*running{start("rule", fail, p.rules.Run)},
		p.alerting.start(fail, p.sender.Run),
		[]*running{start("scrape", fail, p.scraper.Run)},
	)
}

// stopping sees to it that scrapes that hang hold up nothing.
func (p *parts) stopping() (done func()) {
	cut := time.AfterFunc(scrapeGrace, p.scraper.CutOff)
	return func() { cut.Stop() }
}

func (p *parts) handler() http.Handler { return p.app.routes(p) }

// close saves what must survive, now that it changes no more, and closes what has
// no Run; the storage last, whose lock covers the state too.
func (p *parts) close() error {
	return errors.Join(p.alerting.close(), p.query.Close(), p.storage.Close())
}

// steps are how each part is told of a configuration, those first that can find
// something wrong with it.
func (p *parts) steps() []func(*config.Config) error {
	return append(p.alerting.steps(),
		func(c *config.Config) error { return p.sender.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.query.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.storage.Apply(c.Prometheus) },
		func(c *config.Config) error { return p.scraper.Apply(c.Prometheus) },
		// Last, because it cannot be taken back: alerts of rules that are gone are
		// told resolved.
		func(c *config.Config) error { return p.rules.Apply(ruleConfig(c)) },
	)
}

func ruleConfig(c *config.Config) rule.Config {
	global := c.Prometheus.GlobalConfig
	return rule.Config{
		Interval:       time.Duration(global.EvaluationInterval),
		QueryOffset:    time.Duration(global.RuleQueryOffset),
		ExternalLabels: global.ExternalLabels,
		Files:          c.Rules,
	}
}
