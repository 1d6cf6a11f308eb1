package rule

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

const (
	alertsName         = "ALERTS"           // 1 for each active alert
	alertsForStateName = "ALERTS_FOR_STATE" // since when it is active, in Unix seconds
	alertStateLabel    = "alertstate"
)

// sample is one sample that a rule wants to be stored.
type sample struct {
	key       string // labelsKey of the labels
	labels    labels.Labels
	value     float64
	histogram *histogram.FloatHistogram // instead of the value, if set
}

func newSample(l labels.Labels, value float64) sample {
	return sample{key: labelsKey(l), labels: l, value: value}
}

// series is a series that a rule has written.
type series struct {
	labels labels.Labels
	ref    storage.SeriesRef // spares the storage the look-up by labels
}

// samples returns the samples that tell of the active alerts. They carry the
// labels of the alert as it is sent: a label that was expanded to nothing is
// absent here, too.
func (as alerts) samples() []sample {
	var samples []sample
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, a := range as {
		if a.state == StateInactive {
			continue
		}
		b.Reset(a.labels)
		b.Set(model.MetricNameLabel, alertsForStateName)
		since := newSample(b.Labels(), float64(a.activeAt.Unix()))
		b.Set(model.MetricNameLabel, alertsName)
		b.Set(alertStateLabel, string(a.state))
		samples = append(samples, newSample(b.Labels(), 1), since)
	}
	return samples
}

// discardedError tells of samples that the storage did not take, while it took
// the others.
type discardedError struct {
	discarded, samples int
	err                error // the first one
}

func (e *discardedError) Error() string {
	return fmt.Sprintf("%d of %d samples were not stored: %v", e.discarded, e.samples, e.err)
}

func (e *discardedError) Unwrap() error { return e.err }

// Samples of rules are never older than what a series has already.
var inOrder = storage.AppendV2Options{RejectOutOfOrder: true}

// write stores the samples of a rule, and marks those of its series stale that
// got none this time.
func (g *group) write(ctx context.Context, r *groupRule, samples []sample, at time.Time) error {
	if len(samples) == 0 && len(r.written) == 0 {
		return nil
	}
	t := timestamp.FromTime(at.Add(-g.queryOffset))
	written := make(map[string]series, len(samples))
	var discarded *discardedError
	err := g.env.transaction(ctx, func(app storage.AppenderV2) {
		for _, s := range samples {
			ref, err := app.Append(r.written[s.key].ref, s.labels, 0, t, s.value, nil, s.histogram, inOrder)
			if err == nil {
				written[s.key] = series{labels: s.labels, ref: ref}
				continue
			}
			if discarded == nil {
				discarded = &discardedError{samples: len(samples), err: err}
			}
			discarded.discarded++
		}
		for key, s := range r.written {
			if _, ok := written[key]; !ok {
				g.appendStale(app, s, t)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("storing the samples of the rule: %w", err)
	}
	r.written = written
	if discarded != nil {
		return discarded
	}
	return nil
}

// markStale marks series stale that nobody writes any longer.
func (g *group) markStale(ctx context.Context, at time.Time, gone []series) error {
	if len(gone) == 0 {
		return nil
	}
	t := timestamp.FromTime(at.Add(-g.queryOffset))
	return g.env.transaction(ctx, func(app storage.AppenderV2) {
		for _, s := range gone {
			g.appendStale(app, s, t)
		}
	})
}

// appendStale marks a series stale. It fails without a word when the series has
// a sample of the same time or a later one: then another rule writes it.
func (g *group) appendStale(app storage.AppenderV2, s series, t int64) {
	_, err := app.Append(s.ref, s.labels, 0, t, math.Float64frombits(value.StaleNaN), nil, nil, inOrder)
	switch {
	case err == nil,
		errors.Is(err, storage.ErrOutOfOrderSample),
		errors.Is(err, storage.ErrTooOldSample),
		errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
	default:
		g.env.logger.Warn("Marking a series stale failed", "file", g.file, "group", g.Name, "series", s.labels, "err", err)
	}
}

// transaction commits what appendTo has appended, or nothing if it panics. A panic
// of the storage is an error, too.
func (env *environment) transaction(ctx context.Context, appendTo func(storage.AppenderV2)) error {
	var app storage.AppenderV2
	err := env.guard(func() error {
		app = env.appendable.AppenderV2(ctx)
		appendTo(app)
		return nil
	})
	switch {
	case err == nil:
		return env.guard(app.Commit)
	case app == nil:
		return err
	default:
		return errors.Join(err, env.guard(app.Rollback))
	}
}
