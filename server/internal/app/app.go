// Package app builds servers out of their parts, starts them and stops them in
// order. There are two: [App] has all parts, [Alertmanager] those that receive alerts
// and notify. The command line runs them, and tests embed them.
package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// DefaultListenAddress is reachable from this machine only.
const DefaultListenAddress = "127.0.0.1:9090"

// Options say what the server does beyond its configuration files. The zero
// value of a field that has a default means that default.
type Options struct {
	PrometheusFile     string        // prometheus.yml; the built-in one if empty
	AlertmanagerFile   string        // alertmanager.yml; the built-in one if empty
	AutoReloadInterval time.Duration // in which to look whether files have changed; 0 is never

	StoragePath      string        // folder of the time series database
	StorageRetention time.Duration // how long samples are kept; 0 is 15 days
	StorageMaxBytes  int64         // most bytes of blocks; 0 is no limit

	ListenAddress   string         // default DefaultListenAddress
	ExternalURL     *url.URL       // how users reach the server; default from the listen address
	RoutePrefix     string         // of all paths; default the path of ExternalURL
	WebConfigFile   string         // TLS and credentials; none if empty
	EnableLifecycle bool           // answer /-/reload
	CORSOrigin      *regexp.Regexp // origins whose pages may read the API; nil is none

	// LenientRules takes what is good of rule files that are not good as a whole.
	LenientRules bool

	ResendDelay        time.Duration // default 1m; less than 0 is none
	OutageTolerance    time.Duration // how long the server may have been away for "for" to go on; default 1h, less than 0 is none
	ForGracePeriod     time.Duration // least time for which an alert stays pending after that; default 10m, less than 0 is none
	MaxConcurrentEvals int           // rules that may be evaluated beside others of their group; 0 is none
	QueryTimeout       time.Duration // default 2m
	QueryMaxSamples    int           // default 50,000,000
	QueryConcurrency   int           // default 20
	QueryLookback      time.Duration // default 5m
	SendQueueCapacity  int           // alerts that wait for one Alertmanager; default 10,000
	SendBatchSize      int           // alerts in one request to an Alertmanager; default 256
	SendDropOnStop     bool          // drop the alerts that wait for Alertmanagers when the server stops

	// Alerting is what becomes of alerts.
	Alerting AlertingOptions

	Flags   map[string]string // of the command line, to be shown
	Version string            // of Cresset; default "devel"
	Logger  *slog.Logger      // default: nothing is logged
}

// App is a server. It has been told its configuration, which was found to be
// good, and has its port; Run does the rest.
type App struct {
	server
	o     Options
	parts atomic.Pointer[parts] // nil until they are built
}

// New loads the configuration and takes the port. What is wrong with either is
// in the error, a line each.
func New(o Options) (*App, error) {
	o.ListenAddress = cmp.Or(o.ListenAddress, DefaultListenAddress)
	o.Version = cmp.Or(o.Version, "devel")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{o: o, server: server{logger: o.Logger, version: o.Version, started: time.Now(), registry: newRegistries(o.Version, "prometheus", "alertmanager"), apologizes: true}}
	var err error
	if a.front, err = newFront([]string{o.ListenAddress}, false, o.WebConfigFile, o.Logger.With("component", "web")); err != nil {
		return nil, err
	}
	if err := a.settle(); err != nil {
		return nil, errors.Join(err, a.front.close())
	}
	return a, nil
}

// settle fills in what depends on the port, and loads the configuration.
func (a *App) settle() error {
	self, err := a.settleAddress()
	if err != nil {
		return err
	}
	a.reloader = &reloader{
		files: config.Files{
			Prometheus:   a.o.PrometheusFile,
			Alertmanager: a.o.AlertmanagerFile,
			LenientRules: a.o.LenientRules,
			Self:         self,
		},
		interval: a.o.AutoReloadInterval,
		logger:   a.logger,
		metrics:  newReloadMetrics(a.registry.ours, "prometheus", "alertmanager"),
	}
	return a.reloader.load()
}

// Addr is where the server listens.
func (a *App) Addr() net.Addr { return a.front.addrs()[0] }

// URL is where its page is.
func (a *App) URL() string { return a.externalURL.String() + "/" }

// Run builds the parts, runs them until ctx ends, and stops them in order, so
// that what one part hands to the next still arrives: first requests, then
// rules, then what sends alerts, then scraping, and last the storage. It returns
// nil if it ran and stopped as it should.
func (a *App) Run(ctx context.Context) error {
	return a.run(ctx, func() (house, error) {
		p, err := a.build()
		if err != nil {
			return nil, err
		}
		a.parts.Store(p)
		return p, nil
	})
}

// scrapeGrace is how long scrapes that are under way may take when the server
// stops. Both a reload and the end of scraping wait for them.
const scrapeGrace = 2 * time.Second
