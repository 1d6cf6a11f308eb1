package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/common/promslog"

	"github.com/cresset-metrics/cresset/server/internal/app"
)

// alertmanagerName is the command in whose place Alertmanager's users are.
const alertmanagerName = "alertmanager"

// alertmanagerFlags are the flags of alertmanager that are not plain values of
// app.AlertmanagerOptions.
type alertmanagerFlags struct {
	options     app.AlertmanagerOptions
	externalURL string
	corsOrigin  string
	features    string
	memoryRatio float64
	logLevel    string
	logFormat   string
}

func alertmanagerCommand(cli *kingpin.Application, _, stderr io.Writer) (string, func(context.Context) error) {
	f := &alertmanagerFlags{}
	o := &f.options
	cmd := cli.Command(alertmanagerName, "Take the place of Alertmanager: receive alerts, group, inhibit, silence, route and deliver them, alone or with other copies. "+
		"Flags, files, paths and messages are Alertmanager's.")

	cmd.Flag("config.file", "alertmanager.yml: who is told of which alerts, and how.").Default("alertmanager.yml").StringVar(&o.ConfigFile)
	cmd.Flag("config.auto-reload-interval", "Time between two looks at whether alertmanager.yml or a file of templates has changed, to load it anew. 0s: it is loaded on SIGHUP and POST /-/reload only.").Default("0s").DurationVar(&o.AutoReloadInterval)
	cmd.Flag("storage.path", "Folder for what must be kept. A folder that Alertmanager wrote is taken over as it is.").Default("data/").StringVar(&o.StoragePath)

	cmd.Flag("web.listen-address", "Where to listen: HOST:PORT, or vsock://:PORT. Can be repeated.").Default(":9093").StringsVar(&o.ListenAddresses)
	cmd.Flag("web.systemd-socket", "Listen on the sockets that systemd hands over instead.").BoolVar(&o.SystemdSocket)
	cmd.Flag("web.config.file", "File with TLS settings and credentials for those who connect.").StringVar(&o.WebConfigFile)
	cmd.Flag("web.external-url", "The URL under which users reach the server; links in notifications begin with it. Default: the name of the machine, and the port.").StringVar(&f.externalURL)
	cmd.Flag("web.route-prefix", "Prefix of all paths. Default: the path of --web.external-url.").StringVar(&o.RoutePrefix)
	cmd.Flag("web.cors.origin", "Regular expression for the whole origin of pages that may call the API in a browser, 'https?://(one|two)\\.example' for instance. Default: none.").StringVar(&f.corsOrigin)
	cmd.Flag("web.timeout", "How long a request may take to be answered. 0s: no limit.").Default("0s").DurationVar(&o.Timeout)

	alertingFlags(cmd, &o.Alerting, alertingDefaults{gossip: "0.0.0.0:9094", mended: "false"})

	cmd.Flag("auto-gomemlimit.ratio", "With --enable-feature=auto-gomemlimit: how much of the memory of the container or the machine the process may use, more than 0 and 1 at most.").Default("0.9").Float64Var(&f.memoryRatio)
	cmd.Flag("enable-feature", "Names of optional features, separated by commas: "+strings.Join(offeredFeatures(), ", ")+".").StringVar(&f.features)
	cmd.Flag("log.level", "Least severity of messages.").Default("info").EnumVar(&f.logLevel, promslog.LevelFlagOptions...)
	cmd.Flag("log.format", "Format of messages.").Default("logfmt").EnumVar(&f.logFormat, promslog.FormatFlagOptions...)

	return cmd.FullCommand(), func(ctx context.Context) error {
		logger, err := newLogger(f.logLevel, f.logFormat, stderr)
		if err != nil {
			return err
		}
		if err := f.run(ctx, logger); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				logger.Error("alertmanager exited with error", "err", line)
			}
			return errSilent
		}
		logger.Info("Received shutdown signal, exiting gracefully...")
		return nil
	}
}

// offeredFeatures are Alertmanager's but for the one that this server does not have.
func offeredFeatures() []string {
	var names []string
	for _, name := range featurecontrol.AllowedFlags {
		if name != featurecontrol.FeatureEventRecorder {
			names = append(names, name)
		}
	}
	return names
}

func (f *alertmanagerFlags) run(ctx context.Context, logger *slog.Logger) error {
	if os.Getenv("DEBUG") != "" {
		runtime.SetBlockProfileRate(20)
		runtime.SetMutexProfileFraction(20)
	}
	if err := f.complete(logger); err != nil {
		return err
	}
	return untilStopped(ctx, func() (runner, error) { return app.NewAlertmanager(f.options) })
}

// complete turns flags into options.
func (f *alertmanagerFlags) complete(logger *slog.Logger) (err error) {
	o := &f.options
	o.Version = version()
	o.Logger = logger
	slog.SetDefault(logger) // for libraries that are not given one
	if err := checkAlerting(&o.Alerting); err != nil {
		return err
	}
	var names []string
	if f.features != "" {
		names = strings.Split(f.features, ",")
	}
	if o.Alerting.Features, err = alertmanagerFeatures(names, logger); err != nil {
		return fmt.Errorf("error parsing the feature flag list: %w", err)
	}
	if o.Alerting.Features.EnableAutoGOMEMLIMIT() {
		if err := limitMemory(f.memoryRatio, logger); err != nil {
			return err
		}
	}
	if f.externalURL != "" {
		if o.ExternalURL, err = alertmanagerURL(f.externalURL); err != nil {
			return fmt.Errorf("failed to determine external URL: %w", err)
		}
	}
	if o.CORSOrigin, err = wholeOrigin(f.corsOrigin); err != nil {
		return fmt.Errorf("error parsing --web.cors.origin: %w", err)
	}
	return nil
}

// alertmanagerURL reads an external URL as Alertmanager does: what it takes for one
// goes into notifications, whatever it is.
func alertmanagerURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q: invalid %q scheme, only 'http' and 'https' are supported", u.String(), u.Scheme)
	}
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path != "" && !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path
	}
	return u, nil
}

// limitMemory tells Go how much memory the container or the machine has for the
// process, unless GOMEMLIMIT does.
func limitMemory(ratio float64, logger *slog.Logger) error {
	if !(ratio > 0 && ratio <= 1) {
		return errors.New("--auto-gomemlimit.ratio must be greater than 0 and less than or equal to 1")
	}
	_, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(ratio),
		memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if err != nil {
		logger.Warn("Failed to set GOMEMLIMIT automatically", "err", err)
	}
	return nil
}
