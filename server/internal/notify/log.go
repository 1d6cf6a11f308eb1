package notify

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
)

// DefaultRetention is how long the log keeps an entry at most.
const DefaultRetention = 120 * time.Hour

// Key names what an integration was told about a group.
type Key struct {
	GroupKey              string
	Receiver, Integration string
	Index                 int
}

// String returns the key as Alertmanager's notification log writes it.
func (k Key) String() string {
	return fmt.Sprintf("%s:%s/%s/%d", k.GroupKey, k.Receiver, k.Integration, k.Index)
}

// Entry is what an integration was last told about a group, and when. Once it is
// in a [Log] nothing in it changes.
type Entry struct {
	Firing, Resolved Hashes
	At, ExpiresAt    time.Time
	Data             Data
}

// Record is one entry to be remembered.
type Record struct {
	Key   Key
	Entry Entry
}

// Log is the notification log: the last entry of each key, in memory. Any number
// of goroutines may use it.
type Log struct {
	retention time.Duration

	mu      sync.RWMutex // guards entries
	entries map[Key]Entry
}

// NewLog returns an empty log. No entry outlives the retention; zero means
// DefaultRetention.
func NewLog(retention time.Duration) *Log {
	if retention <= 0 {
		retention = DefaultRetention
	}
	return &Log{retention: retention, entries: make(map[Key]Entry)}
}

// Get returns the entry of a key, whether or not it has expired, until Expire
// removes it.
func (l *Log) Get(k Key) (Entry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[k]
	return e, ok
}

// Record remembers the given entries, all of them or, should it ever be able to
// fail, none.
func (l *Log) Record(records ...Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		if known, ok := l.entries[r.Key]; ok && known.At.After(r.Entry.At) {
			continue // of two writers, the one with the later time knows more
		}
		l.entries[r.Key] = r.Entry
	}
}

// All returns every entry with its key, the expired ones too, in no order.
func (l *Log) All() []Record {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Record, 0, len(l.entries))
	for k, e := range l.entries {
		all = append(all, Record{k, e})
	}
	return all
}

// Restore remembers what All returned in an earlier run, except what has expired
// at now.
func (l *Log) Restore(now time.Time, records []Record) {
	l.Record(slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Entry.ExpiresAt.Before(now) })...)
}

// Told says whether somebody was told that an alert fires, and not since that it
// does not.
type Told func(groupKey, receiver string, labels model.LabelSet) bool

// Told returns the answers as of now, for as long as they are wanted.
func (l *Log) Told() Told {
	type group struct{ key, receiver string }
	firing := make(map[group][]Hashes)
	for _, r := range l.All() {
		g := group{r.Key.GroupKey, r.Key.Receiver}
		firing[g] = append(firing[g], r.Entry.Firing)
	}
	return func(groupKey, receiver string, labels model.LabelSet) bool {
		one := Hashes{hash(labels)}
		return slices.ContainsFunc(firing[group{groupKey, receiver}], one.subsetOf)
	}
}

// Expire removes the entries that have expired at now and returns how many.
func (l *Log) Expire(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.entries)
	for k, e := range l.entries {
		if e.ExpiresAt.Before(now) {
			delete(l.entries, k)
		}
	}
	return before - len(l.entries)
}

// Len returns the number of entries.
func (l *Log) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.entries)
}

// Retention returns the longest time for which an entry is kept.
func (l *Log) Retention() time.Duration { return l.retention }

// lifetime is how long an entry for this batch matters: a group that still fires
// writes a new one within its repeat interval, rounded up to the next flush.
func (l *Log) lifetime(b Batch) time.Duration {
	return min(l.retention, 2*max(b.RepeatInterval, b.GroupInterval))
}
