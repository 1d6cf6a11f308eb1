// Package state keeps on disk what must survive the end of the process: the
// alerts that were received, what was notified about them, and how far the alerts
// of rules are in their lives.
//
// A [Keeper] writes all of it into one file, whole, when the server stops, and
// every ten seconds while it runs; so an orderly stop loses nothing, and a crash at
// most the last ten seconds. The next start reads it back. What is wrong with the file
// never stops the server: it is put aside for people to look at, and the server
// begins without it.
package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// SaveEvery is how often Run saves.
const SaveEvery = 10 * time.Second

// fileName is the file's name in its folder.
const fileName = "alerting"

// Pipeline is what has something to lose.
type Pipeline interface {
	// Snapshot returns all that is to survive. Nothing in it changes any more.
	Snapshot() ([]*alert.Alert, []notify.Record)
	// Restore goes on from a snapshot that was taken before now.
	Restore(now time.Time, alerts []*alert.Alert, notified []notify.Record)
}

// Options are the settings of a [Keeper].
type Options struct {
	// Dir is the keeper's folder, which nothing else writes to; it is made with
	// the first save. Required.
	Dir string
	// Pipeline is whose state is kept. Required.
	Pipeline Pipeline
	// Journal is where the alerts of rules are; nil is a new, empty one.
	Journal *Journal
	// Logger takes what goes wrong; nil discards it.
	Logger *slog.Logger
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Keeper saves the state of a pipeline and of rules, and brings it back. Its methods
// may be called at the same time.
type Keeper struct {
	path     string
	pipeline Pipeline
	journal  *Journal
	logger   *slog.Logger
	metrics  *metrics

	mu    sync.Mutex // held while the file is read or written; guards saved
	saved checksum   // of what is in the file; zero if that is not known
}

// New returns a keeper, and touches nothing yet.
func New(o Options) *Keeper {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Journal == nil {
		o.Journal = NewJournal()
	}
	return &Keeper{
		path:     filepath.Join(o.Dir, fileName),
		pipeline: o.Pipeline,
		journal:  o.Journal,
		logger:   o.Logger,
		metrics:  newMetrics(o.Registerer),
	}
}

// Restore gives pipeline and journal what was last saved, if anything was.
func (k *Keeper) Restore(now time.Time) {
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
		k.putAside(now, err)
		return
	}
	k.saved = checksumOf(content)
	k.pipeline.Restore(now, c.alerts, c.notified)
	ofRules := k.journal.restore(now, c.rules)
	k.logger.Info("Alerts and notifications of the last run are known again",
		"alerts", len(c.alerts), "notifications", len(c.notified), "alerts_of_rules", ofRules)
}

// putAside renames a file that cannot be read, so that it is not overwritten.
func (k *Keeper) putAside(now time.Time, reason error) {
	aside := k.path + ".unreadable-" + now.UTC().Format("20060102T150405Z")
	logger := k.logger.With("file", k.path, "reason", reason)
	if err := rename(k.path, aside); err != nil {
		logger.Error("The state of the last run cannot be read, nor put aside; the server begins without it, and the next save replaces it", "err", err)
		return
	}
	logger.Error("The state of the last run cannot be read and was put aside; the server begins without it", "aside", aside)
}

// Save brings what is on disk up to date. When it returns nil, all that pipeline
// and journal had when it was called survives, also a loss of power.
func (k *Keeper) Save(now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	content := k.encode(k.snapshot())
	sum := checksumOf(content)
	if sum != k.saved {
		if err := replace(k.path, content); err != nil {
			k.saved = checksum{} // the new content may be there or not
			k.metrics.failed.Inc()
			return fmt.Errorf("alerts and notifications cannot be saved: %w", err)
		}
		k.saved = sum
	}
	k.metrics.upToDate.Set(float64(now.UnixMilli()) / 1e3)
	return nil
}

// snapshot looks at the journal first. A rule writes down that it sends an alert, and
// then sends it: what the journal has as sent, the pipeline has too, unless the save
// comes between the two. Then the rule sends it again when the resend delay is over.
func (k *Keeper) snapshot() contents {
	rules := k.journal.snapshot()
	alerts, notified := k.pipeline.Snapshot()
	return contents{alerts: alerts, notified: notified, rules: rules}
}

// Run saves every SaveEvery until the context ends, and then returns nil. It does
// not save at the end: whoever stops it knows when nothing changes any more.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(SaveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if err := k.Save(now); err != nil {
				k.logger.Error("What was received and notified since the last save would not survive a crash", "err", err)
			}
		}
	}
}
