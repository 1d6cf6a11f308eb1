package prometheus

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The earliest and the latest time that a request can name; they stand for a
// bound that is not given. Clients send them written out, so they are facts.
var (
	minTime = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()

	minTimeText = minTime.Format(time.RFC3339Nano)
	maxTimeText = maxTime.Format(time.RFC3339Nano)
)

// parseTime reads seconds since 1970, rounded to milliseconds, or RFC 3339.
func parseTime(s string) (time.Time, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f >= float64(minTime.Unix()) && f <= float64(maxTime.Unix()) {
			sec, frac := math.Modf(f)
			frac = math.Round(frac*1000) / 1000
			return time.Unix(int64(sec), int64(frac*float64(time.Second))).UTC(), nil
		}
	} else if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	// package time reads years of four digits only
	switch s {
	case minTimeText:
		return minTime, nil
	case maxTimeText:
		return maxTime, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", s)
}

// parseDuration reads a number of seconds, or a duration such as 5m.
func parseDuration(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) {
		ns := f * float64(time.Second)
		if ns >= math.MaxInt64 || ns < math.MinInt64 {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", s)
		}
		return time.Duration(ns), nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
}

// timeParam reads an optional time.
func timeParam(r *http.Request, name string, missing time.Time) (time.Time, error) {
	s := r.FormValue(name)
	if s == "" {
		return missing, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return time.Time{}, badParam(name, fmt.Errorf("invalid time value for '%s': %w", name, err))
	}
	return t, nil
}

// rangeParams reads the optional start and end.
func rangeParams(r *http.Request) (start, end time.Time, err error) {
	if start, err = timeParam(r, "start", minTime); err != nil {
		return start, end, err
	}
	end, err = timeParam(r, "end", maxTime)
	return start, end, err
}

// limitParam reads the optional bound on the number of results; 0 is none.
func limitParam(r *http.Request) (int, error) {
	s := r.FormValue("limit")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, badParam("limit", err)
	}
	return n, nil
}

// errTruncated is the warning of an answer that a limit cut short.
var errTruncated = errors.New("results truncated due to limit")

// hintLimit is what the storage is told of a limit: one more, so that it can be
// seen whether there was more.
func hintLimit(limit int) int {
	if limit > 0 && limit < math.MaxInt {
		return limit + 1
	}
	return limit
}

// matcherSets reads the selectors of match[]. A selector that matches
// everything is refused, since nobody means it.
func matcherSets(p parser.Parser, r *http.Request) ([][]*labels.Matcher, error) {
	sets, err := p.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !selective(set) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

func selective(set []*labels.Matcher) bool {
	for _, m := range set {
		if !m.Matches("") {
			return true
		}
	}
	return false
}

func matchesAll(ls labels.Labels, set []*labels.Matcher) bool {
	for _, m := range set {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// optionalInt reads a number that is allowed to be missing, which gives -1.
func optionalInt(r *http.Request, name string) (int, error) {
	s := r.FormValue(name)
	if s == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, badRequest(fmt.Errorf("%s must be a number", name))
	}
	return n, nil
}
