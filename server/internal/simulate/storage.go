package simulate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// memory is a storage that lasts as long as a test: the part of the time series
// database that keeps the latest samples, which here are all of them.
type memory struct {
	head *tsdb.Head
	dir  string // which the head wants; it writes there when it is closed, at most
}

// chunkRange bounds how far behind the newest sample of all series a new one may
// be: half of it. promtool has the same.
const chunkRange = 24 * time.Hour

func newMemory() (*memory, error) {
	dir, err := os.MkdirTemp("", "cresset-test-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	o := tsdb.DefaultHeadOptions()
	o.ChunkRange = chunkRange.Milliseconds()
	o.ChunkDirRoot = dir
	o.StripeSize = 512 // tests have few series
	head, err := tsdb.NewHead(nil, slog.New(slog.DiscardHandler), nil, nil, o, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a storage: %w", err), os.RemoveAll(dir))
	}
	m := &memory{head: head, dir: dir}
	if err := head.Init(math.MinInt64); err != nil {
		return nil, errors.Join(fmt.Errorf("make a storage: %w", err), m.close())
	}
	return m, nil
}

func (m *memory) close() error { return errors.Join(m.head.Close(), os.RemoveAll(m.dir)) }

// AppenderV2 starts a batch of samples; its samples are seen after Commit.
func (m *memory) AppenderV2(ctx context.Context) storage.AppenderV2 { return m.head.AppenderV2(ctx) }

// Querier reads the samples between two times in milliseconds, both included.
func (m *memory) Querier(mint, maxt int64) (storage.Querier, error) {
	if maxt < m.head.MinTime() {
		return storage.NoopQuerier(), nil
	}
	return tsdb.NewBlockQuerier(tsdb.NewRangeHead(m.head, mint, maxt), mint, maxt)
}
