package simulate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// MaxSamples is how many samples the input series of one test may have together.
// The notation makes billions of a few characters, and all of them are kept in
// memory.
const MaxSamples = 5_000_000

// series are the input series of a test, played into a storage as time goes on.
type series struct {
	all   []inputSeries
	start time.Time
	gap   time.Duration // between two samples
}

type inputSeries struct {
	labels labels.Labels
	values []parser.SequenceValue
	next   int // the first one that is not stored yet
	at     document.Position
}

// description is the series as the parser reads it.
func (i seriesItem) description() string { return strings.TrimSpace(i.Series + " " + i.Values) }

// line is the description without what may follow its line: lines that are empty,
// or comments. promtool takes any other for a series of its own.
func (i seriesItem) line() (string, error) {
	first, rest, _ := strings.Cut(i.description(), "\n")
	for line := range strings.SplitSeq(rest, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return "", errors.New("series and values must be on one line; in YAML, >- instead of | joins lines")
		}
	}
	return first, nil
}

// parseSeries reads the input series of a test. When a series is there twice,
// the later one counts.
func parseSeries(items []seriesItem, t tree, p parser.Parser) (s series, err error) {
	samples := 0
	for i, item := range items {
		if samples += countSamples(item.description()); samples > MaxSamples {
			return s, fmt.Errorf("%s: series %q: the input series have more than %d samples: use fewer, or a longer interval", t.item(i).key("values").at(), item.Series, MaxSamples)
		}
	}
	index := make(map[string]int, len(items))
	for i, item := range items {
		at := t.item(i).key("values").at()
		if strings.HasSuffix(strings.TrimSpace(item.Series), "@st") {
			return s, fmt.Errorf("%s: series %q: start timestamps of samples are not supported: remove this series", at, item.Series)
		}
		description, err := item.line()
		if err != nil {
			return s, fmt.Errorf("%s: series %q: %w", at, item.Series, err)
		}
		ls, values, err := p.ParseSeriesDesc(description)
		if err != nil {
			return s, fmt.Errorf("%s: series %q: %w", at, item.Series, err)
		}
		key := string(ls.Bytes(nil))
		if same, ok := index[key]; ok {
			s.all[same] = inputSeries{labels: ls, values: values, at: at}
			continue
		}
		index[key] = len(s.all)
		s.all = append(s.all, inputSeries{labels: ls, values: values, at: at})
	}
	return s, nil
}

var repetition = regexp.MustCompile(`x(\d+)`)

// countSamples returns how many samples the description of a series would make,
// or more than MaxSamples if that is too many: the parser makes them all
// before it returns.
func countSamples(description string) int {
	values := description[metricLength(description):]
	n := len(strings.Fields(values))
	for _, m := range repetition.FindAllStringSubmatch(values, -1) {
		times, err := strconv.Atoi(m[1])
		if err != nil || times > MaxSamples {
			return MaxSamples + 1
		}
		if n += times; n > MaxSamples {
			return MaxSamples + 1
		}
	}
	return n
}

// metricLength is how many bytes of the description of a series are its name
// and labels.
func metricLength(description string) int {
	i := 0
	for i < len(description) && description[i] != '{' && !isSpace(description[i]) {
		i++
	}
	open := i
	for open < len(description) && isSpace(description[open]) {
		open++
	}
	if !strings.HasPrefix(description[open:], "{") || strings.HasPrefix(description[open:], "{{") {
		return i
	}
	for i = open; i < len(description) && description[i] != '}'; i++ {
		if c := description[i]; c == '"' || c == '\'' || c == '`' {
			for i++; i < len(description) && description[i] != c; i++ {
				if description[i] == '\\' && c != '`' {
					i++
				}
			}
		}
	}
	return min(i, len(description))
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// playUntil stores the samples that are not stored yet and not after now.
func (s *series) playUntil(ctx context.Context, now time.Time, to *memory) error {
	last := int(min(now.Sub(s.start)/s.gap, MaxSamples)) // what comes later may be too late for a time.Duration
	app := to.AppenderV2(ctx)
	for i := range s.all {
		in := &s.all[i]
		for ; in.next <= min(last, len(in.values)-1); in.next++ {
			t := timestamp.FromTime(s.start.Add(time.Duration(in.next) * s.gap))
			v := in.values[in.next]
			if v.Omitted {
				continue
			}
			value := v.Value
			if v.Histogram != nil {
				value = 0
			}
			if _, err := app.Append(0, in.labels, 0, t, value, nil, v.Histogram, storage.AppendV2Options{}); err != nil {
				_ = app.Rollback() // what failed is known already
				return fmt.Errorf("%s: series %s: storing its sample number %d: %w", in.at, in.labels, in.next+1, err)
			}
		}
	}
	return app.Commit()
}
