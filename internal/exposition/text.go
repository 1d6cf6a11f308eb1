package exposition

import (
	"io"
	"math"
	"strconv"
)

// Text writes the Prometheus text format, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
type Text struct {
	lines
	family Type // of the family that is being written
}

// NewText returns an encoder that writes to w.
func NewText(w io.Writer, escaping Escaping) *Text {
	return &Text{lines: lines{output: newOutput(w), escaping: escaping, number: appendFloat}}
}

// Family writes the HELP and TYPE lines.
func (t *Text) Family(f *Family) {
	name := t.enter(f.Name, f.Type)
	typ := f.Type
	if typ == GaugeHistogram {
		typ = Histogram // this format does not know them apart
	}
	if f.HasHelp {
		t.meta("# HELP ", name, validText(f.Help), inText)
	}
	t.meta("# TYPE ", name, typ.String(), "")
	t.flushFull()
}

// enter prepares for the lines of a family, and returns its name as this page
// has it.
func (t *Text) enter(family string, typ Type) (name string) {
	t.family = typ
	name = t.begin(family)
	t.beginLines(typ)
	return name
}

// Series writes the lines of one series.
func (t *Text) Series(s *Series) {
	if !t.copyRendered(s, textForm) {
		t.render(s)
	}
	t.flushFull()
}

func (t *Text) render(s *Series) {
	switch t.family {
	case Histogram, GaugeHistogram:
		t.buf = t.appendHistogram(t.buf, s)
	case Summary:
		t.buf = t.appendSummary(t.buf, s)
	default:
		buf := t.appendStart(t.buf, t.value, s.Labels, nil)
		t.buf = appendEnd(appendFloat(buf, s.Value), s)
	}
}

func (t *Text) appendHistogram(buf []byte, s *Series) []byte {
	infSeen := false
	for i := range s.Dist.Buckets {
		b := &s.Dist.Buckets[i]
		buf = t.appendStart(buf, t.bucket, s.Labels, t.bound(i, b.UpperBound))
		buf = appendEnd(appendNumber(buf, b.Count), s)
		infSeen = infSeen || math.IsInf(b.UpperBound, +1)
	}
	if !infSeen {
		buf = t.appendStart(buf, t.bucket, s.Labels, t.bound(len(s.Dist.Buckets), math.Inf(+1)))
		buf = appendEnd(appendNumber(buf, s.Dist.Count), s)
	}
	return t.appendTotals(buf, s)
}

func (t *Text) appendSummary(buf []byte, s *Series) []byte {
	for i, q := range s.Dist.Quantiles {
		buf = t.appendStart(buf, t.value, s.Labels, t.bound(i, q.Rank))
		buf = appendEnd(appendFloat(buf, q.Value), s)
	}
	return t.appendTotals(buf, s)
}

func (t *Text) appendTotals(buf []byte, s *Series) []byte {
	buf = t.appendStart(buf, t.sum, s.Labels, nil)
	buf = appendEnd(appendFloat(buf, s.Dist.Sum), s)
	buf = t.appendStart(buf, t.count, s.Labels, nil)
	return appendEnd(appendNumber(buf, s.Dist.Count), s)
}

// appendNumber writes a number of observations as this format has all numbers.
func appendNumber(buf []byte, n Count) []byte {
	if n.Float != 0 {
		return appendFloat(buf, n.Float)
	}
	return appendWhole(buf, n.Whole)
}

// appendEnd writes what follows the value.
func appendEnd(buf []byte, s *Series) []byte {
	if s.HasTimestamp {
		buf = append(buf, ' ')
		buf = strconv.AppendInt(buf, s.Timestamp, 10)
	}
	return append(buf, '\n')
}

// Close hands on what is left and returns the first error of the writer.
func (t *Text) Close() error { return t.finish() }
