package notify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/common/model"
)

// DefaultRetention is how long the log keeps an entry at most.
const DefaultRetention = 120 * time.Hour

// oversized is the size, in bytes, beyond which a message of gossip goes to every
// copy directly: passing it on would only repeat it. It is half of what a packet holds.
const oversized = 1400 / 2

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
	// Muted are alerts that it was told to fire, and that were left out of what it
	// was told last, because they were muted. It was not told that they ended.
	Muted         Hashes
	At, ExpiresAt time.Time
	Data          Data
}

// Record is one entry to be remembered.
type Record struct {
	Key   Key
	Entry Entry
}

// LogChange is what an entry of a [Log] has become.
type LogChange struct {
	Record Record
	// Gone says that the log has forgotten it.
	Gone bool
}

// LogJournal makes entries outlive the process.
type LogJournal interface {
	// Append adds changes, in the order in which they were made, and does not wait.
	// When wait has returned nil, they are as safe as the journal makes them. Many
	// wait at the same time, so that what they wait for can be written together. The
	// slice belongs to the journal from now on; the entries in it never change.
	Append(changes []LogChange) (wait func(context.Context) error)
}

// LogOptions are the settings of a [Log]; the zero value is usable.
type LogOptions struct {
	// Retention is the longest time for which an entry is kept; zero means
	// DefaultRetention.
	Retention time.Duration
	// Journal makes the entries outlive the process; nil if nothing does.
	Journal LogJournal
	// Logger takes what goes wrong; nil discards it.
	Logger *slog.Logger
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Log is the notification log: the last entry of each key, in memory. Copies of the
// server tell each other of their entries; of two for the same key, the one with the
// later time is right. Any number of goroutines may use it.
type Log struct {
	retention time.Duration
	journal   LogJournal
	logger    *slog.Logger
	metrics   *logMetrics

	// mu guards what follows. Appending to the journal and broadcasting happen under
	// it, so that their order is that of the changes; neither waits.
	mu        sync.RWMutex
	entries   map[Key]Entry
	broadcast func([]byte) // nil while there is nobody to tell
}

// NewLog returns an empty log.
func NewLog(o LogOptions) *Log {
	if o.Retention <= 0 {
		o.Retention = DefaultRetention
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Log{retention: o.Retention, journal: o.Journal, logger: o.Logger, entries: make(map[Key]Entry)}
	l.metrics = newLogMetrics(o.Registerer, l)
	return l
}

// Get returns the entry of a key, whether or not it has expired, until Expire
// removes it.
func (l *Log) Get(k Key) (Entry, bool) {
	defer l.metrics.query(time.Now())
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[k]
	if !ok {
		l.metrics.queryErrors.Inc()
	}
	return e, ok
}

// Record remembers the given entries and tells other copies. It returns when the
// journal has them safe, or the context ends; its error says that they may not
// survive a crash.
func (l *Log) Record(ctx context.Context, records ...Record) error {
	return l.record(records)(ctx)
}

func (l *Log) record(records []Record) (wait func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changes := make([]LogChange, 0, len(records))
	for _, r := range records {
		if known, ok := l.entries[r.Key]; ok && known.At.After(r.Entry.At) {
			continue // of two writers, the one with the later time knows more
		}
		l.entries[r.Key] = r.Entry
		changes = append(changes, LogChange{Record: r})
		l.tell(r)
	}
	return l.append(changes)
}

// tell broadcasts a record. The caller holds mu.
func (l *Log) tell(r Record) {
	if l.broadcast == nil {
		return
	}
	b, err := MarshalRecords([]Record{r})
	if err != nil {
		l.logger.Error("Other copies cannot be told of a notification", "key", r.Key, "err", err)
		return
	}
	l.broadcast(b)
}

// append writes changes down and returns how to wait for them. The caller holds mu.
func (l *Log) append(changes []LogChange) (wait func(context.Context) error) {
	if l.journal == nil || len(changes) == 0 {
		return func(context.Context) error { return nil }
	}
	return l.journal.Append(changes)
}

// Prolong keeps an entry until the given time, if it is the one that was recorded
// at that time. Nobody is told, since there is nothing new in it.
func (l *Log) Prolong(k Key, at, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[k]; ok && e.At.Equal(at) && e.ExpiresAt.Before(until) {
		e.ExpiresAt = until
		l.entries[k] = e
		l.append([]LogChange{{Record: Record{k, e}}})
	}
}

// SetBroadcast sets how other copies are told of new entries, in the form that
// Merge takes. It must not wait.
func (l *Log) SetBroadcast(broadcast func([]byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broadcast = broadcast
}

// Merge takes in what another copy knows. Entries that have expired at now, or that
// are not younger than what is known, change nothing; what was news is passed on.
func (l *Log) Merge(now time.Time, b []byte) error {
	records, err := UnmarshalRecords(bytes.NewReader(b))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for range l.merge(now, records) {
		if l.broadcast != nil && len(b) <= oversized {
			l.broadcast(b)
			l.metrics.propagated.Inc()
		}
	}
	return nil
}

// Import takes in what another program has written, as Merge does, and tells nobody.
func (l *Log) Import(now time.Time, records []Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.merge(now, records)
}

// merge returns how many of the records were news. The caller holds mu.
func (l *Log) merge(now time.Time, records []Record) int {
	var changes []LogChange
	for _, r := range records {
		known, ok := l.entries[r.Key]
		if r.Entry.ExpiresAt.Before(now) || ok && !known.At.Before(r.Entry.At) {
			continue
		}
		l.entries[r.Key] = r.Entry
		changes = append(changes, LogChange{Record: r})
	}
	l.append(changes) // nobody waits: the copy that they came from has them
	return len(changes)
}

// MarshalBinary returns all entries in the form that Merge takes.
func (l *Log) MarshalBinary() ([]byte, error) { return MarshalRecords(l.All()) }

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

// Restore remembers what an earlier run knew, except what has expired at now. The
// journal is not told of what it knows.
func (l *Log) Restore(now time.Time, records []Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		if known, ok := l.entries[r.Key]; !r.Entry.ExpiresAt.Before(now) && (!ok || known.At.Before(r.Entry.At)) {
			l.entries[r.Key] = r.Entry
		}
	}
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
		firing[g] = append(firing[g], r.Entry.Firing, r.Entry.Muted)
	}
	return func(groupKey, receiver string, labels model.LabelSet) bool {
		one := Hashes{hash(labels)}
		return slices.ContainsFunc(firing[group{groupKey, receiver}], one.subsetOf)
	}
}

// Expire removes the entries that have expired at now and returns how many.
func (l *Log) Expire(now time.Time) int {
	defer l.metrics.gc(time.Now())
	l.mu.Lock()
	defer l.mu.Unlock()
	var changes []LogChange
	for k, e := range l.entries {
		if e.ExpiresAt.Before(now) {
			delete(l.entries, k)
			changes = append(changes, LogChange{Record: Record{k, e}, Gone: true})
		}
	}
	l.append(changes) // nobody waits: what comes back after a crash expires again
	return len(changes)
}

// Maintain removes what has expired at now and has the rest written in Alertmanager's
// file format: replace is given a function that writes it all, and puts that in the
// place of what was written before.
func (l *Log) Maintain(now time.Time, replace func(write func(io.Writer) (int64, error)) error) error {
	l.metrics.maintenance.Inc()
	l.Expire(now)
	if err := replace(l.writeSnapshot); err != nil {
		l.metrics.maintenanceErrors.Inc()
		return fmt.Errorf("notification log: %w", err)
	}
	return nil
}

func (l *Log) writeSnapshot(w io.Writer) (int64, error) {
	defer l.metrics.snapshot(time.Now())
	b, err := l.MarshalBinary()
	if err != nil {
		return 0, err
	}
	l.metrics.snapshotSize.Set(float64(len(b)))
	n, err := w.Write(b)
	return int64(n), err
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
