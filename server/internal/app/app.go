// Package app builds the server out of its parts, starts them and stops them in
// order. The command line runs it, and tests embed it.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// DefaultListenAddress is reachable from this machine only.
const DefaultListenAddress = "127.0.0.1:9090"

// Options say what the server does beyond its configuration files. The zero
// value of a field that has a default means that default.
type Options struct {
	PrometheusFile   string // prometheus.yml; the built-in one if empty
	AlertmanagerFile string // alertmanager.yml; the built-in one if empty

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

	Flags   map[string]string // of the command line, to be shown
	Version string            // of Cresset; default "devel"
	Logger  *slog.Logger      // default: nothing is logged
}

// App is a server. It has been told its configuration, which was found to be
// good, and has its port; Run does the rest.
type App struct {
	o        Options
	logger   *slog.Logger
	started  time.Time
	registry *registries
	listener net.Listener
	self     config.Self // how the server reaches itself

	// handler is what answers requests: an apology until the parts are built.
	handler atomic.Pointer[http.Handler]
	parts   atomic.Pointer[parts] // nil until they are built

	reloading sync.Mutex // held while a configuration is loaded and applied
	config    atomic.Pointer[config.Config]
	reloads   *reloadMetrics
}

// New loads the configuration and takes the port. What is wrong with either is
// in the error, a line each.
func New(o Options) (*App, error) {
	o.ListenAddress = cmp.Or(o.ListenAddress, DefaultListenAddress)
	o.Version = cmp.Or(o.Version, "devel")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{o: o, logger: o.Logger, started: time.Now(), registry: newRegistries(o.Version)}
	a.reloads = newReloadMetrics(a.registry.ours)

	listener, err := net.Listen("tcp", o.ListenAddress)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", o.ListenAddress, listenCause(err))
	}
	a.listener = listener
	if err := a.settle(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return a, nil
}

// settle fills in what depends on the port, and loads the configuration.
func (a *App) settle() error {
	if err := a.settleAddress(); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	a.config.Store(cfg)
	apology := http.Handler(http.HandlerFunc(starting))
	a.handler.Store(&apology)
	return nil
}

// listenCause is the last part of an error of net.Listen, which says the address
// several times.
func listenCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if call, ok := errors.AsType[*os.SyscallError](op.Err); ok {
			return call.Err
		}
		return op.Err
	}
	return err
}

// Addr is where the server listens.
func (a *App) Addr() net.Addr { return a.listener.Addr() }

// URL is where its page is.
func (a *App) URL() string { return a.o.ExternalURL.String() + "/" }

// Run builds the parts, runs them until ctx ends, and stops them in order, so
// that what one part hands to the next still arrives: first requests, then
// rules, then what sends alerts, then scraping, and last the storage. It returns
// nil if it ran and stopped as it should.
func (a *App) Run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	requests := start("web", fail, a.serve)
	parts, err := a.build()
	if err != nil {
		fail(err)
		requests.stop()
		return err
	}
	var running []*running
	if err := a.apply(parts, nil, a.config.Load()); err != nil {
		fail(err)
	} else {
		running = parts.start(fail)
		a.open(parts)
	}

	<-ctx.Done()
	a.logger.Info("Stopping")
	cut := time.AfterFunc(scrapeGrace, parts.scraper.CutOff)
	defer cut.Stop()
	a.turnAway()
	requests.stop()
	a.shut()
	for _, stage := range running {
		stage.stop()
	}
	err = parts.close()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		err = errors.Join(cause, err)
	}
	a.logger.Info("Stopped")
	return err
}

// scrapeGrace is how long scrapes that are under way may take when the server
// stops. Both a reload and the end of scraping wait for them.
const scrapeGrace = 2 * time.Second

// running is a part that runs, or several that are stopped together.
type running struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// start runs functions, each of which ends when its context does. Should one end
// before, or with an error, that is the reason for everything to stop.
func start(name string, fail context.CancelCauseFunc, runs ...func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel}
	for _, run := range runs {
		r.done.Go(func() {
			if err := run(ctx); err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			} else if ctx.Err() == nil {
				fail(fmt.Errorf("%s: stopped by itself", name))
			}
		})
	}
	return r
}

// stop ends the functions and waits for them.
func (r *running) stop() {
	r.cancel()
	r.done.Wait()
}
