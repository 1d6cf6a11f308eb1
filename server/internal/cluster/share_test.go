package cluster

import (
	"log/slog"
	"testing"
	"time"
)

// slow is a state whose merging takes until the test says so.
type slow struct {
	begun, finish chan struct{}
	merges        int // guarded by the gate
}

func (s *slow) Merge(time.Time, []byte) error {
	close(s.begun)
	<-s.finish
	s.merges++
	return nil
}
func (s *slow) MarshalBinary() ([]byte, error) { return []byte("all"), nil }
func (s *slow) SetBroadcast(func([]byte))      {}

// Once the cluster was left, nothing is merged any more, and nothing is asked for.
func TestNothingIsSharedBehindTheGate(t *testing.T) {
	var g gate
	state := &slow{begun: make(chan struct{}), finish: make(chan struct{})}
	shared := &guarded{state: state, gate: &g, logger: slog.New(slog.DiscardHandler)}
	if b, err := shared.MarshalBinary(); string(b) != "all" || err != nil {
		t.Errorf("got %q, %v; want all", b, err)
	}

	merged := make(chan error)
	go func() { merged <- shared.Merge(nil) }()
	<-state.begun
	go close(state.finish)
	g.shut()
	if state.merges != 1 { // and the race detector sees that it was waited for
		t.Errorf("the gate was shut after %d merges, want 1", state.merges)
	}
	if err := <-merged; err != nil {
		t.Error(err)
	}

	if err := shared.Merge(nil); err != nil || state.merges != 1 {
		t.Errorf("got %v and %d merges, want nil and still 1", err, state.merges)
	}
	if b, err := shared.MarshalBinary(); len(b) > 0 || err != nil {
		t.Errorf("got %q, %v; want nothing", b, err)
	}
}

// What gossip needs to be told besides names and addresses is within its limits.
func TestCheck(t *testing.T) {
	good := DefaultOptions()
	if err := good.check(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for _, tc := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.PeerTimeout = 0 }, "--cluster.peer-timeout is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.PeersResolveTimeout = 0 }, "--cluster.peers-resolve-timeout is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.GossipInterval = -time.Second }, "--cluster.gossip-interval is -1s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.PushPullInterval = 0 }, "--cluster.pushpull-interval is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.TCPTimeout = 0 }, "--cluster.tcp-timeout is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.ProbeTimeout = 0 }, "--cluster.probe-timeout is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.ProbeInterval = 0 }, "--cluster.probe-interval is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.ReconnectInterval = 0 }, "--cluster.reconnect-interval is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.ReconnectTimeout = 0 }, "--cluster.reconnect-timeout is 0s: it must be positive when clustering is enabled"},
		{func(o *Options) { o.SettleTimeout = 0 }, ""},
	} {
		o := DefaultOptions()
		tc.change(&o)
		got := ""
		if err := o.check(); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
