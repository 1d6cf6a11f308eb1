package state

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// ForgetAfter is how long ago an alert of a rule must have been sent or changed last
// for a start to forget it. Its rule is gone, then, or the server was away for as long:
// alerts that fire are sent all the time. One whose group is evaluated, or whose resend
// delay ends, less than once a day may be forgotten too, and begins anew.
const ForgetAfter = 24 * time.Hour

// Journal is the [rule.Journal] of a [Keeper]: it has in memory what became of each
// alert, and the keeper saves that with the rest. So nobody waits for the disk, and a
// crash loses what was appended since the last save: an alert may then be sent again,
// with the beginning that is known of it, or be pending anew.
type Journal struct {
	mu     sync.Mutex // guards alerts; held for as long as it takes to look at them
	alerts map[rule.GroupID]map[alertID]*rule.Change
}

// alertID tells the alerts of a group apart.
type alertID struct {
	rule   string
	labels string // Labels.Bytes
}

// NewJournal returns an empty journal.
func NewJournal() *Journal {
	return &Journal{alerts: make(map[rule.GroupID]map[alertID]*rule.Change)}
}

// Append takes changes in. There is nothing to wait for: they are safe when the
// keeper has saved next.
func (j *Journal) Append(changes []rule.Change) (wait func(context.Context) error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range changes {
		j.put(c)
	}
	return func(context.Context) error { return nil }
}

// put makes a change the last one of its alert. The caller holds mu.
func (j *Journal) put(c rule.Change) {
	group, id := rule.GroupID{File: c.File, Group: c.Group}, alertID{c.Rule, string(c.Labels.Bytes(nil))}
	if c.State != "" {
		if j.alerts[group] == nil {
			j.alerts[group] = make(map[alertID]*rule.Change)
		}
		j.alerts[group][id] = &c
		return
	}
	delete(j.alerts[group], id)
	if len(j.alerts[group]) == 0 {
		delete(j.alerts, group)
	}
}

// Recall returns the last change of each alert of a group, but for those that
// were forgotten.
func (j *Journal) Recall(file, group string) []rule.Change {
	j.mu.Lock()
	defer j.mu.Unlock()
	known := j.alerts[rule.GroupID{File: file, Group: group}]
	changes := make([]rule.Change, 0, len(known))
	for _, c := range known {
		changes = append(changes, *c)
	}
	return changes
}

// Groups returns the groups that have alerts.
func (j *Journal) Groups() []rule.GroupID {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Keys(j.alerts))
}

// snapshot returns the last change of each alert, which nobody may write to.
func (j *Journal) snapshot() []*rule.Change {
	j.mu.Lock()
	defer j.mu.Unlock()
	count := 0
	for _, known := range j.alerts {
		count += len(known)
	}
	all := make([]*rule.Change, 0, count)
	for _, known := range j.alerts {
		all = slices.AppendSeq(all, maps.Values(known))
	}
	return all
}

// restore goes on from a snapshot. It leaves out what was sent or changed longer
// than ForgetAfter ago, and returns how many alerts it took.
func (j *Journal) restore(now time.Time, changes []*rule.Change) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	taken := 0
	for _, c := range changes {
		if now.Sub(latest(c)) <= ForgetAfter {
			j.put(*c)
			taken++
		}
	}
	return taken
}

// latest returns when the alert of a change was sent or changed last.
func latest(c *rule.Change) time.Time {
	return slices.MaxFunc([]time.Time{c.ActiveAt, c.FiredAt, c.ResolvedAt, c.LastSentAt, c.KeepFiringSince}, time.Time.Compare)
}
