package differential_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Where the engines differ on purpose, what follows makes them equal, in one
// place for each difference. The names are the first cells of its rows in
// docs/differences.md.
const (
	differsInDiscardedError  = "samples of a rule that the storage refuses"
	differsInEmptyLabel      = "a label of an alert whose template expands to nothing"
	differsInUnchangedGroups = "a changed external label or global `rule_query_offset`"

	differsInColumn = "the column that the error of a template names"

	differsInResendDelay = "a `--rules.alert.resend-delay` equal to the interval"

	differsInFuture = "times of alerts that are later than now"

	// See limits.
	differsInLimit = "the series of a rule that exceeds its limit"

	// Where a file is bad, theirs is told before it has looked at any other.
	differsInRefusedReload = "metrics of groups after a refused reload"
)

func TestDifferencesAreDocumented(t *testing.T) {
	content, err := os.ReadFile("../../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{
		differsInDiscardedError, differsInEmptyLabel, differsInUnchangedGroups, differsInColumn, differsInRefusedReload, differsInResendDelay, differsInFuture, differsInLimit,
	}
	for _, d := range onPurpose {
		rows = append(rows, d.row)
	}
	for _, row := range rows {
		if !strings.Contains(string(content), "\n| "+row+" | ") {
			t.Errorf("docs/differences.md has no row %q", row)
		}
	}
}

// comparableError is differsInDiscardedError: of several samples that were not
// stored, the engines report different ones, and ours says how many there were.
// Which of several series that match a query complains of depends on the order in
// which they were stored, and that is random with theirs.
func comparableError(text string) string {
	if before, _, ok := strings.Cut(text, "found duplicate series for the match group"); ok {
		return before + "found duplicate series"
	}
	text = discardedCount.ReplaceAllString(text, "")
	text, _, _ = strings.Cut(text, "; overrides not allowed")
	return text
}

var discardedCount = regexp.MustCompile(`^\d+ of \d+ samples were not stored: `)

// withoutColumns is differsInColumn: it takes the columns out of the errors of
// templates, which stand in labels and annotations.
func withoutColumns(lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = templateColumn.ReplaceAllString(line, "${1}column")
	}
	return all
}

var templateColumn = regexp.MustCompile(`(template: __alert_[^:]*:\d+:)\d+`)

// theirStore is differsInEmptyLabel: it takes the raw text of templates out of
// the series of alerts.
type theirStore struct {
	db     *tsdb.DB
	limits *limits
}

func (s *theirStore) Appender(ctx context.Context) storage.Appender {
	return theirAppender{s.limits.watch(ctx, s.db.Appender(ctx))}
}

type theirAppender struct{ storage.Appender }

func (a theirAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if name := l.Get("__name__"); name == "ALERTS" || name == "ALERTS_FOR_STATE" {
		l = labels.NewBuilder(l).Del(templated(l)...).Labels()
	}
	return a.Appender.Append(ref, l, t, v)
}

// templated returns the names of the labels whose values are templates.
func templated(l labels.Labels) []string {
	var names []string
	l.Range(func(l labels.Label) {
		if strings.Contains(l.Value, "{{") {
			names = append(names, l.Name)
		}
	})
	return names
}

// changed is differsInUnchangedGroups: it makes all groups differ from those
// before where external labels or the query offset of all groups have changed, by
// nanoseconds that are taken off their own query offset, and that samples have no
// room for.
func (l *loader) changed(external labels.Labels, offset time.Duration) {
	if now := external.String() + offset.String(); now != l.last {
		l.mark++
		l.last, l.offset = now, offset
	}
}

func (l *loader) touch(g *rulefmt.RuleGroup) {
	offset := l.offset
	if g.QueryOffset != nil {
		offset = time.Duration(*g.QueryOffset)
	}
	marked := model.Duration(offset - l.mark)
	g.QueryOffset = &marked
}

// noneInFuture is differsInFuture: it moves alerts that are active from later than
// now on, as theirs are after restoring where there is a query offset.
func noneInFuture(g *rules.Group, now time.Time) {
	for _, r := range g.AlertingRules() {
		r.ForEachActiveAlert(func(a *rules.Alert) {
			if a.ActiveAt.After(now) {
				a.ActiveAt = now
			}
		})
	}
}

// theirResendDelay is differsInResendDelay: they send again when more than the
// delay is over.
func theirResendDelay(d time.Duration) time.Duration { return d - time.Nanosecond }

// sendingAsWeDo gives alerts back what theirResendDelay took from them.
func sendingAsWeDo(delay time.Duration, send rules.NotifyFunc) rules.NotifyFunc {
	return func(ctx context.Context, expr string, alerts ...*rules.Alert) {
		for _, a := range alerts {
			if a.ValidUntil.Sub(a.LastSentAt) == 4*theirResendDelay(delay) {
				a.ValidUntil = a.LastSentAt.Add(4 * delay)
			}
		}
		send(ctx, expr, alerts...)
	}
}
