package exposition

import (
	"io"
	"math"
	"strconv"
	"strings"
)

// OpenMetrics writes the OpenMetrics text format:
// https://prometheus.io/docs/specs/om/open_metrics_spec/
//
// Its versions 0.0.1 and 1.0.0 are the same but for their content type. Native
// buckets have no place in it; native histograms appear with their classic
// buckets. Counts of histograms that are not whole are written as they are: every
// reader takes a number there.
type OpenMetrics struct {
	lines
	created bool

	// Of the family that is being written:
	family Type
	suffix string // of the line that has a counter's value: _total, which is no part of the family's name
}

// NewOpenMetrics returns an encoder that writes to w. It writes _created lines,
// which say since when a counter or distribution counts, if created is set.
func NewOpenMetrics(w io.Writer, escaping Escaping, created bool) *OpenMetrics {
	return &OpenMetrics{lines: lines{output: newOutput(w), escaping: escaping, number: appendDecimal}, created: created}
}

// Family writes the HELP, TYPE and UNIT lines.
//
// A counter whose name does not end in _total becomes one of unknown type, as
// the format has no other counters. A unit that the name does not end in is left
// out, because a reader must refuse a page with it.
func (o *OpenMetrics) Family(f *Family) {
	name := o.enter(f.Name, f.Type)
	typ := f.Type.String()
	if f.Type == Untyped || f.Type == Counter && o.suffix == "" {
		typ = unknown
	}
	if f.HasHelp {
		o.meta("# HELP ", name, validText(f.Help), inQuotes)
	}
	o.meta("# TYPE ", name, typ, "")
	if base, ok := strings.CutSuffix(name, f.Unit); ok && f.Unit != "" && strings.HasSuffix(base, "_") {
		o.meta("# UNIT ", name, f.Unit, inQuotes)
	}
	o.flushFull()
}

const (
	total   = "_total"
	unknown = "unknown"
)

// enter prepares for the lines of a family, and returns its name as this page
// has it.
func (o *OpenMetrics) enter(family string, typ Type) (name string) {
	name = o.begin(family)
	o.family, o.suffix = typ, ""
	if typ == Counter && strings.HasSuffix(name, total) {
		o.head, o.suffix = strings.TrimSuffix(o.head, total), total
	}
	return strings.TrimSuffix(name, o.suffix)
}

// Series writes the lines of one series.
func (o *OpenMetrics) Series(s *Series) {
	form := openMetricsForm
	if o.created {
		form = createdForm
	}
	if !o.copyRendered(s, form) {
		o.render(s)
	}
	o.flushFull()
}

func (o *OpenMetrics) render(s *Series) {
	switch o.family {
	case Histogram, GaugeHistogram:
		infSeen := false
		for i := range s.Dist.Buckets {
			b := &s.Dist.Buckets[i]
			o.bucket(s, b.UpperBound, b.Count, b.Exemplar)
			infSeen = infSeen || math.IsInf(b.UpperBound, +1)
		}
		if !infSeen {
			o.bucket(s, math.Inf(+1), s.Dist.Count, nil)
		}
		o.totals(s)
	case Summary:
		for _, q := range s.Dist.Quantiles {
			o.start(s, "", "quantile", q.Rank)
			o.buf = appendDecimal(o.buf, q.Value)
			o.end(s, nil)
		}
		o.totals(s)
	case Counter:
		o.start(s, o.suffix, "", 0)
		o.buf = appendDecimal(o.buf, s.Value)
		o.end(s, s.Exemplar)
		o.createdLine(s)
	default:
		o.start(s, "", "", 0)
		o.buf = appendDecimal(o.buf, s.Value)
		o.end(s, nil)
	}
}

func (o *OpenMetrics) bucket(s *Series, bound float64, n Count, e *Exemplar) {
	o.start(s, "_bucket", "le", bound)
	o.buf = appendCount(o.buf, n)
	o.end(s, e)
}

// totals writes what distributions end with.
func (o *OpenMetrics) totals(s *Series) {
	o.start(s, "_sum", "", 0)
	o.buf = appendDecimal(o.buf, s.Dist.Sum)
	o.end(s, nil)
	o.start(s, "_count", "", 0)
	o.buf = appendCount(o.buf, s.Dist.Count)
	o.end(s, nil)
	o.createdLine(s)
}

func (o *OpenMetrics) createdLine(s *Series) {
	if o.created && s.Created.Known {
		o.start(s, "_created", "", 0)
		o.buf = appendDecimal(o.buf, s.Created.inSeconds())
		o.buf = append(o.buf, '\n')
	}
}

// start begins a line; its value is to follow. The extra label is as in
// appendSeries.
func (o *OpenMetrics) start(s *Series, suffix, extra string, bound float64) {
	o.buf = append(o.appendSeries(o.buf, s.Labels, suffix, extra, bound), ' ')
}

// end writes what follows the value. An exemplar without labels is left out,
// since it leads nowhere.
func (o *OpenMetrics) end(s *Series, e *Exemplar) {
	if s.HasTimestamp {
		o.buf = append(o.buf, ' ')
		o.buf = appendDecimal(o.buf, float64(s.Timestamp)/1000)
	}
	if e != nil && len(e.Labels) > 0 {
		o.exemplar(e)
	}
	o.buf = append(o.buf, '\n')
}

func (o *OpenMetrics) exemplar(e *Exemplar) {
	o.buf = append(o.buf, " # {"...)
	for i, l := range e.Labels {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = appendLabel(o.buf, l.Name, l.Value, o.escaping)
	}
	o.buf = append(o.buf, "} "...)
	o.buf = appendDecimal(o.buf, e.Value)
	if e.Time.Known {
		o.buf = append(o.buf, ' ')
		o.buf = appendDecimal(o.buf, e.Time.inSeconds())
	}
}

// Close writes the end of the page, without which a reader takes it to be cut
// off, hands on what is left and returns the first error of the writer.
func (o *OpenMetrics) Close() error {
	o.buf = append(o.buf, "# EOF\n"...)
	return o.finish()
}

// appendCount writes a number of observations, a whole one without a fraction.
func appendCount(buf []byte, n Count) []byte {
	if n.Float != 0 {
		return appendDecimal(buf, n.Float)
	}
	return strconv.AppendUint(buf, n.Whole, 10)
}

// appendDecimal writes the shortest text that reads back as the same number and
// is seen not to be a whole one: it has a fraction or an exponent.
func appendDecimal(buf []byte, v float64) []byte {
	if v > -1e6 && v < 1e6 && v == float64(int32(v)) {
		// Whole numbers of more than six digits have an exponent.
		buf = strconv.AppendInt(buf, int64(v), 10)
		return append(buf, ".0"...)
	}
	return appendFloat(buf, v)
}
