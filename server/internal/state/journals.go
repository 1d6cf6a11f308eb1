package state

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// Journals are what the parts of a server write their changes to: they have in memory
// what each thing is now, and a [Keeper] saves that. So nobody waits for the disk, and
// a crash loses what was appended since the last save.
type Journals struct {
	// Rules is the journal of the alerts of rules.
	Rules *Journal

	mu       sync.Mutex // guards what follows, so that a save sees all of it at one instant
	alerts   map[model.Fingerprint]*alert.Alert
	groups   map[dispatch.GroupID]dispatch.GroupChange
	silences map[string]*silence.Silence
	notified map[notify.Key]notify.Entry
}

// NewJournals returns empty journals.
func NewJournals() *Journals {
	return &Journals{
		Rules:    NewJournal(),
		alerts:   make(map[model.Fingerprint]*alert.Alert),
		groups:   make(map[dispatch.GroupID]dispatch.GroupChange),
		silences: make(map[string]*silence.Silence),
		notified: make(map[notify.Key]notify.Entry),
	}
}

// Alerts is the journal of the active alerts.
func (j *Journals) Alerts() alert.Journal { return journalOf[alert.Change]{&j.mu, j.putAlert} }

// Groups is the journal of the timers of groups.
func (j *Journals) Groups() dispatch.Journal {
	return journalOf[dispatch.GroupChange]{&j.mu, j.putGroup}
}

// Silences is the journal of silences.
func (j *Journals) Silences() silence.Journal { return journalOf[silence.Change]{&j.mu, j.putSilence} }

// Notified is the journal of the notification log.
func (j *Journals) Notified() notify.LogJournal {
	return journalOf[notify.LogChange]{&j.mu, j.putNotified}
}

// journalOf puts changes of one kind where they belong.
type journalOf[C any] struct {
	mu  *sync.Mutex
	put func(C) // called with mu held
}

// Append takes changes in. There is nothing to wait for: they are safe when the
// keeper has saved next.
func (j journalOf[C]) Append(changes []C) (wait func(context.Context) error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range changes {
		j.put(c)
	}
	return func(context.Context) error { return nil }
}

func (j *Journals) putAlert(c alert.Change) {
	put(j.alerts, c.Alert.Fingerprint(), c.Alert, c.Gone)
}

func (j *Journals) putGroup(c dispatch.GroupChange) { put(j.groups, c.Group, c, c.Gone) }

func (j *Journals) putSilence(c silence.Change) { put(j.silences, c.Silence.ID, c.Silence, c.Gone) }

func (j *Journals) putNotified(c notify.LogChange) {
	put(j.notified, c.Record.Key, c.Record.Entry, c.Gone)
}

func put[K comparable, V any](m map[K]V, key K, value V, gone bool) {
	if gone {
		delete(m, key)
	} else {
		m[key] = value
	}
}

// snapshot returns all there is. It looks at the journal of rules first. A rule writes
// down that it sends an alert, and then sends it: what that journal has as sent, the
// others have too, unless the save comes between the two. Then the rule sends it again
// when the resend delay is over.
func (j *Journals) snapshot() contents {
	c := contents{rules: j.Rules.snapshot()}
	j.mu.Lock()
	defer j.mu.Unlock()
	c.alerts = slices.Collect(maps.Values(j.alerts))
	c.groups = slices.Collect(maps.Values(j.groups))
	c.silences = slices.Collect(maps.Values(j.silences))
	c.notified = make([]notify.Record, 0, len(j.notified))
	for k, e := range j.notified {
		c.notified = append(c.notified, notify.Record{Key: k, Entry: e})
	}
	return c
}

// restore goes on from a snapshot, except for the alerts of rules. What was appended
// before, other copies may have sent something, is younger.
func (j *Journals) restore(c contents) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, a := range c.alerts {
		putOld(j.alerts, a.Fingerprint(), a)
	}
	for _, g := range c.groups {
		putOld(j.groups, g.Group, g)
	}
	for _, s := range c.silences {
		putOld(j.silences, s.ID, s)
	}
	for _, r := range c.notified {
		putOld(j.notified, r.Key, r.Entry)
	}
}

func putOld[K comparable, V any](m map[K]V, key K, value V) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}
