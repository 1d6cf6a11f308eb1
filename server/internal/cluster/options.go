package cluster

import (
	"fmt"
	"log/slog"
	"time"

	gossip "github.com/prometheus/alertmanager/cluster"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
)

// Options say where this copy listens and where it finds the others. Each field up
// to Label is the flag --cluster.* of that name and means what it means in
// Alertmanager; the zero value of a field is that flag set to zero, which is not
// its default: start from [DefaultOptions].
type Options struct {
	// ListenAddress is an IP address and a port, or a port behind a colon, for UDP
	// and TCP; port 0 is a free one. Without TLSConfigFile the address tells
	// anybody who reaches it what is shared, and takes it from anybody.
	ListenAddress string
	// AdvertiseAddress is where others reach this copy, as an IP address and a
	// port; if empty, it is found out from ListenAddress and the network.
	AdvertiseAddress string
	// PeerName is unique in the cluster; if empty, one is made up at each start.
	// The order of the names is the order in which copies notify.
	PeerName string
	// Peers are hosts and ports of any of the other copies, which tell the rest.
	Peers []string
	// PeerTimeout is how much longer each copy waits to notify than the one before
	// it.
	PeerTimeout time.Duration
	// PeersResolveTimeout bounds how long the names of Peers are looked up.
	PeersResolveTimeout time.Duration
	// GossipInterval is the time between two rounds of gossip, PushPullInterval
	// that between two exchanges of everything with one other copy.
	GossipInterval, PushPullInterval time.Duration
	// TCPTimeout bounds connecting to another copy, and each reading and writing.
	TCPTimeout time.Duration
	// ProbeInterval is the time between two looks at whether others are alive,
	// ProbeTimeout how long each may take to answer.
	ProbeTimeout, ProbeInterval time.Duration
	// SettleTimeout is how long this copy waits for the number of copies to stop
	// changing before it notifies; 0 is not at all.
	SettleTimeout time.Duration
	// ReconnectInterval is the time between two attempts to reach a copy that was
	// lost, ReconnectTimeout that after which it is given up.
	ReconnectInterval, ReconnectTimeout time.Duration
	// TLSConfigFile has tls_server_config and tls_client_config; if empty, gossip
	// is not encrypted.
	TLSConfigFile string
	// AllowInsecurePublicAdvertiseAddressDiscovery lets AdvertiseAddress be found
	// out to be a public address where there is no private one.
	AllowInsecurePublicAdvertiseAddressDiscovery bool
	// Label keeps clusters apart: who has another one is not listened to.
	Label string

	// Logger gets what the cluster has to say; nothing is logged if it is nil.
	Logger *slog.Logger
	// Registerer takes the metrics, which are Alertmanager's; nil is nobody. It can
	// take those of one cluster.
	Registerer clientprometheus.Registerer
}

// DefaultOptions are the defaults of Alertmanager's flags.
func DefaultOptions() Options {
	return Options{
		ListenAddress:       "0.0.0.0:9094",
		PeerTimeout:         15 * time.Second,
		PeersResolveTimeout: gossip.DefaultResolvePeersTimeout,
		GossipInterval:      gossip.DefaultGossipInterval,
		PushPullInterval:    gossip.DefaultPushPullInterval,
		TCPTimeout:          gossip.DefaultTCPTimeout,
		ProbeTimeout:        gossip.DefaultProbeTimeout,
		ProbeInterval:       gossip.DefaultProbeInterval,
		SettleTimeout:       gossip.DefaultPushPullInterval,
		ReconnectInterval:   gossip.DefaultReconnectInterval,
		ReconnectTimeout:    gossip.DefaultReconnectTimeout,
	}
}

// check says which durations, that all need to be positive, are not.
func (o *Options) check() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{
		{"peer-timeout", o.PeerTimeout},
		{"peers-resolve-timeout", o.PeersResolveTimeout},
		{"gossip-interval", o.GossipInterval},
		{"pushpull-interval", o.PushPullInterval},
		{"tcp-timeout", o.TCPTimeout},
		{"probe-timeout", o.ProbeTimeout},
		{"probe-interval", o.ProbeInterval},
		{"reconnect-interval", o.ReconnectInterval},
		{"reconnect-timeout", o.ReconnectTimeout},
	} {
		if d.value <= 0 {
			return fmt.Errorf("--cluster.%s is %v: it must be positive when clustering is enabled", d.flag, d.value)
		}
	}
	return nil
}

// complete fills in what nobody has to give.
func (o *Options) complete() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = clientprometheus.NewRegistry()
	}
}
