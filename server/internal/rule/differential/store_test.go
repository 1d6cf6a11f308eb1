package differential_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// openDB opens a database that keeps everything in memory, until the returned
// function is called. It lives outside of virtual time, which it knows only from
// samples: its own timers have nothing to do there.
func openDB(t testing.TB) (_ *tsdb.DB, done func()) {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration = (365 * 24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	opts.WALSegmentSize = -1
	opts.StripeSize = 256
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// readable is a database that restoring can read, or cannot.
type readable struct {
	db *tsdb.DB
	is bool
}

func (r readable) Querier(from, to int64) (storage.Querier, error) {
	q, err := r.db.Querier(from, to)
	if err != nil || r.is {
		return q, err
	}
	return unreadable{q}, nil
}

type unreadable struct{ storage.Querier }

func (unreadable) Select(context.Context, bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
	return storage.ErrSeriesSet(errors.New("the disk is gone"))
}

// input is one series that both engines find in their databases: a value for
// each step of the program.
type input struct {
	labels labels.Labels
	values []parser.SequenceValue
}

// parseSeries reads series in the notation of promtool's rule tests.
func parseSeries(t testing.TB, lines []string) []input {
	t.Helper()
	p := parser.NewParser(parser.Options{})
	inputs := make([]input, len(lines))
	for i, line := range lines {
		l, values, err := p.ParseSeriesDesc(line)
		if err != nil {
			t.Fatalf("series %q: %v", line, err)
		}
		inputs[i] = input{labels: l, values: values}
	}
	return inputs
}

// put stores the values of a step.
func put(t testing.TB, db *tsdb.DB, inputs []input, step int, at time.Time) {
	t.Helper()
	app := db.AppenderV2(context.Background())
	for _, in := range inputs {
		if step >= len(in.values) || in.values[step].Omitted {
			continue
		}
		v := in.values[step]
		if _, err := app.Append(0, in.labels, 0, timestamp.FromTime(at), v.Value, nil, v.Histogram, storage.AppendV2Options{}); err != nil {
			t.Fatalf("storing %s at %v: %v", in.labels, at, err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// stored returns all samples of a database, one line each, in order of time. A
// stale marker after a stale marker says nothing and is left out.
func stored(t testing.TB, db *tsdb.DB) []string {
	t.Helper()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var lines []string
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		name := set.At().Labels().String()
		it := set.At().Iterator(nil)
		wasStale := false
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			ts, text := sample(it, kind)
			if stale := text == "stale"; !stale || !wasStale {
				lines = append(lines, fmt.Sprintf("%s %s %s", showMillis(ts), name, text))
			}
			wasStale = text == "stale"
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// sample returns the time of a sample and a text that differs where any bit of
// the sample does.
func sample(it chunkenc.Iterator, kind chunkenc.ValueType) (int64, string) {
	if kind == chunkenc.ValFloat {
		ts, v := it.At()
		switch {
		case value.IsStaleNaN(v):
			return ts, "stale"
		case math.IsNaN(v):
			return ts, fmt.Sprintf("NaN %x", math.Float64bits(v))
		}
		return ts, fmt.Sprint(v)
	}
	ts, h := it.AtFloatHistogram(nil)
	if value.IsStaleNaN(h.Sum) {
		return ts, "stale"
	}
	return ts, showHistogram(h)
}

func showHistogram(h *histogram.FloatHistogram) string {
	return fmt.Sprintf("histogram schema %d hint %d sum %x zero %v/%v count %v positive %v %v negative %v %v custom %v",
		h.Schema, h.CounterResetHint, math.Float64bits(h.Sum), h.ZeroThreshold, h.ZeroCount, h.Count,
		h.PositiveSpans, h.PositiveBuckets, h.NegativeSpans, h.NegativeBuckets, h.CustomValues)
}

// showMillis writes times so that lines sort by them.
func showMillis(ms int64) string { return showTime(time.UnixMilli(ms)) }

func showTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000000")
}
