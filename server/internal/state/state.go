// Package state keeps on disk what must survive the end of the process: the
// alerts that were received, when their groups are due, silences, what was notified,
// and how far the alerts of rules are in their lives.
//
// The parts that own all this write their changes to [Journals]. A [Keeper] writes
// what these hold into one file, whole, when the server stops, and every ten seconds
// while it runs; so an orderly stop loses nothing, and a crash at most the last ten
// seconds. The next start reads it back. What is wrong with the file never stops the
// server: it is put aside for people to look at, and the server begins without it.
package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// SaveEvery is how often Run saves.
const SaveEvery = 10 * time.Second

// DefaultMaintainEvery is how often Run maintains silences and the notification log.
const DefaultMaintainEvery = 15 * time.Minute

// fileName is the file's name in its folder.
const fileName = "alerting"

// Pipeline goes on from where an earlier run was.
type Pipeline interface{ Restore(dispatch.Restored) }

// Silences go on from what an earlier run, or another program, knew of them.
type Silences interface {
	Restore(now time.Time, silences []*silence.Silence)
	Import(now time.Time, silences []*silence.Silence)
	Maintain(now time.Time, replace func(write func(io.Writer) (int64, error)) error) error
}

// Log is a notification log that goes on from what an earlier run, or another
// program, knew.
type Log interface {
	Restore(now time.Time, records []notify.Record)
	Import(now time.Time, records []notify.Record)
	Maintain(now time.Time, replace func(write func(io.Writer) (int64, error)) error) error
}

// Options are the settings of a [Keeper].
type Options struct {
	// Dir is the keeper's folder, which nothing else writes to; it is made with
	// the first save. Required.
	Dir string
	// AlertmanagerDir is the folder of Alertmanager's own files. Required.
	AlertmanagerDir string
	// Journals are what is saved. Required.
	Journals *Journals
	// Pipeline, Silences and Log are whose state it is. Required.
	Pipeline Pipeline
	Silences Silences
	Log      Log
	// MaintainEvery is how often silences and log are maintained; zero means
	// DefaultMaintainEvery.
	MaintainEvery time.Duration
	// Logger takes what goes wrong; nil discards it.
	Logger *slog.Logger
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Keeper saves what journals hold, and brings it back. Its methods may be called at
// the same time.
type Keeper struct {
	o       Options // with its defaults filled in
	path    string
	metrics *metrics

	maintaining sync.Mutex // held while Alertmanager's files are written

	mu      sync.Mutex // held while the file is read or written; guards what follows
	saved   checksum   // of what is in the file; zero if that is not known
	savedAt time.Time
}

// New returns a keeper, and touches nothing yet.
func New(o Options) *Keeper {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaintainEvery <= 0 {
		o.MaintainEvery = DefaultMaintainEvery
	}
	return &Keeper{o: o, path: filepath.Join(o.Dir, fileName), metrics: newMetrics(o.Registerer)}
}

// Restore gives the parts what was last saved, if anything was, and what Alertmanager
// left. It must be called before they are used.
func (k *Keeper) Restore(now time.Time) {
	k.restoreOwn(now)
	k.takeOver(now)
}

func (k *Keeper) restoreOwn(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	content, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var c contents
	if err == nil {
		c, err = decode(content)
	}
	if err != nil {
		k.putAside(k.path, now, err)
		return
	}
	k.savedAt = c.savedAt
	c.forgetExpired(now)
	k.o.Journals.restore(c)
	k.o.Silences.Restore(now, c.silences)
	k.o.Log.Restore(now, c.notified)
	k.o.Pipeline.Restore(dispatch.Restored{SavedAt: c.savedAt, Alerts: c.alerts, Groups: c.groups})
	ofRules := k.o.Journals.Rules.restore(now, c.rules)
	k.o.Logger.Info("Alerts, silences and notifications of the last run are known again",
		"alerts", len(c.alerts), "silences", len(c.silences), "notifications", len(c.notified), "alerts_of_rules", ofRules)
}

// putAside renames a file that cannot be read, so that it is not overwritten.
func (k *Keeper) putAside(path string, now time.Time, reason error) {
	aside := path + ".unreadable-" + now.UTC().Format("20060102T150405Z")
	logger := k.o.Logger.With("file", path, "reason", reason)
	if err := rename(path, aside); err != nil {
		logger.Error("The state of the last run cannot be read, nor put aside; the server begins without it, and the next save replaces it", "err", err)
		return
	}
	logger.Error("The state of the last run cannot be read and was put aside; the server begins without it", "aside", aside)
}

// Save brings what is on disk up to date. When it returns nil, all that the journals
// had when it was called survives, also a loss of power.
func (k *Keeper) Save(now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.o.Journals.snapshot()
	body := k.body(c)
	sum := checksumOf(body)
	if sum != k.saved || endedBetween(c.alerts, k.savedAt, now) {
		if err := replace(k.path, seal(now, body)); err != nil {
			k.saved = checksum{} // the new content may be there or not
			k.metrics.failed.Inc()
			return fmt.Errorf("alerts, silences and notifications cannot be saved: %w", err)
		}
		k.saved, k.savedAt = sum, now
	}
	k.metrics.upToDate.Set(float64(now.UnixMilli()) / 1e3)
	return nil
}

// endedBetween says whether one of the alerts ended after the first instant and not
// after the second. Whether an alert fired when it was saved is read off the two, so
// that has to be saved although nothing else has changed.
func endedBetween(alerts []*alert.Alert, from, to time.Time) bool {
	return slices.ContainsFunc(alerts, func(a *alert.Alert) bool { return !a.ResolvedAt(from) && a.ResolvedAt(to) })
}

// Run saves every SaveEvery, and maintains, until the context ends, and then returns
// nil. It does neither at the end: whoever stops it knows when nothing changes any more.
func (k *Keeper) Run(ctx context.Context) error {
	save := time.NewTicker(SaveEvery)
	defer save.Stop()
	maintain := time.NewTicker(k.o.MaintainEvery)
	defer maintain.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-save.C: // the time that it brings may be long past, if the disk was slow
			err = k.Save(time.Now())
		case <-maintain.C:
			err = k.Maintain(time.Now())
		}
		if err != nil {
			k.o.Logger.Error("What was received and notified since the last save would not survive a crash", "err", err)
		}
	}
}

// Close maintains and saves for the last time.
func (k *Keeper) Close(now time.Time) error { return errors.Join(k.Maintain(now), k.Save(now)) }
