// Package storage holds where samples live: the embedded time series database.
//
// A DB is one folder on the local disk, in the format of Prometheus' TSDB, so a
// folder that Prometheus wrote is opened as it is. It takes samples from scrapes
// and rules and answers the query engine and the API.
package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/util/compression"
)

const (
	// DefaultRetention is how long samples are kept when neither the options
	// nor the configuration file say otherwise.
	DefaultRetention = 15 * 24 * time.Hour

	// maxBlock is the longest time that one block on disk may span; a shorter
	// retention shortens it, since only whole blocks can be deleted.
	maxBlock = 31 * 24 * time.Hour
)

// Options say where the samples live and for how long.
type Options struct {
	Dir string // made if it is missing

	// Retention and MaxBytes bound what is kept. The section storage.tsdb.retention
	// of the configuration file, where it is present, goes before both. If
	// neither is given, Retention is DefaultRetention.
	Retention time.Duration // 0 is no bound by time
	MaxBytes  int64         // of all blocks together; 0 is no bound by size

	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // gets the database's own metrics; nil for none
}

// DB is the open database. All its methods may be called at the same time.
type DB struct {
	tsdb     *tsdb.DB
	fallback promconfig.TSDBRetentionConfig // retention where the file has none
}

// Open opens the database in o.Dir, replays what the last run did not yet write
// to blocks, and starts compaction in the background until Close.
func Open(o Options) (*DB, error) {
	if o.Dir == "" {
		return nil, errors.New("storage folder is empty: give one with --storage.path")
	}
	if o.Retention < 0 {
		return nil, fmt.Errorf("retention time %s is negative: give a positive time, or 0 for no bound by time", o.Retention)
	}
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("retention size %d is negative: give a positive size, or 0 for no bound by size", o.MaxBytes)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retention == 0 && o.MaxBytes == 0 {
		o.Retention = DefaultRetention
	}
	if err := probe(o.Dir); err != nil {
		return nil, err
	}

	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = o.Retention.Milliseconds()
	opts.MaxBytes = o.MaxBytes
	opts.MaxBlockDuration = longestBlock(o.Retention).Milliseconds()
	opts.WALCompression = compression.Snappy
	// The exemplar buffer is there but holds nothing until the configuration
	// file gives it a size: Apply resizes it, and cannot create it.
	opts.EnableExemplarStorage = true
	opts.MaxExemplars = 0

	db, err := tsdb.Open(o.Dir, o.Logger, o.Registerer, opts, tsdb.NewDBStats())
	if err != nil {
		return nil, fmt.Errorf("open storage folder %s: %w", o.Dir, err)
	}
	return &DB{
		tsdb: db,
		fallback: promconfig.TSDBRetentionConfig{
			Time: model.Duration(o.Retention),
			Size: units.Base2Bytes(o.MaxBytes),
		},
	}, nil
}

func longestBlock(retention time.Duration) time.Duration {
	if retention == 0 || retention/10 > maxBlock {
		return maxBlock
	}
	return retention / 10
}

// probe finds out whether dir can be written and is used by nobody else, before
// the database touches it: opening cleans up temporary files first and locks
// later, which would disturb another process that is compacting right now.
func probe(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("storage folder %s cannot be made: %w", dir, cause(err))
	}
	name := filepath.Join(dir, "lock")
	lock, existed, err := fileutil.Flock(name)
	switch {
	case errors.Is(err, syscall.EAGAIN): // the lock is held
		return fmt.Errorf("storage folder %s is in use by another process: stop it, or give another folder with --storage.path", dir)
	case err != nil:
		return fmt.Errorf("storage folder %s cannot be written: %w", dir, cause(err))
	}
	if err := lock.Release(); err != nil {
		return fmt.Errorf("storage folder %s: release the lock: %w", dir, err)
	}
	// A lock file that was there already is left for the database to report: it
	// tells that the last run did not stop in order.
	if !existed {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("storage folder %s cannot be written: %w", dir, cause(err))
		}
	}
	return nil
}

// cause drops the operation and the path, which the message names already.
func cause(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}

// Apply brings the section storage of the configuration into effect: retention,
// the window for samples that come out of order, chunk encoding, exemplars.
func (db *DB) Apply(cfg *promconfig.Config) error {
	// The parsed file is shared and must not be written to, so the section is copied.
	own := promconfig.Config{}
	tc := promconfig.TSDBConfig{}
	if from := cfg.StorageConfig.TSDBConfig; from != nil {
		tc = *from
	}
	if tc.Retention == nil || *tc.Retention == (promconfig.TSDBRetentionConfig{}) {
		tc.Retention = &db.fallback
	}
	own.StorageConfig.TSDBConfig = &tc
	own.StorageConfig.ExemplarsConfig = cfg.StorageConfig.ExemplarsConfig
	if own.StorageConfig.ExemplarsConfig == nil {
		own.StorageConfig.ExemplarsConfig = &promconfig.ExemplarsConfig{}
	}
	if err := db.tsdb.ApplyConfig(&own); err != nil {
		return fmt.Errorf("apply the section storage to %s: %w", db.tsdb.Dir(), err)
	}
	return nil
}

// Appender starts a batch of samples; its samples are seen after Commit.
func (db *DB) Appender(ctx context.Context) storage.Appender { return db.tsdb.Appender(ctx) }

// AppenderV2 is Appender in the newer interface, which scraping uses.
func (db *DB) AppenderV2(ctx context.Context) storage.AppenderV2 { return db.tsdb.AppenderV2(ctx) }

// Querier reads the samples between two times in milliseconds, both included.
// It must be closed.
func (db *DB) Querier(mint, maxt int64) (storage.Querier, error) { return db.tsdb.Querier(mint, maxt) }

// ExemplarQuerier reads exemplars. It finds none unless the configuration file
// gives them room in storage.exemplars.max_exemplars.
func (db *DB) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	return db.tsdb.ExemplarQuerier(ctx)
}

// Dir is the folder that the database lives in.
func (db *DB) Dir() string { return db.tsdb.Dir() }

// Close waits for compaction to stop, writes out what is not on disk yet, and
// gives the folder free. Nothing may be called after it.
func (db *DB) Close() error {
	if err := db.tsdb.Close(); err != nil {
		return fmt.Errorf("close storage folder %s: %w", db.tsdb.Dir(), err)
	}
	return nil
}
