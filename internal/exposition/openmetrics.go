package exposition

import (
	"io"
	"math"
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
	if f.Type == Counter {
		if base, ok := strings.CutSuffix(name, total); ok {
			name = base
		} else {
			typ = unknown
		}
	} else if f.Type == Untyped {
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
	total   = "_total" // of the line that has a counter's value; no part of the family's name
	unknown = "unknown"
)

// enter prepares for the lines of a family, and returns its name as this page
// has it, with the suffix of a counter.
func (o *OpenMetrics) enter(family string, typ Type) (name string) {
	o.family = typ
	name = o.begin(family)
	o.beginLines(typ)
	if typ == Counter {
		o.head = strings.TrimSuffix(o.head, total)
	}
	o.set(&o.since, "_created")
	return name
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
		o.buf = o.appendHistogram(o.buf, s)
	case Summary:
		o.buf = o.appendSummary(o.buf, s)
	case Counter:
		buf := o.appendStart(o.buf, o.value, s.Labels, nil)
		buf = o.appendEnd(appendDecimal(buf, s.Value), s, s.Exemplar)
		o.buf = o.appendCreated(buf, s)
	default:
		buf := o.appendStart(o.buf, o.value, s.Labels, nil)
		o.buf = o.appendEnd(appendDecimal(buf, s.Value), s, nil)
	}
}

func (o *OpenMetrics) appendHistogram(buf []byte, s *Series) []byte {
	infSeen := false
	for i := range s.Dist.Buckets {
		b := &s.Dist.Buckets[i]
		buf = o.appendStart(buf, o.bucket, s.Labels, o.bound(i, b.UpperBound))
		buf = o.appendEnd(appendCount(buf, b.Count), s, b.Exemplar)
		infSeen = infSeen || math.IsInf(b.UpperBound, +1)
	}
	if !infSeen {
		buf = o.appendStart(buf, o.bucket, s.Labels, o.bound(len(s.Dist.Buckets), math.Inf(+1)))
		buf = o.appendEnd(appendCount(buf, s.Dist.Count), s, nil)
	}
	return o.appendTotals(buf, s)
}

func (o *OpenMetrics) appendSummary(buf []byte, s *Series) []byte {
	for i, q := range s.Dist.Quantiles {
		buf = o.appendStart(buf, o.value, s.Labels, o.bound(i, q.Rank))
		buf = o.appendEnd(appendDecimal(buf, q.Value), s, nil)
	}
	return o.appendTotals(buf, s)
}

// appendTotals writes what distributions end with.
func (o *OpenMetrics) appendTotals(buf []byte, s *Series) []byte {
	buf = o.appendStart(buf, o.sum, s.Labels, nil)
	buf = o.appendEnd(appendDecimal(buf, s.Dist.Sum), s, nil)
	buf = o.appendStart(buf, o.count, s.Labels, nil)
	buf = o.appendEnd(appendCount(buf, s.Dist.Count), s, nil)
	return o.appendCreated(buf, s)
}

func (o *OpenMetrics) appendCreated(buf []byte, s *Series) []byte {
	if !o.created || !s.Created.Known {
		return buf
	}
	buf = o.appendStart(buf, o.since, s.Labels, nil)
	return append(appendDecimal(buf, s.Created.inSeconds()), '\n')
}

// appendEnd writes what follows the value. An exemplar without labels is left out,
// since it leads nowhere.
func (o *OpenMetrics) appendEnd(buf []byte, s *Series, e *Exemplar) []byte {
	if s.HasTimestamp {
		buf = append(buf, ' ')
		buf = appendDecimal(buf, float64(s.Timestamp)/1000)
	}
	if e != nil && len(e.Labels) > 0 {
		buf = o.appendExemplar(buf, e)
	}
	return append(buf, '\n')
}

func (o *OpenMetrics) appendExemplar(buf []byte, e *Exemplar) []byte {
	buf = append(buf, " # {"...)
	for i, l := range e.Labels {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendLabel(buf, l.Name, l.Value, o.escaping)
	}
	buf = append(buf, "} "...)
	buf = appendDecimal(buf, e.Value)
	if e.Time.Known {
		buf = append(buf, ' ')
		buf = appendDecimal(buf, e.Time.inSeconds())
	}
	return buf
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
	return appendDigits(buf, n.Whole)
}
