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
	return t.begin(family)
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
		infSeen := false
		for _, bucket := range s.Dist.Buckets {
			t.line(s, "_bucket", "le", bucket.UpperBound, bucket.Count.Value())
			infSeen = infSeen || math.IsInf(bucket.UpperBound, +1)
		}
		if !infSeen {
			t.line(s, "_bucket", "le", math.Inf(+1), s.Dist.Count.Value())
		}
		t.line(s, "_sum", "", 0, s.Dist.Sum)
		t.line(s, "_count", "", 0, s.Dist.Count.Value())
	case Summary:
		for _, quantile := range s.Dist.Quantiles {
			t.line(s, "", "quantile", quantile.Rank, quantile.Value)
		}
		t.line(s, "_sum", "", 0, s.Dist.Sum)
		t.line(s, "_count", "", 0, s.Dist.Count.Value())
	default:
		t.line(s, "", "", 0, s.Value)
	}
}

// line writes one sample. The extra label is as in appendSeries.
func (t *Text) line(s *Series, suffix, extra string, bound, value float64) {
	buf := t.appendSeries(t.buf, s.Labels, suffix, extra, bound)
	buf = append(buf, ' ')
	buf = appendFloat(buf, value)
	if s.HasTimestamp {
		buf = append(buf, ' ')
		buf = strconv.AppendInt(buf, s.Timestamp, 10)
	}
	t.buf = append(buf, '\n')
}

// Close hands on what is left and returns the first error of the writer.
func (t *Text) Close() error { return t.finish() }

// appendFloat writes the shortest text that reads back as the same number.
func appendFloat(buf []byte, v float64) []byte {
	// Most values of counters and buckets are small whole numbers, for which
	// the shortest text is plain digits up to six of them.
	if v >= 0 && v < 1e6 && v == float64(uint32(v)) {
		return strconv.AppendUint(buf, uint64(v), 10)
	}
	switch {
	case math.IsInf(v, +1):
		return append(buf, "+Inf"...)
	case math.IsInf(v, -1):
		return append(buf, "-Inf"...)
	case math.IsNaN(v):
		return append(buf, "NaN"...)
	}
	return strconv.AppendFloat(buf, v, 'g', -1, 64)
}
