package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// lookup is a request for what the storage knows, without samples.
type lookup struct {
	sets  [][]*labels.Matcher
	limit int
	start time.Time
	end   time.Time
}

// readLookup reads the parameters that series, labels and label values share;
// only series blames match[] by its name, which blame does.
func (a *API) readLookup(r *http.Request, blame func(error) error) (l lookup, err error) {
	if l.limit, err = limitParam(r); err != nil {
		return l, err
	}
	if l.start, l.end, err = rangeParams(r); err != nil {
		return l, err
	}
	if l.sets, err = matcherSets(a.o.Engine.Parser(), r); err != nil {
		return l, blame(err)
	}
	return l, nil
}

// read lets find answer from the storage. What it finds may point to memory of
// the querier, which is therefore closed after the answer was encoded; at once,
// if there is none.
func (a *API) read(l lookup, find func(storage.Querier) (*answer, error)) (res *answer, err error) {
	q, err := a.o.Storage.Querier(timestamp.FromTime(l.start), timestamp.FromTime(l.end))
	if err != nil {
		return nil, err
	}
	defer func() {
		if res == nil { // so it is after a panic, too
			err = errors.Join(err, q.Close())
		}
	}()
	if res, err = find(q); res != nil {
		res.release = func() { _ = q.Close() } // nothing was written that could fail
	}
	return res, err
}

func (a *API) series(r *http.Request) (*answer, error) {
	if err := formError(r); err != nil {
		return nil, err
	}
	if len(r.Form["match[]"]) == 0 {
		return nil, badRequest(errors.New("no match[] parameter provided"))
	}
	l, err := a.readLookup(r, func(err error) error { return badParam("match[]", err) })
	if err != nil {
		return nil, err
	}
	return a.read(l, func(q storage.Querier) (*answer, error) {
		set := selectSeries(r.Context(), q, l)
		found := []labelSet{}
		cut := false
		for set.Next() {
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			if l.limit > 0 && len(found) == l.limit {
				cut = true
				break
			}
			found = append(found, labelSet(set.At().Labels()))
		}
		if err := set.Err(); err != nil {
			return nil, err
		}
		warnings := set.Warnings()
		if cut {
			warnings = warnings.Add(errTruncated)
		}
		return &answer{data: withLabels{found}, warnings: warnings}, nil
	})
}

// selectSeries finds the series that any of the selectors matches, each once.
func selectSeries(ctx context.Context, q storage.Querier, l lookup) storage.SeriesSet {
	hints := &storage.SelectHints{
		Start: timestamp.FromTime(l.start),
		End:   timestamp.FromTime(l.end),
		Func:  "series", // tells the storage that no samples will be read
		Limit: hintLimit(l.limit),
	}
	if len(l.sets) == 1 {
		return q.Select(ctx, false, hints, l.sets[0]...)
	}
	sets := make([]storage.SeriesSet, len(l.sets))
	for i, ms := range l.sets {
		sets[i] = q.Select(ctx, true, hints, ms...) // sorted, so that they can be merged
	}
	return storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
}

func (a *API) labelNames(r *http.Request) (*answer, error) {
	l, err := a.readLookup(r, badRequest)
	if err != nil {
		return nil, err
	}
	return a.strings(l, func(q storage.Querier, ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(r.Context(), &storage.LabelHints{Limit: hintLimit(l.limit)}, ms...)
	})
}

func (a *API) labelValues(r *http.Request) (*answer, error) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, badRequest(fmt.Errorf("invalid label name: %q", name))
	}
	l, err := a.readLookup(r, badRequest)
	if err != nil {
		return nil, err
	}
	return a.strings(l, func(q storage.Querier, ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(r.Context(), name, &storage.LabelHints{Limit: hintLimit(l.limit)}, ms...)
	})
}

// strings gathers what ask finds for each of the selectors, or for none if none
// is given: sorted, each string once.
func (a *API) strings(l lookup, ask func(storage.Querier, []*labels.Matcher) ([]string, annotations.Annotations, error)) (*answer, error) {
	sets := l.sets
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	return a.read(l, func(q storage.Querier) (*answer, error) {
		all := []string{}
		var warnings annotations.Annotations
		for _, ms := range sets {
			found, w, err := ask(q, ms)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
			warnings.Merge(w)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		if l.limit > 0 && len(all) > l.limit {
			all = all[:l.limit]
			warnings = warnings.Add(errTruncated)
		}
		return &answer{data: all, warnings: warnings}, nil
	})
}
