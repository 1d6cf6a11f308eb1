package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/state"
)

// AlertmanagerOptions say what an [Alertmanager] does beyond its configuration
// file. The zero value of a field that has a default means that default.
type AlertmanagerOptions struct {
	ConfigFile         string        // alertmanager.yml; required
	AutoReloadInterval time.Duration // in which to look whether files have changed; 0 is never
	StoragePath        string        // folder of what must survive; required, and made if it is not there

	ListenAddresses []string       // HOST:PORT each, or vsock://:PORT
	SystemdSocket   bool           // listen on the sockets that systemd hands over instead
	ExternalURL     *url.URL       // how users reach the server; default by the name of the machine
	RoutePrefix     string         // of all paths; default the path of ExternalURL
	WebConfigFile   string         // TLS and credentials; none if empty
	CORSOrigin      *regexp.Regexp // origins whose pages may use the API; nil is none
	Timeout         time.Duration  // for answering a request; 0 is none

	// Alerting is what becomes of alerts.
	Alerting AlertingOptions

	Version string       // of Cresset; default "devel"
	Logger  *slog.Logger // default: nothing is logged
}

// Alertmanager is a server that receives alerts and notifies, and does nothing
// else: the program of that name to its clients. It has been told its
// configuration, which was found to be good, and has its ports; Run does the rest.
type Alertmanager struct {
	server
	o     AlertmanagerOptions
	lock  *state.Lock              // on the storage folder
	parts atomic.Pointer[alerting] // nil until they are built
}

// NewAlertmanager takes the ports and loads the configuration. What is wrong with
// either is in the error, a line each.
func NewAlertmanager(o AlertmanagerOptions) (*Alertmanager, error) {
	o.Version = cmp.Or(o.Version, "devel")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Alertmanager{o: o, server: server{logger: o.Logger, version: o.Version, started: time.Now(), registry: newRegistries(o.Version, "alertmanager")}}
	a.logger.Info("Starting Alertmanager", "version", AlertmanagerVersion, "cresset", o.Version)
	var err error
	if a.front, err = newFront(o.ListenAddresses, o.SystemdSocket, o.WebConfigFile, o.Logger); err != nil {
		return nil, err
	}
	if err := a.settle(); err != nil {
		return nil, errors.Join(err, a.front.close())
	}
	return a, nil
}

// settle finds out how the server is reached, and loads the configuration.
func (a *Alertmanager) settle() (err error) {
	if len(a.front.listeners) == 0 {
		return errors.New("no address to listen on: give one with --web.listen-address")
	}
	if _, err := protectionOf(a.o.WebConfigFile); err != nil {
		return err
	}
	if a.externalURL = a.o.ExternalURL; a.externalURL == nil {
		if a.externalURL, err = portURL(a.Addrs()[0]); err != nil {
			return fmt.Errorf("failed to determine external URL: %w", err)
		}
	}
	if a.prefix, err = cleanPrefix(cmp.Or(a.o.RoutePrefix, a.externalURL.Path)); err != nil {
		return err
	}
	if a.o.ConfigFile == "" {
		return errors.New("no configuration file: give one with --config.file")
	}
	a.reloader = &reloader{
		files:    config.Files{Alertmanager: a.o.ConfigFile, AlertmanagerOnly: true},
		interval: a.o.AutoReloadInterval,
		logger:   a.logger.With("component", "configuration"),
		metrics:  newReloadMetrics(a.registry.ours, "alertmanager"),
	}
	if err := a.reloader.load(); err != nil {
		return fmt.Errorf("error loading configuration file: %w", err)
	}
	if err := os.MkdirAll(a.o.StoragePath, 0o777); err != nil {
		return fmt.Errorf("unable to create data directory: %w", err)
	}
	a.lock, err = state.LockFolder(stateFolder(a.o.StoragePath))
	return err
}

// Addrs are where the server listens.
func (a *Alertmanager) Addrs() []net.Addr { return a.front.addrs() }

// URL is where its page is.
func (a *Alertmanager) URL() string { return a.externalURL.String() + "/" }

// Run builds the parts, runs them until ctx ends, and stops them in order: first
// requests, then what notifies. What must survive is saved last. It returns nil if
// it ran and stopped as it should.
func (a *Alertmanager) Run(ctx context.Context) error {
	defer a.lock.Release()
	return a.run(ctx, func() (house, error) {
		p, err := newAlerting(&a.server, a.o.Alerting, a.o.StoragePath)
		if err != nil {
			return nil, err
		}
		p.restore()
		a.parts.Store(p)
		return &onlyAlerting{p, a}, nil
	})
}
