package cluster_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
)

// The defaults are those that Alertmanager's help shows.
func TestDefaultsAreAlertmanagers(t *testing.T) {
	help, err := exec.Command(peertest.Alertmanager(t), "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, help)
	}
	o := cluster.DefaultOptions()
	words := strings.Fields(string(help))
	for flag, value := range map[string]string{
		"listen-address":        fmt.Sprintf("%q", o.ListenAddress),
		"peer-timeout":          o.PeerTimeout.String(),
		"peers-resolve-timeout": o.PeersResolveTimeout.String(),
		"gossip-interval":       o.GossipInterval.String(),
		"pushpull-interval":     o.PushPullInterval.String(),
		"tcp-timeout":           o.TCPTimeout.String(),
		"probe-timeout":         o.ProbeTimeout.String(),
		"probe-interval":        o.ProbeInterval.String(),
		"settle-timeout":        o.SettleTimeout.String(),
		"reconnect-interval":    o.ReconnectInterval.String(),
		"reconnect-timeout":     o.ReconnectTimeout.String(),
	} {
		if want := "--cluster." + flag + "=" + value; !slices.Contains(words, want) {
			t.Errorf("the help has no %s", want)
		}
	}
}

func TestWhatNewRefuses(t *testing.T) {
	folder := t.TempDir()
	half := filepath.Join(folder, "half.yml")
	write(t, half, "tls_client_config: {}\n")
	wrong := filepath.Join(folder, "wrong.yml")
	write(t, wrong, "tls_server_confg: {}\n")
	const mesh, tls = "unable to initialize gossip mesh: ", "unable to initialize TLS transport configuration for gossip mesh: "
	for _, tc := range []struct {
		name   string
		change func(*cluster.Options)
		want   string
	}{
		{"no port", func(o *cluster.Options) { o.ListenAddress = "127.0.0.1" }, mesh + "invalid listen address: address 127.0.0.1: missing port in address"},
		{"a port that is no number", func(o *cluster.Options) { o.ListenAddress = "127.0.0.1:x" }, mesh + "address 127.0.0.1:x: invalid port: "},
		{"an advertised address without a port", func(o *cluster.Options) { o.AdvertiseAddress = "10.0.0.1" }, mesh + "invalid advertise address: "},
		{"a peer without a port", func(o *cluster.Options) { o.Peers = []string{"10.0.0.1"} }, mesh + "resolve peers: split host/port for peer 10.0.0.1: "},
		{"no TLS file", func(o *cluster.Options) { o.TLSConfigFile = filepath.Join(folder, "none.yml") }, tls + "open "},
		{"half a TLS file", func(o *cluster.Options) { o.TLSConfigFile = half }, tls + "missing 'tls_server_config' entry in the TLS configuration"},
		{"a TLS file with a mistake", func(o *cluster.Options) { o.TLSConfigFile = wrong }, tls + "yaml: "},
		{"an interval of nothing", func(o *cluster.Options) { o.GossipInterval = 0 }, "--cluster.gossip-interval is 0s: it must be positive"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options("a")
			tc.change(&o)
			if c, err := cluster.New(o); err == nil || !strings.HasPrefix(err.Error(), tc.want) || c != nil {
				t.Errorf("got %v, %v; want an error with %q", c, err, tc.want)
			}
		})
	}
}

// Without a cluster the metrics say that there is none.
func TestDisabled(t *testing.T) {
	o := cluster.DefaultOptions()
	o.ListenAddress = ""
	m := &member{registry: prometheus.NewRegistry()}
	o.Registerer = m.registry
	if err := cluster.Disabled(o); err != nil {
		t.Fatal(err)
	}
	if got := m.counter(t, "alertmanager_cluster_enabled"); got != 0 {
		t.Errorf("got alertmanager_cluster_enabled %g, want 0", got)
	}
	o.TLSConfigFile = "none.yml"
	if err := cluster.Disabled(o); err == nil {
		t.Error("a TLS file that is not there is not noticed")
	}
}

func TestEnabled(t *testing.T) {
	a := start(t, "a")
	if got := a.counter(t, "alertmanager_cluster_enabled"); got != 1 {
		t.Errorf("got alertmanager_cluster_enabled %g, want 1", got)
	}
}
