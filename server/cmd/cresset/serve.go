package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/cresset-metrics/cresset/server/internal/app"
)

// serveFlags are the flags of serve that are not plain values of app.Options.
type serveFlags struct {
	options     app.Options
	externalURL string
	corsOrigin  string
	retention   model.Duration
	maxBytes    units.Base2Bytes
	rulesStrict string
	resendDelay model.Duration
	outage      model.Duration
	grace       model.Duration
	concurrent  int
	features    []string
	autoReload  model.Duration
	drain       bool
	timeout     model.Duration
	lookback    model.Duration
	logLevel    string
	logFormat   string
}

func serveCommand(cli *kingpin.Application, _, stderr io.Writer) (string, func(context.Context) error) {
	f := &serveFlags{}
	o := &f.options
	cmd := cli.Command("serve", "Run the server. Without any file it listens on this machine only, scrapes itself and watches itself with a few rules.")

	cmd.Flag("config.file", "prometheus.yml: what to scrape, which rules, which other Alertmanagers. Without it, a built-in one.").StringVar(&o.PrometheusFile)
	cmd.Flag("alertmanager.config.file", "alertmanager.yml: who is told of which alerts, and how. Without it, alerts are grouped and shown, and sent to nobody.").StringVar(&o.AlertmanagerFile)

	cmd.Flag("config.auto-reload-interval", "With --enable-feature=auto-reload-config: time between two looks at whether the files have changed, to load them anew.").Default("30s").SetValue(&f.autoReload)

	cmd.Flag("storage.path", "Folder for what must be kept. A folder that Prometheus wrote is opened as it is.").Default("data/").StringVar(&o.StoragePath)
	cmd.Flag("storage.tsdb.path", "Another name of --storage.path.").Hidden().StringVar(&o.StoragePath)
	cmd.Flag("storage.tsdb.retention.time", "How long samples are kept. Default: 15d, unless a size is given.").SetValue(&f.retention)
	cmd.Flag("storage.tsdb.retention.size", "How many bytes of samples are kept, 512MB for instance. Default: no limit.").BytesVar(&f.maxBytes)

	cmd.Flag("web.listen-address", "Where to listen: HOST:PORT.").Default(app.DefaultListenAddress).StringVar(&o.ListenAddress)
	cmd.Flag("web.config.file", "File with TLS settings and credentials for those who connect.").StringVar(&o.WebConfigFile)
	cmd.Flag("web.external-url", "The URL under which users reach the server; links in notifications begin with it. Default: from the listen address.").StringVar(&f.externalURL)
	cmd.Flag("web.route-prefix", "Prefix of all paths. Default: the path of --web.external-url.").StringVar(&o.RoutePrefix)
	cmd.Flag("web.enable-lifecycle", "Answer POST /-/reload.").BoolVar(&o.EnableLifecycle)
	cmd.Flag("web.cors.origin", "Regular expression for the origins whose pages may read the query API in a browser. Default: none.").StringVar(&f.corsOrigin)

	cmd.Flag("rules.strict", "true: take rule files only if all of them are good. false: use whatever is good, and log the rest.").Default("true").EnumVar(&f.rulesStrict, "true", "false")
	cmd.Flag("rules.alert.resend-delay", "Least time before an unchanged alert is sent again.").Default("1m").SetValue(&f.resendDelay)
	cmd.Flag("rules.alert.for-outage-tolerance", "How long the server may have been away for the \"for\" of alerts to go on.").Default("1h").SetValue(&f.outage)
	cmd.Flag("rules.alert.for-grace-period", "Least time for which alerts stay pending after the server was away, for rules whose \"for\" is at least that long.").Default("10m").SetValue(&f.grace)
	cmd.Flag("rules.max-concurrent-evals", "With --enable-feature=concurrent-rule-eval: rules that may be evaluated beside others of their group, in all groups together.").Default("4").IntVar(&f.concurrent)
	cmd.Flag("alertmanager.notification-queue-capacity", "Alerts that may wait for one other Alertmanager.").Default("10000").IntVar(&o.SendQueueCapacity)
	cmd.Flag("alertmanager.notification-batch-size", "Alerts in one request to another Alertmanager.").Default("256").IntVar(&o.SendBatchSize)

	cmd.Flag("alertmanager.drain-notification-queue-on-shutdown", "When the server stops, or another Alertmanager is no longer known, still send it the alerts that wait for it, for up to five seconds. Otherwise they are dropped.").Default("true").BoolVar(&f.drain)

	alertingFlags(cmd, &o.Alerting, alertingDefaults{mended: "true"})

	cmd.Flag("query.timeout", "How long a query may take.").Default("2m").SetValue(&f.timeout)
	cmd.Flag("query.max-concurrency", "Queries that may run at once.").Default("20").IntVar(&o.QueryConcurrency)
	cmd.Flag("query.max-samples", "Samples that one query may hold in memory.").Default("50000000").IntVar(&o.QueryMaxSamples)
	cmd.Flag("query.lookback-delta", "How old a sample may be to count as current.").Default("5m").SetValue(&f.lookback)

	cmd.Flag("enable-feature", "Names of optional features, separated by commas: "+strings.Join(slices.Concat([]string{concurrentRules, autoReload}, alertingFeatures), ", ")+".").StringsVar(&f.features)

	cmd.Flag("log.level", "Least severity of messages.").Default("info").EnumVar(&f.logLevel, promslog.LevelFlagOptions...)
	cmd.Flag("log.format", "Format of messages.").Default("logfmt").EnumVar(&f.logFormat, promslog.FormatFlagOptions...)

	return cmd.FullCommand(), func(ctx context.Context) error {
		o.Flags = map[string]string{}
		for _, flag := range cmd.Model().Flags {
			o.Flags[flag.Name] = flag.Value.String()
		}
		if err := checkAlerting(&o.Alerting); err != nil {
			return err
		}
		if err := f.complete(stderr); err != nil {
			return err
		}
		return untilStopped(ctx, func() (runner, error) { return app.New(*o) })
	}
}

// complete turns flags into options.
func (f *serveFlags) complete(stderr io.Writer) error {
	o := &f.options
	o.Version = version()
	o.StorageRetention = time.Duration(f.retention)
	o.StorageMaxBytes = int64(f.maxBytes)
	o.LenientRules = f.rulesStrict == "false"
	o.ResendDelay = orNone(f.resendDelay)
	o.OutageTolerance = orNone(f.outage)
	o.ForGracePeriod = orNone(f.grace)
	o.SendDropOnStop = !f.drain
	o.QueryTimeout = time.Duration(f.timeout)
	o.QueryLookback = time.Duration(f.lookback)
	for name, value := range map[string]int{
		"alertmanager.notification-queue-capacity": o.SendQueueCapacity,
		"alertmanager.notification-batch-size":     o.SendBatchSize,
		"query.max-concurrency":                    o.QueryConcurrency,
		"query.max-samples":                        o.QueryMaxSamples,
	} {
		if value < 1 {
			return fmt.Errorf("--%s: must be at least 1, but is %d", name, value)
		}
	}
	var err error
	if f.externalURL != "" {
		if o.ExternalURL, err = parseExternalURL(f.externalURL); err != nil {
			return err
		}
	}
	if o.CORSOrigin, err = wholeOrigin(f.corsOrigin); err != nil {
		return fmt.Errorf("--web.cors.origin: %w", err)
	}
	if o.Logger, err = newLogger(f.logLevel, f.logFormat, stderr); err != nil {
		return err
	}
	slog.SetDefault(o.Logger) // for libraries that are not given one
	return f.enable()
}

// enable turns the names of features into options.
func (f *serveFlags) enable() (err error) {
	o := &f.options
	features := enabled(f.features, o.Logger)
	if features[concurrentRules] {
		o.MaxConcurrentEvals = max(f.concurrent, 0)
	}
	if features[autoReload] {
		if f.autoReload <= 0 {
			return fmt.Errorf("--config.auto-reload-interval: must be more than 0, but is %s", &f.autoReload)
		}
		o.AutoReloadInterval = time.Duration(f.autoReload)
	}
	var names []string
	for _, name := range alertingFeatures {
		if features[name] {
			names = append(names, name)
		}
	}
	if o.Alerting.Features, err = alertmanagerFeatures(names, o.Logger); err != nil {
		return fmt.Errorf("--enable-feature: %w", err)
	}
	return nil
}

// newLogger logs as flags say, whose values are among those that promslog has.
func newLogger(level, format string, to io.Writer) (*slog.Logger, error) {
	c := &promslog.Config{Level: promslog.NewLevel(), Format: promslog.NewFormat(), Writer: to}
	if err := c.Level.Set(level); err != nil {
		return nil, fmt.Errorf("--log.level: %w", err)
	}
	if err := c.Format.Set(format); err != nil {
		return nil, fmt.Errorf("--log.format: %w", err)
	}
	return promslog.New(c), nil
}

// wholeOrigin compiles an expression that must match the whole of an origin; nil if
// there is none.
func wholeOrigin(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	return regexp.Compile("^(?:" + expr + ")$")
}

// orNone is the duration of a flag as an option, where 0 would be the default.
func orNone(d model.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return time.Duration(d)
}

func parseExternalURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("--web.external-url: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--web.external-url: %q must begin with http:// or https:// and name a host", text)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// runner is a server that can be run.
type runner interface {
	Run(ctx context.Context) error
	Reload() error
}

// untilStopped makes a server and runs it until ctx ends. At each SIGHUP it reloads
// its files.
func untilStopped(ctx context.Context, newServer func() (runner, error)) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // first of all: unheeded, it would end the process
	defer signal.Stop(hangups)
	server, err := newServer()
	if err != nil {
		return err
	}

	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-hangups:
			_ = server.Reload() // logs what is wrong; the configuration before runs on
		}
	}
}
