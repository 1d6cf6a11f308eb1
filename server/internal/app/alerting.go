package app

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/prometheus/alertmanager/featurecontrol"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/state"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// AlertingOptions say what becomes of alerts beyond alertmanager.yml. The zero
// value of a field that has a default means that default.
type AlertingOptions struct {
	Retention           time.Duration // of silences after their end, and of what was notified at most; default 120h
	MaintenanceInterval time.Duration // in which both are tidied up and written as Alertmanager does; default 15m

	MaxSilences     int  // those that are over included; 0 is no limit
	MaxSilenceBytes int  // size of each; 0 is no limit
	LogSilences     bool // log what becomes of them

	AlertGCInterval   time.Duration // in which alerts that are over are dropped; default 30m
	PerAlertNameLimit int           // alerts of one name; 0 is no limit

	DispatchStartDelay time.Duration // for which the first notifications wait; 0 is not at all
	ResolvedWhileMuted bool          // tell once of alerts that end while they are muted
	ExactRepeat        bool          // repeat when repeat_interval is over, not with the next group_interval

	GetConcurrency int // GET requests of the API that are answered at a time; default GOMAXPROCS, 8 at least

	// Cluster is where other copies are; this one is alone if ListenAddress is empty.
	// Logger and Registerer are the server's.
	Cluster  cluster.Options
	Features featurecontrol.Flagger // default: none
}

// alerting is the parts between an alert and those who are told, which both servers
// have.
type alerting struct {
	o        AlertingOptions
	alerts   *alert.Store
	silences *silence.Store
	log      *notify.Log
	pipeline *dispatch.Pipeline
	cluster  *cluster.Cluster // nil if this copy is alone
	tracing  *tracing.Manager
	state    *state.Keeper
	journals *state.Journals

	started bool
}

// newAlerting makes the parts and ties them together; nothing runs yet.
func newAlerting(s *server, o AlertingOptions, dir string) (*alerting, error) {
	if o.Retention <= 0 {
		o.Retention = notify.DefaultRetention
	}
	if o.Features == nil {
		o.Features = featurecontrol.NoopFlags{}
	}
	p := &alerting{o: o, journals: state.NewJournals()}
	p.alerts = alert.NewStore(alert.Options{
		PerNameLimit:        o.PerAlertNameLimit,
		AlertNamesInMetrics: o.Features.EnableAlertNamesInMetrics(),
		Journal:             p.journals.Alerts(),
		Logger:              s.logger.With("component", "alerts"),
		Registerer:          s.registry.ours,
	})
	p.silences = silence.New(silence.Options{
		Retention:       o.Retention,
		MaxSilences:     o.MaxSilences,
		MaxSilenceBytes: o.MaxSilenceBytes,
		LogChanges:      o.LogSilences,
		Journal:         p.journals.Silences(),
		Logger:          s.logger.With("component", "silences"),
		Registerer:      s.registry.ours,
	})
	p.log = notify.NewLog(notify.LogOptions{
		Retention:  o.Retention,
		Journal:    p.journals.Notified(),
		Logger:     s.logger.With("component", "nflog"),
		Registerer: s.registry.ours,
	})
	peer, err := p.join(s, o.Cluster)
	if err != nil {
		return nil, err
	}
	p.pipeline = dispatch.New(dispatch.Options{
		Store:              p.alerts,
		Log:                p.log,
		Silences:           p.silences,
		Peer:               peer,
		Journal:            p.journals.Groups(),
		NotBefore:          s.started.Add(o.DispatchStartDelay),
		GCInterval:         o.AlertGCInterval,
		ResolvedWhileMuted: o.ResolvedWhileMuted,
		ExactRepeat:        o.ExactRepeat,
		Features:           o.Features,
		ExternalURL:        s.externalURL,
		Logger:             s.logger.With("component", "dispatcher"),
		Registerer:         s.registry.ours,
	})
	p.tracing = tracing.New(s.logger.With("component", "tracing"))
	p.state = state.New(state.Options{
		Dir:             stateFolder(dir),
		AlertmanagerDir: dir,
		Journals:        p.journals,
		Pipeline:        p.pipeline,
		Silences:        p.silences,
		Log:             p.log,
		MaintainEvery:   o.MaintenanceInterval,
		Logger:          s.logger.With("component", "state"),
		Registerer:      s.registry.ours,
	})
	return p, nil
}

// stateFolder is where, in the storage folder, what must survive is.
func stateFolder(dir string) string { return filepath.Join(dir, "state") }

// join takes the place among other copies, with what is shared with them. The peer
// is nil if this copy is alone.
func (p *alerting) join(s *server, o cluster.Options) (peer dispatch.Peer, err error) {
	o.Logger, o.Registerer = s.logger, s.registry.theirs
	if o.ListenAddress == "" {
		return nil, cluster.Disabled(o)
	}
	if p.cluster, err = cluster.New(o); err != nil {
		return nil, err
	}
	p.cluster.Share("nfl", p.log)
	p.cluster.Share("sil", p.silences)
	return p.cluster, nil
}

// restore gives the parts, and the rules whose journal is among theirs, what the folder
// says of the last run.
func (p *alerting) restore() { p.state.Restore(time.Now()) }

// steps are how the parts are told of a configuration.
func (p *alerting) steps() []func(*config.Config) error {
	return []func(*config.Config) error{
		func(c *config.Config) error { return p.tracing.Apply(c.Alertmanager.TracingConfig) },
		func(c *config.Config) error { return p.pipeline.Apply(c.Alertmanager) },
	}
}

// start runs the parts, and what feeds them. They are stopped in the order of what it
// returns: other copies are still told what is notified last.
func (p *alerting) start(fail context.CancelCauseFunc, feeders ...func(context.Context) error) []*running {
	p.started = true
	stages := []*running{start("alerts", fail, append(feeders, p.pipeline.Run)...)}
	if p.cluster != nil {
		stages = append(stages, start("cluster", fail, p.cluster.Run))
	}
	return append(stages, start("state", fail, p.state.Run), start("tracing", fail, p.tracing.Run))
}

// close saves what must survive, now that it changes no more. What listens from the
// beginning is closed if it never came to run.
func (p *alerting) close() error {
	var err error
	if !p.started {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if p.cluster != nil {
			err = p.cluster.Run(ended)
		}
		err = errors.Join(err, p.tracing.Run(ended))
	}
	return errors.Join(err, p.state.Close(time.Now()))
}
