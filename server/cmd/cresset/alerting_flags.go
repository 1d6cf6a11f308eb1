package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/alertmanager/featurecontrol"

	"github.com/cresset-metrics/cresset/server/internal/app"
	"github.com/cresset-metrics/cresset/server/internal/config"
)

// alertingDefaults are what the same flags mean in one command and in the other.
type alertingDefaults struct {
	gossip string // --cluster.listen-address
	mended string // the flags that mend what Alertmanager's users know: true or false
}

// alertingFlags are the flags about what becomes of alerts, silences and
// notifications, under Alertmanager's names.
func alertingFlags(cmd *kingpin.CmdClause, o *app.AlertingOptions, defaults alertingDefaults) {
	cmd.Flag("data.retention", "How long silences are kept after their end, and what was notified at most.").Default("120h").DurationVar(&o.Retention)
	cmd.Flag("data.maintenance-interval", "Time between two times that silences and notifications are tidied up and written to files as Alertmanager has them.").Default("15m").DurationVar(&o.MaintenanceInterval)
	cmd.Flag("silences.max-silences", "Most silences, those included that are over but still kept. 0: no limit.").Default("0").IntVar(&o.MaxSilences)
	cmd.Flag("silences.max-silence-size-bytes", "Largest size of a silence in bytes. 0: no limit.").Default("0").IntVar(&o.MaxSilenceBytes)
	cmd.Flag("log.silences", "Log silences that are made, changed and expired.").BoolVar(&o.LogSilences)
	cmd.Flag("alerts.gc-interval", "Time between two times that alerts which are over are dropped.").Default("30m").DurationVar(&o.AlertGCInterval)
	cmd.Flag("alerts.per-alertname-limit", "Most alerts of one name. 0: no limit.").Default("0").IntVar(&o.PerAlertNameLimit)
	cmd.Flag("dispatch.maintenance-interval", "Accepted for Alertmanager's sake: a group that is empty is dropped at once here, and there is nothing to maintain.").Default("30s").Duration()
	cmd.Flag("dispatch.start-delay", "How long after the start the first notifications wait, so that alerts which inhibit others have time to come in: the resend delay of Prometheus, for instance.").Default("0s").DurationVar(&o.DispatchStartDelay)
	cmd.Flag("notify.resolved-while-muted", "Tell of an alert that ends while it is silenced, inhibited or muted by the time, once, those who were told that it fires.").Default(defaults.mended).BoolVar(&o.ResolvedWhileMuted)
	cmd.Flag("notify.exact-repeat-interval", "Repeat notifications when repeat_interval is over, not with the next group_interval after it.").Default(defaults.mended).BoolVar(&o.ExactRepeat)
	cmd.Flag("web.get-concurrency", "Most GET requests of Alertmanager's API that are answered at a time. 0: as many as there are processors, 8 at least.").Default("0").IntVar(&o.GetConcurrency)
	clusterFlags(cmd, o, defaults.gossip)
}

// clusterFlags are those about other copies of the server.
func clusterFlags(cmd *kingpin.CmdClause, o *app.AlertingOptions, address string) {
	c := &o.Cluster
	cmd.Flag("cluster.listen-address", "Where to listen for other copies: HOST:PORT. Empty: this copy is alone.").Default(address).StringVar(&c.ListenAddress)
	cmd.Flag("cluster.advertise-address", "Where other copies reach this one, if that is not where it listens.").StringVar(&c.AdvertiseAddress)
	cmd.Flag("cluster.peer-name", "Name of this copy, which no other has. Default: made up.").StringVar(&c.PeerName)
	cmd.Flag("cluster.peer", "HOST:PORT of another copy. Can be repeated.").StringsVar(&c.Peers)
	cmd.Flag("cluster.peer-timeout", "How long each copy waits for the one before it to notify.").Default("15s").DurationVar(&c.PeerTimeout)
	cmd.Flag("cluster.peers-resolve-timeout", "How long the names of other copies are looked up.").Default("15s").DurationVar(&c.PeersResolveTimeout)
	cmd.Flag("cluster.gossip-interval", "Time between two rounds of gossip. Less spreads news faster and costs bandwidth.").Default("200ms").DurationVar(&c.GossipInterval)
	cmd.Flag("cluster.pushpull-interval", "Time between two exchanges of everything with another copy. Less brings copies together faster and costs bandwidth.").Default("1m").DurationVar(&c.PushPullInterval)
	cmd.Flag("cluster.tcp-timeout", "Timeout of connections to other copies, of reading and of writing.").Default("10s").DurationVar(&c.TCPTimeout)
	cmd.Flag("cluster.probe-timeout", "How long another copy may take to say that it is alive: longer than 99 of 100 round trips in the network.").Default("500ms").DurationVar(&c.ProbeTimeout)
	cmd.Flag("cluster.probe-interval", "Time between two looks at whether another copy is alive.").Default("1s").DurationVar(&c.ProbeInterval)
	cmd.Flag("cluster.settle-timeout", "How long notifications wait at most for the connections to other copies.").Default("1m").DurationVar(&c.SettleTimeout)
	cmd.Flag("cluster.reconnect-interval", "Time between two attempts to reach a copy that was lost.").Default("10s").DurationVar(&c.ReconnectInterval)
	cmd.Flag("cluster.reconnect-timeout", "How long it is tried to reach a copy that was lost.").Default("6h").DurationVar(&c.ReconnectTimeout)
	cmd.Flag("cluster.tls-config", "File with TLS settings for what copies say to each other.").StringVar(&c.TLSConfigFile)
	cmd.Flag("cluster.allow-insecure-public-advertise-address-discovery", "Let this copy find out for itself that it is reached at a public address.").BoolVar(&c.AllowInsecurePublicAdvertiseAddressDiscovery)
	cmd.Flag("cluster.label", "Name of the cluster: copies with another one are not listened to.").StringVar(&c.Label)
}

// checkAlerting says which of the flags has a value that means nothing.
func checkAlerting(o *app.AlertingOptions) error {
	for _, f := range []struct {
		name  string
		value interface{ String() string }
		bad   bool
	}{
		{"data.retention", o.Retention, o.Retention <= 0},
		{"data.maintenance-interval", o.MaintenanceInterval, o.MaintenanceInterval <= 0},
		{"alerts.gc-interval", o.AlertGCInterval, o.AlertGCInterval <= 0},
	} {
		if f.bad {
			return fmt.Errorf("--%s: must be more than 0, but is %s", f.name, f.value)
		}
	}
	return nil
}

// alertmanagerFeatures turns the names of Alertmanager's features into what the parts ask,
// and chooses how matchers are read.
func alertmanagerFeatures(names []string, logger *slog.Logger) (featurecontrol.Flagger, error) {
	if slices.Contains(names, featurecontrol.FeatureEventRecorder) {
		return nil, errors.New("event-recorder is not supported: this server records no events")
	}
	features, err := featurecontrol.NewFlags(logger, strings.Join(names, ","))
	if err != nil {
		return nil, err
	}
	config.UseMatchers(logger, features)
	return features, nil
}
