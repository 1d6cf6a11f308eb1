package dispatch

import (
	"context"
	"time"
)

// Journal makes the timers of groups outlive the process.
type Journal interface {
	// Append adds changes, in the order in which they were made, and does not wait.
	// When wait has returned nil, they are as safe as the journal makes them. Many
	// wait at the same time, so that what they wait for can be written together. The
	// slice belongs to the journal from now on.
	//
	// The pipeline itself does not wait: a timer that a crash has lost begins anew.
	Append(changes []GroupChange) (wait func(context.Context) error)
}

// GroupID tells groups apart across restarts and reloads. Two routes can share a
// key and a receiver.
type GroupID struct{ Key, Receiver, RouteID string }

// GroupChange is what a group has become.
type GroupChange struct {
	Group GroupID
	// Next is when it is due, Flushes how often it was flushed.
	Next    time.Time
	Flushes uint64
	// Gone says that there is no such group any more.
	Gone bool
}

func (g *group) id() GroupID {
	return GroupID{Key: g.key, Receiver: g.route.Receiver, RouteID: g.route.ID()}
}

// changed takes down that the group is due at another time.
func (d *Dispatcher) changed(g *group) {
	d.changes = append(d.changes, GroupChange{Group: g.id(), Next: g.next, Flushes: g.flushes})
}

// gone takes down that there is no such group any more.
func (d *Dispatcher) gone(g *group) {
	d.changes = append(d.changes, GroupChange{Group: g.id(), Gone: true})
}

// Changes returns what became of groups since the last call, in the order in which
// it did.
func (d *Dispatcher) Changes() []GroupChange {
	changes := d.changes
	d.changes = nil
	return changes
}
