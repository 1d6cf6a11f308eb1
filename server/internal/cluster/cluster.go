// Package cluster makes several copies of the server one cluster, in which copies
// of Alertmanager may be too. Each copy tells the others what it shares, silences
// and the notification log, and each knows its position, by which it lets those
// before it notify first. Alerts are not shared: whoever sends them sends them to
// all copies.
//
// Membership and gossip are the matter of Alertmanager's own package, so that the
// messages are the same to the byte. This one keeps it apart from the parts whose
// state is shared: a state that cannot be merged is not in the way of the others,
// and when the cluster has been left, nothing is merged any more.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	gossip "github.com/prometheus/alertmanager/cluster"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
)

// settlePolls is how many gossip intervals lie between two looks at whether the
// cluster has settled.
const settlePolls = 10

// leaveTimeout bounds how long the others are told that this copy leaves.
const leaveTimeout = 10 * time.Second

// errLeft is what those hear who wait for a cluster to settle that was left first.
var errLeft = errors.New("the cluster was left before it had settled")

// Cluster is this copy's membership. From [New] on others can find it, from
// [Cluster.Run] on it finds them. Any number of goroutines may use it.
type Cluster struct {
	o      Options
	logger *slog.Logger
	peer   *gossip.Peer

	// Run closes one of the two: ready when the cluster has settled or the time for
	// that is over, left when it was told to end before.
	ready, left chan struct{}
	gate        gate
}

// New takes the address and resolves the names of the other copies, for as long as
// Options allow. What it opens is closed when the process ends; even if the rest of
// the server cannot start, the others are told by a Run whose context has ended.
func New(o Options) (*Cluster, error) {
	o.complete()
	if err := o.check(); err != nil {
		return nil, err
	}
	tls, err := tlsConfig(o.TLSConfigFile)
	if err != nil {
		return nil, err
	}
	peer, err := gossip.Create(
		o.Logger.With("component", "cluster"),
		o.Registerer,
		o.ListenAddress,
		o.AdvertiseAddress,
		o.Peers,
		true, // a name that has no address yet is looked up again
		o.PushPullInterval,
		o.GossipInterval,
		o.TCPTimeout,
		o.PeersResolveTimeout,
		o.ProbeTimeout,
		o.ProbeInterval,
		tls,
		o.AllowInsecurePublicAdvertiseAddressDiscovery,
		o.Label,
		o.PeerName,
	)
	if err != nil {
		return nil, fmt.Errorf("unable to initialize gossip mesh: %w", err)
	}
	registerEnabled(o.Registerer, 1)
	return &Cluster{o: o, logger: o.Logger, peer: peer, ready: make(chan struct{}), left: make(chan struct{})}, nil
}

// Disabled takes the place of [New] where ListenAddress is empty and there is to be
// no cluster: the metrics say so, and TLSConfigFile is checked all the same.
func Disabled(o Options) error {
	o.complete()
	if _, err := tlsConfig(o.TLSConfigFile); err != nil {
		return err
	}
	registerEnabled(o.Registerer, 0)
	return nil
}

func tlsConfig(file string) (*gossip.TLSTransportConfig, error) {
	c, err := gossip.GetTLSTransportConfig(file)
	if err != nil {
		return nil, fmt.Errorf("unable to initialize TLS transport configuration for gossip mesh: %w", err)
	}
	return c, nil
}

func registerEnabled(r clientprometheus.Registerer, value float64) {
	enabled := clientprometheus.NewGauge(clientprometheus.GaugeOpts{
		Name: "alertmanager_cluster_enabled",
		Help: "Indicates whether the clustering is enabled or not.",
	})
	enabled.Set(value)
	r.MustRegister(enabled)
}

// Run joins the others, settles, and leaves when ctx ends. It must be called once,
// after every [Cluster.Share]. That nobody can be reached is logged and tried again,
// and is no error.
//
// A Run that is over touches no shared state any more. What was under way when ctx
// ended, an attempt to join for instance, may go on by itself until its timeout.
func (c *Cluster) Run(ctx context.Context) error {
	c.join(ctx)
	c.settle(ctx)
	<-ctx.Done()
	err := c.leave()
	c.gate.shut()
	if err != nil {
		return fmt.Errorf("unable to leave gossip mesh: %w", err)
	}
	return nil
}

// join returns when as many of the others were reached as can be, or ctx ends.
func (c *Cluster) join(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		if err := c.peer.Join(c.o.ReconnectInterval, c.o.ReconnectTimeout); err != nil {
			c.logger.Warn("unable to join gossip mesh", "err", err)
		}
	}()
	select {
	case <-joined:
	case <-ctx.Done():
	}
}

// settle waits until the number of copies does not change any more, or the time for
// that is over, or ctx ends.
func (c *Cluster) settle(ctx context.Context) {
	if ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, c.o.SettleTimeout)
		defer cancel()
		c.peer.Settle(limited, settlePolls*c.o.GossipInterval)
	}
	if ctx.Err() != nil {
		close(c.left)
		return
	}
	close(c.ready)
}

// leave tells the others. It returns as soon as there is nobody left to be told:
// copies that leave at the same time would each wait for one that listens, in vain.
func (c *Cluster) leave() error {
	told := make(chan error, 1)
	go func() { told <- c.peer.Leave(leaveTimeout) }()
	look := time.NewTicker(c.o.GossipInterval)
	defer look.Stop()
	for {
		select {
		case err := <-told:
			return err
		case <-look.C:
			if len(c.peer.Peers()) == 0 { // this one is no member any more
				return nil
			}
		}
	}
}

// WaitReady returns nil once the cluster has settled, or the time for that is over.
// It fails if ctx ends before, or the one of Run does.
func (c *Cluster) WaitReady(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.left:
		return errLeft
	case <-c.ready:
		return nil
	}
}

// Wait returns for how long this copy lets the others notify first: the peer
// timeout for each copy whose name comes before its own.
func (c *Cluster) Wait() time.Duration {
	return time.Duration(c.peer.Position()) * c.o.PeerTimeout
}

// Addr is where others reach this copy.
func (c *Cluster) Addr() string { return c.peer.Self().Address() }

// Status is what a cluster looks like to one of its members.
type Status struct {
	// Name is that of the member.
	Name string
	// Status is "settling" and later "ready".
	Status string
	// Peers are all members that are alive, this one too, by name.
	Peers []Peer
}

// Peer is a member of the cluster.
type Peer struct {
	Name string
	// Address is where it is reached: an IP address and a port.
	Address string
}

// Status returns what the cluster looks like now.
func (c *Cluster) Status() Status {
	s := Status{Name: c.peer.Name(), Status: c.peer.Status()}
	for _, p := range c.peer.Peers() {
		s.Peers = append(s.Peers, Peer{Name: p.Name(), Address: p.Address()})
	}
	slices.SortFunc(s.Peers, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
	return s
}
