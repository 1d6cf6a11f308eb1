package readers_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// read returns what Prometheus finds in a page, a line for each help, type, unit
// and sample, sorted.
func read(page script.Page) ([]string, error) {
	parser, err := textparse.New(slices.Clone(page.Body), page.ContentType, nil, textparse.ParserOptions{
		KeepClassicOnClassicAndNativeHistograms: true,
		OpenMetricsSkipSTSeries:                 page.Format.Created,
	})
	if err != nil {
		return nil, err
	}
	var lines []string
	for {
		entry, err := parser.Next()
		switch {
		case errors.Is(err, io.EOF):
			slices.Sort(lines)
			return lines, nil
		case err != nil:
			return lines, err
		}
		lines = append(lines, shown(page.Format, parser, entry))
	}
}

// shown returns the line of an entry.
func shown(format script.Format, parser textparse.Parser, entry textparse.Entry) string {
	named := func(name []byte) string {
		if format.MediaType == script.Protobuf {
			return string(name)
		}
		return unquoted.Replace(string(name)) // which the parsers leave to others
	}
	switch entry {
	case textparse.EntryHelp:
		name, help := parser.Help()
		return helpLine(format, named(name), string(help))
	case textparse.EntryType:
		name, typ := parser.Type()
		return fmt.Sprintf("type %q %s", named(name), typ)
	case textparse.EntryUnit:
		name, unit := parser.Unit()
		return fmt.Sprintf("unit %q %q", named(name), unit)
	case textparse.EntrySeries:
		var s sample
		_, stamp, v := parser.Series()
		s.value = fmt.Sprint(v)
		s.rest(parser, stamp)
		return s.String()
	case textparse.EntryHistogram:
		var s sample
		_, stamp, h, fh := parser.Histogram()
		if h != nil {
			s.value = whole(h)
		} else {
			s.value = "fractions " + fh.String()
		}
		s.rest(parser, stamp)
		return s.String()
	default:
		return fmt.Sprintf("entry %d", entry)
	}
}

var unquoted = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")

// helpLine shows a help. The parser of the text format skips one of nothing but
// white space, and makes of a zero byte now one thing, now another; what follows
// it is not compared.
func helpLine(format script.Format, name, help string) string {
	if format.MediaType == script.Text {
		help, _, _ = strings.Cut(help, "\x00")
		if strings.Trim(help, " \t") == "" {
			help = ""
		}
	}
	return fmt.Sprintf("help %q %q", name, help)
}

// whole shows a native histogram.
func whole(h *histogram.Histogram) string {
	return fmt.Sprintf("native count %d sum %v schema %d zero %d below %v, positive %v %v, negative %v %v, hint %d",
		h.Count, h.Sum, h.Schema, h.ZeroCount, h.ZeroThreshold, h.PositiveSpans, h.PositiveBuckets, h.NegativeSpans, h.NegativeBuckets, h.CounterResetHint)
}

// sample is a line of a page, or what it is to be.
type sample struct {
	labels    labels.Labels
	value     string
	stamp     *int64
	started   int64 // milliseconds, 0 if it is not known
	exemplars []exemplar.Exemplar
}

// rest takes in what the parser tells besides the value.
func (s *sample) rest(parser textparse.Parser, stamp *int64) {
	if stamp != nil {
		s.stamp = new(*stamp)
	}
	parser.Labels(&s.labels)
	for {
		var e exemplar.Exemplar
		if !parser.Exemplar(&e) {
			break
		}
		s.exemplars = append(s.exemplars, e)
	}
	s.started = parser.StartTimestamp() // last, for it reads ahead
}

func (s *sample) String() string {
	line := fmt.Sprintf("sample %s %s", s.labels, s.value)
	if s.stamp != nil {
		line += fmt.Sprint(" at ", *s.stamp)
	}
	if s.started != 0 {
		line += fmt.Sprint(" since ", s.started)
	}
	for _, e := range s.exemplars {
		line += fmt.Sprintf(" exemplar %s %v", e.Labels, e.Value)
		if e.HasTs {
			line += fmt.Sprint(" at ", e.Ts)
		}
	}
	return line
}

// milliseconds are the whole milliseconds of a time in seconds as a format
// writes it.
func milliseconds(seconds float64) int64 { return int64(math.Trunc(seconds * 1000)) }
