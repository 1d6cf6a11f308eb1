// Package scrape brings what targets expose into the storage.
//
// Prometheus' discovery finds the targets, Prometheus' scrape loops fetch and
// parse them; this package owns both, ties them, and starts and stops them in
// order. Every target has a goroutine and a timeout of its own, so one that
// hangs delays no other.
package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	commonconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/logging"

	// The kinds of discovery that are linked in, beside static ones. A kind
	// that is missing here is refused by package config by its name.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// Options say where samples go.
type Options struct {
	Appendable storage.AppendableV2

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // gets the metrics of scraping; must not be nil

	// Discovery holds the metrics that the kinds of discovery share in one
	// process. If it is nil, New registers them, which only one may do.
	Discovery *discovery.SDMetrics

	// ReloadInterval is how long changes of targets are gathered before they
	// take effect; the first targets never wait. 0 is five seconds.
	ReloadInterval time.Duration
}

// Scraper scrapes the targets of the configuration applied last. All its
// methods may be called at the same time, except Run, which is called once.
type Scraper struct {
	discovery *discovery.Manager
	scrape    *scrape.Manager

	// stopDiscovery ends all that the discovery manager started. Run calls it:
	// after Apply, Run must be called for the Scraper to leave nothing behind.
	stopDiscovery context.CancelFunc

	// connections are those to the targets.
	connections *connections

	applyMu sync.Mutex // one Apply at a time: both managers must see the same order
}

// New makes a Scraper, which does nothing before Apply and Run.
func New(o Options) (*Scraper, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Discovery == nil {
		m, err := discovery.CreateAndRegisterSDMetrics(o.Registerer)
		if err != nil {
			return nil, fmt.Errorf("register the metrics of discovery: %w", err)
		}
		o.Discovery = m
	}
	ctx, cancel := context.WithCancel(context.Background())
	dm := discovery.NewManager(ctx, o.Logger, o.Registerer, o.Discovery, discovery.Name("scrape"))
	if dm == nil {
		cancel()
		return nil, errors.New("register the metrics of the discovery manager: the log has the reason")
	}
	conns := newConnections()
	sm, err := scrape.NewManager(&scrape.Options{
		DiscoveryReloadInterval:  model.Duration(o.ReloadInterval),
		DiscoveryReloadOnStartup: true,
		HTTPClientOptions:        []commonconfig.HTTPClientOption{commonconfig.WithDialContextFunc(conns.dial)},
	}, o.Logger, logging.NewJSONFileLogger, nil, o.Appendable, o.Registerer)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("make the scrape manager: %w", err)
	}
	return &Scraper{discovery: dm, scrape: sm, stopDiscovery: cancel, connections: conns}, nil
}

// Apply makes cfg the configuration in effect. Targets whose job did not change
// go on as they were.
func (s *Scraper) Apply(cfg *promconfig.Config) error {
	s.applyMu.Lock()
	defer s.applyMu.Unlock()

	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return err
	}
	sources := make(map[string]discovery.Configs, len(jobs))
	for _, job := range jobs {
		sources[job.JobName] = job.ServiceDiscoveryConfigs
	}
	// First the jobs, then their targets: a target of an unknown job is lost.
	if err := s.scrape.ApplyConfig(cfg); err != nil {
		return err
	}
	return s.discovery.ApplyConfig(sources)
}

// Run scrapes until ctx ends, then waits for the scrapes under way. The storage
// must stay open until it returns.
func (s *Scraper) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.discovery.Run() }) // ends with stopDiscovery, whose error it returns
	wg.Go(func() {
		<-ctx.Done()
		s.stopDiscovery()
		s.scrape.Stop()
	})
	// Comes back when discovery has closed the channel, or after Stop.
	err := s.scrape.Run(s.discovery.SyncCh())
	wg.Wait()
	return err
}

// CutOff ends scrapes that are under way, and all that would begin, by closing
// their connections: Run and Apply wait for scrapes under way, which may take as
// long as their scrape_timeout. It is for the end of the process; there is no
// way back.
func (s *Scraper) CutOff() { s.connections.close() }

// TargetsActive are the targets that are scraped, by job.
func (s *Scraper) TargetsActive() map[string][]*scrape.Target { return s.scrape.TargetsActive() }

// TargetsDropped are the targets that relabelling dropped, by job; of each job
// no more than its keep_dropped_targets.
func (s *Scraper) TargetsDropped() map[string][]*scrape.Target { return s.scrape.TargetsDropped() }

// TargetsDroppedCounts is how many targets relabelling dropped, by job.
func (s *Scraper) TargetsDroppedCounts() map[string]int { return s.scrape.TargetsDroppedCounts() }

// ScrapePools are the names of the jobs that have targets.
func (s *Scraper) ScrapePools() []string { return s.scrape.ScrapePools() }
