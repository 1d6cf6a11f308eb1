package cluster

import (
	"log/slog"
	"sync"
	"time"
)

// The keys under which Alertmanager shares its states, for [Cluster.Share].
const (
	NotificationLog = "nfl"
	Silences        = "sil"
)

// State is what copies share. It can be merged with others of its kind in any order
// and any number of times: whatever it is told, all copies come to hold the same.
type State interface {
	// MarshalBinary returns all of it.
	MarshalBinary() ([]byte, error)
	// Merge takes in what another copy sent: all of its state, or a change of it. It
	// must not keep b, but may broadcast it.
	Merge(now time.Time, b []byte) error
	// SetBroadcast gives the function by which changes are sent to all others, as
	// bytes that their Merge takes. It neither blocks nor keeps the bytes.
	SetBroadcast(func([]byte))
}

// Share has the state follow those that the other copies share under the same key.
// It must be called before [Cluster.Run], and panics if a key is used twice.
func (c *Cluster) Share(key string, s State) {
	channel := c.peer.AddState(key, &guarded{
		key:    key,
		state:  s,
		gate:   &c.gate,
		logger: c.logger.With("component", "cluster"),
	}, c.o.Registerer)
	s.SetBroadcast(channel.Broadcast)
}

// gate is open until a cluster was left. The gossip of Alertmanager's package goes
// on after that, until the process ends, and would change states whose owners have
// stopped.
type gate struct {
	mu     sync.RWMutex // held for reading while a state is used; guards closed
	closed bool
}

// shut closes the gate once nobody uses a state any more.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// guarded is a state as gossip sees it: open for as long as the gate is, and never
// failing, because gossip answers the failure of one state with leaving out others.
type guarded struct {
	key    string
	state  State
	gate   *gate
	logger *slog.Logger
}

// MarshalBinary returns the state, or nothing, which merges as nothing.
func (g *guarded) MarshalBinary() ([]byte, error) {
	g.gate.mu.RLock()
	defer g.gate.mu.RUnlock()
	if g.gate.closed {
		return nil, nil
	}
	b, err := g.state.MarshalBinary()
	if err != nil {
		g.logger.Warn("encode local state", "err", err, "key", g.key)
		return nil, nil
	}
	return b, nil
}

// Merge takes in what another copy sent.
func (g *guarded) Merge(b []byte) error {
	g.gate.mu.RLock()
	defer g.gate.mu.RUnlock()
	if g.gate.closed {
		return nil
	}
	if err := g.state.Merge(time.Now(), b); err != nil {
		g.logger.Warn("merge remote state", "err", err, "key", g.key)
	}
	return nil
}
